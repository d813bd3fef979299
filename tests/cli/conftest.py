"""A running server with a frozen clock, and the command line to point at it."""

from collections.abc import Callable, Iterator

import httpx
import pytest
from click.testing import CliRunner, Result

from mockserver.app import declared
from mockserver.cli import main
from mockserver.server import ServerThread
from mockserver.settings import Settings

Command = Callable[..., Result]


@pytest.fixture(scope="package")
def server() -> Iterator[ServerThread]:
    """One server for all commands; `command` resets it."""
    settings = Settings.load(
        {"port": 0, "seed": 0, "clock": 0.0, "clock_start": "2026-01-01"}, services=declared()
    )
    with ServerThread(settings) as running:
        yield running


@pytest.fixture
def command(server: ServerThread) -> Command:
    """Runs a command against the server, after a reset."""
    httpx.post(f"{server.url}/__admin/reset").raise_for_status()

    def run(*arguments: str, **environment: str) -> Result:
        known = {"MOCKSERVER_URL": server.url, **environment}
        return CliRunner(env=known).invoke(main, arguments, prog_name="mockserver")

    return run
