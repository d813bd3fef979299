"""Tests of what leaves a connection, and in how many pieces."""

import asyncio
import logging
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from mockserver.protocol import Whole

pytestmark = pytest.mark.anyio


class Wire:
    """A transport that notes what is done to it."""

    def __init__(self) -> None:
        self.done: list[Any] = []

    def write(self, data: bytes) -> None:
        self.done.append(data)

    def close(self) -> None:
        self.done.append("closed")


async def answered(*messages: Message, keep_alive: bool = True) -> list[Any]:
    """What is done to the connection for an application that sends these messages."""
    wire: Any = Wire()
    log = logging.getLogger("test")
    scope: Any = {"method": "GET", "http_version": "1.1"}
    cycle = RequestResponseCycle(
        scope, wire, FlowControl(wire), log, log, False, [], asyncio.Event(), False, keep_alive,
        lambda: None,
    )  # fmt: skip

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages:
            await send(message)
            wire.done.append("sent")

    whole: Any = Whole(app, cycle)
    await cycle.run_asgi(whole)
    return list(wire.done)


def head(length: int) -> Message:
    headers = [(b"content-length", b"%d" % length)]
    return {"type": "http.response.start", "status": 200, "headers": headers}


def body(data: bytes, *, more: bool = False) -> Message:
    return {"type": "http.response.body", "body": data, "more_body": more}


async def test_a_small_answer_leaves_in_one_piece() -> None:
    done = await answered(head(2), body(b"ok"))
    assert done == ["sent", b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", "sent"]


async def test_the_head_does_not_wait_for_a_body_that_comes_slowly() -> None:
    done = await answered(head(4), body(b"", more=True), body(b"sl", more=True), body(b"ow"))
    assert done[1] == b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n"
    assert [data for data in done[2:] if data != "sent"] == [b"sl", b"ow"]


async def test_a_connection_that_ends_is_closed_after_the_last_byte() -> None:
    done = await answered(head(2), body(b"ok"), keep_alive=False)
    assert done[1].endswith(b"connection: close\r\n\r\nok")
    assert done[2] == "closed"


async def test_an_application_that_breaks_after_the_head_is_a_500() -> None:
    done = await answered(head(2))
    assert done[1].startswith(b"HTTP/1.1 500 ")
