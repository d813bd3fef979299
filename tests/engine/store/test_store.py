"""Tests of the store as a whole: commits are kept or undone as one, whatever happens."""

import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mockserver.engine.errors import StoreError
from mockserver.engine.store import Index, Store, StoreFull
from tests.engine.store.conftest import kill

NAME = "sama.tasks"

WRITER = """
import sys
from pathlib import Path
from mockserver.engine.store import Index, Store

store = Store(Path(sys.argv[1]), {"left": (Index("n"),), "right": (Index(sort="n"),)})
store.checkpoint_at = 3000
left, right = store.collection("left"), store.collection("right")
start = max([d["n"] for d in right.find(sort="-n", limit=1)], default=0)
assert len(left) == len(right)
for n in range(start + 1, 100_000):
    left.put({"id": n % 40, "n": n, "text": "x" * (n % 90)})
    if n % 7 == 0:
        left.delete(n % 40)
        right.delete(n % 40)
    else:
        right.put({"id": n % 40, "n": n})
    right.put({"id": "last", "n": n})
    left.put({"id": "last", "n": n})
    store.commit()
    print(n, flush=True)
"""


def test_commits_are_whole_and_kept_through_kills(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    acknowledged = 0
    for commits in (5, 60, 130, 61, 200):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout is not None
            for _ in range(commits):
                acknowledged = int(writer.stdout.readline())
            writer.kill()
            written = writer.stdout.read().split()
        acknowledged = int(written[-1]) if written else acknowledged
        copy = Store(folder, {"left": (Index("n"),)})
        left, right = copy.collection("left"), copy.collection("right")
        last = left.get("last")
        assert last is not None
        assert last == right.get("last")
        assert last["n"] in (acknowledged, acknowledged + 1)
        recent = range(max(1, last["n"] - 39), last["n"] + 1)
        expected = {n for n in recent if n % 7}
        assert {document["n"] for document in right.each() if document["id"] != "last"} == expected
        assert {document["n"] for document in left.each() if document["id"] != "last"} == expected
        assert all(left.count({"n": n}) == 1 for n in expected - {last["n"]})
        copy.discard()


def test_a_commit_covers_all_collections(open_store: Callable[..., Store]) -> None:
    store = open_store()
    store.collection("a").put({"id": 1})
    store.collection("b").put({"id": 1})
    store.rollback()
    assert store.collection("a").find() == store.collection("b").find() == []
    store.collection("a").put({"id": 2})
    store.collection("b").put({"id": 2})
    store.commit()
    kill(store)
    store = open_store()
    assert store.collection("a").find() == store.collection("b").find() == [{"id": 2}]


def test_one_commit_is_one_line_with_each_document_once(
    open_store: Callable[..., Store], tmp_path: Path
) -> None:
    store = open_store()
    tasks = store.collection(NAME)
    tasks.put({"id": "kept", "state": "new"})
    store.commit()
    for state in ("a", "b", "c"):
        tasks.put({"id": "changed", "state": state})
    tasks.put({"id": "gone", "state": "new"})
    tasks.delete("gone")
    tasks.put({"id": "kept", "state": "other"})
    tasks.put({"id": "kept", "state": "new"})
    store.commit()
    lines = (tmp_path / "store.1.log").read_bytes().splitlines()
    assert len(lines) == 2
    assert lines[1][9:] == b'{"sama.tasks":{"2":{"id":"changed","state":"c"}}}'


def test_a_commit_of_nothing_writes_nothing(
    open_store: Callable[..., Store], tmp_path: Path
) -> None:
    store = open_store()
    tasks = store.collection(NAME)
    store.commit()
    tasks.put({"id": 1})
    tasks.delete(1)
    store.commit()
    assert list(tmp_path.glob("*.log")) == []
    tasks.put({"id": 1})
    store.commit()
    size = store.size()["log_bytes"]
    tasks.put({"id": 1})
    store.commit()
    assert store.size()["log_bytes"] == size


def test_rollback_brings_back_removed_documents_in_their_places(
    open_store: Callable[..., Store],
) -> None:
    store = open_store()
    tasks = store.collection(NAME)
    tasks.put_many({"id": n, "project_id": 1, "created_at": 9 - n} for n in range(5))
    store.commit()
    before = tasks.find(), tasks.find({"project_id": 1}, sort="created_at")
    tasks.delete(2)
    tasks.put({"id": 2, "project_id": 1, "created_at": 50})
    tasks.put({"id": 4, "project_id": 2})
    tasks.delete(0)
    store.rollback()
    assert (tasks.find(), tasks.find({"project_id": 1}, sort="created_at")) == before
    store.commit()
    kill(store)
    assert open_store().collection(NAME).find() == before[0]


def test_what_was_rolled_back_leaves_no_gap_in_the_file(open_store: Callable[..., Store]) -> None:
    store = open_store()
    tasks = store.collection(NAME)
    tasks.put({"id": "kept"})
    store.commit()
    tasks.put_many([{"id": "a"}, {"id": "b"}])
    store.rollback()
    tasks.put({"id": "c"})
    store.commit()
    assert list(store.table(NAME).rows) == [1, 2]


def test_a_cleared_store_can_be_rolled_back_or_kept(open_store: Callable[..., Store]) -> None:
    store = open_store()
    tasks = store.collection(NAME)
    tasks.put_many([{"id": 1, "project_id": 5}, {"id": 2}])
    store.commit()
    tasks.put({"id": 1, "project_id": 6})
    store.clear()
    tasks.put({"id": 3, "project_id": 5})
    store.clear()
    assert tasks.find() == []
    store.rollback()
    assert tasks.find() == [{"id": 1, "project_id": 5}, {"id": 2}]
    store.clear()
    tasks.put({"id": 2, "project_id": 5})
    store.commit()
    kill(store)
    assert open_store().collection(NAME).find({"project_id": 5}) == [{"id": 2, "project_id": 5}]


def test_a_full_disk_undoes_the_commit_and_no_other(
    open_store: Callable[..., Store], tmp_path: Path
) -> None:
    store = open_store()
    tasks = store.collection(NAME)
    tasks.put({"id": 1, "project_id": 5})
    store.commit()
    before = (tmp_path / "store.1.log").read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    tasks.put({"id": 1, "project_id": 6})
    tasks.put({"id": 2, "project_id": 5, "text": "x" * 9000})
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(StoreFull, match="could not take a commit"):
            store.commit()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert tasks.find({"project_id": 5}) == [{"id": 1, "project_id": 5}]
    assert (tmp_path / "store.1.log").read_bytes() == before
    tasks.put({"id": 3})
    store.commit()
    kill(store)
    assert open_store().collection(NAME).find() == [{"id": 1, "project_id": 5}, {"id": 3}]


def test_a_snapshot_that_the_disk_cannot_take_is_not_put_back(
    open_store: Callable[..., Store], tmp_path: Path
) -> None:
    source = open_store(tmp_path / "source")
    source.collection(NAME).put_many({"id": n, "text": "x" * 90} for n in range(200))
    store = open_store(tmp_path / "target")
    store.checkpoint_at = 1000
    store.collection(NAME).put({"id": "old"})
    store.commit()
    store.restore(source.snapshot())
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(StoreFull):
            store.commit()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert store.collection(NAME).find() == [{"id": "old"}]
    store.collection(NAME).put({"id": "new"})
    store.commit()
    kill(store)
    store = open_store(tmp_path / "target")
    assert store.collection(NAME).find() == [{"id": "old"}, {"id": "new"}]


def test_a_last_checkpoint_that_does_not_fit_leaves_the_log(
    open_store: Callable[..., Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store()
    store.collection(NAME).put({"id": 1})
    store.commit()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(StoreFull, match="everything committed is in its log"):
            store.close()
    assert open_store().collection(NAME).find() == [{"id": 1}]


def test_closing_drops_what_was_not_committed(open_store: Callable[..., Store]) -> None:
    store = open_store()
    store.collection(NAME).put({"id": 1})
    store.commit()
    store.collection(NAME).put({"id": 2})
    store.close()
    assert open_store().collection(NAME).find() == [{"id": 1}]


def test_closing_an_unchanged_store_does_not_write(
    open_store: Callable[..., Store], tmp_path: Path
) -> None:
    store = open_store()
    store.collection(NAME).put({"id": 1})
    store.commit()
    store.close()
    before = (tmp_path / "store.json").stat().st_ino
    open_store().close()
    assert (tmp_path / "store.json").stat().st_ino == before


def test_a_checkpoint_waits_for_the_end_of_the_commit(open_store: Callable[..., Store]) -> None:
    store = open_store()
    store.collection(NAME).put({"id": 1})
    with pytest.raises(StoreError, match="between commits only"):
        store.checkpoint()


def test_power_keeps_the_same_promises(open_store: Callable[..., Store]) -> None:
    store = open_store(durability="power")
    store.collection(NAME).put({"id": 1})
    store.commit()
    kill(store)
    assert open_store().collection(NAME).find() == [{"id": 1}]


def test_collections_are_those_declared_and_those_that_hold_something(
    open_store: Callable[..., Store],
) -> None:
    store = open_store()
    assert store.collection("x") is store.collection("x")
    assert store.collections() == [NAME]
    store.collection("x").put({"id": 1})
    assert store.collections() == [NAME, "x"]
    with pytest.raises(StoreError, match="begins with '_'"):
        store.collection("_checkpoint")


def sizes(documents: int = 1, **more: int) -> dict[str, int]:
    """What a store of one document says of its size."""
    none = {"log_bytes": 0, "log_segments": 0, "checkpoint_bytes": 0}
    return {"documents": documents, **none, **more}


def test_the_size_is_known(open_store: Callable[..., Store], tmp_path: Path) -> None:
    store = open_store()
    assert store.size() == sizes(documents=0)
    store.collection(NAME).put({"id": 1})
    store.commit()
    log = (tmp_path / "store.1.log").stat().st_size
    assert store.size() == sizes(log_bytes=log, log_segments=1)
    kill(store)
    store = open_store()
    assert store.size() == sizes(log_bytes=log, log_segments=1)
    store.checkpoint()
    file = (tmp_path / "store.json").stat().st_size
    assert store.size() == sizes(checkpoint_bytes=file)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ('{"name": "x"}', 'Document "1" of sama.tasks has no "id".'),
        ('{"id": 1, "name": }', 'Document "1" of sama.tasks is not JSON'),
        ('{"id": 1},\n"2": {"id": "1"}', "sama.tasks holds two documents of one id"),
    ],
)
def test_a_document_broken_by_hand_is_named(
    open_store: Callable[..., Store], tmp_path: Path, row: str, message: str
) -> None:
    (tmp_path / "store.json").write_text('{\n"sama.tasks": {\n"1": ' + row + "\n}\n}\n")
    with pytest.raises(StoreError, match=message):
        open_store()
