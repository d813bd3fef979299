"""Faults of webhook deliveries: lost, doubled, late, out of order, or not to be trusted."""

from dataclasses import dataclass

from mockserver.engine.faults.fields import Fields


@dataclass(frozen=True, slots=True)
class Drop:
    """The delivery is never made."""

    type: str = "drop"
    phases: tuple[str, ...] = ("before",)
    scope: str = "delivery"

    @classmethod
    def read(cls, fields: Fields) -> "Drop":
        """No settings."""
        return cls()


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The delivery arrives `copies` times in all."""

    copies: int
    type: str = "duplicate"
    phases: tuple[str, ...] = ("before",)
    scope: str = "delivery"

    @classmethod
    def read(cls, fields: Fields) -> "Duplicate":
        """`{"copies"}`: 2 by default."""
        return cls(fields.whole("copies", 2, low=2, high=1_000))


@dataclass(frozen=True, slots=True)
class Delay:
    """The first attempt comes so many seconds later."""

    seconds: float
    type: str = "delay"
    phases: tuple[str, ...] = ("before",)
    scope: str = "delivery"

    @classmethod
    def read(cls, fields: Fields) -> "Delay":
        """`{"seconds"}` on the sandbox's clock."""
        return cls(fields.number("seconds"))


@dataclass(frozen=True, slots=True)
class Reorder:
    """The delivery lets the one after it go first."""

    type: str = "reorder"
    phases: tuple[str, ...] = ("before",)
    scope: str = "delivery"

    @classmethod
    def read(cls, fields: Fields) -> "Reorder":
        """No settings."""
        return cls()


@dataclass(frozen=True, slots=True)
class BadSignature:
    """The signature is not that of the body."""

    type: str = "bad_signature"
    phases: tuple[str, ...] = ("before",)
    scope: str = "delivery"

    @classmethod
    def read(cls, fields: Fields) -> "BadSignature":
        """No settings."""
        return cls()


@dataclass(frozen=True, slots=True)
class StaleTimestamp:
    """The delivery is signed as of `seconds` ago."""

    seconds: float
    type: str = "stale_timestamp"
    phases: tuple[str, ...] = ("before",)
    scope: str = "delivery"

    @classmethod
    def read(cls, fields: Fields) -> "StaleTimestamp":
        """`{"seconds"}`: an hour by default."""
        return cls(fields.number("seconds", 3_600.0))


@dataclass(frozen=True, slots=True)
class ContentType:
    """The delivery says that its body is of another media type."""

    media_type: str
    type: str = "content_type"
    phases: tuple[str, ...] = ("before",)
    scope: str = "delivery"

    @classmethod
    def read(cls, fields: Fields) -> "ContentType":
        """`{"media_type"}`: `text/plain` by default."""
        return cls(fields.text("media_type", "text/plain"))
