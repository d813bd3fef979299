"""Files named by their content, which are written whole or not at all and never change."""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from mockserver.engine.store import StoreFull
from mockserver.engine.store.checkpoint import sync_folder

CHUNK = 64 * 1024
_PART = "part-"


class Part:
    """A blob that is being written; StoreFull when there is no room for it."""

    def __init__(self, blobs: "Blobs") -> None:
        self._blobs = blobs
        with _refusing():
            blobs.folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=_PART, dir=blobs.folder)
        # Unbuffered: what does not fit is known when it is written, not when the file is closed.
        self._file = os.fdopen(handle, "wb", buffering=0)
        self._path = Path(name)
        self._name = hashlib.sha256()
        # The object store's ETag; nothing is protected by it.
        self._etag = hashlib.md5(usedforsecurity=False)
        self.size = 0

    @property
    def md5(self) -> bytes:
        """The MD5 digest of what has been written."""
        return self._etag.digest()

    def write(self, data: bytes) -> None:
        """Add to the end."""
        with _refusing():
            rest = memoryview(data)
            while rest:
                # A raw write may take less than all of it.
                rest = rest[self._file.write(rest) :]
        self._name.update(data)
        self._etag.update(data)
        self.size += len(data)

    def finish(self) -> str:
        """Make it a blob; answers its name."""
        name = self._name.hexdigest()
        with _refusing():
            if self._blobs.power:
                os.fsync(self._file.fileno())
            self._file.close()
            self._blobs.enter(self._path, name, self.size)
        return name

    def discard(self) -> None:
        """Leave nothing behind; after `finish` this does nothing."""
        with contextlib.suppress(OSError):
            self._file.close()
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)


class Blobs:
    """The blobs in one folder; which of them are wanted is for others to know.

    `count` and `bytes` say what they take without a look at the folder. With `power` a blob
    survives a loss of power once it is finished.
    """

    def __init__(self, folder: Path, *, power: bool = False) -> None:
        self.folder = folder
        self.power = power
        self.count = 0
        self.bytes = 0
        for part in folder.glob(f"{_PART}*"):
            with contextlib.suppress(OSError):
                part.unlink()
        for path in self._all():
            self.count += 1
            self.bytes += path.stat().st_size

    def part(self) -> Part:
        """Begin a new blob."""
        return Part(self)

    def path(self, name: str) -> Path:
        """Where a blob's bytes are."""
        return self.folder / name

    def enter(self, written: Path, name: str, size: int) -> None:
        """Give a file its place among the blobs."""
        path = self.path(name)
        known = path.exists()
        os.replace(written, path)
        if self.power:
            sync_folder(self.folder)
        if not known:
            self.count += 1
            self.bytes += size

    def remove(self, name: str) -> bool:
        """Remove a blob; whether it is gone. One that is being read cannot be everywhere."""
        path = self.path(name)
        try:
            size = path.stat().st_size
            path.unlink()
        except OSError:
            return False
        self.count -= 1
        self.bytes -= size
        return True

    def collect(self, wanted: Callable[[str], bool]) -> int:
        """Remove every blob that is not wanted; answers how many there were."""
        return sum(self.remove(path.name) for path in self._all() if not wanted(path.name))

    def _all(self) -> list[Path]:
        return [path for path in self.folder.glob("*") if not path.name.startswith(_PART)]


def chunks(path: Path, start: int, length: int) -> Iterator[bytes]:
    """A stretch of a file, piece by piece."""
    with path.open("rb") as file:
        file.seek(start)
        while length > 0 and (piece := file.read(min(CHUNK, length))):
            length -= len(piece)
            yield piece


@contextlib.contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreFull(f"The data folder could not take the bytes ({error}).") from error
