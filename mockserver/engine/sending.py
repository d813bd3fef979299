"""The way out of the process: one POST to an address that was judged before."""

import asyncio
import ssl
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote

from mockserver.engine.clock import monotonic
from mockserver.engine.targets import Refused, Targets, split

if TYPE_CHECKING:
    import httpx

MOST_BODY = 64 * 1024
"""Bytes of an answer that are read."""
KEEP_ALIVE = 2.0
"""Real seconds that a connection waits for its next use: less than servers commonly give it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one attempt: an answer, or the reason why there is none.

    `refused` is true when nothing was sent because it may not be, so that trying again is vain.
    """

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    error: str | None = None
    duration: float = 0.0
    refused: bool = False


class Sender:
    """Sends, with connections kept for the next time.

    Redirects are not followed, proxies of the environment not used, cookies not kept. A
    `transport` takes the place of the network in tests.
    """

    def __init__(
        self,
        targets: Targets,
        *,
        connections: int = 64,
        transport: "httpx.AsyncBaseTransport | None" = None,
    ) -> None:
        self._targets = targets
        self._connections = connections
        self._given = transport
        self._transports: dict[str, httpx.AsyncBaseTransport] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    async def post(
        self, url: str, headers: Mapping[str, str], body: bytes, within: float
    ) -> Outcome:
        """One POST; all of it, the answer's last byte included, `within` so many real seconds."""
        # Imported late: it takes longer than all else that a start needs.
        import httpx

        started = monotonic()
        error, refused = None, False
        try:
            async with asyncio.timeout(within):
                status, answered, content = await self._exchange(url, headers, body)
            return Outcome(status, answered, content, duration=monotonic() - started)
        except Refused as refusal:
            error, refused = str(refusal), True
        except TimeoutError:
            error = f"no complete answer within {within:g} seconds"
        except httpx.ConnectError as failure:
            error = f"no connection: {_root(failure)}"
        except httpx.RemoteProtocolError as failure:
            error = f"no valid answer: {failure}"
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as failure:
            error = f"{type(failure).__name__}: {_root(failure)}"
        return Outcome(error=error, refused=refused, duration=monotonic() - started)

    async def close(self) -> None:
        """Give up the connections."""
        transports, self._transports = self._transports, {}
        if self._loop is asyncio.get_running_loop():
            for transport in transports.values():
                await transport.aclose()

    async def _exchange(
        self, url: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        import httpx

        parts = split(url)
        addresses = await self._targets.addresses(url)
        transport = self._transport(parts.scheme)
        for address in addresses:
            request = self._request(parts, address, headers, body)
            try:
                response = await transport.handle_async_request(request)
                break
            except httpx.ConnectError:
                if address == addresses[-1]:
                    raise
        content = bytearray()
        try:
            assert isinstance(response.stream, httpx.AsyncByteStream)
            async for piece in response.stream:
                content += piece
                if len(content) >= MOST_BODY:
                    break
        finally:
            await response.aclose()
        return response.status_code, dict(response.headers), bytes(content[:MOST_BODY])

    def _request(
        self, parts: SplitResult, address: str, headers: Mapping[str, str], body: bytes
    ) -> "httpx.Request":
        """The request to the judged address, under the name that the URL gives."""
        import httpx

        url = httpx.URL(parts._replace(fragment="").geturl())
        host = url.netloc.decode("ascii").rpartition("@")[2]
        sent = {"host": host, "accept": "*/*", "user-agent": "mockserver", **headers}
        if parts.username is not None and "authorization" not in map(str.lower, headers):
            user = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
            sent["authorization"] = f"Basic {b64encode(user).decode()}"
        extensions = {}
        if parts.scheme == "https":
            # Kept connections are known by address here, but a certificate is for a name.
            sent["connection"] = "close"
            extensions["sni_hostname"] = url.raw_host.decode("ascii")
        if self._given is None:
            url = url.copy_with(host=address, userinfo=b"")
        return httpx.Request("POST", url, headers=sent, content=body, extensions=extensions)

    def _transport(self, scheme: str) -> "httpx.AsyncBaseTransport":
        import httpx

        if self._given is not None:
            return self._given
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            # Connections belong to the loop that opened them.
            self._loop, self._transports = loop, {}
        if scheme not in self._transports:
            limits = httpx.Limits(
                max_connections=self._connections,
                max_keepalive_connections=self._connections,
                keepalive_expiry=KEEP_ALIVE,
            )
            # Reading the certificates of the authorities takes time, and http needs none.
            verify: ssl.SSLContext | bool = scheme == "https"
            self._transports[scheme] = httpx.AsyncHTTPTransport(
                verify=verify, trust_env=False, limits=limits
            )
        return self._transports[scheme]


def _root(failure: BaseException) -> str:
    """The innermost reason: what the system said, not each layer's words for it."""
    while failure.__cause__ or failure.__context__:
        failure = failure.__cause__ or failure.__context__ or failure
    return str(failure) or type(failure).__name__
