"""Tests of `mockserver routes`."""

import json

from click.testing import CliRunner, Result

from mockserver.cli import main


def run(*arguments: str) -> Result:
    """The command, without any server."""
    return CliRunner().invoke(main, ["routes", *arguments], prog_name="mockserver")


def test_every_operation_is_listed_with_its_place_and_whether_it_is_emulated() -> None:
    result = run("--service", "sama")
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert all(line.startswith("sama ") for line in lines[:-2])
    assert all("emulated" in line or "example" in line for line in lines[:-2])
    assert lines[-1].startswith(f"{len(lines) - 2} operations, ")


def test_json_is_a_list_of_routes() -> None:
    routes = json.loads(run("--json").output)
    assert {"service", "method", "path", "operation", "mode"} <= routes[0].keys()
    assert any(route["path"].startswith("/sama/v2/projects/{project_id}") for route in routes)


def test_an_unknown_service_is_refused_with_those_there_are() -> None:
    result = run("--service", "smaa")
    assert result.exit_code == 2
    assert result.stderr.startswith("mockserver: there is no service smaa; there are: sama")
