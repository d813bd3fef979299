"""Tests of `mockserver faults`."""

from pathlib import Path

import orjson

from tests.cli.conftest import Command

RESET = '{"name": "broken", "where": {"service": "sama"}, "what": {"type": "reset"}}'
SHOWN = 'broken  matched 0, fired 0  where {"service":"sama"}  what {"type":"reset"}\n'


def test_without_rules_there_is_nothing_to_show(command: Command) -> None:
    assert command("faults").output == "no rules\n"


def test_rules_are_added_shown_and_removed(command: Command) -> None:
    assert command("faults", "add", RESET).output == SHOWN
    assert command("faults", "list").output == SHOWN
    assert orjson.loads(command("faults", "--json").output)["name"] == "broken"
    assert command("faults", "remove", "broken").exit_code == 0
    assert command("faults").output == "no rules\n"


def test_rules_come_from_a_file(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("- what: {type: hang}\n- what: {type: empty}\n")
    assert command("faults", "add", str(path)).exit_code == 0
    assert [line.split()[0] for line in command("faults").output.splitlines()] == [
        "mine-1",
        "mine-2",
    ]
    command("faults", "clear")
    assert command("faults").output == "no rules\n"


def test_what_is_wrong_is_said_in_one_line(command: Command) -> None:
    for rule, complaint in (
        ("{", "not valid JSON"),
        ('{"what": {"type": "rset"}}', "what.type"),
        ("none.yaml", "none.yaml"),
    ):
        result = command("faults", "add", rule)
        assert (result.exit_code, complaint in result.stderr) == (2, True)
        assert result.stderr.count("\n") == 1


def test_scenarios_are_shown_and_applied(command: Command) -> None:
    assert "outage-and-recovery\n" in command("faults", "scenarios").output
    applied = command("faults", "apply", "rate-limited")
    assert applied.output.startswith("rate-limited.calls  matched 0")
    assert command("faults", "apply", "none").exit_code == 2
