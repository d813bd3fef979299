"""What can go wrong with the store itself."""

from mockserver.engine.errors import StoreError


class StoreLocked(StoreError):
    """The data folder is in use by another server."""


class StoreFull(StoreError):
    """The data folder could not take a commit; nothing of it was kept."""

    status = 507


class UnknownDocument(StoreError):
    """There is no document of that id to start after."""

    status = 404
