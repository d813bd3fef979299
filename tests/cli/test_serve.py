"""Tests of `mockserver serve`, most of them as a process of its own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from mockserver.app import App
from mockserver.cli import main
from mockserver.cli.serve import _table
from mockserver.server import bind
from mockserver.services import SERVICES
from mockserver.settings import OPTIONS
from tests.engine import toy

Process = subprocess.Popen[str]
Serve = Callable[..., Process]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts servers as processes, and ends those that are left."""
    with ExitStack() as stack:

        def start(*arguments: object, **environment: str) -> Process:
            process = subprocess.Popen(
                [sys.executable, "-m", "mockserver", "serve", *map(str, arguments)],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env={**os.environ, **environment},
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            return process

        yield start


def url_of(process: Process) -> str:
    """The URL in the first line that a server says; it answers by then."""
    assert process.stdout
    line = process.stdout.readline()
    assert " answers at http://" in line, line + (process.stderr.read() if process.stderr else "")
    return line.split(" answers at ")[1].split()[0]


def ended(process: Process) -> tuple[int, str, str]:
    """Exit status, stdout and stderr, once the process is gone."""
    assert process.stdout
    assert process.stderr
    out, errors = process.stdout.read(), process.stderr.read()
    return process.wait(timeout=30), out, errors


def test_a_server_says_where_everything_is_and_answers_there(serve: Serve, tmp_path: Path) -> None:
    process = serve("--port", 0, "--data-dir", tmp_path, "--clock", "frozen", "--seed", 7)
    url = url_of(process)
    health = httpx.get(f"{url}/__admin/health").json()
    assert health["status"] == "ok"
    assert health["store"]["data_dir"] == str(tmp_path)
    process.send_signal(signal.SIGINT)
    status, table, _ = ended(process)
    assert status == 0
    for service in services():
        assert f"{url}/{service}" in table
    for words in (f"{url}/__admin", str(tmp_path), "frozen", "fast", " 7\n", "Host header"):
        assert words in table


def services() -> list[str]:
    """The names of all services."""
    return [service.name for service in SERVICES]


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_server_with_status_0_and_its_state_kept(
    serve: Serve, tmp_path: Path, sign: signal.Signals
) -> None:
    process = serve("--port", 0, "--data-dir", tmp_path, "--seed", 7)
    document = {"sama.notes": [{"id": "kept"}]}
    httpx.post(f"{url_of(process)}/__admin/state", json=document).raise_for_status()
    process.send_signal(sign)
    status, _, errors = ended(process)
    assert (status, errors) == (0, "")
    again = serve("--port", 0, "--data-dir", tmp_path)
    kept = httpx.get(f"{url_of(again)}/__admin/state/sama.notes").json()
    assert kept["items"] == document["sama.notes"]


def test_the_ready_file_is_there_while_the_server_answers(serve: Serve, tmp_path: Path) -> None:
    path = tmp_path / "ready.json"
    path.write_text('{"url": "http://127.0.0.1:1", "pid": 1}')
    process = serve("--port", 0, "--ready-file", path, "--log-format", "json")
    assert process.stderr
    line = json.loads(process.stderr.readline())
    assert line["level"] == "info"
    told = json.loads(path.read_text())
    assert line["message"] == f"listening on {told['url']}"
    assert told["pid"] == process.pid
    assert httpx.get(f"{told['url']}/__admin/health").status_code == 200
    process.send_signal(signal.SIGTERM)
    assert ended(process) == (0, "", "")
    assert not path.exists()


def test_a_taken_port_is_one_line_and_status_2(serve: Serve) -> None:
    with bind("127.0.0.1", 0) as other:
        port = other.getsockname()[1]
        assert ended(serve("--port", port)) == (
            2,
            "",
            f"mockserver: port {port} is taken; choose another with --port or 0 for a free one\n",
        )


def test_a_data_folder_in_use_is_one_line_and_status_2(serve: Serve, tmp_path: Path) -> None:
    first = serve("--port", 0, "--data-dir", tmp_path)
    url_of(first)
    status, out, errors = ended(serve("--port", 0, "--data-dir", tmp_path))
    assert (status, out) == (2, "")
    assert f"is in use by process {first.pid}" in errors
    assert errors.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--port", "x"), "mockserver: --port: 'x' must be a whole number\n"),
        (("--pace", "slow"), "mockserver: --pace: 'slow' is not one of instant, fast, realistic,"),
        (("--set", "prot=1"), "mockserver: unknown setting prot in --set; did you mean port?\n"),
        (("--config", "/none.toml"), "mockserver: cannot read the configuration file /none.toml:"),
        (("--prot", "1"), "mockserver: No such option '--prot'"),
        (("--host", "203.0.113.7"), "mockserver: cannot listen on 203.0.113.7: "),
        (("--data-dir", "/dev/null/x"), "mockserver: cannot make the data folder /dev/null/x: "),
    ],
)
def test_a_bad_setting_is_one_line_and_status_2(arguments: tuple[str, ...], complaint: str) -> None:
    given = arguments if arguments[0] == "--port" else ("--port", "0", *arguments)
    result = CliRunner().invoke(main, ["serve", *given], prog_name="mockserver")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(complaint)
    assert result.stderr.count("\n") == 1


async def lines_of_table(**settings: Any) -> dict[str, str]:
    """The table of a server with these settings, line by line."""
    app = App(toy.world(port=0, **settings))
    async with app.running():
        table = _table("http://127.0.0.1:1", app)
    parts = [line.strip().split("  ", 1) for line in table.splitlines() if "  " in line]
    return {name: value.strip() for name, value in parts}


@pytest.mark.anyio
async def test_the_table_names_services_and_what_the_world_is_like() -> None:
    assert await lines_of_table() == {
        "Toy": "http://127.0.0.1:1/toy  for https://toy.example",
        "Control API": "http://127.0.0.1:1/__admin",
        "Inbox": "http://127.0.0.1:1/__inbox/<name>",
        "Data": "temporary, removed at exit",
        "Clock": "frozen",
        "Pace": "fast",
        "Seed": "0",
    }


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("settings", "name", "value"),
    [
        ({"clock": "real"}, "Clock", "real"),
        ({"clock": "60"}, "Clock", "60 virtual seconds per second"),
        ({"public_url": "https://mock.example"}, "Inbox", "https://mock.example/__inbox/<name>"),
        (
            {"host": "0.0.0.0"},
            "Control API",
            "http://127.0.0.1:1/__admin  (closed until --admin-token is given)",
        ),
        (
            {"admin_token": "t"},
            "Control API",
            "http://127.0.0.1:1/__admin  (with the admin token)",
        ),
    ],
)
async def test_the_table_tells_what_is_special(
    settings: dict[str, str], name: str, value: str
) -> None:
    assert (await lines_of_table(**settings))[name] == value


def test_every_setting_is_a_flag_with_its_default_and_variable() -> None:
    result = CliRunner().invoke(main, ["serve", "--help"], terminal_width=1000)
    for option in OPTIONS:
        assert option.flag in result.output
        assert f"env: {option.variable}]" in " ".join(result.output.split())


def test_an_intercepting_server_says_how_programs_get_there(serve: Serve, tmp_path: Path) -> None:
    process = serve("--port", 0, "--intercept", "--intercept-port", 0, "--data-dir", tmp_path)
    url_of(process)
    process.send_signal(signal.SIGTERM)
    status, table, _ = ended(process)
    assert status == 0
    assert f"export SSL_CERT_FILE={tmp_path}/certificates/bundle.pem" in table
    assert "export HTTPS_PROXY=http://127.0.0.1:" in table
    assert "api.sama.com, toloka.dev" in table


def test_a_taken_intercept_port_is_one_line_and_status_2(serve: Serve) -> None:
    with bind("127.0.0.1", 0) as other:
        port = other.getsockname()[1]
        status, out, errors = ended(serve("--port", 0, "--intercept", "--intercept-port", port))
    assert (status, out, errors.count("\n")) == (2, "", 1)
    assert f"port {port} is taken" in errors
