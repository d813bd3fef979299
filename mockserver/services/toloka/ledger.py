"""The books of a pool: how much there is, how much is left to issue, what has come of it."""

from typing import Any

from mockserver.engine.sandbox import Sandbox

COLLECTION = "toloka.pool_ledgers"

_EMPTY = {
    "real": 0,
    "golden": 0,
    "training": 0,
    "suites": 0,
    "overlap": 0,
    "left": 0,
    "endless": 0,
    "served": 0,
    "submitted": 0,
    "submitted_ms": 0,
    "spent": 0.0,
}
"""Tasks by role and suites; planned and remaining overlap of real tasks and suites, those without
end counted apart; Tolokers served from what has no end; submissions, their time and their cost."""


def read(sandbox: Sandbox, pool_id: str) -> dict[str, Any]:
    """The books of a pool."""
    found = sandbox.collection(COLLECTION).get(pool_id)
    return {"id": pool_id, **_EMPTY, **(found or {})}


def add(sandbox: Sandbox, pool_id: str, **changes: float) -> dict[str, Any]:
    """Add to the books, in one write for everything that a call or a job has changed."""
    books = read(sandbox, pool_id)
    for name, change in changes.items():
        books[name] = round(books[name] + change, 5) if change else books[name]
    sandbox.collection(COLLECTION).put(books)
    return books


def note(sandbox: Sandbox, pool_id: str, **values: Any) -> None:
    """Set entries of the books."""
    sandbox.collection(COLLECTION).put({**read(sandbox, pool_id), **values})
