"""Tests of snapshots: a state kept aside comes back as it was."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tinydb import TinyDB

from mockserver.engine.errors import BadRequest, UnknownName
from mockserver.engine.store import Store, StoreFull

NAME = "sama.tasks"


def test_a_snapshot_is_put_back_any_number_of_times(open_store: Callable[..., Store]) -> None:
    store = open_store()
    tasks = store.collection(NAME)
    tasks.put_many([{"id": 1, "project_id": 5}, {"id": 2, "project_id": 5}])
    store.collection("sama.batches").put({"id": 1})
    snapshot = store.snapshot()
    for _ in range(2):
        tasks.put({"id": 1, "project_id": 6})
        tasks.put({"id": 3, "project_id": 5})
        store.collection("toloka.pools").put({"id": 1})
        store.commit()
        store.restore(snapshot)
        store.commit()
        assert tasks.find({"project_id": 5}) == [
            {"id": 1, "project_id": 5},
            {"id": 2, "project_id": 5},
        ]
        assert store.collections() == ["sama.batches", "sama.tasks"]


def test_a_snapshot_can_be_put_into_other_stores(
    open_store: Callable[..., Store], tmp_path: Path
) -> None:
    seed = open_store(tmp_path / "seed")
    seed.collection(NAME).put_many({"id": n, "project_id": n % 2} for n in range(9))
    snapshot = seed.snapshot()
    for name in ("one", "two"):
        store = open_store(tmp_path / name)
        store.restore(snapshot)
        store.commit()
        store.collection(NAME).put({"id": 1, "project_id": 0})
        assert store.collection(NAME).count({"project_id": 0}) == 6
        store.collection(NAME).put({"id": "new"})
        assert store.collection(NAME).find(sort="-", limit=1) == [{"id": "new"}]
    assert seed.collection(NAME).count({"project_id": 0}) == 5


def test_putting_back_a_snapshot_can_be_undone(open_store: Callable[..., Store]) -> None:
    store = open_store()
    tasks = store.collection(NAME)
    tasks.put({"id": 1, "project_id": 5})
    snapshot = store.snapshot()
    store.clear()
    tasks.put({"id": 2, "project_id": 5})
    store.commit()
    tasks.put({"id": 3, "project_id": 5})
    store.restore(snapshot)
    tasks.put({"id": 4, "project_id": 5})
    store.rollback()
    assert tasks.find({"project_id": 5}) == [{"id": 2, "project_id": 5}]


@pytest.mark.parametrize("checkpoint_at", [0, 1 << 20])
def test_what_was_put_back_survives_a_kill(
    open_store: Callable[..., Store], checkpoint_at: int
) -> None:
    store = open_store()
    store.checkpoint_at = checkpoint_at
    store.collection(NAME).put({"id": 1})
    store.commit()
    snapshot = store.snapshot()
    store.collection(NAME).put({"id": 2})
    store.commit()
    store.restore(snapshot)
    store.commit()
    store.discard()
    assert open_store().collection(NAME).find() == [{"id": 1}]


def test_a_named_snapshot_outlives_its_store(
    open_store: Callable[..., Store], tmp_path: Path
) -> None:
    store = open_store()
    store.collection(NAME).put({"id": 1, "name": "é"})
    store.save_snapshot("before-rework")
    store.close()
    with TinyDB(tmp_path / "snapshots/before-rework.json", encoding="utf-8") as database:
        assert database.table(NAME).all() == [{"id": 1, "name": "é"}]
    store = open_store()
    store.load_snapshot("before-rework")
    store.commit()
    assert store.collection(NAME).find() == [{"id": 1, "name": "é"}]


def test_named_snapshots_are_listed_and_removed(
    open_store: Callable[..., Store], tmp_path: Path
) -> None:
    store = open_store()
    assert store.snapshots() == []
    store.save_snapshot("b")
    store.save_snapshot("a")
    store.save_snapshot("b")
    (tmp_path / "snapshots/Not a name.json").touch()
    assert [snapshot["name"] for snapshot in store.snapshots()] == ["a", "b"]
    assert store.snapshots()[0]["created"] == (tmp_path / "snapshots/a.json").stat().st_mtime
    assert store.snapshots()[0]["bytes"] == (tmp_path / "snapshots/a.json").stat().st_size
    store.delete_snapshot("a")
    assert [snapshot["name"] for snapshot in store.snapshots()] == ["b"]


@pytest.mark.parametrize("name", ["", "-a", "A", "a.b", "../a", "a/b", "a" * 64, "a\n"])
def test_a_snapshot_has_a_plain_name(open_store: Callable[..., Store], name: str) -> None:
    store = open_store()
    for act in (store.save_snapshot, store.load_snapshot, store.delete_snapshot):
        with pytest.raises(BadRequest, match="cannot name a snapshot"):
            act(name)


def test_an_unknown_snapshot_is_named(open_store: Callable[..., Store]) -> None:
    store = open_store()
    for act in (store.load_snapshot, store.delete_snapshot):
        with pytest.raises(UnknownName, match="no snapshot named 'gone'"):
            act("gone")


def test_a_snapshot_that_does_not_fit_is_reported(
    open_store: Callable[..., Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StoreFull, match="'kept' could not be written"):
        store.save_snapshot("kept")
    assert store.snapshots() == []
