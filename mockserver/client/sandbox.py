"""Sandboxes of a running server, and the server itself, as a program sees them."""

from types import TracebackType
from typing import Any, Self

import httpx

from mockserver.client.connection import Connection, Document, Part, Transport
from mockserver.client.parts import Clock, Faults, Inbox, Requests, Snapshots

DEFAULT = "default"


class Sandbox(Part):
    """One world: where its services are, and everything that steers it."""

    def __init__(self, connection: Connection, name: str, url: str) -> None:
        super().__init__(connection, f"{url}/__admin")
        self.name = name
        self.url = url
        self.clock = Clock(connection, f"{self._root}/clock")
        self.inbox = self.inbox_named(DEFAULT)
        self.faults = Faults(connection, self._root)
        self.requests = Requests(connection, f"{self._root}/requests")
        self.snapshots = Snapshots(connection, f"{self._root}/snapshots")

    @property
    def sama_url(self) -> str:
        """In place of https://api.sama.com."""
        return f"{self.url}/sama"

    @property
    def toloka_url(self) -> str:
        """In place of https://toloka.dev."""
        return f"{self.url}/toloka"

    @property
    def pipelines_url(self) -> str:
        """In place of https://api.pipelines.tech."""
        return f"{self.url}/pipelines"

    @property
    def extend_url(self) -> str:
        """In place of https://api.extend.ai."""
        return f"{self.url}/extend"

    @property
    def transport(self) -> Transport | None:
        """What an HTTP client needs to reach a server in memory; None where there is a socket."""
        return self._connection.transport

    def client(self, **options: Any) -> httpx.Client:
        """An HTTP client whose relative URLs are this sandbox's."""
        return httpx.Client(base_url=self.url, **{**self._connection.options(), **options})

    def async_client(self, **options: Any) -> httpx.AsyncClient:
        """The same for asynchronous programs."""
        return httpx.AsyncClient(base_url=self.url, **{**self._connection.options(), **options})

    def inbox_named(self, name: str) -> Inbox:
        """A receiver of its own, for a test with several."""
        return Inbox(self._connection, self.url, name)

    def state(self, collection: str, **filters: Any) -> list[Document]:
        """Documents of a collection such as `sama.tasks`, filtered by any field."""
        return self._all(f"/state/{collection}", **filters)

    def counts(self) -> dict[str, int]:
        """How many documents each collection holds."""
        found: dict[str, int] = self._call("GET", "/state")
        return found

    def reset(self) -> None:
        """Back to the seed."""
        self._call("POST", "/reset")

    def deliveries(self, **filters: Any) -> list[Document]:
        """Webhooks by `service`, `event`, `url`, `state`, each with its attempts."""
        return self._all("/webhooks/deliveries", **filters)

    def control(self, service: str, method: str, path: str, body: Any = None) -> Any:
        """Play a service's workforce: `control("sama", "POST", f"/tasks/{id}/complete")`."""
        return self._call(method, f"/services/{service}{path}", body)

    def contract(self) -> Document:
        """Which operations were called, and what was violated."""
        report: Document = self._call("GET", "/contract")
        return report

    def delete(self) -> None:
        """Forget this world without a trace."""
        self._call("DELETE", f"/sandboxes/{self.name}")


class Server(Sandbox):
    """A running server: its default sandbox, and the others by name."""

    def __init__(
        self, url: str, token: str | None = None, transport: Transport | None = None
    ) -> None:
        connection = Connection(url, token, transport)
        super().__init__(connection, DEFAULT, connection.url)
        self.token = token

    def health(self) -> Document:
        """Version, services, store and uptime."""
        found: Document = self._call("GET", "/health")
        return found

    def sandbox(self, name: str, **options: Any) -> Sandbox:
        """A new world, with `credentials`, `seed`, `clock` and `pace` of its own."""
        self._call("POST", "/sandboxes", {"name": name, **options})
        return self.existing(name)

    def existing(self, name: str) -> Sandbox:
        """A world that has been made before."""
        return Sandbox(self._connection, name, f"{self.url}/@{name}")

    def sandboxes(self) -> list[Document]:
        """Every world with its name, URL and settings."""
        found: list[Document] = self._call("GET", "/sandboxes", limit=10_000)["items"]
        return found

    def close(self) -> None:
        """Give back the sockets; the server runs on."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
