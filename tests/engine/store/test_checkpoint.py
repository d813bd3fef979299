"""Tests of the file of all documents: ours is TinyDB's, and theirs can be read again."""

import json
from pathlib import Path

import pytest
from tinydb import TinyDB

from mockserver.engine.errors import StoreError
from mockserver.engine.store.checkpoint import LARGE, Image, read_image, write_image
from mockserver.engine.store.rows import Rows

IMAGE = {
    "sama.tasks": {
        1: b'{"id":"a","text":"line\\nbreak }, { \\" \xc3\xa9"}',
        5: b'{"id":"b","nested":{"1":{}}}',
    },
    'odd "name": {': {2: b'{"id":1}'},
    "large": {n: b'{"id":"%d","text":"%b"}' % (n, b"x" * (n % 3) * LARGE) for n in range(300)},
    "empty": {},
}


def image() -> Image:
    """What the tests write."""
    rows = {name: Rows(rows.items()) for name, rows in IMAGE.items()}
    return Image(rows, {"sama.tasks": 9, 'odd "name": {': 3, "large": 300, "empty": 4}, segment=7)


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "store.json"
    assert write_image(path, image()) == path.stat().st_size
    found = read_image(path)
    assert found.rows == {name: rows for name, rows in IMAGE.items() if rows}
    assert found.following == {"sama.tasks": 9, 'odd "name": {': 3, "large": 300, "empty": 4}
    assert found.segment == 7


def test_each_document_has_its_line(tmp_path: Path) -> None:
    write_image(tmp_path / "store.json", image())
    lines = (tmp_path / "store.json").read_text(encoding="utf-8").splitlines()
    assert '"5": {"id":"b","nested":{"1":{}}}' in lines


def test_stock_tinydb_reads_the_file(tmp_path: Path) -> None:
    write_image(tmp_path / "store.json", image())
    with TinyDB(tmp_path / "store.json", encoding="utf-8") as database:
        tasks = database.table("sama.tasks").all()
        assert [task.doc_id for task in tasks] == [1, 5]
        assert tasks[0] == {"id": "a", "text": 'line\nbreak }, { " é'}


@pytest.mark.parametrize("indent", [None, 0, 1, 4])
def test_a_file_that_an_editor_wrote_anew_is_read(tmp_path: Path, indent: int | None) -> None:
    path = tmp_path / "store.json"
    write_image(path, image())
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")), indent=indent))
    found = read_image(path)
    assert {name: set(rows) for name, rows in found.rows.items()} == {
        name: set(rows) for name, rows in IMAGE.items() if rows
    }
    assert json.loads(found.rows["sama.tasks"][1]) == json.loads(IMAGE["sama.tasks"][1])
    assert (found.segment, found.following["sama.tasks"]) == (7, 9)


def test_a_file_of_stock_tinydb_is_read(tmp_path: Path) -> None:
    path = tmp_path / "store.json"
    with TinyDB(path) as database:
        database.table("sama.tasks").insert_multiple([{"id": "a"}, {"id": "b"}])
    found = read_image(path)
    assert found.rows == {"sama.tasks": {1: b'{"id":"a"}', 2: b'{"id":"b"}'}}
    assert (found.segment, found.following) == (1, {"sama.tasks": 3})


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"null",
        b'{"t": []}',
        b'{"t": {"x": {}}}',
        b"{\n",
        b'{\n"t": {\n"1": {"id":1}\n}\n',
        b'{\n"t": {\n"1": {"id":1},\n',
        b'{\n"t": {\n"1": 5\n}\n}\n',
        b'{\n"t": {\n"1": {"id":1}\n}\n}\n{}\n',
        b'{\n"1": {"id":1}\n}\n',
        b'{\n"t": {\nhello\n}\n}\n',
        b'{\n"t": {\n"1": {"id":1},\n"x": {"id":2},\n}\n}\n',
    ],
)
def test_a_file_that_is_no_tinydb_file_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "store.json"
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"store\.json is not a TinyDB file any more"):
        read_image(path)


def test_whoever_reads_the_file_meanwhile_sees_the_old_one_whole(tmp_path: Path) -> None:
    path = tmp_path / "store.json"
    write_image(path, image())
    before = path.read_bytes()
    with path.open("rb") as reader:
        write_image(path, Image())
        assert reader.read() == before
    assert path.read_bytes() != before


def test_a_write_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "store.json"
    write_image(path, image())
    before = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_image(path, Image())
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["store.json"]
