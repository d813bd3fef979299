"""Tests of `mockserver requests`."""

import json
from typing import Any

import httpx
import pytest

from mockserver.cli import requests
from mockserver.server import ServerThread
from tests.cli.conftest import Command


@pytest.fixture
def called(command: Command, server: ServerThread) -> Command:
    """The command, after three calls that no operation answers."""
    for path in ("one", "two", "three"):
        httpx.get(f"{server.url}/sama/{path}", params={"page": 1})
    return command


def interrupt() -> None:
    """Ctrl-C."""
    raise KeyboardInterrupt


def paths(output: str) -> list[str]:
    """The path in each line."""
    return [line.split()[3].removeprefix("/sama/") for line in output.splitlines()]


def test_calls_are_shown_one_a_line_oldest_first(called: Command) -> None:
    result = called("requests")
    assert result.exit_code == 0
    assert paths(result.output) == ["one?page=1", "two?page=1", "three?page=1"]
    assert result.output.startswith("2026-01-01T00:00:00.000Z  404  GET ")
    assert result.output.splitlines()[0].endswith(" ms  no operation")


def test_the_newest_are_shown_when_there_are_more_than_the_limit(called: Command) -> None:
    assert paths(called("requests", "--limit", "2").output) == ["two?page=1", "three?page=1"]


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (("--path", "/sama/t*"), 2),
        (("--status", "404", "--service", "sama", "--method", "GET"), 3),
        (("--status", "200"), 0),
        (("--operation", "none"), 0),
        (("--client", "python-httpx/*"), 3),
    ],
)
def test_calls_are_filtered(called: Command, arguments: tuple[str, ...], shown: int) -> None:
    assert len(called("requests", *arguments).output.splitlines()) == shown


def test_json_is_one_object_a_line_with_bodies(called: Command) -> None:
    entries = [json.loads(line) for line in called("requests", "--json").output.splitlines()]
    assert [entry["path"] for entry in entries] == ["/sama/one", "/sama/two", "/sama/three"]
    assert all("request" in entry for entry in entries)


def test_more_calls_than_fit_a_page_are_fetched_page_by_page(
    called: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mockserver.cli.requests.PAGE", 2)
    assert len(called("requests").output.splitlines()) == 3


def test_follow_goes_on_with_what_comes_until_it_is_interrupted(
    called: Command, server: ServerThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses = iter([lambda: httpx.get(f"{server.url}/sama/four"), interrupt])
    monkeypatch.setattr("mockserver.cli.requests.pause", lambda: next(pauses)())
    result = called("requests", "--follow")
    assert result.exit_code == 0
    assert paths(result.output) == ["one?page=1", "two?page=1", "three?page=1", "four"]


def test_an_entry_tells_its_operation_violations_and_fault(
    capsys: pytest.CaptureFixture[str],
) -> None:
    entry: dict[str, Any] = {
        "at": "2026-01-01T00:00:00.000Z",
        "status": None,
        "method": "POST",
        "path": "/sama/x",
        "query": "",
        "duration_ms": 1.25,
        "operation": "createBatch",
        "violations": [{}, {}],
        "fault": {"rule": "r", "type": "reset"},
    }
    requests._print(entry, as_json=False)
    assert capsys.readouterr().out == (
        "2026-01-01T00:00:00.000Z  ---  POST   /sama/x  1.2 ms  "
        "createBatch, 2 violations, reset by r\n"
    )
