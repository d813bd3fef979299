"""The store as a whole: its collections, and the commit that covers them all."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from mockserver.engine.errors import StoreError
from mockserver.engine.store.checkpoint import Image
from mockserver.engine.store.collection import Collection
from mockserver.engine.store.errors import StoreFull
from mockserver.engine.store.index import Index
from mockserver.engine.store.rows import Rows
from mockserver.engine.store.snapshots import Snapshot, SnapshotFolder
from mockserver.engine.store.storage import CLEARED, LogStorage
from mockserver.engine.store.table import DocumentTable

LOGGER = logging.getLogger("mockserver.store")


class Store:
    """Documents in named collections, kept in one folder.

    Changes are seen at once and belong to the open commit: `commit` keeps them all, `rollback`
    none. What `commit` has returned from survives a kill of the process. Not for use from several
    threads; only one store at a time may have the folder.
    """

    def __init__(
        self,
        folder: Path,
        indexes: Mapping[str, Sequence[Index]] | None = None,
        *,
        durability: str = "process",
    ) -> None:
        self._indexes = dict(indexes or {})
        self._tables: dict[str, DocumentTable] = {}
        self._collections: dict[str, Collection] = {}
        self._changed: dict[str, DocumentTable] = {}
        self._cleared = False
        self._refusing = False
        self._snapshots = SnapshotFolder(folder / "snapshots")
        self._storage = LogStorage(folder, durability=durability)
        try:
            self._fill(self._storage.recover())
        except BaseException:
            self._storage.close()
            raise
        self._settle()

    @property
    def checkpoint_at(self) -> int:
        """Bytes of log, at the least, that bring on a checkpoint while running."""
        return self._storage.checkpoint_at

    @checkpoint_at.setter
    def checkpoint_at(self, size: int) -> None:
        self._storage.checkpoint_at = size

    def collection(self, name: str) -> Collection:
        """The collection of that name; it need not have been declared."""
        collection = self._collections.get(name)
        if collection is None:
            self.table(name)
            collection = self._collections[name]
        return collection

    def collections(self) -> list[str]:
        """Names of the collections that are declared or hold documents."""
        return sorted(
            {*self._indexes, *(name for name, table in self._tables.items() if table.rows)}
        )

    def table(self, name: str) -> DocumentTable:
        """The same collection as a TinyDB table, for TinyDB's own queries."""
        table = self._tables.get(name)
        if table is None:
            if name.startswith("_"):
                raise StoreError(f"{name!r} cannot name a collection: it begins with '_'.")
            table = DocumentTable(self._storage, name, self._indexes.get(name, ()), self._changed)
            self._tables[name] = table
            self._collections[name] = Collection(table)
        return table

    def commit(self) -> None:
        """Keep all changes since the last commit, or, with `StoreFull`, none of them."""
        if not self._changed:
            return
        try:
            if self._cleared and self._weight() > self._storage.checkpoint_at:
                self._storage.checkpoint(self._image(), wait=True)
                self._took()
            elif payload := self._payload():
                self._storage.append(payload)
                if self._refusing:
                    self._took()
        except OSError as error:
            raise self._refused(error) from error
        self._settle()
        if self._storage.due:
            self.checkpoint(wait=False)

    def rollback(self) -> None:
        """Undo all changes since the last commit."""
        for table in self._changed.values():
            table.rollback()
        self._changed.clear()
        self._cleared = False

    def clear(self) -> None:
        """Remove every document of every collection."""
        self._cleared = True
        for table in self._tables.values():
            table.clear()

    def checkpoint(self, *, wait: bool = True) -> None:
        """Bring the file up to the last commit, and the log to nothing."""
        if self._changed:
            raise StoreError("A checkpoint is made between commits only.")
        self._storage.checkpoint(self._image(), wait=wait)

    def snapshot(self) -> Snapshot:
        """All documents as they are now, open changes included."""
        return Snapshot(self._image())

    def restore(self, snapshot: Snapshot) -> None:
        """Put the documents of a snapshot in the place of all there are, as part of the commit."""
        self.clear()
        image = snapshot.image
        self._fill(Image({name: rows.copy() for name, rows in image.rows.items()}, image.following))

    def save_snapshot(self, name: str) -> None:
        """Keep a snapshot under a name, beyond the life of this store."""
        try:
            self._snapshots.save(name, self.snapshot())
        except OSError as error:
            raise StoreFull(f"The snapshot {name!r} could not be written ({error}).") from error

    def load_snapshot(self, name: str) -> None:
        """`restore` the snapshot of that name."""
        self.restore(self._snapshots.load(name))

    def documents_of_snapshot(self, name: str, collection: str) -> list[dict[str, Any]]:
        """What a collection holds in the snapshot of that name, which stays where it is."""
        rows = self._snapshots.load(name).image.rows.get(collection, Rows())
        return [orjson.loads(row) for row in rows.values()]

    def snapshots(self) -> list[dict[str, Any]]:
        """The named snapshots: `name`, `created` (epoch seconds of the machine) and `bytes`."""
        return self._snapshots.all()

    def delete_snapshot(self, name: str) -> None:
        """Remove a named snapshot."""
        self._snapshots.delete(name)

    def size(self) -> dict[str, int]:
        """Number of documents, and what log and checkpoint take on disk."""
        return {
            "documents": sum(len(table.ids) for table in self._tables.values()),
            "log_bytes": self._storage.log_size,
            "log_segments": self._storage.segments,
            "checkpoint_bytes": self._storage.checkpoint_size,
        }

    def close(self) -> None:
        """Drop open changes, bring the file up to date, let go of the folder."""
        self.rollback()
        try:
            self._storage.finish()
            if not self._storage.complete:
                self._storage.checkpoint(self._image(), wait=True)
        except OSError as error:
            raise StoreFull(
                f"The data folder could not take a last checkpoint ({error}); "
                "everything committed is in its log."
            ) from error
        finally:
            self._storage.close()

    def discard(self) -> None:
        """Let go of a folder that is about to be removed, without bringing its file up to date."""
        self._storage.close()

    def _fill(self, image: Image) -> None:
        # Tables that are declared only come with their first use: a new world has few of them.
        for name, following in image.following.items():
            rows = image.rows.get(name) or Rows()
            if rows or following > 1:
                self.table(name).fill(rows, following)

    def _image(self) -> Image:
        return Image(
            {name: table.rows.copy() for name, table in self._tables.items()},
            {name: table.following for name, table in self._tables.items()},
        )

    def _payload(self) -> bytes:
        members = [b'"%b":true' % CLEARED.encode()] if self._cleared else []
        for name, table in self._changed.items():
            changes = table.changes()
            if changes:
                members.append(b"%b:{%b}" % (orjson.dumps(name), b",".join(changes)))
        return b"{%b}" % b",".join(members) if members else b""

    def _refused(self, error: OSError) -> StoreFull:
        """Undo the commit that did not fit; the log says so once, however many follow."""
        changed = list(self._changed)
        self.rollback()
        if not self._refusing:
            LOGGER.error(
                "no commit can be taken (%s); whatever writes is refused until then", error
            )
        self._refusing = True
        return StoreFull(
            f"The data folder could not take a commit ({error}); nothing of it was kept.", changed
        )

    def _took(self) -> None:
        if self._refusing:
            LOGGER.warning("commits are taken again")
        self._refusing = False

    def _weight(self) -> int:
        return sum(sum(map(len, table.rows.values())) for table in self._changed.values())

    def _settle(self) -> None:
        for table in self._changed.values():
            table.settle()
        self._changed.clear()
        self._cleared = False
