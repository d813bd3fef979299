"""What was decided for one call, delivery or job: which rules fired, and what they do to it."""

from dataclasses import dataclass, field
from typing import Any

from mockserver.engine.errors import ServiceError
from mockserver.engine.faults.job import Fail, Stall
from mockserver.engine.faults.kinds import Fault


@dataclass(slots=True)
class Decision:
    """Seconds of latency before and after the side effect, and at most one fault.

    `real` latency is waited for even while the clock is frozen; `virtual` latency is not waited
    for at all. `error` is what a service is made to say, `what` the fault as JSON.
    """

    rules: list[str] = field(default_factory=list)
    before: float = 0.0
    after: float = 0.0
    real: bool = False
    virtual: bool = False
    rule: str | None = None
    fault: Fault | None = None
    phase: str = "before"
    error: ServiceError | None = None
    what: dict[str, Any] | None = None

    @property
    def fails(self) -> bool:
        """Whether the work fails as a whole."""
        return isinstance(self.fault, Fail)

    @property
    def stalls_at(self) -> int | None:
        """The percentage at which the work stops, if it does."""
        return self.fault.progress if isinstance(self.fault, Stall) else None

    def wait(self, seconds: float, phase: str | None, *, real: bool) -> None:
        """Add latency, before the side effect unless it is to come after."""
        self.real = self.real or real
        if phase == "after":
            self.after += seconds
        else:
            self.before += seconds

    def acts(self, phase: str) -> bool:
        """Whether the fault takes effect in this phase."""
        return self.fault is not None and self.phase == phase

    def view(self) -> dict[str, Any]:
        """The decision as the journal keeps it."""
        shown: dict[str, Any] = {
            "rule": self.rule or self.rules[0],
            "type": self.fault.type if self.fault else "latency",
        }
        if self.fault:
            shown["phase"] = self.phase
        if len(self.rules) > 1:
            shown["rules"] = list(self.rules)
        if self.before or self.after:
            shown["latency_seconds"] = round(self.before + self.after, 6)
        if self.virtual:
            shown["virtual"] = True
        return shown

    def header(self) -> str:
        """The value of the answer's `Mockserver-Fault` header."""
        return ", ".join(self.rules).encode("ascii", "replace").decode()
