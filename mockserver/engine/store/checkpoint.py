"""The file of all documents: ordinary TinyDB JSON with one document on each line."""

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from mockserver.engine.errors import StoreError
from mockserver.engine.store.rows import Rows
from mockserver.engine.store.values import pack

# The one table that is ours: which segment follows this file, and the next sequence numbers.
STAMP = "_checkpoint"

LARGE = 4096
"""Bytes of a row that is written by itself."""


@dataclass(slots=True)
class Image:
    """All documents at one moment: rows by collection and sequence number, never changed."""

    rows: dict[str, Rows] = field(default_factory=dict)
    following: dict[str, int] = field(default_factory=dict)
    segment: int = 1


def write_image(path: Path, image: Image) -> int:
    """Replace the file as a whole, for good once this returns; its size."""
    fresh = path.with_name(path.name + ".new")
    try:
        with fresh.open("wb", buffering=0) as file:
            for piece in _pieces(image):
                # A raw write may take less than all of it.
                while piece:
                    piece = piece[file.write(piece) :]
            os.fsync(file.fileno())
            size = file.tell()
        fresh.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            fresh.unlink()
        raise
    sync_folder(path.parent)
    return size


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a loss of power, where the system can do that."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _pieces(image: Image) -> Iterator[bytes]:
    """The file in pieces small enough to share the interpreter with requests meanwhile."""
    stamp = {"segment": image.segment, "next": image.following}
    yield b'{\n"%b": {\n"1": %b\n}' % (STAMP.encode(), orjson.dumps(stamp))
    for name, rows in image.rows.items():
        if not rows:
            continue
        yield b",\n%b: {" % orjson.dumps(name)
        before = b"\n"
        for page in rows.pages():
            if max(map(len, page.values())) < LARGE:
                yield before + b",\n".join([b'"%d": %b' % item for item in page.items()])
                before = b",\n"
                continue
            for sequence, row in page.items():
                # Joined, large rows would be copied twice.
                yield b'%b"%d": ' % (before, sequence)
                yield row
                before = b",\n"
        yield b"\n}"
    yield b"\n}\n"


def read_image(path: Path) -> Image:
    """The file's documents; it may also come from TinyDB or from an editor."""
    try:
        return _read_lines(path)
    except ValueError:
        return _read_whole(path)


def _read_lines(path: Path) -> Image:
    """The form written here, cut at its lines; ValueError when it is another."""
    image = Image()
    with path.open("rb") as file:
        if file.readline() != b"{\n":
            raise ValueError
        while (line := file.readline()) != b"}\n":
            if line[-4:] != b": {\n":
                raise ValueError
            image.rows[orjson.loads(line[:-4])] = Rows(_rows(file))
        if file.read(1):
            raise ValueError
    return _stamped(image)


def _rows(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """The lines of one table, up to its end."""
    for line in file:
        head, _, row = line.partition(b'": ')
        if row.endswith(b"},\n"):
            yield int(head[1:]), row[:-2]
        elif row.endswith(b"}\n"):
            yield int(head[1:]), row[:-1]
        elif line == b"}\n" or line == b"},\n":
            return
        else:
            break
    raise ValueError


def _read_whole(path: Path) -> Image:
    """Any TinyDB file; StoreError when it is none."""
    try:
        tables = orjson.loads(path.read_bytes())
        rows = {
            name: Rows((int(key), pack(dict(document))) for key, document in table.items())
            for name, table in tables.items()
        }
        return _stamped(Image(rows))
    except (ValueError, AttributeError, TypeError) as error:
        raise StoreError(
            f"{path} is not a TinyDB file any more ({error}). "
            "Repair it, or move it away to start without its documents."
        ) from error


def _stamped(image: Image) -> Image:
    stamp: Mapping[str, Any] = {}
    for row in image.rows.pop(STAMP, Rows()).values():
        stamp = orjson.loads(row)
    image.segment = int(stamp.get("segment", 1))
    image.following = dict(stamp.get("next", {}))
    for name, rows in image.rows.items():
        following = max(rows, default=0) + 1
        image.following[name] = max(image.following.get(name, 1), following)
    return image
