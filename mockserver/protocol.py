"""uvicorn's HTTP protocol: calls that wait for nothing run at once, answers leave in one piece, and
faults have a handle on the connection."""

import asyncio
import socket
import struct
from collections.abc import Coroutine, Generator
from typing import Any
from urllib.parse import unquote, urlsplit

from starlette.types import Message
from uvicorn.protocols.http.httptools_impl import (
    HEADER_RE,
    HEADER_VALUE_RE,
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

LINGER_NONE = struct.pack("ii", 1, 0)
INNER = "/__"
"""In the paths of control API, uploads and inbox, whose calls may wait and so get tasks."""


MOST_NAMES = 1_000
PLAIN: set[bytes] = set()
"""Names of headers that were found to be good ones, and say nothing about the connection."""


def _is_plain(name: bytes) -> bool:
    if HEADER_RE.search(name) or name in (b"connection", b"transfer-encoding"):
        return False
    if len(PLAIN) < MOST_NAMES:
        PLAIN.add(name)
    return True


class Cycle(RequestResponseCycle):
    """One call and its answer, whose head waits for the first part of its body.

    uvicorn hands each to the system by itself, header by header; both together are a fifth of a
    small call.
    """

    _head: Message | None = None
    _lines: tuple[Any, bytes] = (None, b"")

    async def send(self, message: Any) -> None:
        """Send the head together with the first part of the body."""
        if message["type"] == "http.response.start" and not self.response_started:
            self._head = message
            return
        head, self._head = self._head, None
        if head is None:
            await super().send(message)
        elif message.get("more_body") or not self._sent_whole(head, message.get("body", b"")):
            await super().send(head)  # type: ignore[arg-type]
            await super().send(message)

    def _sent_whole(self, head: Message, body: bytes) -> bool:
        """Write a plain answer at once; whether it was one."""
        lines = [STATUS_LINE[head["status"]], self._default_lines()]
        length, values = b"", b""
        for name, value in head["headers"]:
            if name not in PLAIN and not _is_plain(name):
                return False
            if name == b"content-length":
                length = value
            values += value
            lines += (name, b": ", value, b"\r\n")
        odd = length != b"%d" % len(body) or HEADER_VALUE_RE.search(values)
        if odd or self.flow.write_paused or self.scope["method"] == "HEAD":
            return False
        if self.disconnected:
            return True
        lines += (b"\r\n" if self.keep_alive else b"connection: close\r\n\r\n", body)
        self.transport.write(b"".join(lines))
        self.response_started = self.response_complete = True
        self.waiting_for_100_continue = False
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()
        return True

    def _default_lines(self) -> bytes:
        """The headers of every answer, such as its date, which uvicorn renews once a second."""
        known, lines = Cycle._lines
        if known is not self.default_headers:
            lines = b"".join([b"%b: %b\r\n" % header for header in self.default_headers])
            Cycle._lines = self.default_headers, lines
        return lines


class Rest:
    """What is left of a coroutine that has come to its first wait."""

    def __init__(self, coroutine: Generator[Any, Any, None], awaited: Any) -> None:
        self._coroutine = coroutine
        self._awaited = awaited

    def __await__(self) -> Generator[Any, Any, None]:
        awaited, coroutine, value = self._awaited, self._coroutine, None
        while True:
            try:
                value = yield awaited
            except GeneratorExit:
                coroutine.close()
                raise
            except BaseException as error:
                thrown: BaseException | None = error
            else:
                thrown = None
            try:
                awaited = coroutine.send(value) if thrown is None else coroutine.throw(thrown)
            except StopIteration:
                return


async def to_the_end(rest: Rest) -> None:
    """A rest as the coroutine that a task needs."""
    await rest


class FaultProtocol(HttpToolsProtocol):
    """Puts itself into each request's scope as `mockserver.connection`.

    Most calls need no task of their own: they are run as far as they go without waiting, which is
    nearly always to their end, once all the data that has come is read.
    """

    _next: tuple[Any, Any] | None = None
    _starting = False
    _idle_since: float | None = None

    def data_received(self, data: bytes) -> None:
        """Read what has come, then run the call that is complete by it."""
        self._starting = True
        super().data_received(data)
        self._start()

    def on_message_begin(self) -> None:
        """A new request on this connection."""
        super().on_message_begin()
        self.scope["mockserver.connection"] = self  # type: ignore[typeddict-unknown-key]

    def on_headers_complete(self) -> None:
        """The call is known but for its body; one that comes before its turn waits for it."""
        version = self.parser.get_http_version()
        scope: Any = self.scope
        scope["method"] = self.parser.get_method().decode("ascii")
        scope["http_version"] = version
        path, query = _parts(self.url)
        text = path.decode("ascii")
        scope["path"] = unquote(text) if "%" in text else text
        scope["raw_path"], scope["query_string"] = path, query
        cycle = Cycle(
            scope,
            self.transport,
            self.flow,
            self.logger,
            self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=version != "1.0" and self.parser.should_keep_alive(),
            on_response=self.on_response_complete,
        )
        before, self.cycle = self.cycle, cycle
        if before is None or before.response_complete:
            self._go_on_with(cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((cycle, self.app))

    def on_response_complete(self) -> None:
        """Go on with the next call that has come already, or wait for one, but not for ever."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._go_on_with(*self.pipeline.pop())
            return
        self._idle_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._look_after(self.timeout_keep_alive)

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that has been idle for long; one timer serves many calls."""
        self.timeout_keep_alive_task = None
        if self._idle_since is None:
            return
        left = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._look_after(left)
        else:
            super().timeout_keep_alive_handler()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        super().connection_lost(exc)
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = None

    def reset(self) -> None:
        """End the connection with a TCP reset: unsent data is thrown away."""
        self._give_up()
        raw = self.transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NONE)
        self.transport.abort()

    def close(self) -> None:
        """Send what was written and close, whatever length was promised."""
        self._give_up()
        self.transport.close()

    def _unset_keepalive_if_required(self) -> None:
        """Not idle any more; the timer goes on and finds that out."""
        self._idle_since = None

    def _look_after(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(
            seconds, self.timeout_keep_alive_handler
        )

    def _go_on_with(self, cycle: Any, app: Any) -> None:
        self._next = cycle, app
        if not self._starting:
            self._starting = True
            self.loop.call_soon(self._start)

    def _start(self) -> None:
        """Run the next call; the one behind it has its turn once that is answered."""
        if self._next is not None:
            (cycle, app), self._next = self._next, None
            if INNER in cycle.scope["path"]:
                self._keep(cycle.run_asgi(app))
            else:
                self._run(cycle, app)
        self._starting = self._next is not None
        if self._starting:
            self.loop.call_soon(self._start)

    def _run(self, cycle: Cycle, app: Any) -> None:
        """Run a call up to its first wait; what is left, if anything, becomes a task."""
        coroutine: Any = cycle.run_asgi(app)
        try:
            awaited = coroutine.send(None)
        except StopIteration:
            return
        self._keep(to_the_end(Rest(coroutine, awaited)))

    def _keep(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Make a task of it, which the server waits for when it stops."""
        task = self.loop.create_task(coroutine)
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)

    def _give_up(self) -> None:
        """Tell uvicorn that there is no one to answer, or it would answer 500 for us."""
        if self.cycle is not None:
            self.cycle.disconnected = True


def _parts(url: bytes) -> tuple[bytes, bytes]:
    """Path and query of a request's target, which is a whole URL when it is meant for a proxy."""
    if url.startswith(b"/") and b"#" not in url:
        path, _, query = url.partition(b"?")
        return path, query
    parsed = urlsplit(url)
    return parsed.path or b"/", parsed.query
