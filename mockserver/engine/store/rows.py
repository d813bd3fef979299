"""Documents as JSON bytes by sequence number, in pages that copies share until they change."""

from collections.abc import Iterable, Iterator, MutableMapping

# A page holds 256 sequence numbers: little to copy at the first change after a copy of all.
_SHIFT = 8


class Rows(MutableMapping[int, bytes]):
    """A mapping that is copied fast, by sharing pages: a checkpoint needs the rows of one moment.

    Neither the copy nor what it was copied from sees what happens to the other.
    """

    __slots__ = ("_own", "_pages")

    def __init__(self, rows: Iterable[tuple[int, bytes]] = ()) -> None:
        self._pages: dict[int, dict[int, bytes]] = {}
        self._own = set[int]()
        number, page = -1, dict[int, bytes]()
        for sequence, row in rows:
            if sequence >> _SHIFT != number:
                number = sequence >> _SHIFT
                page = self._page(number)
            page[sequence] = row

    def __getitem__(self, sequence: int) -> bytes:
        return self._pages[sequence >> _SHIFT][sequence]

    def get(self, sequence: int, default: bytes | None = None) -> bytes | None:  # type: ignore[override]
        """The row, or the default."""
        page = self._pages.get(sequence >> _SHIFT)
        return default if page is None else page.get(sequence, default)

    def __setitem__(self, sequence: int, row: bytes) -> None:
        number = sequence >> _SHIFT
        page = self._pages[number] if number in self._own else self._page(number)
        page[sequence] = row

    def __delitem__(self, sequence: int) -> None:
        number = sequence >> _SHIFT
        if sequence not in self._pages[number]:
            raise KeyError(sequence)
        page = self._page(number)
        del page[sequence]
        if not page:
            del self._pages[number]
            self._own.discard(number)

    def __iter__(self) -> Iterator[int]:
        for page in self._pages.values():
            yield from page

    def __len__(self) -> int:
        return sum(map(len, self._pages.values()))

    def __bool__(self) -> bool:
        return bool(self._pages)

    def clear(self) -> None:
        """Remove all."""
        self._pages = {}
        self._own = set()

    def copy(self) -> "Rows":
        """The same rows, changed apart from now on."""
        other = Rows()
        other._pages = self._pages.copy()
        self._own = set()
        return other

    def pick(self, sequences: Iterable[int]) -> Iterator[bytes]:
        """The rows of these numbers, which are all there."""
        pages = self._pages
        for sequence in sequences:
            yield pages[sequence >> _SHIFT][sequence]

    def pages(self) -> Iterator[dict[int, bytes]]:
        """Rows in order of their numbers, in portions."""
        for number in sorted(self._pages):
            page = self._pages[number]
            numbers = list(page)
            if numbers != sorted(numbers):
                page = dict(sorted(page.items()))
            yield page

    def _page(self, number: int) -> dict[int, bytes]:
        """A page to be changed: one that is shared is copied first."""
        if number not in self._own:
            self._pages[number] = dict(self._pages.get(number, ()))
            self._own.add(number)
        return self._pages[number]
