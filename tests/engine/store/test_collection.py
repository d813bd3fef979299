"""Tests of a collection against a plain dict that is asked the same questions."""

import json
import operator
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from mockserver.engine.errors import StoreError
from mockserver.engine.store import Index, Range, Snapshot, Store, UnknownDocument
from tests.engine.store.conftest import kill

NAME = "sama.tasks"
INDEXES = {
    NAME: (
        Index("p"),
        Index("p", "s"),
        Index("p", sort="at"),
        Index(sort="at"),
        Index("s", sort="n.x"),
        Index("n.x"),
    )
}

VALUES = st.sampled_from([None, True, False, 0, 1, 1.0, 1.5, -2, "", "1", "a", "b", [1], {"k": 1}])
IDS = st.one_of(st.integers(0, 12), st.sampled_from(["a", "b", "7"]))
DOCUMENTS = st.fixed_dictionaries(
    {"id": IDS},
    optional={"p": VALUES, "s": VALUES, "at": VALUES, "n": st.fixed_dictionaries({"x": VALUES})},
)
FIELDS = st.sampled_from(["p", "s", "at", "n.x", "id"])
CONDITIONS = st.dictionaries(FIELDS, st.one_of(VALUES, st.sets(st.integers(0, 9)), IDS), max_size=3)
BOUND = st.one_of(st.none(), st.sampled_from([False, True, -2, 0, 1, 1.5, "", "1", "a", "b"]))
RANGES = st.dictionaries(
    FIELDS, st.builds(Range, gt=BOUND, gte=BOUND, lt=BOUND, lte=BOUND), max_size=2
)
SORTS = st.sampled_from([None, "-", "at", "-at", "n.x", "-n.x", "p", "-p"])


def at(document: dict[str, Any], field: str) -> Any:
    """The value at a dotted path."""
    value: Any = document
    for name in field.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def rank(value: Any) -> tuple[int, Any]:
    """JSON order: null, booleans, numbers, text, the rest."""
    if value is None:
        return 0, 0
    if isinstance(value, bool):
        return 1, value
    if isinstance(value, int | float):
        return 2, value
    return (3, value) if isinstance(value, str) else (4, json.dumps(value, separators=(",", ":")))


def within(value: Any, interval: Range) -> bool:
    """Whether a value lies in a range of its own kind."""
    kind = rank(value)[0]
    bounds = [
        (interval.gt, operator.gt),
        (interval.gte, operator.ge),
        (interval.lt, operator.lt),
        (interval.lte, operator.le),
    ]
    return value is not None and all(
        bound is None or (rank(bound)[0] == kind and holds(rank(value), rank(bound)))
        for bound, holds in bounds
    )


def accepts(wanted: Any, value: Any) -> bool:
    """Whether a condition holds for a value."""
    many = wanted if isinstance(wanted, tuple | list | set) else [wanted]
    return rank(value) in [rank(each) for each in many]


class Model:
    """The same collection as a dict, searched by looking at everything."""

    def __init__(self) -> None:
        self.documents: dict[str, dict[str, Any]] = {}

    def put(self, document: dict[str, Any]) -> None:
        self.documents[str(document["id"])] = document

    def find(
        self, where: dict[str, Any], ranges: dict[str, Range], sort: str | None
    ) -> list[dict[str, Any]]:
        found = [
            document
            for document in self.documents.values()
            if all(accepts(wanted, at(document, field)) for field, wanted in where.items())
            and all(within(at(document, field), each) for field, each in ranges.items())
        ]
        field = (sort or "").removeprefix("-")
        falling = (sort or "").startswith("-")
        if field:
            # `reverse` keeps equal ones in order, as `sorted` does.
            return sorted(found, key=lambda each: rank(at(each, field)), reverse=falling)
        return found[::-1] if falling else found


class CollectionMachine(RuleBasedStateMachine):
    """Random work on a store and on its model, restarts included."""

    @initialize()
    def open(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="mockserver-store-"))
        self.committed = Model()
        self.model = Model()
        self.kept: tuple[Snapshot, dict[str, dict[str, Any]]] | None = None
        self._open()

    def _open(self) -> None:
        self.store = Store(self.folder, INDEXES)
        self.store.checkpoint_at = 300
        self.tasks = self.store.collection(NAME)

    def _copy(self, documents: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        return dict(documents)

    @rule(documents=st.lists(DOCUMENTS, min_size=1, max_size=6))
    def put(self, documents: list[dict[str, Any]]) -> None:
        self.tasks.put_many(documents)
        for document in documents:
            self.model.put(json.loads(json.dumps(document)))

    @rule(id=IDS)
    def delete(self, id: Any) -> None:
        assert self.tasks.delete(id) is (self.model.documents.pop(str(id), None) is not None)

    @rule()
    def clear(self) -> None:
        self.store.clear()
        self.model.documents.clear()

    @rule()
    def commit(self) -> None:
        self.store.commit()
        self.committed.documents = self._copy(self.model.documents)

    @rule()
    def rollback(self) -> None:
        self.store.rollback()
        # What was removed comes back to its old place.
        self.model.documents = self._copy(self.committed.documents)

    @rule()
    def snapshot(self) -> None:
        self.kept = self.store.snapshot(), self._copy(self.model.documents)

    @rule()
    def save(self) -> None:
        self.store.save_snapshot("kept")
        self.store.load_snapshot("kept")

    @precondition(lambda self: self.kept is not None)
    @rule()
    def restore(self) -> None:
        assert self.kept is not None
        self.store.restore(self.kept[0])
        self.model.documents = self._copy(self.kept[1])

    @rule(cleanly=st.booleans())
    def reopen(self, cleanly: bool) -> None:
        if cleanly:
            self.store.close()
        else:
            kill(self.store)
        self._open()
        self.model.documents = self._copy(self.committed.documents)

    @rule(where=CONDITIONS, ranges=RANGES, sort=SORTS, skip=st.integers(0, 3), data=st.data())
    def ask(
        self,
        where: dict[str, Any],
        ranges: dict[str, Range],
        sort: str | None,
        skip: int,
        data: st.DataObject,
    ) -> None:
        expected = self.model.find(where, ranges, sort)
        assert self.tasks.find(where, ranges=ranges, sort=sort) == expected
        assert list(self.tasks.each(where, ranges=ranges, sort=sort)) == expected
        assert self.tasks.count(where, ranges=ranges) == len(expected)
        limit = data.draw(st.one_of(st.none(), st.integers(0, 4)))
        end = None if limit is None else skip + limit
        page = self.tasks.find(where, ranges=ranges, sort=sort, skip=skip, limit=limit)
        assert page == expected[skip:end]
        if expected:
            place = data.draw(st.integers(0, len(expected) - 1))
            last = expected[place]["id"]
            page = self.tasks.find(
                where, ranges=ranges, sort=sort, after=last, skip=skip, limit=limit
            )
            assert page == expected[place + 1 :][skip:end]

    @invariant()
    def same(self) -> None:
        expected = list(self.model.documents.values())
        assert self.tasks.find() == expected
        assert len(self.tasks) == len(expected)
        for document in expected:
            assert self.tasks.get(document["id"]) == document
            assert document["id"] in self.tasks

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)


CollectionMachine.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=25,
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
