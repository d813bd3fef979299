"""HTTP to the control API of one server."""

from typing import Any

import httpx

from mockserver.engine.errors import MockserverError

TIMEOUT = 600.0
"""Advancing over a long span with many deliveries takes its time."""
PAGE = 1000

Document = dict[str, Any]


class Refused(MockserverError):
    """The control API said no."""

    def __init__(self, message: str, status: int, answer: Any) -> None:
        super().__init__(message)
        self.status = status
        self.answer = answer


class Unreachable(MockserverError):
    """No server answers there."""


class Transport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """A way to an app that has no socket, for clients of both kinds."""


class Connection:
    """HTTP to one server, or, with a transport of its own, to an app in this process."""

    def __init__(
        self, url: str, token: str | None = None, transport: Transport | None = None
    ) -> None:
        self.url = url.rstrip("/")
        self.transport = transport
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.Client(headers=headers, timeout=TIMEOUT, **self.options())

    def options(self) -> dict[str, Any]:
        """What any HTTP client needs to get here."""
        # A proxy of the environment has no way to this machine's own servers; to load the
        # certificates of the world takes longer than most tests.
        verify = not self.url.startswith("http:")
        return {"transport": self.transport, "trust_env": False, "verify": verify}

    def call(self, method: str, url: str, body: Any = None, /, **query: Any) -> Any:
        """The parsed answer; Refused with the server's reason, Unreachable without a server."""
        asked = {name: value for name, value in query.items() if value is not None}
        try:
            answer = self._http.request(method, url, params=asked, json=body)
        except httpx.HTTPError as error:
            reason = str(error) or type(error).__name__
            raise Unreachable(f"No server answers at {self.url} ({reason}).") from error
        if answer.is_error:
            raise _refusal(answer)
        return answer.json() if answer.content else None

    def close(self) -> None:
        """Give back the sockets."""
        self._http.close()


class Part:
    """A part of a sandbox, under one path of its control API."""

    def __init__(self, connection: Connection, root: str) -> None:
        self._connection = connection
        self._root = root

    def _call(self, method: str, path: str = "", body: Any = None, /, **query: Any) -> Any:
        return self._connection.call(method, f"{self._root}{path}", body, **query)

    def _all(self, path: str = "", **query: Any) -> list[Document]:
        """A list from its first page to its last."""
        found: list[Document] = []
        after = None
        while True:
            page = self._call("GET", path, limit=PAGE, after=after, **query)
            found += page["items"]
            if not page["items"] or len(found) >= page["total"]:
                return found
            after = page["items"][-1]["id"]


def _refusal(answer: httpx.Response) -> Refused:
    try:
        body = answer.json()
        detail = body.get("detail") or body
    except (ValueError, AttributeError):
        body, detail = {}, answer.reason_phrase
    asked = answer.request
    message = f"{asked.method} {asked.url} was refused with {answer.status_code}: {detail}"
    return Refused(message, answer.status_code, body)
