"""A TinyDB table whose documents are found by their own id and by indexes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

import orjson
from sortedcontainers import SortedList
from tinydb.storages import Storage
from tinydb.table import Document, Table

from mockserver.engine.errors import StoreError
from mockserver.engine.store.drafts import DecodedRows, Drafts
from mockserver.engine.store.index import Columns, Index, Postings, plan_of
from mockserver.engine.store.rows import Rows
from mockserver.engine.store.values import key_of, pack

# Documents decoded together when a table is filled: what fits the caches of a processor.
_BATCH = 256
# So many new documents are worth working out their indexes field by field.
_MANY = 16
_NESTED = (dict, list)


class Cleared(NamedTuple):
    """What a table held before it was emptied, until the commit."""

    contents: tuple[Rows, dict[str, int], Any, list[Postings]]
    changes: dict[int, bytes | None]


class DocumentTable(Table):
    """Documents as JSON bytes by sequence number, which is the order of insertion.

    Changes count from the first one on, can be undone until `settle`, and are never written from
    here: the store collects them with `changes`. The stock TinyDB interface works on top, with
    the document's own id as `doc_id`; it decodes everything that it looks at.
    """

    document_id_class = str  # type: ignore[assignment]
    default_query_cache_capacity = 0

    def __init__(
        self,
        storage: Storage,
        name: str,
        indexes: Sequence[Index] = (),
        changed: dict[str, "DocumentTable"] | None = None,
    ) -> None:
        super().__init__(storage, name, cache_size=0)
        self.indexes = tuple(dict.fromkeys(indexes))
        self.rows = Rows()
        self.ids: dict[str, int] = {}
        self.sequences: Any = SortedList()
        self.postings = [Postings(index) for index in self.indexes]
        self._plan = plan_of(self.indexes)
        self.following = 1
        self.revision = 0
        self._settled_following = 1
        self._undo: dict[int, bytes | None] = {}
        self._cleared: Cleared | None = None
        self._changed = {} if changed is None else changed

    def fetch(self, key: str) -> Any:
        """A fresh copy of a document, or `None`."""
        sequence = self.ids.get(key)
        return None if sequence is None else orjson.loads(self.rows[sequence])

    def put(self, document: dict[str, Any]) -> None:
        """Add a document, or replace the one of the same id in its place."""
        self._put(document, *self._packed(document))

    def put_many(self, documents: Sequence[dict[str, Any]]) -> None:
        """`put` for each; faster where all of many are new."""
        packed = list(map(self._packed, documents))
        keys = [key for key, _ in packed]
        if len(keys) >= _MANY and len(set(keys)) == len(keys) and self.ids.keys().isdisjoint(keys):
            self._add(documents, packed)
            return
        for document, (key, row) in zip(documents, packed, strict=True):
            self._put(document, key, row)

    def _add(self, documents: Sequence[dict[str, Any]], packed: list[tuple[str, bytes]]) -> None:
        """Add documents that are all new."""
        if not self._undo:
            self._touch()
        self.revision += 1
        first = self.following
        self.following = first + len(packed)
        sequences = range(first, self.following)
        self._undo.update(dict.fromkeys(sequences))
        for sequence, (key, row) in zip(sequences, packed, strict=True):
            self.rows[sequence] = row
            self.ids[key] = sequence
        self.sequences.update(sequences)
        columns = Columns(documents, sequences)
        for postings in self.postings:
            postings.add_many(columns)

    def _packed(self, document: dict[str, Any]) -> tuple[str, bytes]:
        """The document's id as its key, and its row."""
        try:
            identifier = document["id"]
        except (KeyError, TypeError):
            raise StoreError(f'A document of {self._name} needs an "id".') from None
        key = identifier if type(identifier) is str else key_of(identifier)
        try:
            return key, pack(document)
        except TypeError as error:
            raise StoreError(f"A document of {self._name} is not plain JSON: {error}.") from error

    def _put(self, document: dict[str, Any], key: str, row: bytes) -> None:
        sequence = self.ids.get(key)
        if sequence is not None:
            self._replace(sequence, document, row)
            return
        if not self._undo:
            self._touch()
        self.revision += 1
        sequence = self.following
        self.following = sequence + 1
        self._undo[sequence] = None
        self.rows[sequence] = row
        self.ids[key] = sequence
        self._enter(document, sequence)

    def discard(self, key: str) -> bool:
        """Remove a document, if it is there."""
        sequence = self.ids.get(key)
        if sequence is None:
            return False
        row = self.rows[sequence]
        if not self._undo:
            self._touch()
        self.revision += 1
        if sequence not in self._undo:
            self._undo[sequence] = row
        self._leave(sequence, row)
        return True

    def clear(self) -> None:
        """Remove everything at once; sequence numbers go on from where they were."""
        self._touch()
        self.revision += 1
        if self._cleared is None:
            self._cleared = Cleared(
                (self.rows, self.ids, self.sequences, self.postings),
                self._undo,
            )
        self.rows, self.ids, self.sequences = Rows(), {}, SortedList()
        self.postings = [Postings(index) for index in self.indexes]
        self._undo = {}

    def fill(self, rows: Rows, following: int) -> None:
        """Take over these rows into an empty table, with their sequence numbers."""
        if not rows and following <= self.following:
            return
        self._touch()
        self.revision += 1
        self._undo = dict.fromkeys(rows)
        self.following = max(self.following, following)
        self.rows = rows
        self.sequences = SortedList(rows)
        numbers = iter(self.sequences)
        while batch := list(islice(numbers, _BATCH)):
            try:
                documents = list(map(orjson.loads, rows.pick(batch)))
                keys = [document["id"] for document in documents]
            except (ValueError, KeyError):
                self._complain(batch)
                raise
            if set(map(type, keys)) != {str}:
                keys = list(map(key_of, keys))
            self.ids.update(zip(keys, batch, strict=True))
            columns = Columns(documents, batch)
            for postings in self.postings:
                postings.gather(columns)
        if len(self.ids) != len(self.sequences):
            raise StoreError(f"{self._name} holds two documents of one id; remove one of them.")
        for postings in self.postings:
            postings.build()

    def changes(self) -> list[bytes]:
        """What the commit has to write: JSON members `"sequence": document`, null for a removal."""
        rows = self.rows
        return [
            b'"%d":%b' % (sequence, row or b"null")
            for sequence, old in self._undo.items()
            if (row := rows.get(sequence)) != old
        ]

    def settle(self) -> None:
        """The changes are committed."""
        self._undo = {}
        self._cleared = None
        self._settled_following = self.following

    def rollback(self) -> None:
        """Back to the last commit."""
        self.revision += 1
        if self._cleared is not None:
            (self.rows, self.ids, self.sequences, self.postings) = self._cleared.contents
            self._undo = self._cleared.changes
            self._cleared = None
        for sequence in self._undo:
            row = self.rows.get(sequence)
            if row is not None:
                self._leave(sequence, row)
        for sequence, row in self._undo.items():
            if row is not None:
                document = orjson.loads(row)
                self.rows[sequence] = row
                self.ids[key_of(document["id"])] = sequence
                self._enter(document, sequence)
        self._undo = {}
        self.following = self._settled_following

    def insert(self, document: Mapping[str, Any]) -> Any:
        """TinyDB's insert: the id must be new; returns it."""
        return super().insert(self._named(document))

    def insert_multiple(self, documents: Iterable[Mapping[str, Any]]) -> list[Any]:
        """TinyDB's insert of many: all or none."""
        return super().insert_multiple(self._named(document) for document in documents)

    def __len__(self) -> int:
        return len(self.ids)

    def _read_table(self) -> Any:
        return DecodedRows(self)

    def _update_table(self, updater: Callable[[Any], None]) -> None:
        drafts = Drafts(self)
        updater(drafts)
        drafts.apply()

    def _named(self, document: Mapping[str, Any]) -> Document:
        if not isinstance(document, Mapping) or "id" not in document:
            raise StoreError(f'A document of {self._name} needs an "id".')
        return Document(document, key_of(document["id"]))  # type: ignore[arg-type]

    def _touch(self) -> None:
        self._changed[self._name] = self

    def _complain(self, sequences: list[int]) -> None:
        """Name the document that a person has broken in the file."""
        for sequence in sequences:
            named = f'Document "{sequence}" of {self._name}'
            try:
                if "id" not in orjson.loads(self.rows[sequence]):
                    raise StoreError(f'{named} has no "id".')
            except ValueError as error:
                raise StoreError(f"{named} is not JSON: {error}.") from error

    def _enter(self, document: dict[str, Any], sequence: int) -> None:
        self.sequences.add(sequence)
        self._plan.enter(document, sequence, self.postings)

    def _leave(self, sequence: int, row: bytes) -> None:
        document = orjson.loads(row)
        del self.rows[sequence]
        del self.ids[key_of(document["id"])]
        self.sequences.remove(sequence)
        for postings in self.postings:
            postings.discard(document, sequence)

    def _replace(self, sequence: int, document: dict[str, Any], row: bytes) -> None:
        old = self.rows[sequence]
        if row == old:
            return
        if not self._undo:
            self._touch()
        self.revision += 1
        if sequence not in self._undo:
            self._undo[sequence] = old
        if self.postings:
            before = orjson.loads(old)
            changed = _changed(before, document)
            for postings in self.postings:
                if not postings.roots.isdisjoint(changed):
                    postings.replace(before, document, sequence)
        self.rows[sequence] = row


def _changed(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    """The fields that may differ; `true` and 1 do, though Python takes them for equal."""
    return {
        name
        for name in before.keys() | after.keys()
        if (value := before.get(name)) != (other := after.get(name))
        or type(value) is not type(other)
        or type(value) in _NESTED
    }
