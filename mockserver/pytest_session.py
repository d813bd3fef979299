"""One server for a whole test session: found, started, or shared by all workers of xdist."""

import contextlib
import json
import os
import socket
import threading
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mockserver.client import Server
    from mockserver.mockserver import MockServer

OFFER = "mockserver_offer"


def running(config: pytest.Config) -> "Server | None":
    """The running server that this run was told to use."""
    from mockserver.client import Server

    url = config.getoption("--mockserver-url") or os.environ.get("MOCKSERVER_URL")
    return Server(url, os.environ.get("MOCKSERVER_ADMIN_TOKEN")) if url else None


def offered(config: pytest.Config) -> "Server | None":
    """The one that the controller of xdist has for all workers; in memory, each has its own."""
    from mockserver.client import Server

    offer = getattr(config, "workerinput", {}).get(OFFER)
    if offer is None or config.getini("mockserver_mode") == "memory":
        return None
    with socket.create_connection(("127.0.0.1", offer)) as asked:
        answer = json.loads(b"".join(iter(lambda: asked.recv(4096), b"")))
    if "error" in answer:
        raise pytest.UsageError(answer["error"])
    return Server(answer["url"], answer["token"])


def own(config: pytest.Config) -> "MockServer":
    """A server of this run, not yet started."""
    from mockserver.mockserver import MockServer

    lines = config.getini("mockserver_settings")
    pairs = (text.partition("=") for text in lines)
    settings = {name.strip().replace("-", "_"): value.strip() for name, _, value in pairs}
    return MockServer(config.getini("mockserver_mode"), settings=settings)


class Controller:
    """The side of xdist that starts the workers: starts a server when the first of them asks.

    It outlives them all, so that none of them has to know whether it is the first or the last.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._listening: socket.socket | None = None
        self._server: MockServer | None = None
        self._answer = b""

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a new worker where to ask."""
        if self._listening is None:
            self._listening = socket.create_server(("127.0.0.1", 0))
            threading.Thread(
                target=self._answer_all,
                args=(self._listening,),
                name="mockserver-offer",
                daemon=True,
            ).start()
        node.workerinput[OFFER] = self._listening.getsockname()[1]

    def pytest_unconfigure(self) -> None:
        """Stop what was started."""
        if self._listening is not None:
            # Closing alone does not wake the thread that accepts.
            with contextlib.suppress(OSError):
                self._listening.shutdown(socket.SHUT_RDWR)
            self._listening.close()
        if self._server is not None:
            self._server.stop()

    def _answer_all(self, listening: socket.socket) -> None:
        while True:
            try:
                asking, _ = listening.accept()
            except OSError:
                return
            with asking:
                self._answer = self._answer or json.dumps(self._started()).encode()
                asking.sendall(self._answer)

    def _started(self) -> dict[str, Any]:
        from mockserver.engine.errors import MockserverError

        try:
            self._server = own(self._config).start()
        except MockserverError as error:
            return {"error": f"mockserver: {error}"}
        return {"url": self._server.url, "token": self._server.token}
