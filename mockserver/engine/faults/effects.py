"""How a fault is carried out: waiting, and answers that are spoiled on their way out."""

import asyncio
from typing import Protocol

from starlette.types import Message, Receive, Send

from mockserver.engine.clock import Clock
from mockserver.engine.faults.content import Corrupt, Malformed
from mockserver.engine.faults.decisions import Decision
from mockserver.engine.faults.wire import Empty, Hang, Reset, Slow, Truncate

TICK = 0.05
"""Real seconds between two pieces of a slow answer, at the least."""


class Connection(Protocol):
    """The client's connection below HTTP, as the server puts it into the scope."""

    def reset(self) -> None:
        """End it with a TCP reset."""

    def close(self) -> None:
        """Send what was written and end it, whatever was promised."""


async def wait(seconds: float, clock: Clock, *, real: bool) -> None:
    """Seconds of the sandbox: none at all on a frozen clock, unless they are `real`."""
    if not real:
        seconds = seconds / clock.rate if clock.rate else 0.0
    if seconds > 0:
        await asyncio.sleep(seconds)


async def send_spoiled(
    decision: Decision,
    connection: Connection | None,
    receive: Receive,
    send: Send,
    start: Message,
    content: bytes,
) -> bool:
    """Send what the fault leaves of an answer; whether anything was sent by this.

    Without a connection, in process, a broken one shows as ConnectionResetError.
    """
    if isinstance(decision.fault, Slow):
        await _drip(send, start, content, decision.fault.bytes_per_second)
        return True
    if isinstance(decision.fault, Hang):
        while (await receive())["type"] != "http.disconnect":
            pass
        return True
    if not isinstance(decision.fault, Reset | Empty | Truncate):
        return False
    if connection is None:
        raise ConnectionResetError(f"the rule {decision.rule!r} broke the connection")
    match decision.fault:
        case Reset():
            connection.reset()
        case Empty():
            connection.close()
        case Truncate() as cut:
            kept = content[: cut.kept(len(content))]
            await send(start)
            await send({"type": "http.response.body", "body": kept, "more_body": True})
            connection.close()
    return True


def spoiled_content(decision: Decision, content: bytes) -> bytes:
    """The body that goes out, other than the answer's own if the fault is one of content."""
    if isinstance(decision.fault, Malformed | Corrupt) and decision.acts("after"):
        return decision.fault.mangle(content)
    return content


async def _drip(send: Send, start: Message, content: bytes, pace: float) -> None:
    piece = max(1, round(pace * TICK))
    await send(start)
    # A head leaves with the first part of its body, which here is yet to come.
    await send({"type": "http.response.body", "body": b"", "more_body": True})
    for at in range(0, len(content), piece):
        part = content[at : at + piece]
        await asyncio.sleep(len(part) / pace)
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
