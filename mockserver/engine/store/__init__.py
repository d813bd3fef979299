"""Documents in named collections, with indexes, atomic commits and files a person can open.

The whole interface is `Store` and `Collection`, in terms of documents, ids and field values: no
caller holds a reference into the store, and none depends on documents living in this process. A
second implementation, on SQL, needs `Store.collection/collections/commit/rollback/clear/close`
and the methods of `Collection`; `Index` declares what it has to find fast.
"""

from mockserver.engine.store.collection import Collection
from mockserver.engine.store.errors import StoreFull, StoreLocked, UnknownDocument
from mockserver.engine.store.index import Index
from mockserver.engine.store.snapshots import Snapshot
from mockserver.engine.store.store import Store
from mockserver.engine.store.values import Range

__all__ = [
    "Collection",
    "Index",
    "Range",
    "Snapshot",
    "Store",
    "StoreFull",
    "StoreLocked",
    "UnknownDocument",
]
