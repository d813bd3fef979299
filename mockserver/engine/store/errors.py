"""What can go wrong with the store itself."""

from collections.abc import Iterable

from mockserver.engine.errors import StoreError


class StoreLocked(StoreError):
    """The data folder is in use by another server."""


class StoreFull(StoreError):
    """The data folder could not take a commit; nothing of it was kept.

    `collections` are those that the commit would have changed.
    """

    status = 503

    def __init__(self, message: str | None = None, collections: Iterable[str] = ()) -> None:
        super().__init__(message or "The data folder could not take a commit.")
        self.collections = frozenset(collections)


class UnknownDocument(StoreError):
    """There is no document of that id to start after."""

    status = 404
