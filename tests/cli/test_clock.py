"""Tests of `mockserver clock`."""

import pytest

from mockserver.cli.clock import seconds
from mockserver.engine.errors import ConfigError
from tests.cli.conftest import Command

START = "2026-01-01T00:00:00.000Z"


@pytest.mark.parametrize("arguments", [(), ("show",)])
def test_the_clock_is_shown(command: Command, arguments: tuple[str, ...]) -> None:
    result = command("clock", *arguments)
    assert (result.exit_code, result.output) == (
        0,
        f"{START}  frozen\n0 jobs pending, next due: nothing\n",
    )


def test_the_server_can_be_named_without_naming_show(command: Command) -> None:
    shown = command("clock", "--url", "http://127.0.0.1:1")
    assert (shown.exit_code, "http://127.0.0.1:1" in shown.stderr) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "output"),
    [
        (("90",), "2026-01-01T00:01:30.000Z, 0 jobs ran\n"),
        (("1h30m",), "2026-01-01T01:30:00.000Z, 0 jobs ran\n"),
        (("--to", "2026-01-02"), "2026-01-02T00:00:00.000Z, 0 jobs ran\n"),
        (("--until-idle",), f"{START}, 0 jobs ran\n"),
    ],
)
def test_time_is_advanced(command: Command, arguments: tuple[str, ...], output: str) -> None:
    result = command("clock", "advance", *arguments)
    assert (result.exit_code, result.output) == (0, output)


def test_time_is_set_run_and_frozen(command: Command) -> None:
    assert command("clock", "set", "2030-01-01").output.startswith("2030-01-01T00:00:00.000Z  froz")
    assert "60 seconds a second" in command("clock", "run", "--rate", "60").output
    assert "real time" in command("clock", "run").output
    assert "2 seconds a second" in command("clock", "set", "--rate", "2").output
    assert "frozen" in command("clock", "freeze").output


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("advance",), "mockserver: give one of a duration such as 90 or 1h30m, --to and --until"),
        (("advance", "5", "--until-idle"), "mockserver: give one of a duration"),
        (("advance", "soon"), "mockserver: 'soon' is not a duration such as 90, 15m, 1h30m or 2d"),
        (("set",), "mockserver: give a time such as 2026-01-02T03:04:05Z, or --rate"),
        (("set", "noon"), "mockserver: http://127.0.0.1:"),
        (("set", "--rate", "x"), "mockserver: Invalid value for '--rate'"),
        (("stop",), "mockserver: No such command 'stop'"),
    ],
)
def test_nonsense_is_refused_in_one_line(
    command: Command, arguments: tuple[str, ...], complaint: str
) -> None:
    result = command("clock", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(complaint)
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("duration", "expected"),
    [("90", 90), ("1.5h", 5400), ("2d", 172800), ("1h30m5s", 5405), ("0", 0)],
)
def test_a_duration_is_in_seconds_unless_it_says_otherwise(duration: str, expected: float) -> None:
    assert seconds(duration) == expected


@pytest.mark.parametrize("duration", ["", "h", "1x", "1h-5m", "-5", "1h 5m"])
def test_anything_else_is_no_duration(duration: str) -> None:
    with pytest.raises(ConfigError):
        seconds(duration)
