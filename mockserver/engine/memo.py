"""What was worked out from documents that rarely change, kept until one of them does."""

from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import orjson

from mockserver.engine.service import Answer, Call, Checked

if TYPE_CHECKING:
    from mockserver.engine.store import Store

T = TypeVar("T")

MOST = 1_000
LARGEST = 16 * 1024
"""Bytes of an answer's body that is kept."""


class Memo:
    """Results by key, each bound to the revisions of the collections that it was made from.

    A result is shared: whoever gets it must not change it.
    """

    def __init__(self, store: "Store") -> None:
        self._store = store
        self._kept: dict[Hashable, tuple[int, Any]] = {}
        self._answers: dict[Hashable, tuple[Hashable, Answer]] = {}

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

    def answer(
        self, call: Call, key: Hashable, stamp: Hashable, collections: Sequence[str]
    ) -> Answer | None:
        """The answer that was given before, if nothing has changed of what it was made from.

        That is the document with this stamp (`Collection.stamp`) and the collections. Without such
        an answer, the one to this call is kept, unless the handler takes back `call.keep`.
        """
        state = stamp, self._revision(collections)
        kept = self._answers.get(key)
        if kept is not None and kept[0] == state:
            return kept[1]

        def keep(answer: Answer) -> Answer:
            content = Checked(orjson.dumps(answer.body))
            kept = Answer(answer.status, content, answer.headers, answer.media_type)
            if len(content) <= LARGEST:
                if len(self._answers) >= MOST:
                    self._answers.clear()
                self._answers[key] = state, kept
            return kept

        call.keep = keep
        return None

    def _revision(self, collections: Sequence[str]) -> int:
        """Each revision only grows, so that equal sums mean equal revisions."""
        collection = self._store.collection
        return sum([collection(name).revision for name in collections])
