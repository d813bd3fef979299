"""Tests of a collection against a plain dict that is asked the same questions."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from mockserver.engine.errors import StoreError
from mockserver.engine.store import Store, UnknownDocument
from tests.engine.store.conftest import kill
from tests.engine.store.model import DOCUMENTS, IDS, INDEXES, NAME, QUESTIONS, Model, Question


class CollectionMachine(RuleBasedStateMachine):
    """Random work on a store and on its model, restarts included."""

    @initialize(documents=st.lists(DOCUMENTS, min_size=5, max_size=30))
    def open(self, documents: list[dict[str, Any]]) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="mockserver-store-"))
        self.committed: dict[str, dict[str, Any]] = {}
        self.model = Model()
        self.made = 0
        self._open()
        self.put(documents)
        self.commit()
        self.kept = self.store.snapshot(), self.committed

    def _open(self) -> None:
        self.store = Store(self.folder, INDEXES)
        self.store.checkpoint_at = 300
        self.tasks = self.store.collection(NAME)

    @rule(documents=st.lists(DOCUMENTS, min_size=1, max_size=9))
    def put(self, documents: list[dict[str, Any]]) -> None:
        self.tasks.put_many(documents)
        self.model.put(documents)

    @rule(documents=st.lists(DOCUMENTS, min_size=1, max_size=4), leave=st.booleans())
    def put_many_new(self, documents: list[dict[str, Any]], leave: bool) -> None:
        """So many that their indexes are worked out field by field."""
        self.made += 20
        ids = [f"new-{number}" for number in range(self.made - 20, self.made)]
        new = [{**documents[n % len(documents)], "id": id} for n, id in enumerate(ids)]
        self.put(new)
        if leave:
            for id in ids[::2]:
                assert self.tasks.delete(id)
                del self.model.documents[id]

    @rule(ids=st.lists(IDS, min_size=1, max_size=4))
    def delete(self, ids: list[Any]) -> None:
        for id in ids:
            assert self.tasks.delete(id) is (self.model.documents.pop(str(id), None) is not None)

    @rule()
    def commit(self) -> None:
        self.store.commit()
        self.committed = dict(self.model.documents)

    @rule()
    def snapshot(self) -> None:
        self.kept = self.store.snapshot(), dict(self.model.documents)

    @rule(turn=st.sampled_from(["roll back", "clear", "restore", "save", "close", "kill"]))
    def turn(self, turn: str) -> None:
        if turn == "clear":
            self.store.clear()
            self.model.documents = {}
        elif turn == "restore":
            self.store.restore(self.kept[0])
            self.model.documents = dict(self.kept[1])
        elif turn == "save":
            self.store.save_snapshot("kept")
            self.store.load_snapshot("kept")
        else:
            self._go_back(turn)

    def _go_back(self, turn: str) -> None:
        if turn == "roll back":
            self.store.rollback()
        elif turn == "close":
            self.store.close()
            self._open()
        else:
            kill(self.store)
            self._open()
        self.model.documents = dict(self.committed)

    @rule(question=QUESTIONS)
    def ask(self, question: Question) -> None:
        question.check(self.tasks, self.model)

    @invariant()
    def same(self) -> None:
        expected = list(self.model.documents.values())
        assert self.tasks.find() == expected
        assert len(self.tasks) == len(expected)
        for document in expected:
            assert self.tasks.get(document["id"]) == document
            assert document["id"] in self.tasks
            assert document in self.tasks.find({"p": document.get("p")}, sort="at")

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)


CollectionMachine.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestACollectionBehavesAsADict = CollectionMachine.TestCase


def test_a_document_that_was_read_can_be_changed_freely(open_store: Callable[..., Store]) -> None:
    tasks = open_store().collection(NAME)
    document = {"id": 1, "answers": {"label": "cat"}}
    tasks.put(document)
    document["answers"] = {"label": "dog"}
    for copy in (tasks.get(1), tasks.find()[0], next(tasks.each())):
        assert copy is not None
        copy["answers"]["label"] = "cow"
    assert tasks.get("1") == {"id": 1, "answers": {"label": "cat"}}


@pytest.mark.parametrize("document", [{}, {"name": "x"}, {"id": None}, {"id": True}, ["id"]])
def test_a_document_without_an_id_is_refused(
    open_store: Callable[..., Store], document: Any
) -> None:
    tasks = open_store().collection(NAME)
    with pytest.raises(StoreError, match="id"):
        tasks.put(document)
    assert len(tasks) == 0


@pytest.mark.parametrize("value", [{1: "key"}, 2**70, b"bytes", object()])
def test_what_json_cannot_say_is_refused(open_store: Callable[..., Store], value: Any) -> None:
    tasks = open_store().collection(NAME)
    with pytest.raises(StoreError, match=r"sama\.tasks is not plain JSON"):
        tasks.put({"id": 1, "value": value})
    assert len(tasks) == 0


def test_a_page_after_an_unknown_document_is_refused(open_store: Callable[..., Store]) -> None:
    tasks = open_store().collection(NAME)
    with pytest.raises(UnknownDocument, match=r"sama\.tasks has no document 'gone'"):
        tasks.find(after="gone")


def test_many_documents_of_which_one_is_none_leave_no_trace(
    open_store: Callable[..., Store],
) -> None:
    tasks = open_store().collection(NAME)
    good: list[dict[str, Any]] = [{"id": n} for n in range(40)]
    for bad in ({"name": "no id"}, {"id": 99, "value": object()}):
        with pytest.raises(StoreError):
            tasks.put_many([*good, bad])
        assert len(tasks) == 0
    tasks.put_many([*good, {"id": 3, "project_id": 7}])
    assert (len(tasks), tasks.find({"project_id": 7})) == (40, [{"id": 3, "project_id": 7}])


def test_each_goes_on_while_the_collection_changes(open_store: Callable[..., Store]) -> None:
    tasks = open_store().collection(NAME)
    tasks.put_many({"id": n, "project_id": 1} for n in range(1, 7))
    seen = []
    for document in tasks.each({"project_id": 1}):
        seen.append(document["id"])
        tasks.delete(document["id"] + 1)
        tasks.put({"id": 6, "project_id": 2})
        tasks.put({"id": f"new-{document['id']}", "project_id": 1})
    assert seen == [1, 3, 5]


def test_each_ends_when_the_store_is_cleared(open_store: Callable[..., Store]) -> None:
    store = open_store()
    tasks = store.collection(NAME)
    tasks.put_many({"id": n} for n in range(5))
    walk = tasks.each()
    assert next(walk) == {"id": 0}
    store.clear()
    tasks.put({"id": 9})
    assert list(walk) == []


def test_a_page_goes_on_after_a_document_that_no_longer_matches(
    open_store: Callable[..., Store],
) -> None:
    tasks = open_store().collection(NAME)
    tasks.put_many({"id": n, "project_id": 1, "created_at": n} for n in range(9))
    tasks.put({"id": 4, "project_id": 2, "created_at": 4})
    page = tasks.find({"project_id": 1}, sort="created_at", after=4, limit=2)
    assert [document["id"] for document in page] == [5, 6]
    page = tasks.find({"project_id": 1}, sort="-created_at", after=4, limit=2)
    assert [document["id"] for document in page] == [3, 2]


def test_a_collection_knows_its_name(open_store: Callable[..., Store]) -> None:
    assert open_store().collection(NAME).name == NAME
