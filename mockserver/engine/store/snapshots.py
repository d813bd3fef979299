"""States of the store kept aside, in memory or under a name."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mockserver.engine.errors import BadRequest, UnknownName
from mockserver.engine.store.checkpoint import Image, read_image, write_image

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All documents at one moment; can be put back any number of times, into any store."""

    image: Image


class SnapshotFolder:
    """Named snapshots, each an ordinary TinyDB file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def save(self, name: str, snapshot: Snapshot) -> None:
        """Keep a snapshot; one of the same name is replaced."""
        path = self._path(name)
        self._folder.mkdir(exist_ok=True)
        write_image(path, snapshot.image)

    def load(self, name: str) -> Snapshot:
        """Read a snapshot again."""
        return Snapshot(read_image(self._existing(name)))

    def all(self) -> list[dict[str, Any]]:
        """Name, time of writing and size of each, by name."""
        return [
            {"name": path.stem, "created": path.stat().st_mtime, "bytes": path.stat().st_size}
            for path in sorted(self._folder.glob("*.json"))
            if _NAME.fullmatch(path.stem)
        ]

    def delete(self, name: str) -> None:
        """Remove a snapshot."""
        self._existing(name).unlink()

    def _existing(self, name: str) -> Path:
        path = self._path(name)
        if not path.exists():
            raise UnknownName(f"There is no snapshot named {name!r}.")
        return path

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise BadRequest(
                f"{name!r} cannot name a snapshot: small letters, digits and hyphens, 63 at most."
            )
        return self._folder / f"{name}.json"
