"""Reading the settings of a rule: each complaint names the field and says what it takes."""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from mockserver.engine.clock import parse_rfc3339
from mockserver.engine.errors import BadRequest


class Fields:
    """The members of one JSON object of a rule, read one by one; `done` finds those unknown."""

    def __init__(self, given: Any, place: str) -> None:
        if not isinstance(given, Mapping):
            raise BadRequest(f"{place} takes an object, not {given!r}.")
        self._given = dict(given)
        self._place = place
        self._known: list[str] = []

    def number(
        self, name: str, default: float | None = None, *, low: float = 0.0, high: float = 1e9
    ) -> float:
        """A finite number between `low` and `high`."""
        value = self._take(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            raise self.wrong(name, f"takes a number, not {value!r}")
        if not low <= value <= high:
            raise self.wrong(name, f"must be between {low:g} and {high:g}, not {value!r}")
        return float(value)

    def whole(
        self, name: str, default: int | None = None, *, low: int = 1, high: int = 10**9
    ) -> int:
        """A whole number between `low` and `high`."""
        value = self._take(name, default)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.wrong(name, f"takes a whole number, not {value!r}")
        if not low <= value <= high:
            raise self.wrong(name, f"must be between {low} and {high}, not {value}")
        return value

    def optional(self, name: str, *, low: int = 1) -> int | None:
        """A whole number, or None when it is not given."""
        if self._given.get(name) is None:
            self._take(name, 0)
            return None
        return self.whole(name, low=low)

    def text(self, name: str, default: str | None = None) -> str:
        """A text that is not empty."""
        value = self._take(name, default)
        if not isinstance(value, str) or not (value or default == ""):
            raise self.wrong(name, f"takes a text, not {value!r}")
        return value

    def choice(self, name: str, choices: Sequence[str], default: str | None = None) -> str:
        """One of the choices."""
        value = self._take(name, default)
        if value not in choices:
            raise self.wrong(name, f"must be one of {', '.join(choices)}, not {value!r}")
        return str(value)

    def flag(self, name: str) -> bool:
        """True or false, which is the default."""
        value = self._take(name, False)
        if not isinstance(value, bool):
            raise self.wrong(name, f"takes true or false, not {value!r}")
        return value

    def time(self, name: str) -> float | None:
        """A time on the sandbox's clock, or None."""
        value = self._take(name, "")
        if value in ("", None):
            return None
        try:
            return parse_rfc3339(value)
        except (ValueError, TypeError, AttributeError):
            raise self.wrong(
                name, f"takes a time such as 2026-01-02T03:04:05Z, not {value!r}"
            ) from None

    def texts(self, name: str) -> dict[str, str]:
        """An object of texts, empty by default."""
        value = self._take(name, {})
        if not isinstance(value, Mapping):
            raise self.wrong(name, f"takes an object, not {value!r}")
        return {str(key): str(each) for key, each in value.items()}

    def anything(self, name: str) -> Any:
        """Any JSON value; None when it is not given."""
        value = self._take(name, "")
        return value if self.has(name) else None

    def has(self, name: str) -> bool:
        """Whether the member is given."""
        return name in self._given

    def done(self) -> None:
        """BadRequest for a member that nobody asked for."""
        unknown = [name for name in self._given if name not in self._known]
        if unknown:
            raise self.wrong(unknown[0], f"is unknown; there are: {', '.join(self._known)}")

    def wrong(self, name: str, complaint: str) -> BadRequest:
        """The complaint about one member."""
        return BadRequest(f"{self._place}.{name} {complaint}.")

    def _take(self, name: str, default: Any) -> Any:
        self._known.append(name)
        if name in self._given:
            return self._given[name]
        if default is None:
            raise self.wrong(name, "is required")
        return default
