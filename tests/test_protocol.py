"""Tests of what leaves a connection, in how many pieces, and of calls that come in one."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest
import uvicorn
from starlette.types import Message, Receive, Scope, Send
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.server import ServerState

from mockserver.protocol import Cycle, FaultProtocol

pytestmark = pytest.mark.anyio

GET = b"GET /%b HTTP/1.1\r\nHost: here\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b"


class Wire:
    """A transport that notes what is done to it."""

    def __init__(self) -> None:
        self.done: list[Any] = []
        self.closed = False
        self._more = asyncio.Event()

    @property
    def sent(self) -> list[bytes]:
        return [each for each in self.done if isinstance(each, bytes)]

    async def until(self, holds: Callable[["Wire"], bool]) -> None:
        async with asyncio.timeout(10):
            while not holds(self):
                self._more.clear()
                await self._more.wait()

    def write(self, data: bytes) -> None:
        self.done.append(data)
        self._more.set()

    def close(self) -> None:
        self.closed = True
        self.done.append("closed")
        self._more.set()

    def is_closing(self) -> bool:
        return self.closed

    def get_extra_info(self, name: str) -> None:
        return None

    def pause_reading(self) -> None:
        self.done.append("paused")

    def resume_reading(self) -> None:
        self.done.append("resumed")


async def answered(*messages: Message, keep_alive: bool = True) -> list[Any]:
    """What is done to the connection for an application that sends these messages."""
    wire: Any = Wire()
    log = logging.getLogger("test")
    scope: Any = {"method": "GET", "http_version": "1.1"}
    cycle = Cycle(
        scope, wire, FlowControl(wire), log, log, False, [], asyncio.Event(), False, keep_alive,
        lambda: None,
    )  # fmt: skip

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages:
            await send(message)
            wire.done.append("sent")

    whole: Any = app
    await cycle.run_asgi(whole)
    return list(wire.done)


def head(length: int, *more: tuple[bytes, bytes]) -> Message:
    headers = [(b"content-length", b"%d" % length), *more]
    return {"type": "http.response.start", "status": 200, "headers": headers}


def body(data: bytes, *, more: bool = False) -> Message:
    return {"type": "http.response.body", "body": data, "more_body": more}


def connected(app: Any, *, keep_alive: float = 5) -> tuple[FaultProtocol, Wire]:
    """A connection to an application."""
    config = uvicorn.Config(
        app, lifespan="off", log_config=None, interface="asgi3", proxy_headers=False,
        timeout_keep_alive=keep_alive,  # type: ignore[arg-type]
    )  # fmt: skip
    protocol, wire = FaultProtocol(config, ServerState(), {}), Wire()
    protocol.connection_made(wire)  # type: ignore[arg-type]
    return protocol, wire


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the path, query and body of the call."""
    said = scope["path"].encode() + b" " + scope["query_string"] + b" "
    message = await receive()
    while message.get("more_body"):
        said += message["body"]
        message = await receive()
    said += message["body"]
    await send(head(len(said)))
    await send(body(said))


def after(event: asyncio.Event) -> Callable[[Scope, Receive, Send], Any]:
    """The same, once something has happened."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await event.wait()
        await echo(scope, receive, send)

    return app


async def test_a_small_answer_leaves_in_one_piece() -> None:
    done = await answered(head(2), body(b"ok"))
    assert done == ["sent", b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", "sent"]


async def test_the_head_does_not_wait_for_a_body_that_comes_slowly() -> None:
    done = await answered(head(4), body(b"", more=True), body(b"sl", more=True), body(b"ow"))
    assert done[1] == b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n"
    assert [data for data in done[2:] if data not in ("sent", b"")] == [b"sl", b"ow"]


async def test_a_connection_that_ends_is_closed_after_the_last_byte() -> None:
    done = await answered(head(2), body(b"ok"), keep_alive=False)
    assert done[1].endswith(b"connection: close\r\n\r\nok")
    assert done[2] == "closed"


async def test_an_answer_that_closes_the_connection_says_so_once() -> None:
    done = await answered(head(2, (b"connection", b"close")), body(b"ok"))
    sent = b"".join(part for part in done if isinstance(part, bytes))
    assert sent.count(b"connection: close\r\n") == 1
    assert done.index("closed") > done.index(b"ok")


async def test_an_application_that_breaks_after_the_head_is_a_500() -> None:
    done = await answered(head(2))
    assert done[1].startswith(b"HTTP/1.1 500 ")


@pytest.mark.parametrize("header", [(b"a: b", b"c"), (b"a", b"b\r\nc: d")])
async def test_a_header_that_would_be_two_is_never_sent(header: tuple[bytes, bytes]) -> None:
    done = await answered(head(2, header), body(b"ok"))
    assert done == ["sent", "closed"]


async def test_a_body_that_is_not_as_long_as_promised_is_no_answer() -> None:
    done = await answered(head(3), body(b"ok"))
    assert done[-1] == "closed"


async def test_a_call_that_waits_for_nothing_is_answered_when_it_was_read() -> None:
    protocol, wire = connected(echo)
    protocol.data_received(GET % b"a%20b?c=d")
    assert wire.done == [OK % (9, b"/a b c=d ")]
    protocol.connection_lost(None)


async def test_a_body_that_comes_in_parts_is_waited_for() -> None:
    protocol, wire = connected(echo)
    protocol.data_received(b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 6\r\n\r\nabc")
    assert not wire.done
    protocol.data_received(b"def")
    await wire.until(lambda wire: bool(wire.done))
    assert wire.done == [OK % (9, b"/  abcdef")]
    protocol.connection_lost(None)


async def test_calls_that_come_in_one_piece_are_answered_in_order() -> None:
    protocol, wire = connected(echo)
    protocol.data_received(b"".join(GET % str(number).encode() for number in range(2_000)))
    await wire.until(lambda wire: len(wire.sent) == 2_000)
    assert [each.rpartition(b"/")[2] for each in wire.sent] == [b"%d  " % n for n in range(2_000)]
    protocol.connection_lost(None)


async def test_others_get_their_turn_between_calls_that_come_in_one_piece() -> None:
    many, full = connected(echo)
    one, quick = connected(echo)
    many.data_received(b"".join(GET % b"" for _ in range(100)))
    await asyncio.sleep(0)
    one.data_received(GET % b"")
    assert len(quick.sent) == 1
    assert len(full.sent) < 10
    await full.until(lambda wire: len(wire.sent) == 100)
    many.connection_lost(None)
    one.connection_lost(None)


async def test_a_call_behind_one_that_waits_comes_after_it() -> None:
    event = asyncio.Event()
    protocol, wire = connected(after(event))
    protocol.data_received(GET % b"1" + GET % b"2")
    assert wire.done == ["paused"]
    assert len(protocol.tasks) == 1
    event.set()
    await wire.until(lambda wire: len(wire.sent) == 2)
    assert [each[-4:-2] for each in wire.sent] == [b"/1", b"/2"]
    await asyncio.gather(*protocol.tasks)
    protocol.connection_lost(None)


async def test_calls_that_may_need_a_task_have_one() -> None:
    seen: list[asyncio.Task[Any] | None] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(asyncio.current_task())
        await echo(scope, receive, send)

    protocol, wire = connected(app)
    protocol.data_received(GET % b"@a/__admin/clock")
    await wire.until(lambda wire: bool(wire.done))
    assert seen[0] is not None
    protocol.connection_lost(None)


async def test_a_whole_url_for_a_proxy_is_read_as_its_path() -> None:
    protocol, wire = connected(echo)
    protocol.data_received(b"GET http://api.sama.com/v2?a=b HTTP/1.1\r\nHost: x\r\n\r\n")
    assert wire.done == [OK % (8, b"/v2 a=b ")]
    protocol.connection_lost(None)


async def test_an_idle_connection_is_closed_in_the_end_and_a_busy_one_is_not() -> None:
    event = asyncio.Event()
    idle, quiet = connected(echo, keep_alive=0.01)
    busy, waiting = connected(after(event), keep_alive=0.01)
    idle.data_received(GET % b"")
    busy.data_received(GET % b"")
    await quiet.until(lambda wire: wire.closed)
    assert waiting.done == []
    event.set()
    await waiting.until(lambda wire: wire.closed)
    idle.connection_lost(None)
    busy.connection_lost(None)


async def test_a_task_that_is_cancelled_ends_its_call() -> None:
    protocol, wire = connected(after(asyncio.Event()))
    protocol.data_received(GET % b"")
    (task,) = protocol.tasks
    await asyncio.sleep(0)
    task.cancel()
    await wire.until(lambda wire: bool(wire.done))
    assert wire.done[0].startswith(b"HTTP/1.1 500 ")
    protocol.connection_lost(None)
