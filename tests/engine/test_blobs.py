"""Tests of files that are written whole or not at all."""

from pathlib import Path

import pytest

from mockserver.engine.blobs import CHUNK, Blobs, chunks
from mockserver.engine.store import StoreFull
from tests.disk import Disk


def write(blobs: Blobs, *pieces: bytes) -> str:
    part = blobs.part()
    for piece in pieces:
        part.write(piece)
    return part.finish()


def test_a_blob_holds_its_pieces_under_a_name_made_of_them(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path / "blobs")
    name = write(blobs, b"one ", b"two")
    assert blobs.path(name).read_bytes() == b"one two"
    assert write(blobs, b"one two") == name
    assert write(blobs, b"else") != name


def test_a_part_given_up_leaves_nothing_behind(tmp_path: Path) -> None:
    part = Blobs(tmp_path).part()
    part.write(b"half")
    part.discard()
    assert list(tmp_path.iterdir()) == []


def test_parts_of_a_killed_server_are_swept_away(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    name = write(blobs, b"whole")
    part = blobs.part()
    part.write(b"half")
    assert len(list(tmp_path.iterdir())) == 2
    Blobs(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    part.discard()


def test_collecting_spares_what_is_wanted_and_what_is_being_written(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    kept, gone = write(blobs, b"kept"), write(blobs, b"gone")
    part = blobs.part()
    part.write(b"later")
    assert blobs.collect({kept}.__contains__) == 1
    assert blobs.path(kept).exists()
    assert not blobs.path(gone).exists()
    assert blobs.path(part.finish()).read_bytes() == b"later"


def test_a_folder_is_made_with_the_first_blob(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path / "a" / "b")
    assert blobs.collect(lambda name: False) == 0
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize(("start", "length"), [(0, 3 * CHUNK), (5, 2), (CHUNK - 1, CHUNK + 2)])
def test_a_stretch_of_a_file_comes_in_pieces(tmp_path: Path, start: int, length: int) -> None:
    content = bytes(range(256)) * (3 * CHUNK // 256)
    path = tmp_path / "file"
    path.write_bytes(content)
    pieces = list(chunks(path, start, length))
    assert b"".join(pieces) == content[start : start + length]
    assert max(map(len, pieces)) <= CHUNK


@pytest.mark.parametrize(("power", "count"), [(False, 0), (True, 2)])
def test_at_power_a_blob_and_its_name_reach_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, power: bool, count: int
) -> None:
    synced: list[int] = []
    monkeypatch.setattr("os.fsync", synced.append)
    write(Blobs(tmp_path, power=power), b"kept")
    assert len(synced) == count


def test_what_the_blobs_take_is_known_without_a_look(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    names = [write(blobs, b"12345"), write(blobs, b"123"), write(blobs, b"12345")]
    assert (blobs.count, blobs.bytes) == (2, 8)
    assert blobs.remove(names[1])
    assert not blobs.remove(names[1])
    assert (blobs.count, blobs.bytes) == (1, 5)
    again = Blobs(tmp_path)
    assert (again.count, again.bytes) == (1, 5)


@pytest.mark.parametrize("room", [0, 3])
def test_a_blob_that_does_not_fit_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    disk = Disk(monkeypatch)
    blobs = Blobs(tmp_path)
    part = blobs.part()
    disk.room = room
    with pytest.raises(StoreFull, match="No space"):
        part.write(b"12345")
    part.discard()
    assert list(tmp_path.iterdir()) == []
    assert (blobs.count, blobs.bytes) == (0, 0)
