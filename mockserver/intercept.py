"""The front for real host names: TLS under their names, and a proxy that leads only to them."""

import asyncio
import contextlib
import logging
import shutil
import socket
import ssl
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from mockserver.certificates import Authority
from mockserver.proxy import (
    TLS,
    Asked,
    Unreadable,
    answer,
    first_byte,
    is_local,
    pipe,
    read_head,
    refusal,
    understand,
)

log = logging.getLogger("mockserver.intercept")

ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
HANDSHAKE = 30.0


class Intercept:
    """One port that speaks TLS as the emulated hosts and is an HTTP proxy that knows no others.

    The first byte of a connection tells which. What is meant for an emulated host is handed to the
    server's own protocol, so it knows itself whether it came by https. Other hosts are refused
    unless `passthrough`; this machine's own ports are not other hosts.
    """

    def __init__(
        self, listening: socket.socket, folder: Path | None, *, passthrough: bool = False
    ) -> None:
        self._socket = listening
        self._temporary = folder is None
        self._folder = folder or Path(tempfile.mkdtemp(prefix="mockserver-certificates-"))
        self.authority = Authority(self._folder)
        self.port: int = listening.getsockname()[1]
        self.hosts: tuple[str, ...] = ()
        self._passthrough = passthrough
        self._open: set[asyncio.Task[None]] = set()
        self._context: ssl.SSLContext
        self._protocol: Callable[[], asyncio.Protocol]

    @asynccontextmanager
    async def running(
        self, hosts: Iterable[str], protocol: Callable[[], asyncio.Protocol]
    ) -> AsyncIterator[None]:
        """Take connections for these hosts until the end of the block."""
        self.hosts, self._protocol = tuple(hosts), protocol
        self._context = self.authority.context(self.hosts)
        accepting = asyncio.create_task(self._accept())
        try:
            yield
        finally:
            for task in (accepting, *self._open):
                task.cancel()
            await asyncio.gather(accepting, *self._open, return_exceptions=True)

    def close(self) -> None:
        """Give up the port, and certificates that no folder keeps."""
        self._socket.close()
        if self._temporary:
            shutil.rmtree(self._folder, ignore_errors=True)

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                sock, _ = await loop.sock_accept(self._socket)
            except OSError:
                log.warning("a connection could not be taken", exc_info=True)
                await asyncio.sleep(0.1)
                continue
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            task = asyncio.create_task(self._meet(sock))
            self._open.add(task)
            task.add_done_callback(self._open.discard)

    async def _meet(self, sock: socket.socket) -> None:
        """One new connection: hand it over, or answer and close it."""
        handed = False
        try:
            handed = await self._lead(sock)
        except Unreadable as error:
            with contextlib.suppress(OSError):
                text = answer(400, "Bad Request", f"mockserver: {error}\n")
                await asyncio.get_running_loop().sock_sendall(sock, text)
        except (OSError, EOFError) as error:
            # Also a client that does not trust the certificate: it alone can say why.
            log.debug("a connection ended early: %s", error)
        finally:
            if not handed:
                sock.close()

    async def _lead(self, sock: socket.socket) -> bool:
        """Whether the connection was handed over; else it is done."""
        first = await first_byte(sock)
        if first is None:
            return False
        if first == TLS:
            return await self._hand_over(sock, secure=True)
        head, rest = await read_head(sock)
        asked = understand(head)
        if not asked.host:
            return await self._hand_over(sock, asked.head + rest)
        if asked.host.lower() in self.hosts:
            if not asked.tunnel:
                return await self._hand_over(sock, asked.head + rest)
            await asyncio.get_running_loop().sock_sendall(sock, ESTABLISHED)
            return await self._hand_over(sock, secure=await first_byte(sock) == TLS)
        if self._passthrough or is_local(asked.host):
            await self._let_through(sock, asked, rest)
        else:
            log.warning("refused to connect to %s:%d", asked.host, asked.port)
            await asyncio.get_running_loop().sock_sendall(sock, refusal(asked, self.hosts))
        return False

    async def _hand_over(
        self, sock: socket.socket, head: bytes = b"", *, secure: bool = False
    ) -> bool:
        """Give the connection to the server, together with what was read of it."""

        def protocol() -> asyncio.Protocol:
            made = self._protocol()
            if head:
                connected = made.connection_made

                def connect(transport: asyncio.BaseTransport) -> None:
                    connected(transport)
                    made.data_received(head)

                made.connection_made = connect  # type: ignore[method-assign]
            return made

        loop = asyncio.get_running_loop()
        if secure:
            await loop.connect_accepted_socket(
                protocol, sock, ssl=self._context, ssl_handshake_timeout=HANDSHAKE
            )
        else:
            await loop.connect_accepted_socket(protocol, sock)
        return True

    async def _let_through(self, sock: socket.socket, asked: Asked, rest: bytes) -> None:
        loop = asyncio.get_running_loop()
        if asked.tunnel:
            await loop.sock_sendall(sock, ESTABLISHED)
        try:
            await pipe(sock, asked.head + rest, asked.host, asked.port)
        except OSError as error:
            if not asked.tunnel:
                text = f"mockserver: {asked.host}:{asked.port} does not answer: {error}\n"
                await loop.sock_sendall(sock, answer(502, "Bad Gateway", text))
