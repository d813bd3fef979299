"""What services and engine see of the store: named collections of documents."""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Any

import orjson

from mockserver.engine.store.errors import UnknownDocument
from mockserver.engine.store.query import Query
from mockserver.engine.store.table import DocumentTable
from mockserver.engine.store.values import Range, key_of


class Collection:
    """Documents by id. Whatever goes in or comes out is a copy, and belongs to the open commit.

    Equality and order are those of JSON values; a missing field counts as null. A question is
    answered in the time of its answer when an index covers its `where`, its range and its
    `sort`; otherwise it is answered too, in the time of everything that has to be looked at.
    """

    __slots__ = ("_table",)

    def __init__(self, table: DocumentTable) -> None:
        self._table = table

    @property
    def name(self) -> str:
        """The collection's name: `sama.tasks`."""
        return self._table.name

    @property
    def revision(self) -> int:
        """A number that grows with every change, and with every change that is undone."""
        return self._table.revision

    @property
    def following(self) -> int:
        """A number above those of all documents that were ever added, which only grows."""
        return self._table.following

    def get(self, id: str | int) -> dict[str, Any] | None:
        """The document, or `None`."""
        table = self._table
        sequence = table.ids.get(id if type(id) is str else str(id))
        return None if sequence is None else orjson.loads(table.rows[sequence])

    def stamp(self, id: str | int) -> Hashable:
        """Equal as long as the document is the same; `None` when there is none."""
        table = self._table
        sequence = table.ids.get(id if type(id) is str else str(id))
        return None if sequence is None else table.rows[sequence]

    def put(self, document: dict[str, Any]) -> None:
        """Add the document, or replace the one of its `"id"`, which keeps its place in order."""
        self._table.put(document)

    def put_many(self, documents: Iterable[dict[str, Any]]) -> None:
        """`put` for each; what has no id, or is no plain JSON, keeps out all of them."""
        self._table.put_many(documents if isinstance(documents, list) else list(documents))

    def delete(self, id: str | int) -> bool:
        """Remove the document; whether it was there."""
        return self._table.discard(str(id))

    def __contains__(self, id: object) -> bool:
        return str(id) in self._table.ids

    def __len__(self) -> int:
        return len(self._table.ids)

    def find(
        self,
        where: Mapping[str, Any] | None = None,
        *,
        ranges: Mapping[str, Range] | None = None,
        sort: str | None = None,
        skip: int = 0,
        after: str | int | None = None,
        limit: int | None = None,
    ) -> list[dict[str, Any]]:
        """Documents that match all of `where` and lie in all `ranges`.

        A tuple, list or set in `where` means one of its members. `sort` names a field, with `-`
        for falling values; equal values come in order of insertion, null first when rising. No
        `sort` is order of insertion, `"-"` newest first. `after` is the id of the document that
        ended the page before; `skip` counts from there.
        """
        key = None if after is None else self._held(after)
        return Query(self._table, where, ranges, sort).page(skip, key, limit)

    def count(
        self,
        where: Mapping[str, Any] | None = None,
        *,
        ranges: Mapping[str, Range] | None = None,
    ) -> int:
        """How many documents `find` would return."""
        return Query(self._table, where, ranges).count()

    def each(
        self,
        where: Mapping[str, Any] | None = None,
        *,
        ranges: Mapping[str, Range] | None = None,
        sort: str | None = None,
    ) -> Iterator[dict[str, Any]]:
        """`find` without holding all documents at once; the collection may change meanwhile.

        Each document comes at most once, as it is when its turn comes, if it still matches.
        """
        return Query(self._table, where, ranges, sort).each()

    def _held(self, id: str | int) -> str:
        key = key_of(id)
        if key not in self._table.ids:
            raise UnknownDocument(f"{self.name} has no document {key!r} to go on from.")
        return key
