"""Tests of the command line as a whole."""

import subprocess
import sys

import pytest
from click.testing import CliRunner

from mockserver import __version__
from mockserver.cli import main


def test_without_a_command_it_tells_which_there_are() -> None:
    result = CliRunner().invoke(main, [], prog_name="mockserver")
    assert result.exit_code == 0
    for command in ("serve", "routes", "seed", "reset", "clock", "requests"):
        assert f"\n  {command} " in result.output


def test_the_version_is_the_packages() -> None:
    result = CliRunner().invoke(main, ["--version"], prog_name="mockserver")
    assert result.output == f"mockserver, version {__version__}\n"


def test_an_unknown_command_is_one_line_and_status_2() -> None:
    result = CliRunner().invoke(main, ["srve"], prog_name="mockserver")
    assert result.exit_code == 2
    assert result.stderr.startswith("mockserver: No such command 'srve'")
    assert result.stderr.count("\n") == 1


def test_it_starts_without_loading_the_server() -> None:
    heavy = "{'uvicorn', 'starlette', 'httpx', 'yaml', 'jsonschema', 'faker', 'tinydb'}"
    code = f"import sys, mockserver.cli; print(sorted({heavy} & set(sys.modules)))"
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout == "[]\n"


def test_an_interrupted_command_ends_with_the_shells_status(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("mockserver.cli.remote.Remote.call", interrupted)
    result = CliRunner().invoke(main, ["reset"], prog_name="mockserver")
    assert result.exit_code == 130
