"""How faults are carried out on deliveries: what is planned of one, and its first attempt."""

from collections.abc import Mapping
from typing import Any

from mockserver.engine.faults.decisions import Decision
from mockserver.engine.faults.delivery import BadSignature, ContentType, Delay, StaleTimestamp
from mockserver.engine.faults.kinds import Fault, read_fault

PATIENCE = 60.0
"""Seconds of the sandbox that a delivery waits for another one to go first."""


def mark(delivery: dict[str, Any], decision: Decision) -> None:
    """Note the fault in the delivery, which is late if that is it."""
    delivery["fault"] = {"shown": decision.view(), "what": decision.what}
    if isinstance(decision.fault, Delay):
        delivery["next_attempt_at"] += decision.fault.seconds


def first_fault(delivery: Mapping[str, Any]) -> Fault | None:
    """The fault of the attempt that comes next: only the first has one, so that a receiver which
    refuses it gets the delivery as it should be from the retry."""
    if delivery["attempts"] or not delivery.get("fault"):
        return None
    return read_fault(delivery["fault"]["what"])


def signed(fault: Fault | None, body: bytes, now: float) -> tuple[bytes, float]:
    """What an attempt is signed over: the body that is sent and the time, or other ones."""
    if isinstance(fault, BadSignature):
        return b"another body than " + body, now
    if isinstance(fault, StaleTimestamp):
        return body, now - fault.seconds
    return body, now


def spoiled_headers(fault: Fault | None, headers: dict[str, str]) -> dict[str, str]:
    """The headers of an attempt, its media type replaced if that is the fault."""
    if not isinstance(fault, ContentType):
        return headers
    kept = {name: value for name, value in headers.items() if name.lower() != "content-type"}
    return {"content-type": fault.media_type, **kept}
