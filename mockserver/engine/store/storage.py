"""Documents on disk: a checkpoint that is an ordinary TinyDB file, and a log of commits since."""

import contextlib
import logging
import threading
from pathlib import Path
from typing import Any

import orjson
from tinydb.storages import Storage

from mockserver.engine.clock import monotonic
from mockserver.engine.store.checkpoint import Image, read_image, sync_folder, write_image
from mockserver.engine.store.lock import FolderLock
from mockserver.engine.store.rows import Rows
from mockserver.engine.store.segment import Segment, aside, commits, line_of, numbered
from mockserver.engine.store.values import pack

LOGGER = logging.getLogger("mockserver.store")

RETRY = 30.0
"""Real seconds after which a checkpoint that could not be written is tried again."""

GROWTH = 2
"""How many times as large as the file the log gets before the file is written anew.

With more, less is written twice, and a kill leaves more to read.
"""

# In a commit: every collection was emptied before its changes.
CLEARED = "_cleared"


class LogStorage(Storage):
    """Keeps what it acknowledged when the process is killed; at `durability="power"`, the machine.

    A checkpoint begins a new segment of the log; when the file is in place, the segments before
    go. Whatever a kill leaves, the file and the segments it does not cover give the last commit.
    """

    def __init__(self, folder: Path, *, durability: str = "process") -> None:
        if durability not in ("process", "power"):
            raise ValueError(f'durability is "process" or "power", not {durability!r}')
        folder.mkdir(parents=True, exist_ok=True)
        self.checkpoint_at = 128 * 1024 * 1024
        self.checkpoint_size = 0
        self.retry = RETRY
        self._retry_at = 0.0
        self._logs: dict[int, int] = {}
        self._folder = folder
        self._path = folder / "store.json"
        self._power = durability == "power"
        self._lock = FolderLock(folder / "store.lock")
        self._number = 1
        self._segment: Segment | None = None
        self._writer: threading.Thread | None = None

    def recover(self) -> Image:
        """All documents of the last commit; what a kill left over is put in order."""
        image = Image()
        if self._path.exists():
            image = read_image(self._path)
            self.checkpoint_size = self._path.stat().st_size
        self._number = image.segment
        self._logs = {}
        damaged = False
        for number, path in numbered(self._folder).items():
            if number < image.segment:
                path.unlink()
            elif damaged:
                LOGGER.error("%s follows a damaged segment and is set aside", path)
                path.rename(aside(path))
            else:
                size = path.stat().st_size
                for commit in commits(path):
                    _apply(commit, image)
                kept = path.stat().st_size
                damaged = kept < size
                self._number = number
                self._logs[number] = kept
        return image

    @property
    def log_size(self) -> int:
        """Bytes of the log that the file does not cover yet."""
        return sum(list(self._logs.values()))

    @property
    def segments(self) -> int:
        """Files of the log that the file of all documents does not cover yet."""
        return len(self._logs)

    @property
    def due(self) -> bool:
        """Whether the log has outgrown the file and no checkpoint is on its way."""
        return (
            self.log_size > max(self.checkpoint_at, GROWTH * self.checkpoint_size)
            and not (self._writer and self._writer.is_alive())
            and monotonic() >= self._retry_at
        )

    def append(self, payload: bytes) -> None:
        """Keep one commit, a JSON object; OSError means that nothing of it is kept."""
        if self._segment is None:
            path = self._folder / f"store.{self._number}.log"
            self._segment = Segment(path, power=self._power)
            if self._power:
                sync_folder(self._folder)
        line = line_of(payload)
        self._segment.append(line)
        self._logs[self._number] = self._logs.get(self._number, 0) + len(line)

    def checkpoint(self, image: Image, *, wait: bool) -> None:
        """Write the file anew; with `wait`, OSError means that it is the old one still."""
        self.finish()
        if self._segment is not None:
            self._segment.close()
            self._segment = None
        self._number += 1
        image.segment = self._number
        if wait:
            self._write(image)
        else:
            self._writer = threading.Thread(
                target=self._write_quietly, args=(image,), name="mockserver-checkpoint"
            )
            self._writer.start()

    def finish(self) -> None:
        """Wait for a checkpoint on its way."""
        if self._writer is not None:
            self._writer.join()
            self._writer = None

    @property
    def complete(self) -> bool:
        """Whether the file alone holds everything."""
        return not self.log_size and self._path.exists() and not numbered(self._folder)

    def close(self) -> None:
        """Let go of the folder."""
        self.finish()
        if self._segment is not None:
            with contextlib.suppress(OSError):
                self._segment.close()
            self._segment = None
        self._lock.release()

    def read(self) -> dict[str, dict[str, Any]] | None:
        """TinyDB's seam: everything, decoded."""
        return {
            name: {str(sequence): orjson.loads(row) for sequence, row in rows.items()}
            for name, rows in self.recover().rows.items()
        } or None

    def write(self, data: dict[str, dict[str, Any]]) -> None:
        """TinyDB's seam: everything, anew."""
        rows = {
            name: Rows((int(key), pack(document)) for key, document in table.items())
            for name, table in data.items()
        }
        following = {name: max(table, default=0) + 1 for name, table in rows.items()}
        self.checkpoint(Image(rows, following), wait=True)

    def _write(self, image: Image) -> None:
        self.checkpoint_size = write_image(self._path, image)
        for number in [number for number in list(self._logs) if number < image.segment]:
            del self._logs[number]
        # The file is in place: from here on nothing may look like a failure.
        for number, path in numbered(self._folder).items():
            if number < image.segment:
                with contextlib.suppress(OSError):
                    path.unlink()

    def _write_quietly(self, image: Image) -> None:
        try:
            self._write(image)
        except OSError as error:
            self._retry_at = monotonic() + self.retry
            LOGGER.warning("%s could not be written (%s); the log goes on", self._path, error)


def _apply(commit: dict[str, Any], image: Image) -> None:
    """Bring documents from one commit to the next."""
    if commit.pop(CLEARED, False):
        for rows in image.rows.values():
            rows.clear()
    for name, changes in commit.items():
        rows = image.rows.setdefault(name, Rows())
        following = image.following.get(name, 1)
        for key, document in changes.items():
            sequence = int(key)
            if document is None:
                rows.pop(sequence, None)
            else:
                rows[sequence] = pack(document)
                following = max(following, sequence + 1)
        image.following[name] = following
