"""A server for Python programs: started on entry, stopped on exit, steered in between."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import orjson

from mockserver.client import Server
from mockserver.client.connection import Transport
from mockserver.client.parts import GLANCE
from mockserver.engine.clock import monotonic
from mockserver.engine.errors import ConfigError, MockserverError
from mockserver.settings import Settings

MODES = ("thread", "process", "memory")
START = 30.0
"""Seconds that a process is given to answer its first call."""
STOP = 10.0


class Backend(Protocol):
    """Where a server runs."""

    @property
    def url(self) -> str:
        """Its base URL."""

    @property
    def transport(self) -> Transport | None:
        """What leads to it where there is no socket."""

    def stop(self) -> None:
        """End it, and wait until it has ended."""


class MockServer(Server):
    """A sandbox server of one's own, in a `thread`, in a `process` or in `memory` without a port.

    Takes every setting by name, those of a service too: `MockServer(pace="instant", seed=1,
    settings={"sama.status_limit": True})`. A context manager, sync and async; until it has been
    started it has no URL. Two of them share nothing.
    """

    def __init__(
        self, mode: str = "thread", *, settings: dict[str, Any] | None = None, **flags: Any
    ) -> None:
        if mode not in MODES:
            raise ConfigError(f"mode {mode!r} is not one of {', '.join(MODES)}")
        self._mode = mode
        self._given = {"port": 0, **flags, **(settings or {})}
        self._settings = _settings(self._given)
        self._backend: Backend | None = None

    def start(self) -> Self:
        """Return once the server answers; raises what kept it from starting."""
        if self._backend is not None:
            raise MockserverError("This server runs already.")
        starts: dict[str, Callable[[], Backend]] = {
            "thread": lambda: InThread(self._settings),
            "process": lambda: InProcess(self._given),
            "memory": lambda: InMemory(self._settings),
        }
        self._backend = backend = starts[self._mode]()
        super().__init__(backend.url, self._settings.admin_token, backend.transport)
        return self

    def stop(self) -> None:
        """Stop and wait for the last checkpoint; a second call does nothing."""
        if self._backend is not None:
            self._backend.stop()
            self._backend = None
            self.close()

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f"This server has no {name!r} yet: it must be started first."
            if "_connection" not in self.__dict__
            else f"{type(self).__name__!r} object has no attribute {name!r}"
        )

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        return await asyncio.to_thread(self.start)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await asyncio.to_thread(self.stop)


class InThread:
    """The server in a thread of this process, on a free port."""

    transport = None

    def __init__(self, settings: Settings) -> None:
        from mockserver.server import ServerThread

        self._thread = ServerThread(settings).start()
        self.url = self._thread.url

    def stop(self) -> None:
        """Stop the thread."""
        self._thread.stop()


class InProcess:
    """The server as a process of its own, which takes none of this one's time."""

    transport = None

    def __init__(self, given: dict[str, Any]) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="mockserver-start-")
        ready = Path(self._folder.name) / "ready.json"
        command = [sys.executable, "-m", "mockserver", "serve", "--ready-file", str(ready)]
        for name, value in given.items():
            command += ["--set", f"{name}={_spelled(value)}"]
        environ = {k: v for k, v in os.environ.items() if not k.startswith("MOCKSERVER_")}
        with (Path(self._folder.name) / "log").open("wb") as log:
            self._process = subprocess.Popen(
                command, env=environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        try:
            self.url = self._wait(ready)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the process; one that does not heed is killed."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._folder.cleanup()

    def _wait(self, ready: Path) -> str:
        deadline = monotonic() + START
        while not ready.exists():
            if self._process.poll() is not None or monotonic() > deadline:
                said = (ready.parent / "log").read_text("utf-8", "replace").strip()
                raise MockserverError(f"The server did not start: {said or 'it said nothing'}")
            threading.Event().wait(GLANCE)
        url: str = orjson.loads(ready.read_bytes())["url"]
        return url


class InMemory:
    """The app without a socket, in a thread of this process.

    Webhooks leave by real sockets, so that they reach every receiver but the built-in inbox.
    """

    url = "http://mockserver.localhost"

    def __init__(self, settings: Settings) -> None:
        from mockserver.memory import AppThread

        self._thread = AppThread(settings).start()
        self.transport = self._thread.transport

    def stop(self) -> None:
        """Stop the thread."""
        self._thread.stop()


def _settings(given: dict[str, Any]) -> Settings:
    """Checked here, so that a wrong one is named before anything starts."""
    from mockserver.app import declared

    services = list(declared())
    own = {setting.name for setting in services}
    flags = {name: value for name, value in given.items() if name not in own}
    flags["set"] = [f"{name}={_spelled(value)}" for name, value in given.items() if name in own]
    unknown = [name for name in flags if name not in (*Settings.__dataclass_fields__, "set")]
    if unknown:
        # Settings.load names the nearest one that there is.
        flags["set"].append(f"{unknown[0]}=")
    return Settings.load(flags, services=services)


def _spelled(value: Any) -> str:
    """A setting's value as the command line takes it."""
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)
