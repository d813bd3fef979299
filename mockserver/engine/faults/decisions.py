"""What was decided for one call, delivery or job: which rules fired, and what they do to it."""

from dataclasses import dataclass, field
from typing import Any

from mockserver.engine.errors import ServiceError
from mockserver.engine.faults.kinds import Fault


@dataclass(slots=True)
class Decision:
    """Seconds of latency before and after the side effect, and at most one fault.

    `real` latency is waited for even while the clock is frozen. `error` is what a service is
    made to say.
    """

    rules: list[str] = field(default_factory=list)
    before: float = 0.0
    after: float = 0.0
    real: bool = False
    rule: str | None = None
    fault: Fault | None = None
    phase: str = "before"
    error: ServiceError | None = None

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
        return shown

    def header(self) -> str:
        """The value of the answer's `Mockserver-Fault` header."""
        return ", ".join(self.rules).encode("ascii", "replace").decode()
