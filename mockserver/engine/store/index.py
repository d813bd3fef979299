"""Indexes in memory: which documents have these values, in which order."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Generator, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice, repeat
from operator import add, itemgetter
from struct import Struct
from typing import Any

from sortedcontainers import SortedList

from mockserver.engine.store.values import PAST, identity, order, orders, read

# An entry stands for one document: its sequence number, or, where the index has a sort field, the
# code of that field's value followed by the sequence number in eight bytes.
Entry = int | bytes

# Up to here a tuple holds the entries of a key: a SortedList costs about a kilobyte.
_TUPLE = 64
# Entries of one sort value that are read one by one before their beginning is searched for.
_TIES = 16
_EIGHT = Struct(">Q")
_TAIL = itemgetter(slice(-8, None))
# Values of these types are their own identities.
_PLAIN = {str, int, type(None)}


@dataclass(frozen=True, init=False)
class Index:
    """Documents by the values of `fields` (dotted paths allowed), ordered by `sort`, then age."""

    fields: tuple[str, ...]
    sort: str | None

    def __init__(self, *fields: str, sort: str | None = None) -> None:
        object.__setattr__(self, "fields", fields)
        object.__setattr__(self, "sort", sort)


def sequences_of(entries: Iterable[bytes]) -> Iterator[int]:
    """The sequence numbers that entries of an index with a sort field stand for."""
    return map(int.from_bytes, map(_TAIL, entries))


# Indexes are declared once and used in every sandbox, which share what is derived from them.
@cache
def _set_of(fields: tuple[str, ...]) -> frozenset[str]:
    return frozenset(fields)


@cache
def _roots_of(index: Index) -> frozenset[str]:
    """The fields of a document that the index looks at, or into."""
    paths = index.fields if index.sort is None else (*index.fields, index.sort)
    return frozenset(path.partition(".")[0] for path in paths)


@cache
def _key_of(fields: tuple[str, ...]) -> Callable[[dict[str, Any]], Hashable]:
    if len(fields) == 1 and "." not in fields[0]:
        (field,) = fields

        def key(document: dict[str, Any]) -> Hashable:
            value = document.get(field)
            kind = type(value)
            return value if kind is str or kind is int else identity(value)

        return key
    if len(fields) == 1:
        return lambda document: identity(read(document, fields[0]))
    if "." not in "".join(fields):
        return lambda document: tuple(map(identity, map(document.get, fields)))
    return lambda document: tuple([identity(read(document, field)) for field in fields])


@cache
def _entry_of(sort: str | None) -> Callable[[dict[str, Any], int], Entry]:
    if sort is None:
        return lambda document, sequence: sequence
    if "." in sort:
        return lambda document, sequence: order(read(document, sort)) + _EIGHT.pack(sequence)
    return lambda document, sequence: order(document.get(sort)) + _EIGHT.pack(sequence)


class Plan:
    """How the entries of one document are worked out for several indexes, each field once."""

    __slots__ = ("_fields", "_nested", "_sorts", "_steps")

    def __init__(self, indexes: Sequence[Index]) -> None:
        self._fields = tuple(dict.fromkeys(field for index in indexes for field in index.fields))
        self._nested = [(n, field) for n, field in enumerate(self._fields) if "." in field]
        sorts = tuple(dict.fromkeys(index.sort for index in indexes))
        self._sorts = tuple(map(_entry_of, sorts))
        self._steps = [
            (
                _picker([self._fields.index(field) for field in index.fields]),
                sorts.index(index.sort),
            )
            for index in indexes
        ]

    def enter(self, document: dict[str, Any], sequence: int, all_: Iterable["Postings"]) -> None:
        """Enter a new document into the postings of the indexes."""
        get = document.get
        values = [
            value if type(value := get(field)) in _PLAIN else identity(value)
            for field in self._fields
        ]
        for place, field in self._nested:
            values[place] = identity(read(document, field))
        entries = [entry_of(document, sequence) for entry_of in self._sorts]
        for (pick, place), postings in zip(self._steps, all_, strict=True):
            postings.enter(pick(values), entries[place])


def _picker(places: list[int]) -> Callable[[Sequence[Hashable]], Hashable]:
    """What makes the key of an index out of the identities of all fields."""
    return itemgetter(*places) if places else lambda values: ()


@cache
def plan_of(indexes: tuple[Index, ...]) -> Plan:
    """The plan for these indexes, which all sandboxes share."""
    return Plan(indexes)


class Columns:
    """Keys and entries of many documents, each field worked out once for all indexes."""

    __slots__ = ("_codes", "_documents", "_identities", "_sequences")

    def __init__(self, documents: Sequence[dict[str, Any]], sequences: Sequence[int]) -> None:
        self._documents = documents
        self._sequences = sequences
        self._identities: dict[str, list[Hashable]] = {}
        self._codes: dict[str, list[bytes]] = {}

    def pairs(self, index: Index) -> Iterator[tuple[Hashable, Entry]]:
        """What each document is entered under, and what stands for it there."""
        entries = self._sequences if index.sort is None else self._entries(index.sort)
        return zip(self._keys(index.fields), entries, strict=True)

    def _keys(self, fields: tuple[str, ...]) -> Iterable[Hashable]:
        if len(fields) == 1:
            return self._column(fields[0])
        if fields:
            return zip(*map(self._column, fields), strict=True)
        return repeat((), len(self._documents))

    def _column(self, field: str) -> list[Hashable]:
        found = self._identities.get(field)
        if found is None:
            found = self._identities[field] = _identities(_column(self._documents, field))
        return found

    def _entries(self, sort: str) -> list[bytes]:
        found = self._codes.get(sort)
        if found is None:
            codes = orders(_column(self._documents, sort))
            found = self._codes[sort] = list(map(add, codes, map(_EIGHT.pack, self._sequences)))
        return found


class Run:
    """Consecutive entries of one key in order, read from either end in O(log n)."""

    __slots__ = ("_entries", "_start", "_stop")

    def __init__(self, entries: Any, start: int = 0, stop: int | None = None) -> None:
        self._entries = entries
        self._start = start
        self._stop = len(entries) if stop is None else stop

    def __len__(self) -> int:
        return max(0, self._stop - self._start)

    def between(self, low: bytes, high: bytes) -> "Run":
        """The part whose sort values have codes in this interval."""
        return Run(self._entries, self._first(low), self._first(high))

    def rising(self, skip: int = 0, after: Entry | None = None) -> Iterator[Entry]:
        """Entries upwards."""
        start = self._start
        if after is not None:
            start = max(start, self._past(after))
        return self._slice(start + skip, self._stop)

    def falling(self, skip: int = 0, after: Entry | None = None) -> Iterator[Entry]:
        """Entries by sort value downwards, equal ones by age; without sort field, newest first."""
        if not len(self):
            return iter(())
        if type(self._entries[self._start]) is int:
            stop = self._stop if after is None else min(self._stop, self._first(after))
            return self._slice(self._start, stop - skip, reverse=True)
        if after is not None:
            skip += self._falling_position(after)
        return self._falling(skip)

    def _falling(self, position: int) -> Iterator[bytes]:
        """From the entry at this position of the falling order, value by value."""
        while position < len(self):
            ties = self._ties(self._entries[self._stop - 1 - position][:-8])
            top = self._stop - ties.stop
            yield from self._slice(ties.start + position - top, ties.stop)
            position = self._stop - ties.start
            position += yield from self._falling_singles(self._stop - position)

    def _falling_singles(self, stop: int) -> Generator[bytes, None, int]:
        """Downwards below this place while ties are few, which spares a search for each value."""
        read, ties = 0, list[bytes]()
        for entry in self._slice(self._start, stop, reverse=True):
            if ties and ties[-1][:-8] != entry[:-8]:
                yield from reversed(ties)
                read += len(ties)
                ties.clear()
            elif len(ties) == _TIES:
                return read
            ties.append(entry)
        yield from reversed(ties)
        return read + len(ties)

    def _falling_position(self, after: Any) -> int:
        """How many entries of the falling order come up to and including this one."""
        ties = self._ties(after[:-8])
        past = min(max(self._past(after), ties.start), ties.stop)
        return self._stop - ties.stop + past - ties.start

    def _ties(self, code: bytes) -> range:
        """Where the entries of one sort value lie."""
        return range(self._first(code), self._first(code + PAST))

    def _first(self, bound: Any) -> int:
        if type(self._entries) is tuple:
            place = bisect_left(self._entries, bound)
        else:
            place = self._entries.bisect_left(bound)
        return min(max(place, self._start), self._stop)

    def _past(self, entry: Any) -> int:
        if type(self._entries) is tuple:
            return bisect_right(self._entries, entry)
        return self._entries.bisect_right(entry)  # type: ignore[no-any-return]

    def _slice(self, start: int, stop: int, *, reverse: bool = False) -> Iterator[Any]:
        if start >= stop:
            return iter(())
        if type(self._entries) is tuple:
            part = self._entries[start:stop]
            return reversed(part) if reverse else iter(part)
        return self._entries.islice(start, stop, reverse)  # type: ignore[no-any-return]


EMPTY = Run(())


class Postings:
    """The living side of one Index: for each key, its entries in order.

    One entry stands for itself, a few are a tuple, many a SortedList: most keys have few.
    """

    __slots__ = ("_gathered", "_held", "entry", "fields", "index", "key", "roots")

    def __init__(self, index: Index) -> None:
        self.index = index
        self.fields = _set_of(index.fields)
        self.roots = _roots_of(index)
        self.key = _key_of(index.fields)
        self.entry = _entry_of(index.sort)
        self._held: dict[Hashable, Any] = {}
        self._gathered: defaultdict[Hashable, list[Any]] | None = None

    def add(self, document: dict[str, Any], sequence: int) -> None:
        """Enter a new document."""
        self.enter(self.key(document), self.entry(document, sequence))

    def enter(self, key: Hashable, entry: Entry) -> None:
        """Enter what stands for a new document."""
        held = self._held.get(key)
        if held is None:
            self._held[key] = entry
        elif type(held) is SortedList:
            held.add(entry)
        else:
            self._join(key, held, entry)

    def discard(self, document: dict[str, Any], sequence: int) -> None:
        """Remove a document that was entered as it is here."""
        self._discard(self.key(document), self.entry(document, sequence))

    def replace(self, old: dict[str, Any], new: dict[str, Any], sequence: int) -> None:
        """Move a document, if what this index looks at has changed."""
        old_key, new_key, sort = self.key(old), self.key(new), self.index.sort
        if old_key == new_key and (sort is None or _same(read(old, sort), read(new, sort))):
            return
        old_entry, new_entry = self.entry(old, sequence), self.entry(new, sequence)
        if old_key != new_key or old_entry != new_entry:
            self._discard(old_key, old_entry)
            self.add(new, sequence)

    def run(self, key: Hashable) -> Run:
        """The entries of one key."""
        held = self._held.get(key)
        if held is None:
            return EMPTY
        kind = type(held)
        return Run((held,) if kind is int or kind is bytes else held)

    def add_many(self, columns: "Columns") -> None:
        """Enter new documents, many at once."""
        enter = self.enter
        for key, entry in columns.pairs(self.index):
            enter(key, entry)

    def gather(self, columns: "Columns") -> None:
        """Take note of new documents, many at once, until `build`; older sequences come first."""
        gathered = self._gathered
        if gathered is None:
            gathered = self._gathered = defaultdict(list)
        for key, entry in columns.pairs(self.index):
            gathered[key].append(entry)

    def build(self) -> None:
        """Make an empty index of what was gathered."""
        held = self._held
        for key, entries in (self._gathered or {}).items():
            if len(entries) == 1:
                held[key] = entries[0]
            elif len(entries) <= _TUPLE:
                held[key] = tuple(sorted(entries))
            else:
                held[key] = SortedList(entries)
        self._gathered = None

    def _join(self, key: Hashable, held: Any, entry: Entry) -> None:
        """One entry more for a key that has few."""
        if type(held) is not tuple:
            self._held[key] = (held, entry) if held < entry else (entry, held)
        elif len(held) < _TUPLE:
            place = bisect_left(held, entry)
            self._held[key] = (*held[:place], entry, *held[place:])
        else:
            self._held[key] = SortedList((*held, entry))

    def _discard(self, key: Hashable, entry: Entry) -> None:
        held = self._held[key]
        kind = type(held)
        if kind is SortedList:
            held.remove(entry)
            if len(held) <= _TUPLE // 2:
                self._held[key] = tuple(held)
        elif kind is tuple:
            place = bisect_left(held, entry)
            rest = (*held[:place], *islice(held, place + 1, None))
            self._held[key] = rest if len(rest) > 1 else rest[0]
        else:
            del self._held[key]


def _same(one: Any, other: Any) -> bool:
    """Whether two values are plainly equal, so that their codes need no making."""
    return type(one) is type(other) and type(one) in _PLAIN and one == other


def _column(documents: Iterable[dict[str, Any]], field: str) -> list[Any]:
    """One field of many documents."""
    if "." in field:
        return [read(document, field) for document in documents]
    return [document.get(field) for document in documents]


def _identities(column: list[Any]) -> list[Hashable]:
    return column if set(map(type, column)) <= _PLAIN else list(map(identity, column))
