"""Files named by their content, which are written whole or not at all and never change."""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path

CHUNK = 64 * 1024
_PART = "part-"


class Part:
    """A blob that is being written."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=_PART, dir=folder)
        self._file = os.fdopen(handle, "wb")
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
        self._file.write(data)
        self._name.update(data)
        self._etag.update(data)
        self.size += len(data)

    def finish(self) -> str:
        """Make it a blob; answers its name."""
        self._file.close()
        name = self._name.hexdigest()
        os.replace(self._path, self._path.with_name(name))
        return name

    def discard(self) -> None:
        """Leave nothing behind; after `finish` this does nothing."""
        self._file.close()
        self._path.unlink(missing_ok=True)


class Blobs:
    """The blobs in one folder; which of them are wanted is for others to know."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for part in folder.glob(f"{_PART}*"):
            part.unlink(missing_ok=True)

    def part(self) -> Part:
        """Begin a new blob."""
        return Part(self._folder)

    def path(self, name: str) -> Path:
        """Where a blob's bytes are."""
        return self._folder / name

    def collect(self, keep: AbstractSet[str]) -> int:
        """Remove every blob but those; answers how many there were."""
        removed = 0
        for path in self._folder.glob("*"):
            if path.name not in keep and not path.name.startswith(_PART):
                # A file that is being read cannot be removed everywhere; the next time will do.
                with contextlib.suppress(OSError):
                    path.unlink()
                    removed += 1
        return removed


def chunks(path: Path, start: int, length: int) -> Iterator[bytes]:
    """A stretch of a file, piece by piece."""
    with path.open("rb") as file:
        file.seek(start)
        while length > 0:
            piece = file.read(min(CHUNK, length))
            if not piece:
                return
            length -= len(piece)
            yield piece
