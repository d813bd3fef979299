"""What was worked out from documents that rarely change, kept until one of them does."""

from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from mockserver.engine.store import Store

T = TypeVar("T")

MOST = 1_000


class Memo:
    """Results by key, each bound to the revisions of the collections that it was made from.

    A result is shared: whoever gets it must not change it.
    """

    def __init__(self, store: "Store") -> None:
        self._store = store
        self._kept: dict[Hashable, tuple[int, Any]] = {}

    def of(self, collections: Sequence[str], key: Hashable, make: Callable[[], T]) -> T:
        """The result that is kept under the key, or what `make` returns from now on."""
        kept = self._kept.get(key)
        if kept is not None and kept[0] == self._revision(collections):
            result: T = kept[1]
            return result
        result = make()
        if len(self._kept) >= MOST:
            self._kept.clear()
        self._kept[key] = self._revision(collections), result
        return result

    def _revision(self, collections: Sequence[str]) -> int:
        """Each revision only grows, so that equal sums mean equal revisions."""
        collection = self._store.collection
        return sum([collection(name).revision for name in collections])
