"""HTTP/1.1 from the client's side: connections to given addresses, kept for the next request."""

import asyncio
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import quote

import httptools

from mockserver.engine.clock import monotonic
from mockserver.engine.targets import PORTS, Target

MOST_BODY = 64 * 1024
"""Bytes of an answer's body that are read."""
MOST_HEADERS = 64 * 1024
KEEP_ALIVE = 2.0
"""Real seconds that a connection waits for its next use: less than servers commonly give it."""

_FRAMING = frozenset(("host", "content-length", "transfer-encoding", "connection"))
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\U0010ffff]*")


Line = tuple[str, str, int, str]
"""What a connection is kept for: scheme, host and port, and the address they led to."""


class ProtocolError(Exception):
    """What came back is no answer of HTTP, or not a whole one."""


@dataclass(slots=True)
class Answer:
    """An answer; of a long body only the beginning."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class Connection(asyncio.Protocol):
    """One connection, for one exchange at a time."""

    def __init__(self) -> None:
        self.open = False
        self.reusable = False
        self.idle_since = 0.0
        self._transport: asyncio.Transport | None = None
        self._awaited: asyncio.Future[Answer] | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._answer = Answer()
        self._body = bytearray()
        self._header_bytes = 0
        self._head_complete = False

    async def exchange(self, request: bytes) -> Answer:
        """Send a whole request; its answer."""
        assert self._transport is not None
        self._parser = httptools.HttpResponseParser(self)
        self.reusable = False
        self._start()
        self._awaited = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._awaited

    def close(self) -> None:
        """Give the connection up at once, whatever is still to be written."""
        if self._transport is not None:
            self._transport.abort()
        self.open = self.reusable = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection stands."""
        self._transport = cast(asyncio.Transport, transport)
        self.open = True

    def data_received(self, data: bytes) -> None:
        """Some of an answer has come."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._fail("it switched to another protocol")
        except httptools.HttpParserError as error:
            self._fail(str(error.__context__ or error))

    def eof_received(self) -> bool:
        """The other side has no more to say, which may be the end of a body."""
        framed = {"content-length", "transfer-encoding"} & self._answer.headers.keys()
        if self._head_complete and not framed:
            self._finish()
        return False

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is no more."""
        self.open = self.reusable = False
        self._fail(f"the connection was closed before the answer was complete ({error or 'EOF'})")

    def on_message_begin(self) -> None:
        """Called by the parser: an answer starts, the first or the one after a 1xx."""
        if self._awaited is None or self._awaited.done():
            # Nobody asked: it could be taken for the answer to the next request.
            self.close()
        self._start()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Called by the parser."""
        self._header_bytes += len(name) + len(value)
        if self._header_bytes > MOST_HEADERS:
            self._fail("its headers are too long")
            return
        headers, key = self._answer.headers, name.decode("latin-1").lower()
        text = value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text

    def on_headers_complete(self) -> None:
        """Called by the parser."""
        self._answer.status = self._parser.get_status_code()
        self._head_complete = self._answer.status >= 200

    def on_body(self, body: bytes) -> None:
        """Called by the parser."""
        self._body += body
        if len(self._body) >= MOST_BODY:
            self._finish()
            self.close()

    def on_message_complete(self) -> None:
        """Called by the parser."""
        if self._head_complete and self._awaited is not None and not self._awaited.done():
            assert self._transport is not None
            written = not self._transport.get_write_buffer_size()
            self.reusable = self.open and written and self._parser.should_keep_alive()
            self._finish()

    def _start(self) -> None:
        self._answer = Answer()
        self._body.clear()
        self._header_bytes = 0
        self._head_complete = False

    def _finish(self) -> None:
        if self._awaited is not None and not self._awaited.done():
            self._answer.body = bytes(self._body[:MOST_BODY])
            self._awaited.set_result(self._answer)

    def _fail(self, reason: str) -> None:
        if self._awaited is not None and not self._awaited.done():
            self._awaited.set_exception(ProtocolError(reason))
        self.close()


class Connections:
    """The connections of one event loop, idle ones by what they lead to."""

    def __init__(self, most_idle: int) -> None:
        self._most_idle = most_idle
        self._idle: dict[Line, list[Connection]] = {}
        self._count = 0
        self._sweeping: asyncio.TimerHandle | None = None
        self._secure: ssl.SSLContext | None = None

    async def post(
        self, target: Target, address: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        """A POST to a target at the address given, whatever its name would resolve to.

        OSError when there is no connection, ProtocolError when there is no answer, ValueError
        when the request cannot be written as one.
        """
        request = head(target, headers, len(body)) + body
        key = (target.scheme, target.host, target.port, address)
        connection = self._take(key) or await self._connect(target, address)
        try:
            answer = await connection.exchange(request)
        except BaseException:
            connection.close()
            raise
        self._keep(key, connection)
        return answer

    def close(self) -> None:
        """Close the idle connections."""
        if self._sweeping is not None:
            self._sweeping.cancel()
            self._sweeping = None
        for connections in self._idle.values():
            for connection in connections:
                connection.close()
        self._idle.clear()
        self._count = 0

    async def _connect(self, target: Target, address: str) -> Connection:
        loop = asyncio.get_running_loop()
        if target.scheme == "http":
            _, connection = await loop.create_connection(Connection, address, target.port)
            return connection
        if self._secure is None:
            # Made when first needed: reading the authorities' certificates takes a while.
            self._secure = ssl.create_default_context()
        _, connection = await loop.create_connection(
            Connection,
            address,
            target.port,
            ssl=self._secure,
            server_hostname=ascii_host(target),
        )
        return connection

    def _take(self, key: Line) -> Connection | None:
        idle, now = self._idle.get(key, []), monotonic()
        while idle:
            connection = idle.pop()
            self._count -= 1
            if connection.open and now - connection.idle_since < KEEP_ALIVE:
                return connection
            connection.close()
        return None

    def _keep(self, key: Line, connection: Connection) -> None:
        if not connection.reusable or self._count >= self._most_idle:
            connection.close()
            return
        connection.idle_since = monotonic()
        self._idle.setdefault(key, []).append(connection)
        self._count += 1
        if self._sweeping is None:
            loop = asyncio.get_running_loop()
            self._sweeping = loop.call_later(KEEP_ALIVE, self._sweep)

    def _sweep(self) -> None:
        """Close what has been idle for long; come again while something is left."""
        self._sweeping = None
        for key in list(self._idle):
            idle = self._idle.pop(key)
            self._count -= len(idle)
            for connection in idle:
                if connection.open and monotonic() - connection.idle_since < KEEP_ALIVE:
                    self._idle.setdefault(key, []).append(connection)
                    self._count += 1
                else:
                    connection.close()
        if self._count:
            loop = asyncio.get_running_loop()
            self._sweeping = loop.call_later(KEEP_ALIVE, self._sweep)


def ascii_host(target: Target) -> str:
    """The host as certificates and Host headers spell it."""
    return target.host if target.host.isascii() else target.host.encode("idna").decode()


def head(target: Target, headers: Mapping[str, str], length: int) -> bytes:
    """Request line and headers of a POST; ValueError when one of them cannot be sent."""
    host = ascii_host(target)
    host = f"[{host}]" if ":" in host else host
    if target.port != PORTS[target.scheme]:
        host = f"{host}:{target.port}"
    path = quote(target.path, safe="/%:@!$&'()*+,;=~-._")
    if target.query:
        path += f"?{quote(target.query, safe='/?%:@!$&()*+,;=~-._[]|{}')}"
    lines = [f"POST {path} HTTP/1.1", f"host: {host}", f"content-length: {length}"]
    for key, value in headers.items():
        if not _NAME.fullmatch(key) or not _VALUE.fullmatch(value):
            raise ValueError(f"the header {key!r} cannot be sent")
        if key.lower() not in _FRAMING:
            lines.append(f"{key}: {value}")
    return "\r\n".join([*lines, "", ""]).encode()
