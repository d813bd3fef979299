"""The way out of the process: one POST to an address that was judged before."""

import asyncio
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote

from mockserver.engine.clock import monotonic
from mockserver.engine.connections import MOST_BODY, Answer, Connections, ProtocolError
from mockserver.engine.targets import Refused, Target, Targets

if TYPE_CHECKING:
    import httpx


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
    """Sends, over connections that are kept for the next time.

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
        self._most = connections
        self._transport = transport
        self._connections = Connections(connections)
        self._loop: asyncio.AbstractEventLoop | None = None

    async def post(
        self, url: str, headers: Mapping[str, str], body: bytes, within: float
    ) -> Outcome:
        """One POST; all of it, the answer's last byte included, `within` so many real seconds."""
        started = monotonic()
        error, refused = None, False
        try:
            async with asyncio.timeout(within):
                answer = await self._exchange(url, headers, body)
            duration = monotonic() - started
            return Outcome(answer.status, answer.headers, answer.body, duration=duration)
        except Refused as refusal:
            error, refused = str(refusal), True
        except TimeoutError:
            error = f"no complete answer within {within:g} seconds"
        except ProtocolError as failure:
            error = f"no valid answer: {failure}"
        except OSError as failure:
            error = f"no connection: {failure.strerror or failure}"
        except ValueError as failure:
            error = f"nothing was sent: {failure}"
        return Outcome(error=error, refused=refused, duration=monotonic() - started)

    async def close(self) -> None:
        """Give up the connections."""
        if self._loop is asyncio.get_running_loop():
            self._connections.close()

    async def _exchange(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        target = Target.of(url)
        addresses = await self._targets.addresses(target)
        sent = spelled_once({"accept": "*/*", "user-agent": "mockserver", **headers})
        if target.username is not None and "authorization" not in map(str.lower, headers):
            user = f"{unquote(target.username)}:{unquote(target.password or '')}".encode()
            sent["authorization"] = f"Basic {b64encode(user).decode()}"
        if self._transport is not None:
            return await self._inside(self._transport, url, sent, body)
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            # Connections belong to the loop that opened them.
            self._loop, self._connections = loop, Connections(self._most)
        for address in addresses[:-1]:
            try:
                return await self._connections.post(target, address, sent, body)
            except OSError:
                continue
        return await self._connections.post(target, addresses[-1], sent, body)

    @staticmethod
    async def _inside(
        transport: "httpx.AsyncBaseTransport", url: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        # Imported late: a server never needs it, and it is slow to import.
        import httpx

        request = httpx.Request("POST", url, headers=dict(headers), content=body)
        response = await transport.handle_async_request(request)
        content = await response.aread()
        return Answer(response.status_code, dict(response.headers), content[:MOST_BODY])


def spelled_once(headers: Mapping[str, str]) -> dict[str, str]:
    """The same headers, of each name only the last one, however it is spelled."""
    return dict({name.lower(): (name, value) for name, value in headers.items()}.values())
