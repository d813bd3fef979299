"""What comes first on a connection to the proxy: read, understood, and refused where need be."""

import asyncio
import contextlib
import logging
import socket
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

log = logging.getLogger("mockserver.proxy")

MOST = 64 * 1024
"""Bytes that the head of a request may have."""
PATIENCE = 30.0
"""Seconds that a client has for the head of its request."""
TLS = 0x16
"""The first byte of a TLS handshake."""

_OWN = ("connection", "proxy-connection", "proxy-authorization", "keep-alive", "host")


class Unreadable(Exception):
    """What was sent is no request to a proxy."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request to the proxy: where it wants to go, and its head as the target gets it.

    `tunnel` is a CONNECT; without a `host` the request is meant for the proxy's own server.
    """

    host: str
    port: int
    tunnel: bool
    head: bytes


async def first_byte(sock: socket.socket) -> int | None:
    """The first byte of a connection, which stays unread; None when there is none to come."""
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(sock, readable.set)
    try:
        async with asyncio.timeout(PATIENCE):
            await readable.wait()
    except TimeoutError:
        return None
    finally:
        loop.remove_reader(sock)
    with contextlib.suppress(OSError):
        seen = sock.recv(1, socket.MSG_PEEK)
        return seen[0] if seen else None
    return None


async def read_head(sock: socket.socket) -> tuple[bytes, bytes]:
    """The head of a request, its empty line included, and what was sent along with it."""
    loop = asyncio.get_running_loop()
    read = b""
    try:
        async with asyncio.timeout(PATIENCE):
            while b"\r\n\r\n" not in read:
                chunk = await loop.sock_recv(sock, MOST)
                read += chunk
                if not chunk or len(read) > MOST:
                    raise Unreadable("no head of a request")
    except TimeoutError:
        raise Unreadable("no head in time") from None
    head, _, rest = read.partition(b"\r\n\r\n")
    return head + b"\r\n\r\n", rest


def understand(head: bytes) -> Asked:
    """Where a request wants to go; Unreadable when it is none."""
    line, _, fields = head.partition(b"\r\n")
    try:
        method, target, version = line.decode("latin-1").split(" ")
        if method == "CONNECT":
            parts = urlsplit(f"//{target}")
            return Asked(parts.hostname or "", parts.port or 443, True, b"")
        if target.startswith("/") or target == "*":
            return Asked("", 0, False, head)
        parts = urlsplit(target)
        if parts.scheme != "http" or not parts.hostname:
            raise Unreadable(f"no http:// URL: {target}")
        port = parts.port or 80
    except ValueError as error:
        raise Unreadable(str(error)) from None
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    host = parts.netloc.rpartition("@")[2]
    # One request a connection, so that each one is looked at.
    kept = [
        field
        for field in fields.split(b"\r\n")
        if field and field.partition(b":")[0].strip().lower().decode("latin-1") not in _OWN
    ]
    first = [f"{method} {path} {version}".encode("latin-1"), f"Host: {host}".encode("latin-1")]
    own = b"\r\n".join([*first, *kept, b"Connection: close", b"", b""])
    return Asked(parts.hostname, port, False, own)


def refusal(asked: Asked, hosts: tuple[str, ...]) -> bytes:
    """The answer to whoever wants to leave this machine."""
    text = (
        f"mockserver: {asked.host}:{asked.port} is not one of the emulated hosts, and nothing else "
        f"is let through (--passthrough does that).\nEmulated: {', '.join(hosts)}\n"
    )
    # Of a tunnel that is refused, most clients show the first line alone.
    return answer(403, f"mockserver does not lead to {_printable(asked.host)}", text)


def _printable(host: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in host)[:200]


def answer(status: int, phrase: str, text: str) -> bytes:
    """A short answer as plain text, after which the connection is closed."""
    body = text.encode()
    return (
        f"HTTP/1.1 {status} {phrase}\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    ).encode("latin-1", "replace") + body


def is_local(host: str) -> bool:
    """Whether a name means this machine and nothing beyond it."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost"


async def pipe(sock: socket.socket, first: bytes, host: str, port: int) -> None:
    """Let two ends talk until one has had enough; the caller closes `sock`."""
    reader, writer = await asyncio.open_connection(host, port)
    loop = asyncio.get_running_loop()

    async def onward() -> None:
        writer.write(first)
        while chunk := await loop.sock_recv(sock, MOST):
            writer.write(chunk)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()

    async def back() -> None:
        while chunk := await reader.read(MOST):
            await loop.sock_sendall(sock, chunk)
        sock.shutdown(socket.SHUT_WR)

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(onward())
            group.create_task(back())
    except* OSError as errors:
        log.debug("a tunnel to %s:%d broke: %s", host, port, errors.exceptions)
    finally:
        writer.close()
