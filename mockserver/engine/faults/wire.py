"""Failures of the connection: the kinds that no well-formed answer can show."""

from dataclasses import dataclass

from mockserver.engine.faults.fields import Fields

BOTH = ("before", "after")


@dataclass(frozen=True, slots=True)
class Reset:
    """The connection is reset (TCP RST) instead of an answer."""

    type: str = "reset"
    phases: tuple[str, ...] = BOTH
    scope: str = "call"

    @classmethod
    def read(cls, fields: Fields) -> "Reset":
        """No settings."""
        return cls()


@dataclass(frozen=True, slots=True)
class Empty:
    """The connection is closed without a byte of an answer."""

    type: str = "empty"
    phases: tuple[str, ...] = BOTH
    scope: str = "call"

    @classmethod
    def read(cls, fields: Fields) -> "Empty":
        """No settings."""
        return cls()


@dataclass(frozen=True, slots=True)
class Hang:
    """No answer at all, until the client gives up."""

    type: str = "hang"
    phases: tuple[str, ...] = BOTH
    scope: str = "call"

    @classmethod
    def read(cls, fields: Fields) -> "Hang":
        """No settings."""
        return cls()


@dataclass(frozen=True, slots=True)
class Truncate:
    """The length is promised, but only the first `bytes`, or this `share`, of the body are sent.

    Of an upload the server takes so much before it hangs up.
    """

    bytes: int
    share: float | None = None
    type: str = "truncate"
    phases: tuple[str, ...] = ("after",)
    scope: str = "call"

    @classmethod
    def read(cls, fields: Fields) -> "Truncate":
        """`{"bytes"}`: how many are sent, 0 by default; or `{"share"}` of the whole."""
        if fields.has("share") and not fields.has("bytes"):
            return cls(0, fields.number("share", high=1.0))
        return cls(fields.whole("bytes", 0, low=0))

    def kept(self, length: int) -> int:
        """How much is left of a body."""
        return min(self.bytes, length) if self.share is None else int(self.share * length)


@dataclass(frozen=True, slots=True)
class Slow:
    """The answer comes at so many bytes a second."""

    bytes_per_second: float
    type: str = "slow"
    phases: tuple[str, ...] = ("after",)
    scope: str = "call"

    @classmethod
    def read(cls, fields: Fields) -> "Slow":
        """`{"bytes_per_second"}`."""
        return cls(fields.number("bytes_per_second", low=0.1))
