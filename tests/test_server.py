"""Tests of running an app: binding, readiness, several at once, and a clean end."""

import asyncio
import json
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from mockserver import server
from mockserver.engine.errors import ConfigError, StoreError
from mockserver.server import JsonLines, ServerThread, bind, local_url
from mockserver.settings import Settings

if TYPE_CHECKING:
    from mockserver.app import App


class Bare:
    """The least that the server asks of an app; notes what happens to it."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.events: list[str] = []
        self.failure = failure

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Bare"]:
        if self.failure:
            raise self.failure
        self.events.append("opened")
        yield self
        self.events.append("closed")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.events.append(scope["path"])
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})


def threaded(bare: Bare, **settings: Any) -> ServerThread:
    """A server in a thread that runs the bare app."""
    return ServerThread(Settings(**{"port": 0, **settings}), cast("App", bare))


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that someone else listens on."""
    with bind("127.0.0.1", 0) as other:
        yield other.getsockname()[1]


def test_a_server_in_a_thread_answers_from_entry_to_exit() -> None:
    bare = Bare()
    with threaded(bare) as running:
        assert httpx.get(f"{running.url}/a").status_code == 204
    assert bare.events == ["opened", "/a", "closed"]
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{running.url}/b")


def test_several_servers_run_in_one_process() -> None:
    first, second = Bare(), Bare()
    with threaded(first) as one, threaded(second) as other:
        assert one.url != other.url
        httpx.get(f"{one.url}/one")
        httpx.get(f"{other.url}/other")
    assert (first.events[1], second.events[1]) == ("/one", "/other")


def test_stopping_twice_is_stopping_once() -> None:
    bare = Bare()
    running = threaded(bare).start()
    running.stop()
    running.stop()
    assert bare.events == ["opened", "closed"]


def test_a_server_that_was_never_started_gives_its_port_back() -> None:
    running = threaded(Bare())
    running.stop()
    with bind("127.0.0.1", port_of(running)):
        pass


def test_a_server_that_is_stopped_before_it_starts_never_serves() -> None:
    bare = Bare()
    running = server.Running(Settings(port=0), cast("App", bare))
    running.stop()
    asyncio.run(running.run(lambda app: bare.events.append("ready")))
    assert bare.events == ["opened", "closed"]


def test_what_keeps_the_app_from_starting_reaches_whoever_started_it() -> None:
    running = threaded(Bare(StoreError("locked")))
    with pytest.raises(StoreError, match="locked"):
        running.start()
    running.stop()


def test_a_taken_port_is_refused_in_one_sentence(taken: int) -> None:
    with pytest.raises(ConfigError) as refused:
        bind("127.0.0.1", taken)
    assert str(refused.value) == (
        f"port {taken} is taken; choose another with --port or 0 for a free one"
    )


@pytest.mark.parametrize("host", ["203.0.113.7", "no-such-host.invalid"])
def test_an_address_that_is_not_this_machines_is_refused(host: str) -> None:
    with pytest.raises(ConfigError, match=f"cannot listen on {host}: "):
        bind(host, 0)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),
        ("::", "http://[::1]:80"),
        ("::1", "http://[::1]:80"),
        ("localhost", "http://localhost:80"),
    ],
)
def test_the_url_is_one_that_a_client_on_this_machine_can_use(host: str, url: str) -> None:
    assert local_url(host, 80) == url


def test_the_ready_file_is_whole_and_removed_only_by_its_writer(tmp_path: Path) -> None:
    path = tmp_path / "new" / "ready.json"
    server.write_ready_file(path, "http://127.0.0.1:1")
    assert json.loads(path.read_text()) == {"url": "http://127.0.0.1:1", "pid": os.getpid()}
    assert list(path.parent.iterdir()) == [path]
    server.remove_ready_file(path)
    assert not path.exists()
    path.write_text('{"url": "http://127.0.0.1:2", "pid": 0}')
    server.remove_ready_file(path)
    assert path.exists()


def test_a_ready_file_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot write the ready file"):
        server.write_ready_file(tmp_path / "file" / "ready.json", "http://127.0.0.1:1")


def test_answers_carry_a_current_date_and_no_name_of_a_server() -> None:
    with threaded(Bare()) as running:
        answer = httpx.get(running.url)
    assert "date" in answer.headers
    assert "server" not in answer.headers


def test_an_open_connection_does_not_hold_the_server_up() -> None:
    bare = Bare()
    running = threaded(bare).start()
    with httpx.Client() as client, socket.create_connection(("127.0.0.1", port_of(running))):
        client.get(running.url)
        stopper = threading.Thread(target=running.stop)
        stopper.start()
        stopper.join(timeout=server.GRACE - 1)
        assert not stopper.is_alive()
    assert bare.events[-1] == "closed"


def port_of(running: ServerThread) -> int:
    """The port in a server's URL."""
    return int(running.url.rpartition(":")[2])


@pytest.fixture
def own_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What `serve` does to its process is undone or left out."""
    monkeypatch.setattr(server, "_spare_garbage_collector", lambda: None)
    loggers = [logging.getLogger(name) for name in ("mockserver", "uvicorn")]
    kept = [(each.handlers[:], each.level, each.propagate) for each in loggers]
    yield
    for each, (handlers, level, propagate) in zip(loggers, kept, strict=True):
        each.handlers[:], each.level, each.propagate = handlers, level, propagate


def foreground(bare: Bare, monkeypatch: pytest.MonkeyPatch, **settings: Any) -> list[str]:
    """Runs the bare app in the foreground until the first signal; the URLs announced."""
    monkeypatch.setattr(server, "_create_app", lambda settings: bare)
    urls: list[str] = []

    def announce(url: str, app: object) -> None:
        urls.append(url)
        os.kill(os.getpid(), signal.SIGTERM)

    server.serve(Settings(**{"port": 0, **settings}), announce)
    return urls


@pytest.mark.usefixtures("own_process")
def test_the_foreground_ends_at_a_signal_and_leaves_signals_as_they_were(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    path = tmp_path / "ready.json"
    bare = Bare()
    urls = foreground(bare, monkeypatch, ready_file=path)
    assert (len(urls), bare.events) == (1, ["opened", "closed"])
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == before
    assert not path.exists()


@pytest.mark.usefixtures("own_process")
def test_a_start_that_fails_leaves_no_ready_file_of_an_earlier_server(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "ready.json"
    path.write_text('{"url": "http://127.0.0.1:1", "pid": 1}')
    with pytest.raises(StoreError):
        foreground(Bare(StoreError("locked")), monkeypatch, ready_file=path)
    assert not path.exists()


@pytest.mark.usefixtures("own_process")
@pytest.mark.parametrize("form", ["text", "json"])
def test_the_log_goes_to_stderr_from_its_level_up(
    capsys: pytest.CaptureFixture[str], form: str
) -> None:
    server.configure_logging(form, "warning")
    logging.getLogger("mockserver.jobs").info("unimportant")
    logging.getLogger("mockserver.jobs").warning("important")
    logging.getLogger("uvicorn.error").info("unimportant")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert ("WARNING important" in lines[0]) is (form == "text")
    assert (lines[0][0] == "{") is (form == "json")


def test_without_uvloop_asyncio_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert server.loop_factory() is asyncio.new_event_loop
    with threaded(Bare()) as running:
        assert httpx.get(running.url).status_code == 204


def test_a_port_below_1024_may_need_privileges(monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(self: socket.socket, address: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", denied)
    with pytest.raises(ConfigError, match="port 80 needs privileges; choose one above 1023"):
        bind("127.0.0.1", 80)


def test_a_log_line_in_json_is_one_object_with_its_error() -> None:
    try:
        raise ValueError("why")
    except ValueError as error:
        caught = (ValueError, error, error.__traceback__)
    record = logging.LogRecord("mockserver.x", logging.ERROR, "f", 1, "two\n%s", ("lines",), caught)
    record.created = 0.25
    line = JsonLines().format(record)
    assert "\n" not in line
    parsed = json.loads(line)
    assert parsed.pop("error").endswith("ValueError: why")
    assert parsed == {
        "at": "1970-01-01T00:00:00.250Z",
        "level": "error",
        "logger": "mockserver.x",
        "message": "two\nlines",
    }
