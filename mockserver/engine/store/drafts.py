"""What TinyDB's own methods see of a table: a mapping of ids to decoded documents."""

from collections.abc import Iterator, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any

from mockserver.engine.errors import StoreError
from mockserver.engine.store.values import key_of

if TYPE_CHECKING:
    from mockserver.engine.store.table import DocumentTable


class DecodedRows(Mapping[str, Any]):
    """The documents of a table by id, decoded when looked at."""

    def __init__(self, table: "DocumentTable") -> None:
        self._table = table

    def __getitem__(self, key: str) -> Any:
        document = self._table.fetch(key)
        if document is None:
            raise KeyError(key)
        return document

    def __iter__(self) -> Iterator[str]:
        return iter(self._table.ids)

    def __len__(self) -> int:
        return len(self._table.ids)


class Drafts(MutableMapping[str, Any]):
    """The same, to be changed: nothing reaches the table before `apply`."""

    def __init__(self, table: "DocumentTable") -> None:
        self._table = table
        self._seen: dict[str, Any] = {}

    def __getitem__(self, key: str) -> Any:
        if key not in self._seen:
            self._seen[key] = self._table.fetch(key)
        document = self._seen[key]
        if document is None:
            raise KeyError(key)
        return document

    def __setitem__(self, key: str, document: Any) -> None:
        self._seen[key] = document

    def __delitem__(self, key: str) -> None:
        if key not in self:
            raise KeyError(key)
        self._seen[key] = None

    def __iter__(self) -> Iterator[str]:
        seen, ids = self._seen, self._table.ids
        yield from (key for key in ids if seen.get(key, True) is not None)
        yield from (key for key in seen if key not in ids and seen[key] is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def clear(self) -> None:
        """Remove everything without decoding it."""
        self._seen = dict.fromkeys(self._table.ids)

    def apply(self) -> None:
        """Write what has changed; an id that does not fit its document changes nothing at all."""
        for key, document in self._seen.items():
            if document is not None and ("id" not in document or key_of(document["id"]) != key):
                raise StoreError(f"The document {key!r} of {self._table.name} keeps its id.")
        for key, document in self._seen.items():
            if document is None:
                self._table.discard(key)
            else:
                self._table.put(document)
