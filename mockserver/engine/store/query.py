"""How a question is answered: what to read, what to check, what to bring into order."""

import heapq
from collections.abc import Hashable, Iterable, Iterator, Mapping
from itertools import chain, islice, product
from typing import Any

import orjson

from mockserver.engine.store.index import Entry, Postings, Run, sequence_of
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
        self._falling = bool(sort) and sort[0] == "-"  # type: ignore[index]
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
            self._covered = len(postings.index.fields) == len(self._equal) and all(
                field == self._by for field in self._bounds
            )
        else:
            self._runs = [Run(table.sequences)]
            self._covered = not self._equal and not self._bounds

    def page(self, skip: int, after: str | None, limit: int | None) -> list[dict[str, Any]]:
        """The documents asked for; `after` is a key that the table holds."""
        if self._by == self._sort:
            passed = skip if self._covered else 0
            sequences = self._walk(passed, after)
            documents = self._decoded(sequences)
        else:
            passed = 0
            documents = self._decoded(self._sorted(after))
        if not self._covered:
            documents = filter(self._matches, documents)
        left = skip - passed
        return list(islice(documents, left, None if limit is None else left + limit))

    def each(self) -> Iterator[dict[str, Any]]:
        """Every document that matched at the start and still does when its turn comes."""
        sequences = list(self._walk(0, None)) if self._by == self._sort else self._sorted(None)
        return filter(self._matches, self._decoded(sequences))

    def count(self) -> int:
        """How many there are; an index that covers the question answers without documents."""
        if self._covered:
            return sum(map(len, self._runs))
        sequences = map(sequence_of, chain.from_iterable(run.rising() for run in self._runs))
        return sum(map(self._matches, self._decoded(sequences)))

    def _choose(self) -> Postings | None:
        best, highest = None, (0, False, self._sort is None)
        for postings in self._table.postings:
            index = postings.index
            if all(field in self._equal for field in index.fields):
                score = (len(index.fields), index.sort in self._bounds, index.sort == self._sort)
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
        if len(self._runs) == 1:
            (run,) = self._runs
            entries = run.falling(skip, start) if self._falling else run.rising(skip, start)
        elif not self._falling:
            entries = heapq.merge(*(run.rising(0, start) for run in self._runs))
        else:
            runs = (run.falling(0, start) for run in self._runs)
            if self._by is None:
                entries = heapq.merge(*runs, reverse=True)
            else:
                entries = heapq.merge(*runs, key=_falling_key)
        if len(self._runs) != 1 and skip:
            entries = islice(entries, skip, None)
        return entries if self._by is None else map(sequence_of, entries)  # type: ignore[return-value]

    def _sorted(self, after: str | None) -> list[int]:
        """Sequence numbers brought into an order that no index has: as slow as they are many."""
        entries = chain.from_iterable(run.rising() for run in self._runs)
        place = self._place(after) if after is not None else None
        places = map(self._place_of_sequence, map(sequence_of, entries))
        kept = (each for each in places if place is None or each > place)
        return [abs(sequence) for _, sequence in sorted(kept)]

    def _decoded(self, sequences: Iterable[int]) -> Iterator[dict[str, Any]]:
        rows, loads = self._table.rows, orjson.loads
        for sequence in sequences:
            row = rows.get(sequence)
            if row is not None:
                yield loads(row)

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

    def _place(self, key: str) -> tuple[bytes, int]:
        return self._place_of_sequence(self._table.ids[key])

    def _place_of_sequence(self, sequence: int) -> tuple[bytes, int]:
        """Where a document stands in the wanted order; newest first counts backwards."""
        if self._sort is None:
            return b"", -sequence if self._falling else sequence
        code = order(read(orjson.loads(self._table.rows[sequence]), self._sort))
        return code.translate(_TURNED) if self._falling else code, sequence


def _wanted(value: Any) -> tuple[Hashable, ...]:
    """The identities that a condition accepts: a collection means one of its members."""
    if isinstance(value, (tuple, list, set, frozenset)):
        return tuple(dict.fromkeys(map(identity, value)))
    return (identity(value),)


def _falling_key(entry: Any) -> bytes:
    return entry[:-8].translate(_TURNED) + entry[-8:]  # type: ignore[no-any-return]
