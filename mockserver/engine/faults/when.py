"""When a rule fires: which of the calls that match it, and in which span of time."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mockserver.engine.errors import BadRequest
from mockserver.engine.faults.fields import Fields

PHASES = ("before", "after")
PER = ("rule", "resource", "credential")


@dataclass(frozen=True, slots=True)
class When:
    """All conditions must hold; calls are counted from 1, in the scope of `per`."""

    probability: float = 1.0
    nth: int | None = None
    every: int | None = None
    first: int | None = None
    times: int | None = None
    after: float | None = None
    until: float | None = None
    phase: str | None = None
    per: str = "rule"

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> "When":
        """From JSON; BadRequest names what makes no sense."""
        fields = Fields(given, "when")
        when = cls(
            probability=fields.number("probability", 1.0, high=1.0),
            nth=fields.optional("nth"),
            every=fields.optional("every"),
            first=fields.optional("first"),
            times=fields.optional("times"),
            after=fields.time("after"),
            until=fields.time("until"),
            phase=fields.choice("phase", PHASES) if fields.has("phase") else None,
            per=fields.choice("per", PER, "rule"),
        )
        if not fields.has("phase"):
            fields.choice("phase", PHASES, "before")
        fields.done()
        if when.after is not None and when.until is not None and when.after >= when.until:
            raise BadRequest("when.until must be later than when.after: the rule never fires.")
        if when.nth is not None and when.first is not None and when.nth > when.first:
            raise BadRequest("when.nth is beyond when.first: the rule never fires.")
        if when.nth is not None and when.every is not None and when.nth % when.every:
            raise BadRequest("when.nth is no multiple of when.every: the rule never fires.")
        return when

    def open(self, now: float) -> bool:
        """Whether the rule looks at calls at all at this time."""
        return (self.after is None or now >= self.after) and (
            self.until is None or now < self.until
        )

    def chosen(self, count: int, fired: int) -> bool:
        """Whether the `count`-th call is one of those meant, after `fired` that were hit."""
        return (
            (self.nth is None or count == self.nth)
            and (self.every is None or count % self.every == 0)
            and (self.first is None or count <= self.first)
            and (self.times is None or fired < self.times)
        )
