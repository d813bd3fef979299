"""How a question is answered: what to read, what to check, what to bring into order."""

import heapq
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from itertools import chain, islice, product
from typing import Any

import orjson

from mockserver.engine.store.index import Entry, Postings, Run, sequences_of
from mockserver.engine.store.table import DocumentTable
from mockserver.engine.store.values import Range, identity, order, read

# Turns a code round, so that codes in rising order stand for values in falling order.
_TURNED = bytes(255 - byte for byte in range(256))


class Query:
    """One question to one table, planned when it is made.

    Of the indexes whose fields are all asked for by equality, the one with the most fields is
    read, then one that narrows a range, then one that brings the order. What it does not cover
    is checked document by document; an order that it does not bring costs a sort of all matches.
    """

    __slots__ = ("_bounds", "_by", "_covered", "_equal", "_falling", "_runs", "_sort", "_table")

    def __init__(
        self,
        table: DocumentTable,
        where: Mapping[str, Any] | None,
        ranges: Mapping[str, Range] | None,
        sort: str | None = None,
    ) -> None:
        self._table = table
        self._falling = sort is not None and sort.startswith("-")
        self._sort = (sort[1:] if sort and self._falling else sort) or None
        self._equal = {field: _wanted(value) for field, value in where.items()} if where else {}
        self._bounds = {field: each.bounds() for field, each in ranges.items()} if ranges else {}
        self._by: str | None = None
        if "id" in self._equal:
            self._runs = [self._named()]
            self._covered = False
        elif (postings := self._choose()) is not None:
            self._by = postings.index.sort
            self._runs = self._read(postings)
            self._covered = len(postings.fields) == len(self._equal) and (
                not self._bounds or self._bounds.keys() == {self._by}
            )
        else:
            self._runs = [Run(table.sequences)]
            self._covered = not self._equal and not self._bounds

    def page(self, skip: int, after: str | None, limit: int | None) -> list[dict[str, Any]]:
        """The documents asked for; `after` is a key that the table holds."""
        rows = self._table.rows
        in_order = self._by == self._sort
        if in_order and self._covered:
            sequences = islice(self._walk(skip, after), limit)
            return list(map(orjson.loads, rows.pick(sequences)))
        found = self._walk(0, after) if in_order else self._sorted(after)
        documents: Iterator[dict[str, Any]] = map(orjson.loads, rows.pick(found))
        if not self._covered:
            documents = filter(self._matches, documents)
        return list(islice(documents, skip, None if limit is None else skip + limit))

    def each(self) -> Iterator[dict[str, Any]]:
        """Every document that matched at the start and still does when its turn comes."""
        in_order = self._by == self._sort
        for sequence in list(self._walk(0, None)) if in_order else self._sorted(None):
            row = self._table.rows.get(sequence)
            if row is not None:
                document = orjson.loads(row)
                if self._matches(document):
                    yield document

    def count(self) -> int:
        """How many there are; an index that covers the question answers without documents."""
        if self._covered:
            return sum(map(len, self._runs))
        rows = self._table.rows.pick(self._candidates())
        return sum(map(self._matches, map(orjson.loads, rows)))

    def _choose(self) -> Postings | None:
        best, highest = None, (0, False, self._sort is None)
        asked = self._equal.keys()
        for postings in self._table.postings:
            if postings.fields <= asked:
                sort = postings.index.sort
                score = (len(postings.fields), sort in self._bounds, sort == self._sort)
                if score > highest:
                    best, highest = postings, score
        return best

    def _read(self, postings: Postings) -> list[Run]:
        fields = postings.index.fields
        keys: Iterable[Hashable] = product(*(self._equal[field] for field in fields))
        if len(fields) == 1:
            keys = self._equal[fields[0]]
        runs = [postings.run(key) for key in keys]
        bounds = self._bounds.get(self._by) if self._by is not None else None
        return runs if bounds is None else [run.between(*bounds) for run in runs]

    def _named(self) -> Run:
        """The documents of the ids asked for, in order of insertion."""
        found = set[int]()
        for wanted in self._equal["id"]:
            whole = int(wanted) if isinstance(wanted, float) and wanted.is_integer() else wanted
            sequence = self._table.ids.get(str(whole))
            if sequence is not None:
                found.add(sequence)
        return Run(tuple(sorted(found)))

    def _walk(self, skip: int, after: str | None) -> Iterator[int]:
        """Sequence numbers in the order that the runs bring."""
        start = None if after is None else self._entry(after)
        entries: Any
        if len(self._runs) == 1:
            (run,) = self._runs
            entries = run.falling(skip, start) if self._falling else run.rising(skip, start)
        else:
            entries = islice(self._merged(start), skip, None)
        return entries if self._by is None else sequences_of(entries)

    def _merged(self, start: Entry | None) -> Iterator[Any]:
        """The entries of several runs in one order."""
        if not self._falling:
            return heapq.merge(*(run.rising(0, start) for run in self._runs))
        runs: Iterator[Iterator[Any]] = (run.falling(0, start) for run in self._runs)
        if self._by is None:
            return heapq.merge(*runs, reverse=True)
        return heapq.merge(*runs, key=_falling_key)

    def _candidates(self) -> Iterator[int]:
        """Sequence numbers of the runs in no order."""
        entries: Iterator[Any] = chain.from_iterable(run.rising() for run in self._runs)
        return entries if self._by is None else sequences_of(entries)

    def _sorted(self, after: str | None) -> list[int]:
        """Sequence numbers brought into an order that no index has: as slow as they are many."""
        places = map(self._place, self._candidates())
        if after is None:
            return [abs(sequence) for _, sequence in sorted(places)]
        start = self._place(self._table.ids[after])
        return [abs(sequence) for _, sequence in sorted(each for each in places if each > start)]

    def _matches(self, document: dict[str, Any]) -> bool:
        for field, wanted in self._equal.items():
            if identity(read(document, field)) not in wanted:
                return False
        for field, (low, high) in self._bounds.items():
            if not low <= order(read(document, field)) < high:
                return False
        return True

    def _entry(self, key: str) -> Entry:
        sequence = self._table.ids[key]
        if self._by is None:
            return sequence
        document = orjson.loads(self._table.rows[sequence])
        return order(read(document, self._by)) + sequence.to_bytes(8, "big")

    def _place(self, sequence: int) -> tuple[bytes, int]:
        """Where a document stands in the wanted order; newest first counts backwards."""
        if self._sort is None:
            return b"", -sequence if self._falling else sequence
        code = order(read(orjson.loads(self._table.rows[sequence]), self._sort))
        return code.translate(_TURNED) if self._falling else code, sequence


def _wanted(value: Any) -> Collection[Hashable]:
    """The identities that a condition accepts, each once; several values mean one of them."""
    kind = type(value)
    if kind is str or kind is int:
        return (value,)
    if isinstance(value, (tuple, list, set, frozenset)):
        return dict.fromkeys(map(identity, value))
    return (identity(value),)


def _falling_key(entry: Any) -> bytes:
    return entry[:-8].translate(_TURNED) + entry[-8:]  # type: ignore[no-any-return]
