"""One setting's shape: its three spellings, and how text, TOML or a Python value is read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mockserver.engine.clock import parse_rfc3339

KIB = 1024
MIB = 1024 * KIB

_UNITS = {"": 1, "k": KIB, "m": MIB, "g": 1024 * MIB}
_SIZE = re.compile(r"(\d{1,18})\s*([kmg]?)(?:i?b)?", re.IGNORECASE | re.ASCII)
_TRUE = ("true", "yes", "on", "1")
_FALSE = ("false", "no", "off", "0")


def described(kind: str, help: str, **more: Any) -> Mapping[str, Any]:
    """Metadata of a settings field, which makes it an Option."""
    return {"kind": kind, "help": help, **more}


@dataclass(frozen=True, slots=True)
class Option:
    """One setting of the sandbox itself: how it is called, what it takes, what it is for."""

    name: str
    kind: str
    default: Any
    help: str
    choices: tuple[str, ...] = ()
    low: int | None = None
    high: int | None = None
    shown: str = ""
    """The default in words, where the value alone would not tell."""

    @property
    def flag(self) -> str:
        """The spelling on the command line."""
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """The spelling in the environment."""
        return "MOCKSERVER_" + self.name.upper()

    def read(self, value: Any) -> Any:
        """The value in its own type; ValueError says what is allowed."""
        value = _READERS[self.kind](value)
        if self.choices and value not in self.choices:
            raise ValueError(f"is not one of {', '.join(self.choices)}")
        if self.low is not None and value < self.low:
            limit = f"between {self.low} and {self.high}" if self.high else f"at least {self.low}"
            raise ValueError(f"must be {limit}")
        if self.high is not None and value > self.high:
            raise ValueError(f"must be between {self.low} and {self.high}")
        return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be text")
    return value


def _path(value: Any) -> Path:
    if isinstance(value, Path):
        return value
    if not isinstance(value, str) or not value:
        raise ValueError("must be a path")
    return Path(value).expanduser()


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("must be a whole number")
    try:
        return int(value)
    except ValueError:
        raise ValueError("must be a whole number") from None


def _number(value: Any) -> float:
    try:
        number = float("nan") if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if not abs(number) < float("inf"):
        raise ValueError("must be a number")
    return number


def _switch(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word not in _TRUE + _FALSE:
        raise ValueError("must be true or false")
    return word in _TRUE


def _list(value: Any) -> tuple[str, ...]:
    """A list, or text with commas (the environment has nothing else)."""
    parts = [value] if isinstance(value, str) else value
    if not isinstance(parts, list | tuple) or not all(isinstance(part, str) for part in parts):
        raise ValueError("must be a list of texts")
    return tuple(word.strip() for part in parts for word in part.split(",") if word.strip())


def _size(value: Any) -> int:
    """Bytes, as a number or with a unit: 500k, 64M, 5GiB."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    match = _SIZE.fullmatch(str(value).strip())
    if match is None:
        raise ValueError("must be a number of bytes such as 500k, 64M or 5GiB")
    return int(match[1]) * _UNITS[match[2].lower()]


def _clock(value: Any) -> float:
    """Virtual seconds per real second."""
    named = {"real": 1.0, "frozen": 0.0}
    if isinstance(value, str) and value.lower() in named:
        return named[value.lower()]
    try:
        rate = _number(value)
    except ValueError:
        rate = -1.0
    if rate < 0:
        raise ValueError("is not one of real, frozen, or a rate such as 60")
    return rate


def _time(value: Any) -> float:
    from datetime import date

    if isinstance(value, date):
        value = value.isoformat()
    try:
        return parse_rfc3339(str(value))
    except ValueError:
        raise ValueError("is not a time such as 2026-01-02T03:04:05Z") from None


def _url(value: Any) -> str:
    from urllib.parse import urlsplit

    text = str(value).rstrip("/")
    try:
        parts = urlsplit(text)
        wellformed = parts.scheme in ("http", "https") and bool(parts.hostname)
        wellformed = wellformed and not parts.query and not parts.fragment and parts.port != 0
    except ValueError:
        wellformed = False
    if not wellformed:
        raise ValueError("is not a URL such as http://localhost:8080")
    return text


_READERS = {
    "text": _text,
    "path": _path,
    "integer": _integer,
    "number": _number,
    "switch": _switch,
    "list": _list,
    "size": _size,
    "clock": _clock,
    "time": _time,
    "url": _url,
}
