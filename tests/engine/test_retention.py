"""Tests of which blobs stay: those of objects and snapshots, within the limits of age and size."""

from pathlib import Path
from typing import Any

import pytest

from mockserver.engine.sandbox import Sandbox
from tests.engine import toy

pytestmark = pytest.mark.anyio


def opened(folder: Path, **settings: Any) -> Sandbox:
    """A sandbox on a clock that only `advance` moves."""
    return Sandbox("default", toy.world(**settings), folder)


def files(folder: Path) -> int:
    """How many blobs there are."""
    return len(list((folder / "blobs").glob("*")))


def store(sandbox: Sandbox, key: str, content: bytes, *, held: bool = False) -> None:
    """One object in a commit of its own."""
    sandbox.uploads.put(key, content, held=held)
    sandbox.commit()


async def test_the_bytes_of_a_replaced_or_deleted_object_go_with_the_commit(tmp_path: Path) -> None:
    sandbox = opened(tmp_path)
    for key, content in (("a", b"one"), ("b", b"two"), ("c", b"two")):
        store(sandbox, key, content)
    assert files(tmp_path) == 2
    sandbox.uploads.put("a", b"three")
    sandbox.uploads.delete("b")
    assert files(tmp_path) == 3
    sandbox.commit()
    assert files(tmp_path) == 2
    assert sandbox.uploads.read("a") == b"three"
    # Two objects of the same content share a blob.
    assert sandbox.uploads.read("c") == b"two"
    await sandbox.close()


async def test_an_object_that_was_not_committed_leaves_no_bytes(tmp_path: Path) -> None:
    sandbox = opened(tmp_path)
    store(sandbox, "a", b"kept")
    sandbox.uploads.put("a", b"replacing")
    sandbox.uploads.put("b", b"new")
    sandbox.uploads.delete("a")
    sandbox.rollback()
    assert sandbox.uploads.read("a") == b"kept"
    assert files(tmp_path) == 1
    assert (sandbox.retention.blobs.count, sandbox.retention.blobs.bytes) == (1, 4)
    await sandbox.close()


async def test_bytes_that_a_killed_server_left_unneeded_go_at_the_next_start(
    tmp_path: Path,
) -> None:
    sandbox = opened(tmp_path)
    store(sandbox, "a", b"kept")
    sandbox.uploads.put("b", b"never committed")
    await sandbox.discard()
    sandbox = opened(tmp_path)
    assert files(tmp_path) == 1
    assert (sandbox.retention.blobs.count, sandbox.retention.blobs.bytes) == (1, 4)
    await sandbox.close()


@pytest.mark.parametrize("listed", [True, False])
async def test_a_snapshot_keeps_its_blobs_until_it_is_deleted(tmp_path: Path, listed: bool) -> None:
    sandbox = opened(tmp_path)
    store(sandbox, "a", b"old")
    sandbox.snapshot("before")
    if not listed:
        (tmp_path / "snapshots" / "before.blobs").unlink()
    store(sandbox, "a", b"new")
    await sandbox.close()
    sandbox = opened(tmp_path)
    assert files(tmp_path) == 2
    sandbox.restore("before")
    assert sandbox.uploads.read("a") == b"old"
    assert files(tmp_path) == 1
    store(sandbox, "a", b"newer")
    assert files(tmp_path) == 2
    sandbox.delete_snapshot("before")
    assert files(tmp_path) == 1
    assert [path.name for path in (tmp_path / "snapshots").iterdir()] == []
    await sandbox.close()


async def test_a_snapshot_of_a_name_saved_again_keeps_what_it_holds_now(tmp_path: Path) -> None:
    sandbox = opened(tmp_path)
    store(sandbox, "a", b"old")
    sandbox.snapshot("named")
    store(sandbox, "a", b"new")
    sandbox.snapshot("named")
    sandbox.uploads.delete("a")
    sandbox.commit()
    sandbox.restore("named")
    assert sandbox.uploads.read("a") == b"new"
    await sandbox.close()


async def test_reset_spares_the_blobs_of_snapshots_alone(tmp_path: Path) -> None:
    sandbox = opened(tmp_path)
    store(sandbox, "a", b"kept")
    sandbox.snapshot("before")
    store(sandbox, "b", b"gone")
    await sandbox.reset()
    assert files(tmp_path) == 1
    sandbox.restore("before")
    assert sandbox.uploads.read("a") == b"kept"
    await sandbox.close()


async def test_without_limits_nothing_expires(tmp_path: Path) -> None:
    sandbox = opened(tmp_path)
    store(sandbox, "a", b"old")
    await sandbox.advance(seconds=10 * 365 * 86400)
    store(sandbox, "b", b"new")
    assert sandbox.uploads.read("a") == b"old"
    assert not sandbox.uploads.dropped("a")
    await sandbox.close()


async def test_an_object_expires_at_its_age_and_its_bytes_go_with_the_next_one(
    tmp_path: Path,
) -> None:
    sandbox = opened(tmp_path, uploads_age=3600)
    store(sandbox, "a", b"first")
    store(sandbox, "held", b"needed", held=True)
    await sandbox.advance(seconds=3599)
    assert sandbox.uploads.get("a") is not None
    await sandbox.advance(seconds=1)
    assert sandbox.uploads.get("a") is None
    assert sandbox.uploads.dropped("a")
    assert not sandbox.uploads.dropped("never")
    store(sandbox, "b", b"second")
    assert files(tmp_path) == 2
    assert sandbox.uploads.read("held") == b"needed"
    assert sandbox.uploads.dropped("a")
    store(sandbox, "a", b"again")
    assert sandbox.uploads.read("a") == b"again"
    await sandbox.close()


async def test_the_oldest_objects_make_room_for_new_ones(tmp_path: Path) -> None:
    sandbox = opened(tmp_path, uploads_bytes=250)
    store(sandbox, "held", b"h" * 100, held=True)
    for name in ("a", "b", "c"):
        await sandbox.advance(seconds=1)
        store(sandbox, name, name.encode() * 70)
    assert [name for name in "abc" if sandbox.uploads.dropped(name)] == ["a"]
    assert sandbox.retention.blobs.bytes == 240
    store(sandbox, "b", b"B" * 70)
    assert [name for name in "abc" if sandbox.uploads.dropped(name)] == ["a"]
    store(sandbox, "large", b"L" * 1000)
    assert [name for name in "abc" if sandbox.uploads.dropped(name)] == ["a", "b", "c"]
    assert sandbox.uploads.get("large") is not None
    assert sandbox.uploads.get("held") is not None
    assert sandbox.retention.blobs.bytes == 1100
    await sandbox.close()


async def test_what_a_snapshot_keeps_on_disk_is_not_dropped_for_nothing(tmp_path: Path) -> None:
    sandbox = opened(tmp_path, uploads_bytes=150)
    store(sandbox, "a", b"a" * 100)
    sandbox.snapshot("before")
    await sandbox.advance(seconds=1)
    store(sandbox, "b", b"b" * 100)
    await sandbox.advance(seconds=1)
    store(sandbox, "c", b"c" * 100)
    assert [name for name in "abc" if sandbox.uploads.dropped(name)] == ["b"]
    await sandbox.close()
