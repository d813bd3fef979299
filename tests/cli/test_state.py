"""Tests of `mockserver seed` and `mockserver reset`."""

import json
from pathlib import Path

import httpx
import pytest

from mockserver.server import ServerThread
from tests.cli.conftest import Command


def count(server: ServerThread, collection: str) -> int:
    """How many documents a collection has."""
    return int(httpx.get(f"{server.url}/__admin/state/{collection}").json()["total"])


def test_seed_puts_the_documents_of_files_into_collections(
    command: Command, server: ServerThread, tmp_path: Path
) -> None:
    whole = tmp_path / "world.json"
    whole.write_text(json.dumps({"sama.notes": [{"id": "a"}, {"id": "b"}]}))
    single = tmp_path / "sama" / "notes.json"
    single.parent.mkdir()
    single.write_text(json.dumps([{"id": "c"}]))
    result = command("seed", str(whole), str(single))
    assert (result.exit_code, result.output) == (0, "sama.notes  3\n")
    assert count(server, "sama.notes") == 3


@pytest.mark.parametrize("name", ["seed", "reset"])
def test_seed_without_a_file_and_reset_go_back_to_the_seed(
    command: Command, server: ServerThread, tmp_path: Path, name: str
) -> None:
    path = tmp_path / "world.json"
    path.write_text(json.dumps({"sama.notes": [{"id": "a"}]}))
    command("seed", str(path))
    result = command(name)
    assert result.exit_code == 0
    assert "sama.notes" not in result.output
    assert count(server, "sama.notes") == 0


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("{", "is not valid JSON"),
        ('"text"', 'holds neither {"collection": [documents]} nor a list of documents'),
        ('{"sama.notes": {}}', "holds neither"),
        ('{"other.notes": []}', "refused: 'other.notes' is no collection to put into"),
        ('{"sama.notes": [{}]}', "refused: /body/sama.notes/0/id: is required"),
    ],
)
def test_a_file_that_is_no_seed_is_refused_in_one_line(
    command: Command, tmp_path: Path, content: str, complaint: str
) -> None:
    path = tmp_path / "world.json"
    path.write_text(content)
    result = command("seed", str(path))
    assert result.exit_code == 2
    assert complaint in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_file_that_is_not_there_is_refused(command: Command, tmp_path: Path) -> None:
    result = command("seed", str(tmp_path / "none.json"))
    assert (result.exit_code, result.stderr) == (
        2,
        f"mockserver: cannot read {tmp_path}/none.json: No such file or directory\n",
    )
