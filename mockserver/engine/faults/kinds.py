"""Every kind of fault, one line each: its name in JSON and the class that reads its settings."""

from typing import Any, Protocol

from mockserver.engine.faults import content, delivery, job, latency, rate_limit, status, wire
from mockserver.engine.faults.fields import Fields


class Fault(Protocol):
    """What every kind has: its name, where in a call it can act, and what it acts upon."""

    @property
    def type(self) -> str: ...
    @property
    def phases(self) -> tuple[str, ...]: ...
    @property
    def scope(self) -> str: ...


KINDS: dict[str, Any] = {
    "latency": latency.Latency,
    "status": status.Status,
    "rate_limit": rate_limit.RateLimit,
    "reset": wire.Reset,
    "empty": wire.Empty,
    "truncate": wire.Truncate,
    "malformed": content.Malformed,
    "slow": wire.Slow,
    "hang": wire.Hang,
    "corrupt": content.Corrupt,
    "drop": delivery.Drop,
    "duplicate": delivery.Duplicate,
    "delay": delivery.Delay,
    "reorder": delivery.Reorder,
    "bad_signature": delivery.BadSignature,
    "stale_timestamp": delivery.StaleTimestamp,
    "content_type": delivery.ContentType,
    "fail": job.Fail,
    "stall": job.Stall,
    "partial": job.Partial,
}


def read_fault(given: Any, place: str = "what") -> Fault:
    """One fault from JSON; BadRequest names the field that is wrong."""
    fields = Fields(given, place)
    kind = KINDS[fields.choice("type", tuple(KINDS))]
    fault: Fault = kind.read(fields)
    fields.done()
    return fault
