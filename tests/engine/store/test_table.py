"""Tests of the table behind a collection: TinyDB's own interface works on the same documents."""

from collections.abc import Callable
from typing import Any

import pytest
from tinydb import where
from tinydb.operations import increment
from tinydb.table import Document

from mockserver.engine.errors import StoreError
from mockserver.engine.store import Store
from mockserver.engine.store.table import DocumentTable

NAME = "sama.tasks"


@pytest.fixture
def store(open_store: Callable[..., Store]) -> Store:
    store = open_store()
    store.collection(NAME).put_many(
        {"id": f"task-{n}", "project_id": n % 2, "priority": n} for n in range(4)
    )
    store.commit()
    return store


@pytest.fixture
def table(store: Store) -> DocumentTable:
    return store.table(NAME)


def ids(documents: Any) -> list[str]:
    """The ids of some documents."""
    return [document["id"] for document in documents]


def test_tinydb_finds_documents(table: DocumentTable) -> None:
    assert ids(table.search(where("project_id") == 1)) == ["task-1", "task-3"]
    assert table.count(where("priority") > 1) == 2
    assert table.contains(where("priority") == 3)
    assert ids(table.all()) == ids(table) == ["task-0", "task-1", "task-2", "task-3"]
    assert len(table) == 4


def test_tinydb_gets_a_document_by_its_own_id(table: DocumentTable) -> None:
    found: Any = table.get(doc_id="task-2")  # type: ignore[call-overload]
    assert found["priority"] == 2
    assert found.doc_id == "task-2"
    assert table.get(doc_id="gone") is None  # type: ignore[call-overload]
    assert ids(table.get(doc_ids=["task-0", "task-9"])) == ["task-0"]


def test_tinydb_inserts_under_the_own_id(store: Store, table: DocumentTable) -> None:
    assert table.insert({"id": 9, "project_id": 1}) == "9"
    assert table.insert_multiple([{"id": 10}, Document({"id": 11}, 11)]) == ["10", "11"]
    assert len(store.collection(NAME).find({"project_id": 1})) == 3
    with pytest.raises(ValueError, match="9 already exists"):
        table.insert({"id": 9})
    with pytest.raises(StoreError, match='needs an "id"'):
        table.insert({"name": "x"})


def test_tinydb_updates_what_the_indexes_find(store: Store, table: DocumentTable) -> None:
    tasks = store.collection(NAME)
    changed: list[Any] = table.update({"project_id": 7}, where("priority") >= 2)
    assert changed == ["task-2", "task-3"]
    table.update(increment("priority"), doc_ids=["task-2"])  # type: ignore[list-item]
    assert ids(tasks.find({"project_id": 7})) == ["task-2", "task-3"]
    changed[:] = table.upsert({"id": "task-9", "project_id": 7}, where("id") == "task-9")
    assert changed == ["task-9"]
    assert tasks.count({"project_id": 7}) == 3
    assert [document["priority"] for document in table.search(where("id") == "task-2")] == [3]


def test_tinydb_removes_documents(store: Store, table: DocumentTable) -> None:
    removed: list[Any] = table.remove(where("project_id") == 1)
    assert removed == ["task-1", "task-3"]
    assert store.collection(NAME).count({"project_id": 1}) == 0
    table.remove(doc_ids=["task-0"])  # type: ignore[list-item]
    table.truncate()
    assert len(table) == 0
    store.rollback()
    assert len(table) == 4


def test_tinydb_can_put_a_document_back_that_it_took_out(table: DocumentTable) -> None:
    def swap(documents: Any) -> None:
        taken = documents.pop("task-0")
        with pytest.raises(KeyError):
            del documents["task-0"]
        assert "task-0" not in documents
        assert len(documents) == 3
        documents["task-0"] = {**taken, "priority": 50}
        documents["task-5"] = {"id": "task-5"}
        assert list(documents) == ["task-0", "task-1", "task-2", "task-3", "task-5"]

    table._update_table(swap)
    assert [document["priority"] for document in table.search(where("priority") > 9)] == [50]


def test_a_document_cannot_change_its_id(store: Store, table: DocumentTable) -> None:
    with pytest.raises(StoreError, match="keeps its id"):
        table.update({"id": "other", "priority": 9})
    store.commit()
    assert ids(table.all()) == ["task-0", "task-1", "task-2", "task-3"]
    assert table.count(where("priority") == 9) == 0


def test_an_update_that_fails_half_way_changes_nothing(table: DocumentTable) -> None:
    def change(document: Any) -> None:
        document["priority"] = 1 / (2 - document["priority"])

    with pytest.raises(ZeroDivisionError):
        table.update(change)
    assert [document["priority"] for document in table] == [0, 1, 2, 3]
