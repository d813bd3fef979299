"""Tests of the files: whatever moment a kill picks, the last commit is found again."""

import logging
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from tinydb import TinyDB
from tinydb.table import Table

from mockserver.engine.store import Store, StoreFull
from mockserver.engine.store.checkpoint import Image, write_image
from mockserver.engine.store.storage import LogStorage
from tests.disk import Disk

NAME = "sama.tasks"


def fill(store: Store, *numbers: int) -> None:
    """One commit for each number."""
    for number in numbers:
        store.collection(NAME).put({"id": number})
        store.commit()


def numbers(store: Store) -> list[int]:
    """What a store holds."""
    return [document["id"] for document in store.collection(NAME).find()]


def segments(folder: Path) -> list[str]:
    """The log files of a folder."""
    return sorted(path.name for path in folder.glob("store.*.log"))


def test_a_clean_stop_leaves_one_file_that_stock_tinydb_reads(
    open_store: Callable[..., Store], tmp_path: Path
) -> None:
    store = open_store()
    fill(store, 1, 2, 3)
    store.collection(NAME).delete(2)
    store.commit()
    store.close()
    assert segments(tmp_path) == []
    with TinyDB(tmp_path / "store.json") as database:
        assert database.table(NAME).all() == [{"id": 1}, {"id": 3}]


def test_what_stock_tinydb_writes_is_found_by_the_next_server(
    open_store: Callable[..., Store], tmp_path: Path
) -> None:
    store = open_store()
    fill(store, 1)
    store.close()
    with TinyDB(tmp_path / "store.json") as database:
        database.table(NAME).insert({"id": "by hand", "project_id": 5})
    assert open_store().collection(NAME).find({"project_id": 5}) == [
        {"id": "by hand", "project_id": 5}
    ]


def test_a_kill_at_any_step_of_a_checkpoint_loses_nothing(
    open_store: Callable[..., Store], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = tmp_path / "live"
    left: list[Path] = []

    def keep() -> None:
        left.append(tmp_path / f"left-{len(left)}")
        shutil.copytree(live, left[-1])

    def watched(path: Path, image: Image) -> int:
        keep()  # the new segment has begun, the file is the old one
        (live / "store.json.new").write_text('{\n"half": {')
        keep()
        size = write_image(path, image)
        keep()  # the file is the new one, the old segments are there
        return size

    monkeypatch.setattr("mockserver.engine.store.storage.write_image", watched)
    store = open_store(live)
    fill(store, 1, 2)
    store.checkpoint()
    fill(store, 3, 4)
    store.collection(NAME).delete(1)
    store.commit()
    store.checkpoint()
    keep()
    fill(store, 5)
    keep()
    expected = [[1, 2]] * 3 + [[2, 3, 4]] * 4 + [[2, 3, 4, 5]]
    assert [numbers(open_store(folder)) for folder in left] == expected
    for folder, found in zip(left, expected, strict=True):
        again = open_store(tmp_path / "again" / folder.name)
        shutil.copytree(folder, tmp_path / "copies" / folder.name)
        assert not numbers(again)
        copy = open_store(tmp_path / "copies" / folder.name)
        fill(copy, 9)
        copy.discard()
        assert numbers(open_store(tmp_path / "copies" / folder.name)) == [*found, 9]


def test_a_kill_while_a_snapshot_is_put_back_leaves_the_old_state_or_the_new(
    open_store: Callable[..., Store], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(tmp_path / "live")
    store.checkpoint_at = 0
    fill(store, 1)
    store._storage.finish()
    snapshot = store.snapshot()
    fill(store, 2)

    def watched(path: Path, image: Image) -> int:
        shutil.copytree(tmp_path / "live", tmp_path / "before")
        size = write_image(path, image)
        shutil.copytree(tmp_path / "live", tmp_path / "after")
        return size

    monkeypatch.setattr("mockserver.engine.store.storage.write_image", watched)
    store.restore(snapshot)
    store.commit()
    assert segments(tmp_path / "after") == ["store.2.log"]
    assert numbers(open_store(tmp_path / "before")) == [1, 2]
    assert numbers(open_store(tmp_path / "after")) == [1]
    assert segments(tmp_path / "after") == []


def test_commits_go_on_while_a_checkpoint_is_written(
    open_store: Callable[..., Store], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store()
    store.checkpoint_at = 200
    during: list[list[str]] = []

    def slow(path: Path, image: Image) -> int:
        fill_done.wait(10)
        during.append(segments(tmp_path))
        return write_image(path, image)

    fill_done = threading.Event()
    monkeypatch.setattr("mockserver.engine.store.storage.write_image", slow)
    fill(store, *range(50))
    fill_done.set()
    store._storage.finish()
    assert during == [["store.1.log", "store.2.log"]]
    assert segments(tmp_path) == ["store.2.log"]
    store.discard()
    assert numbers(open_store()) == list(range(50))


def test_a_checkpoint_that_fails_in_the_background_costs_nothing(
    open_store: Callable[..., Store],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = open_store()
    store.checkpoint_at = 100

    def full(path: Path, image: Image) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("mockserver.engine.store.storage.write_image", full)
        fill(store, *range(20))
        store._storage.finish()
    assert "could not be written" in caplog.text
    assert len(segments(tmp_path)) > 1
    fill(store, *range(20, 25))
    assert len(segments(tmp_path)) == 2
    assert store.size()["log_segments"] == 2
    store._storage._retry_at = 0.0
    fill(store, *range(25, 40))
    store._storage.finish()
    assert len(segments(tmp_path)) < 3
    assert store.size()["log_bytes"] == sum(
        path.stat().st_size for path in tmp_path.glob("store.*.log")
    )
    store.discard()
    assert numbers(open_store()) == list(range(40))


def test_the_log_may_outgrow_a_small_limit_up_to_the_size_of_the_file(
    open_store: Callable[..., Store], tmp_path: Path
) -> None:
    store = open_store()
    store.checkpoint_at = 0
    store.collection(NAME).put({"id": 0, "text": "x" * 5000})
    store.commit()
    store._storage.finish()
    assert segments(tmp_path) == []
    fill(store, *range(1, 30))
    assert segments(tmp_path) == ["store.2.log"]


def test_damage_in_the_middle_keeps_what_lies_before(
    open_store: Callable[..., Store],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def full(path: Path, image: Image) -> int:
        raise OSError(28, "No space left on device")

    store = open_store()
    with monkeypatch.context() as patch:
        patch.setattr("mockserver.engine.store.storage.write_image", full)
        for start in (0, 10, 20):
            fill(store, *range(start, start + 10))
            with pytest.raises(OSError, match="No space"):
                store.checkpoint()
    store.discard()
    assert segments(tmp_path) == ["store.1.log", "store.2.log", "store.3.log"]
    middle = tmp_path / "store.2.log"
    middle.write_bytes(middle.read_bytes()[:-40])
    store = open_store()
    assert numbers(store) == list(range(19))
    assert "set aside" in caplog.text
    assert [record.levelno for record in caplog.records][-1] == logging.ERROR
    assert (tmp_path / "store.3.log.damaged").exists()
    fill(store, 50)
    store.discard()
    assert numbers(open_store()) == [*range(19), 50]


def test_sequence_numbers_are_never_used_again(open_store: Callable[..., Store]) -> None:
    store = open_store()
    fill(store, 1, 2, 3)
    store.collection(NAME).delete(3)
    store.commit()
    store.discard()
    open_store().close()
    store = open_store()
    fill(store, 4)
    assert list(store.table(NAME).rows) == [1, 2, 4]
    store.clear()
    store.commit()
    store.close()
    store = open_store()
    fill(store, 5)
    assert list(store.table(NAME).rows) == [5]


def test_a_stock_table_works_on_the_same_files(tmp_path: Path) -> None:
    storage = LogStorage(tmp_path)
    table = Table(storage, NAME)
    table.insert_multiple([{"id": "a"}, {"id": "b"}])
    storage.append(b'{"sama.tasks":{"3":{"id":"c"},"1":null}}')
    assert [document["id"] for document in table.all()] == ["b", "c"]
    assert storage.read() == {NAME: {"2": {"id": "b"}, "3": {"id": "c"}}}
    storage.close()


def test_an_empty_folder_reads_as_nothing(tmp_path: Path) -> None:
    storage = LogStorage(tmp_path / "new" / "folder")
    assert storage.read() is None
    storage.close()


def test_only_two_kinds_of_durability_are_known(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match='"process" or "power", not \'best\''):
        LogStorage(tmp_path, durability="best")


def test_a_checkpoint_for_which_there_is_no_room_leaves_the_old_file_and_is_tried_again(
    open_store: Callable[..., Store], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch)
    store = open_store()
    fill(store, *range(300))
    store.checkpoint()
    old = (tmp_path / "store.json").read_bytes()
    fill(store, 300)
    for room in (0, 5, len(old) // 2, len(old)):
        disk.room = room
        with pytest.raises(OSError, match="No space"):
            store.checkpoint()
        assert (tmp_path / "store.json").read_bytes() == old
        assert not (tmp_path / "store.json.new").exists()
    disk.room = None
    fill(store, 301)
    store.checkpoint()
    assert segments(tmp_path) == []
    store.discard()
    assert numbers(open_store()) == list(range(302))


@pytest.mark.parametrize("room", [0, 1, 10, 30])
def test_a_full_disk_is_said_once_and_the_next_commit_after_it_is_whole(
    open_store: Callable[..., Store],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    room: int,
) -> None:
    disk = Disk(monkeypatch)
    store = open_store()
    fill(store, 1)
    for number in range(2, 30):
        disk.room = room
        store.collection(NAME).put({"id": number, "text": "x" * 50})
        with pytest.raises(StoreFull) as refusal:
            store.commit()
        assert refusal.value.collections == {NAME}
        assert numbers(store) == [1]
    disk.room = None
    fill(store, 99)
    said = [record.levelname for record in caplog.records]
    assert said == ["ERROR", "WARNING"]
    store.discard()
    assert numbers(open_store()) == [1, 99]


def test_a_store_opens_on_a_full_disk(
    open_store: Callable[..., Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store()
    fill(store, 1)
    store.discard()
    Disk(monkeypatch).room = 0
    assert numbers(open_store()) == [1]
