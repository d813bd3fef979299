"""Runs the app: in the foreground until it is told to stop, or in a thread on a free port."""

import asyncio
import contextlib
import errno
import gc
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any

import orjson
import uvicorn

from mockserver.engine.clock import rfc3339
from mockserver.engine.errors import ConfigError, MockserverError
from mockserver.intercept import Intercept
from mockserver.protocol import FaultProtocol
from mockserver.settings import Settings

if TYPE_CHECKING:
    from mockserver.app import App

GRACE = 5
"""Seconds that calls in progress are given when the server stops."""

GARBAGE_THRESHOLD = 50_000
SWITCH = 0.0005
"""Seconds after which a thread that computes lets another one go on."""

log = logging.getLogger("mockserver.server")


class Listener(uvicorn.Server):
    """uvicorn that tells when it answers, leaves signals to others, and stops without delay."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready
        self._stopping: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to answer, then say so."""
        await super().startup(sockets)
        self._ready()

    async def main_loop(self) -> None:
        """Keep the Date header current until `stop`."""
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        tick = 0
        while not await self.on_tick(tick):
            tick += 10
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), 1.0)

    def stop(self) -> None:
        """Finish the calls in progress and end; from any thread or a signal. Twice: end at once."""
        self.force_exit = self.should_exit
        self.should_exit = True
        if self._loop is not None and self._stopping is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                self._loop.call_soon_threadsafe(self._stopping.set)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing: uvicorn raises signals again at the end, so the exit status would not be 0."""
        yield


class Running:
    """One app on one socket, from binding to the last checkpoint."""

    def __init__(self, settings: Settings, app: "App | None" = None) -> None:
        self.settings = settings
        self._socket = bind(settings.host, settings.port)
        self.port: int = self._socket.getsockname()[1]
        self.url = local_url(settings.host, self.port)
        self.intercept = _intercept(settings, self._socket) if settings.intercept else None
        self._app = app
        self._listener: Listener | None = None
        self._told_to_stop = False

    async def run(self, ready: Callable[["App"], None]) -> None:
        """Answer calls until `stop`; `ready` is called once the first would be answered."""
        try:
            app = self._app or _create_app(self.settings)
            self._listener = Listener(_config(app), lambda: ready(app))
            async with app.running(), self._intercepting(app, self._listener):
                if not self._told_to_stop:
                    await self._listener.serve(sockets=[self._socket])
        finally:
            self.close()

    def close(self) -> None:
        """Give up the port."""
        self._socket.close()
        if self.intercept is not None:
            self.intercept.close()

    def stop(self) -> None:
        """End `run`, from any thread or a signal."""
        self._told_to_stop = True
        if self._listener is not None:
            self._listener.stop()

    def _intercepting(
        self, app: "App", listener: Listener
    ) -> contextlib.AbstractAsyncContextManager[None]:
        """What comes for the real hosts ends in the same protocol as all else."""
        if self.intercept is None:
            return contextlib.nullcontext()
        hosts = [host for service in app.world.services.values() for host in service.hosts]
        return self.intercept.running(
            hosts, lambda: FaultProtocol(listener.config, listener.server_state, {})
        )


def serve(
    settings: Settings,
    announce: Callable[[str, "App"], None] | None = None,
    announce_intercept: Callable[[Intercept, "App"], None] | None = None,
) -> None:
    """Run in the foreground until SIGINT or SIGTERM.

    `announce` gets the URL and the app once the server answers, `announce_intercept` the front
    for the real hosts if there is one. Raises ConfigError for a taken
    port, and whatever keeps the app from starting.
    """
    configure_logging(settings.log_format, settings.log_level)
    running = Running(settings)
    if settings.ready_file is not None:
        # Left by a server that was killed; whoever waits for the file must not see that one.
        with contextlib.suppress(OSError):
            settings.ready_file.unlink()

    # Else whoever writes a checkpoint meanwhile keeps calls waiting for 5 ms at a time.
    sys.setswitchinterval(SWITCH)

    def ready(app: "App") -> None:
        _spare_garbage_collector()
        if settings.ready_file is not None:
            write_ready_file(settings.ready_file, running.url)
        if announce is not None:
            announce(running.url, app)
        if announce_intercept is not None and running.intercept is not None:
            announce_intercept(running.intercept, app)

    try:
        with _stopped_by_signals(running), asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(running.run(ready))
    finally:
        if settings.ready_file is not None:
            remove_ready_file(settings.ready_file)


class ServerThread:
    """A server in a thread of this process, on a free port unless the settings say otherwise.

    As a context manager it runs from entry to exit; several may run at once.
    """

    def __init__(self, settings: Settings | None = None, app: "App | None" = None) -> None:
        self._running = Running(settings or Settings(port=0), app)
        self.url = self._running.url
        self.intercept = self._running.intercept
        self.app: App | None = None
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="mockserver", daemon=True)

    def start(self) -> "ServerThread":
        """Return once the server answers; raises what kept it from starting."""
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            self._thread.join()
            raise self._failure
        return self

    def stop(self) -> None:
        """Stop and wait for the last checkpoint; a second call does nothing."""
        self._running.stop()
        if self._thread.ident is None:
            self._running.close()
        else:
            self._thread.join()

    def __enter__(self) -> "ServerThread":
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _run(self) -> None:
        def ready(app: "App") -> None:
            self.app = app
            self._ready.set()

        try:
            with asyncio.Runner(loop_factory=loop_factory()) as runner:
                runner.run(self._running.run(ready))
        except BaseException as error:
            if self._ready.is_set():
                log.exception("the server ended")
            self._failure = error
        finally:
            self._ready.set()


def _intercept(settings: Settings, main: socket.socket) -> Intercept:
    """The front for the real hosts, beside the socket of the server."""
    folder = settings.data_dir and settings.data_dir / "certificates"
    listening = None
    try:
        listening = bind(settings.host, settings.intercept_port)
        return Intercept(listening, folder, passthrough=settings.passthrough)
    except MockserverError:
        main.close()
        if listening is not None:
            listening.close()
        raise


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens; ConfigError when the address cannot be had."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ConfigError(f"cannot listen on {host}: {error.strerror}") from error
    try:
        if sys.platform != "win32":
            # Windows would let two servers share the port.
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(2048)
        bound.setblocking(False)
    except OSError as error:
        bound.close()
        if isinstance(error, PermissionError):
            raise ConfigError(f"port {port} needs privileges; choose one above 1023") from error
        if error.errno == errno.EADDRNOTAVAIL or port == 0:
            raise ConfigError(f"cannot listen on {host}: {error.strerror}") from error
        raise ConfigError(
            f"port {port} is taken; choose another with --port or 0 for a free one"
        ) from error
    return bound


def local_url(host: str, port: int) -> str:
    """Where a client on this machine reaches a server bound to `host`."""
    if host in ("", "0.0.0.0"):
        host = "127.0.0.1"
    elif host == "::":
        host = "::1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def write_ready_file(path: Path, url: str) -> None:
    """`{"url", "pid"}`, whole from the first moment that the file is there."""
    content = orjson.dumps({"url": url, "pid": os.getpid()})
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(content)
        os.replace(temporary, path)
    except OSError as error:
        raise ConfigError(f"cannot write the ready file {path}: {error.strerror}") from error


def remove_ready_file(path: Path) -> None:
    """Remove the file unless another server has written it since."""
    with contextlib.suppress(OSError, orjson.JSONDecodeError, KeyError):
        if orjson.loads(path.read_bytes())["pid"] == os.getpid():
            path.unlink()


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """uvloop where it is installed."""
    try:
        from uvloop import new_event_loop
    except ImportError:
        return asyncio.new_event_loop
    return new_event_loop


class JsonLines(logging.Formatter):
    """One JSON object a line, with times in UTC."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": rfc3339(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return orjson.dumps(line).decode()


def configure_logging(form: str, level: str) -> None:
    """Log to stderr, as text or as JSON lines; of uvicorn only what went wrong."""
    handler = logging.StreamHandler()
    if form == "json":
        handler.setFormatter(JsonLines())
    else:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%H:%M:%S"))
    for name, least in (("mockserver", level.upper()), ("uvicorn", "WARNING")):
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.setLevel(least)
        logger.propagate = False


def _create_app(settings: Settings) -> "App":
    from mockserver.app import create_app

    return create_app(settings)


def _config(app: "App") -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=FaultProtocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
    )


@contextlib.contextmanager
def _stopped_by_signals(running: Running) -> Iterator[None]:
    """SIGINT and SIGTERM stop the server, whatever state it is in; a second one hurries it."""

    def handle(signum: int, frame: FrameType | None) -> None:
        running.stop()

    previous = {each: signal.signal(each, handle) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, handler in previous.items():
            signal.signal(each, handler)


def _spare_garbage_collector() -> None:
    """What is loaded by now stays, so the collector need not look at it again and again."""
    gc.freeze()
    gc.enable()
    gc.set_threshold(GARBAGE_THRESHOLD, 20, 50)
