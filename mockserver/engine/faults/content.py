"""Answers that arrive whole and are wrong: not JSON, or not what the contract says."""

from dataclasses import dataclass
from typing import Any

import orjson

from mockserver.engine.faults.fields import Fields


@dataclass(frozen=True, slots=True)
class Malformed:
    """A body that is not JSON, under the media type of JSON."""

    type: str = "malformed"
    phases: tuple[str, ...] = ("after",)
    scope: str = "call"

    @classmethod
    def read(cls, fields: Fields) -> "Malformed":
        """No settings."""
        return cls()

    def mangle(self, content: bytes) -> bytes:
        """The first half of the body, and what ends no JSON."""
        return content[: len(content) // 2] + b"<"


@dataclass(frozen=True, slots=True)
class Corrupt:
    """A body that is JSON and breaks the schema: every value has become one of another type."""

    type: str = "corrupt"
    phases: tuple[str, ...] = ("after",)
    scope: str = "call"

    @classmethod
    def read(cls, fields: Fields) -> "Corrupt":
        """No settings."""
        return cls()

    def mangle(self, content: bytes) -> bytes:
        """The body with its members turned into other types."""
        try:
            document = orjson.loads(content)
        except orjson.JSONDecodeError:
            return content[::-1]
        return orjson.dumps(_other(document, deep=True))


def _other(value: Any, *, deep: bool = False) -> Any:
    """A value that no schema of this one takes; of a container, its members."""
    if isinstance(value, dict) and value and deep:
        return {name: _other(each) for name, each in value.items()}
    if isinstance(value, list) and value and deep:
        return [_other(each, deep=isinstance(each, dict)) for each in value]
    if isinstance(value, bool) or value is None:
        return {"corrupt": value}
    if isinstance(value, int | float):
        return str(value)
    return 0 if isinstance(value, str | dict | list) else None
