"""Which blobs may go: those that nothing needs, and objects beyond the limits of age and size."""

import contextlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mockserver.engine.blobs import Blobs
from mockserver.engine.clock import Clock
from mockserver.engine.store import Collection, Range, Store

COLLECTION = "engine.uploads"
_PAGE = 100


class Retention:
    """The blobs of one sandbox and what needs them: objects, and the snapshots in a folder.

    With limits, the oldest objects go first; one that is held, because something in progress
    needs it, never goes, and of one that went it is remembered that it did. A blob goes with the
    commit that lets go of it, and never before.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        folder: Path,
        *,
        power: bool = False,
        total_bytes: int | None = None,
        age: float | None = None,
    ) -> None:
        self.blobs = Blobs(folder, power=power)
        self.loose: dict[str, int] = {}
        """Blobs that this commit has made or let go of, and their sizes."""
        self._documents: Collection = store.collection(COLLECTION)
        self._clock = clock
        self._snapshots = _Snapshots(store, folder.with_name("snapshots"))
        self._total_bytes = total_bytes
        self._age = age
        if self.blobs.count:
            self.collect()

    def expired(self, document: dict[str, Any]) -> bool:
        """Whether an object has gone or, on the sandbox's clock, is too old."""
        if "dropped_at" in document:
            return True
        if self._age is None or document.get("held", True):
            return False
        return bool(self._clock.now() - document["stored_at"] >= self._age)

    def let_go(self, document: dict[str, Any]) -> None:
        """An object is about to be removed or replaced: its blob may go after the commit."""
        if "blob" in document:
            self.loose[document["blob"]] = document["size"]

    def make_room(self, newest: str) -> None:
        """Drop what is beyond the limits, but never the object that was stored just now."""
        if self._age is not None:
            too_old = Range(lte=self._clock.now() - self._age)
            for document in self._documents.find(
                {"held": False}, ranges={"stored_at": too_old}, sort="stored_at", limit=_PAGE
            ):
                if document["id"] != newest:
                    self._drop(document)
        if self._total_bytes is not None and self.blobs.bytes > self._total_bytes:
            self._make_room(newest, self._total_bytes)

    def settle(self) -> None:
        """Remove what the last commit or rollback has left unneeded."""
        loose, self.loose = self.loose, {}
        for name in loose:
            if not self._wanted(name):
                self.blobs.remove(name)

    def collect(self) -> int:
        """Remove every blob that nothing needs; answers how many there were."""
        self.loose = {}
        return self.blobs.collect(self._wanted)

    def keep_for(self, snapshot: str) -> None:
        """A snapshot of this name has been saved just now: it needs what there is."""
        self._snapshots.note(snapshot, (each["blob"] for each in self._with_blobs()))

    def forget(self, snapshot: str) -> None:
        """The snapshot of this name is about to be saved anew, or is gone."""
        self._snapshots.forget(snapshot)

    def _with_blobs(self) -> Iterable[dict[str, Any]]:
        return (document for document in self._documents.each() if "blob" in document)

    def _wanted(self, name: str) -> bool:
        return bool(self._documents.count({"blob": name})) or name in self._snapshots.blobs()

    def _make_room(self, newest: str, total: int) -> None:
        excess = self.blobs.bytes - total
        excess -= sum(size for name, size in self.loose.items() if not self._wanted(name))
        for document in self._documents.each({"held": False}, sort="stored_at"):
            if excess <= 0:
                return
            name = document["blob"]
            alone = self._documents.count({"blob": name}) == 1
            if document["id"] == newest or name in self._snapshots.blobs():
                continue
            self._drop(document)
            excess -= document["size"] if alone else 0

    def _drop(self, document: dict[str, Any]) -> None:
        self.let_go(document)
        self._documents.put({"id": document["id"], "dropped_at": self._clock.now()})


class _Snapshots:
    """The blobs that saved snapshots need: a list beside each, or else the snapshot itself."""

    def __init__(self, store: Store, folder: Path) -> None:
        self._store = store
        self._folder = folder
        self._found: set[str] | None = None

    def blobs(self) -> set[str]:
        """The names of the blobs that any snapshot needs."""
        if self._found is None:
            self._found = set()
            for snapshot in self._store.snapshots():
                self._found |= self._of(snapshot["name"])
        return self._found

    def note(self, snapshot: str, blobs: Iterable[str]) -> None:
        """Write the list; without one the snapshot is read, so a full disk does no harm."""
        names = sorted(set(blobs))
        with contextlib.suppress(OSError):
            path = self._path(snapshot)
            fresh = path.with_name(path.name + ".new")
            fresh.write_text("\n".join(names))
            fresh.replace(path)
        if self._found is not None:
            self._found.update(names)

    def forget(self, snapshot: str) -> None:
        """Remove the list."""
        self._path(snapshot).unlink(missing_ok=True)
        self._found = None

    def _of(self, snapshot: str) -> set[str]:
        try:
            return set(self._path(snapshot).read_text().split())
        except OSError:
            documents = self._store.documents_of_snapshot(snapshot, COLLECTION)
            return {each["blob"] for each in documents if "blob" in each}

    def _path(self, snapshot: str) -> Path:
        return self._folder / f"{snapshot}.blobs"
