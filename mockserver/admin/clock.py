"""The sandbox's time: looked at, set, and lived through."""

from typing import TYPE_CHECKING, Any

from mockserver.engine.clock import parse_rfc3339, rfc3339
from mockserver.engine.errors import BadRequest
from mockserver.engine.service import Call, HandlerTable

if TYPE_CHECKING:
    from mockserver.engine.sandbox import Sandbox

handles = HandlerTable()


@handles("getClock")
def get_clock(call: Call) -> tuple[int, Any]:
    """Now, and what is due next."""
    return 200, _view(call.sandbox)


@handles("setClock")
def set_clock(call: Call) -> tuple[int, Any]:
    """Set the time, the rate, or both."""
    now = call.body.get("now")
    call.sandbox.set_clock(
        now=None if now is None else read_time("now", now), rate=call.body.get("rate")
    )
    return 200, _view(call.sandbox)


@handles("advanceClock")
async def advance_clock(call: Call) -> tuple[int, Any]:
    """Live through a span of time at once."""
    sandbox = call.sandbox
    if "seconds" in call.body:
        ran = await sandbox.advance(seconds=call.body["seconds"])
    elif "to" in call.body:
        ran = await sandbox.advance(to=read_time("to", call.body["to"]))
    else:
        ran = await sandbox.advance(until_idle=True)
    return 200, {"now": rfc3339(sandbox.clock.now()), "ran": ran}


def _view(sandbox: "Sandbox") -> dict[str, Any]:
    due = sandbox.next_due()
    return {
        "now": rfc3339(sandbox.clock.now()),
        "rate": sandbox.clock.rate,
        "pending_jobs": sandbox.jobs.pending(),
        "next_due": None if due is None else rfc3339(due),
    }


def read_time(name: str, text: str) -> float:
    """Epoch seconds of a time in a body; BadRequest names the member."""
    try:
        return parse_rfc3339(text)
    except ValueError:
        raise BadRequest(f"{name}: {text!r} is not a time such as 2026-01-02T03:04:05Z.") from None
