"""uvicorn's HTTP protocol: answers in one piece, and a handle on the connection for faults."""

import socket
import struct
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

LINGER_NONE = struct.pack("ii", 1, 0)


class Gathered:
    """A transport that keeps what is written until `release`."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self._parts: list[bytes] = []
        self._closing = False

    def write(self, data: bytes) -> None:
        """Keep it."""
        self._parts.append(data)

    def close(self) -> None:
        """Close once all is written."""
        self._closing = True

    def release(self) -> None:
        """Write everything at once."""
        if self._parts:
            self._transport.write(b"".join(self._parts))
        if self._closing:
            self._transport.close()


class Whole:
    """An application whose answers' heads wait for the first part of their bodies.

    uvicorn hands each to the system by itself; one system call less is a tenth of a small answer.
    """

    def __init__(self, app: ASGIApp, cycle: RequestResponseCycle) -> None:
        self._app = app
        self._cycle = cycle
        self._head: Message | None = None
        self._send: Send

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._send = send
        await self._app(scope, receive, self.send)

    async def send(self, message: Message) -> None:
        """Send the head together with the first part of the body."""
        if message["type"] == "http.response.start" and self._head is None:
            self._head = message
            return
        head, self._head = self._head, None
        if head is None:
            await self._send(message)
            return
        transport = self._cycle.transport
        gathered = Gathered(transport)
        self._cycle.transport = gathered  # type: ignore[assignment]
        try:
            await self._send(head)
            await self._send(message)
        finally:
            self._cycle.transport = transport
            gathered.release()


class FaultProtocol(HttpToolsProtocol):
    """Puts itself into each request's scope as `mockserver.connection`."""

    def on_message_begin(self) -> None:
        """A new request on this connection."""
        super().on_message_begin()
        self.scope["mockserver.connection"] = self  # type: ignore[typeddict-unknown-key]

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        whole: Any = Whole(app, cycle)
        super()._start_asgi_task(cycle, whole)

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

    def _give_up(self) -> None:
        """Tell uvicorn that there is no one to answer, or it would answer 500 for us."""
        if self.cycle is not None:
            self.cycle.disconnected = True
