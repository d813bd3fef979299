"""What the tests of the store share."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from mockserver.engine.store import Index, Store

INDEXES = {
    "sama.tasks": (
        Index("project_id"),
        Index("project_id", "state"),
        Index("project_id", sort="created_at"),
        Index(sort="created_at"),
        Index("workflow.id"),
    )
}


@pytest.fixture
def open_store(tmp_path: Path) -> Iterator[Callable[..., Store]]:
    """Opens stores and lets go of them in the end; `kill` one as a killed process would."""
    opened: list[Store] = []

    def opening(
        folder: Path | None = None,
        indexes: dict[str, Sequence[Index]] | None = None,
        durability: str = "process",
    ) -> Store:
        store = Store(folder or tmp_path, indexes or INDEXES, durability=durability)
        opened.append(store)
        return store

    yield opening
    for store in opened:
        store.discard()


def kill(store: Store) -> None:
    """Leave the folder as it is, as a killed process does; only its lock is gone."""
    store.discard()
