"""Which calls are meant: the conditions that journal filters, verification and rules share."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson

from mockserver.engine.errors import BadRequest

FIELDS = ("service", "operation", "method", "path", "status", "client", "headers", "query", "body")
_MISSING = object()


class Facts(Protocol):
    """What a call must tell about itself to be matched."""

    service: str
    operation: str | None
    method: str
    path: str
    status: int | None

    @property
    def client(self) -> str: ...
    def header(self, name: str) -> str | None: ...
    def query_value(self, name: str) -> str | None: ...
    def json(self) -> Any: ...


@dataclass(frozen=True, slots=True)
class Where:
    """Conditions that all must hold.

    A text may hold `*` for any run of characters; `headers` and `query` are conditions by name,
    `body` by JSON pointer, compared as JSON values.
    """

    conditions: tuple[tuple[str, Any], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    query: tuple[tuple[str, str], ...] = ()
    body: tuple[tuple[str, Any], ...] = ()
    patterns: dict[str, re.Pattern[str]] = field(default_factory=dict, compare=False)

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> "Where":
        """Conditions from JSON; BadRequest names a field that is unknown or of the wrong type."""
        for name, value in given.items():
            if name not in FIELDS:
                raise BadRequest(f"{name!r} is no condition; there are: {', '.join(FIELDS)}.")
            if name in ("headers", "query", "body") and not isinstance(value, Mapping):
                raise BadRequest(f"{name!r} takes an object, not {value!r}.")
        simple = tuple(
            (name, _status(value) if name == "status" else str(value))
            for name, value in given.items()
            if name not in ("headers", "query", "body")
        )
        return cls(
            conditions=simple,
            headers=tuple((k.lower(), str(v)) for k, v in given.get("headers", {}).items()),
            query=tuple((k, str(v)) for k, v in given.get("query", {}).items()),
            body=tuple(given.get("body", {}).items()),
        )

    def matches(self, facts: Facts) -> bool:
        """Whether every condition holds."""
        return next(iter(self._misses(facts)), None) is None

    def differences(self, facts: Facts) -> list[str]:
        """What does not hold, in words, for a person who expected this call."""
        return [
            f"{name}: expected {_show(want)}, was {_show(got)}"
            for name, want, got in self._misses(facts)
        ]

    def _misses(self, facts: Facts) -> "list[tuple[str, Any, Any]]":
        misses: list[tuple[str, Any, Any]] = []
        for name, want in self.conditions:
            got = getattr(facts, name)
            if not (got == want if name == "status" else self._like(want, got)):
                misses.append((name, want, got))
        for name, want in self.headers:
            if not self._like(want, facts.header(name)):
                misses.append((f"header {name}", want, facts.header(name)))
        for name, want in self.query:
            if not self._like(want, facts.query_value(name)):
                misses.append((f"query {name}", want, facts.query_value(name)))
        for pointer, want in self.body:
            found = resolve(facts.json(), pointer)
            if (
                found is _MISSING
                or found != want
                or isinstance(found, bool) != isinstance(want, bool)
            ):
                misses.append((f"body {pointer}", want, None if found is _MISSING else found))
        return misses

    def _like(self, want: str, got: str | None) -> bool:
        if got is None:
            return False
        if "*" not in want:
            return got == want
        pattern = self.patterns.get(want)
        if pattern is None:
            pattern = re.compile(".*".join(map(re.escape, want.split("*"))), re.DOTALL)
            self.patterns[want] = pattern
        return pattern.fullmatch(got) is not None


def resolve(document: Any, pointer: str) -> Any:
    """The value at an RFC 6901 JSON pointer, or a marker that equals nothing."""
    value = document
    for step in pointer.split("/")[1:]:
        step = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return _MISSING
    return value


def _status(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise BadRequest(f"'status' takes a number, not {value!r}.") from None


def _show(value: Any) -> str:
    return "nothing" if value is None else orjson.dumps(value, default=str).decode()[:200]
