"""The log: one checked line for each commit, in numbered files."""

import logging
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

LOGGER = logging.getLogger("mockserver.store")


def numbered(folder: Path) -> dict[int, Path]:
    """The segments of a folder by number, oldest first."""
    found = {}
    for path in folder.glob("store.*.log"):
        number = path.name[len("store.") : -len(".log")]
        if number.isdecimal():
            found[int(number)] = path
    return dict(sorted(found.items()))


def aside(path: Path) -> Path:
    """A free name beside the file, for what cannot be used but might be repaired."""
    found = path.with_name(path.name + ".damaged")
    count = 1
    while found.exists():
        count += 1
        found = path.with_name(f"{path.name}.damaged-{count}")
    return found


def line_of(payload: bytes) -> bytes:
    """A commit as its line."""
    return b"%08x %b\n" % (zlib.crc32(payload), payload)


def commits(path: Path) -> Iterator[dict[str, Any]]:
    """The commits of a segment up to the first that is torn, which is cut off with all after it.

    Where whole commits follow, it is no torn end but damage: they are put aside, never thrown away.
    """
    good = 0
    rest = b""
    with path.open("rb") as file:
        for line in file:
            if not _whole(line):
                rest = line + file.read()
                break
            yield orjson.loads(line[9:-1])
            good += len(line)
    if not rest:
        return
    if any(_whole(line + b"\n") for line in rest.split(b"\n")[1:-1]):
        kept = aside(path)
        LOGGER.error(
            "%s is damaged at byte %d; it counts up to there, and what follows is in %s",
            path,
            good,
            kept,
        )
        kept.write_bytes(rest)
    else:
        LOGGER.warning(
            "%s ends in %d bytes that are no commit; they were never acknowledged and are dropped",
            path,
            len(rest),
        )
    os.truncate(path, good)


def _whole(line: bytes) -> bool:
    return line[-1:] == b"\n" and line[:9] == b"%08x " % zlib.crc32(line[9:-1])


class Segment:
    """The end of the log: takes a line whole or not at all."""

    def __init__(self, path: Path, *, power: bool) -> None:
        self._descriptor = os.open(
            path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o644
        )
        self._power = power
        self.size = os.fstat(self._descriptor).st_size
        self._torn = False

    def append(self, line: bytes) -> None:
        """Hand a line to the system, with `power` to the disk; OSError leaves the log as it was."""
        if self._torn:
            self._cut()
        try:
            rest = line
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
            if self._power:
                os.fsync(self._descriptor)
        except OSError:
            self._torn = True
            self._cut()
            raise
        self.size += len(line)

    def close(self) -> None:
        """Let go of the file; OSError, with the file still open, while it ends in a torn line."""
        if self._torn:
            self._cut()
        os.close(self._descriptor)

    def _cut(self) -> None:
        os.ftruncate(self._descriptor, self.size)
        self._torn = False
