"""Tests of the log: a line is there whole or not at all."""

import errno
import logging
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mockserver.engine.store.segment import Segment, commits, line_of, numbered

COMMITS = [b'{"t":{"1":{"id":1}}}', b'{"t":{"1":null}}', '{"t":{"2":{"id":"é"}}}'.encode()]


def written(path: Path) -> bytes:
    """A segment with three commits."""
    segment = Segment(path, power=False)
    for payload in COMMITS:
        segment.append(line_of(payload))
    segment.close()
    return path.read_bytes()


def test_commits_come_back_in_order(tmp_path: Path) -> None:
    written(tmp_path / "log")
    assert list(commits(tmp_path / "log")) == [
        {"t": {"1": {"id": 1}}},
        {"t": {"1": None}},
        {"t": {"2": {"id": "é"}}},
    ]


def test_a_line_torn_at_any_byte_is_dropped_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "log"
    whole = written(path)
    last = line_of(COMMITS[-1])
    for kept in range(len(last)):
        path.write_bytes(whole[: len(whole) - len(last) + kept])
        caplog.clear()
        assert len(list(commits(path))) == 2
        assert path.read_bytes() == whole[: -len(last)]
        assert len(caplog.records) == (1 if kept else 0)
    assert {record.name for record in caplog.records} == {"mockserver.store"}
    assert caplog.records[0].levelno == logging.WARNING


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x00" * 40,
        b"\n",
        b"\n\n\n",
        b"00000000 {}\n",
        b"zzzzzzzz {}\n",
        b"deadbeef" * 9,
        line_of(COMMITS[0])[:-2] + b"\n",
        b"x" + line_of(COMMITS[0]),
    ],
)
def test_garbage_at_the_end_is_cut_off(tmp_path: Path, garbage: bytes) -> None:
    path = tmp_path / "log"
    whole = written(path)
    path.write_bytes(whole + garbage)
    assert len(list(commits(path))) == 3
    assert path.read_bytes() == whole
    segment = Segment(path, power=False)
    segment.append(line_of(COMMITS[0]))
    segment.close()
    assert len(list(commits(path))) == 4


@pytest.fixture
def full_after(monkeypatch: pytest.MonkeyPatch) -> Callable[[int | None], None]:
    """Lets the disk take this many bytes more in one write, then none; `None` makes room."""
    real = os.write

    def limit(room: int | None) -> None:
        left = room

        def write(descriptor: int, data: bytes) -> int:
            nonlocal left
            if left is None:
                return real(descriptor, data)
            if not left:
                raise OSError(errno.ENOSPC, "No space left on device")
            taken = real(descriptor, data[:left])
            left -= taken
            return taken

        monkeypatch.setattr("os.write", write)

    return limit


def test_a_line_that_does_not_fit_leaves_no_trace(
    tmp_path: Path, full_after: Callable[[int | None], None]
) -> None:
    whole = written(tmp_path / "log")
    segment = Segment(tmp_path / "log", power=False)
    for room in (0, 1, 11):
        full_after(room)
        with pytest.raises(OSError, match="No space"):
            segment.append(line_of(COMMITS[0]))
        assert (tmp_path / "log").read_bytes() == whole
    full_after(None)
    segment.append(line_of(COMMITS[0]))
    segment.close()
    assert len(list(commits(tmp_path / "log"))) == 4


def test_a_torn_line_that_could_not_be_cut_off_is_cut_off_later(
    tmp_path: Path, full_after: Callable[[int | None], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = written(tmp_path / "log")
    segment = Segment(tmp_path / "log", power=False)
    real = os.ftruncate

    def refuse(descriptor: int, size: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("os.ftruncate", refuse)
    full_after(5)
    with pytest.raises(OSError, match="Input/output"):
        segment.append(line_of(COMMITS[0]))
    full_after(None)
    with pytest.raises(OSError, match="Input/output"):
        segment.append(line_of(COMMITS[0]))
    with pytest.raises(OSError, match="Input/output"):
        segment.close()
    monkeypatch.setattr("os.ftruncate", real)
    segment.close()
    assert (tmp_path / "log").read_bytes() == whole


def test_at_power_every_line_reaches_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr("os.fsync", synced.append)
    for power, count in ((False, 0), (True, 2)):
        segment = Segment(tmp_path / f"log-{power}", power=power)
        segment.append(line_of(COMMITS[0]))
        segment.append(line_of(COMMITS[1]))
        segment.close()
        assert len(synced) == count


def test_segments_are_found_by_number(tmp_path: Path) -> None:
    for name in ("store.10.log", "store.9.log", "store.x.log", "store.json", "store.9.log.damaged"):
        (tmp_path / name).touch()
    assert list(numbered(tmp_path)) == [9, 10]


def test_any_flipped_bit_of_the_last_line_drops_that_line_alone(tmp_path: Path) -> None:
    path = tmp_path / "log"
    whole = written(path)
    last = line_of(COMMITS[-1])
    before = whole[: -len(last)]
    for place in range(len(last)):
        for bit in range(8):
            flipped = bytearray(last)
            flipped[place] ^= 1 << bit
            path.write_bytes(before + flipped)
            assert len(list(commits(path))) == 2
            assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["log"]


def test_damage_before_whole_commits_is_put_aside_and_never_thrown_away(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "store.1.log"
    whole = written(path)
    first = len(line_of(COMMITS[0]))
    damaged = bytearray(whole)
    damaged[first + 12] ^= 1
    for name in ("store.1.log.damaged", "store.1.log.damaged-2"):
        path.write_bytes(damaged)
        assert list(commits(path)) == [{"t": {"1": {"id": 1}}}]
        assert path.read_bytes() == whole[:first]
        assert (tmp_path / name).read_bytes() == damaged[first:]
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 2
    assert f"is damaged at byte {first}" in caplog.records[0].getMessage()
    assert list(numbered(tmp_path)) == [1]
