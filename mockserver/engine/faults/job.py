"""Faults of work that happens later: it fails, it stops halfway, or a share of it fails."""

from dataclasses import dataclass

from mockserver.engine.faults.fields import Fields


@dataclass(frozen=True, slots=True)
class Fail:
    """The work fails as a whole, in the way that the service tells of failures."""

    type: str = "fail"
    phases: tuple[str, ...] = ("before",)
    scope: str = "job"

    @classmethod
    def read(cls, fields: Fields) -> "Fail":
        """No settings."""
        return cls()


@dataclass(frozen=True, slots=True)
class Stall:
    """The work never ends; where progress is told, it stops at this percentage."""

    progress: int
    type: str = "stall"
    phases: tuple[str, ...] = ("before",)
    scope: str = "job"

    @classmethod
    def read(cls, fields: Fields) -> "Stall":
        """`{"progress"}` in percent, 0 by default."""
        return cls(fields.whole("progress", 0, low=0, high=99))


@dataclass(frozen=True, slots=True)
class Partial:
    """This share of the items fails."""

    share: float
    type: str = "partial"
    phases: tuple[str, ...] = ("before",)
    scope: str = "job"

    @classmethod
    def read(cls, fields: Fields) -> "Partial":
        """`{"share"}` between 0 and 1."""
        return cls(fields.number("share", high=1.0))
