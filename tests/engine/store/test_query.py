"""Tests of how questions are answered: the work must not grow with the collection."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tinydb.storages import MemoryStorage

from mockserver.engine.store import Collection, Index, Range, Snapshot, Store
from mockserver.engine.store.checkpoint import Image
from mockserver.engine.store.rows import Rows
from mockserver.engine.store.table import DocumentTable
from tests.engine.store import model
from tests.engine.store.conftest import INDEXES
from tests.engine.store.model import DOCUMENTS, NAME, QUESTIONS, Model, Question

FEW, MANY = 1_000, 100_000


def row(number: int) -> bytes:
    """One of many documents: 10 projects, three states, times that rise, equal in pairs."""
    return orjson.dumps(
        {
            "id": f"task-{number}",
            "project_id": number % 10,
            "state": ("new", "done", "late")[number % 3],
            "created_at": number // 20,
        }
    )


@pytest.fixture(scope="module")
def sizes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Store]]:
    """A small and a large store of the same shape."""
    stores = []
    for count in (FEW, MANY):
        store = Store(tmp_path_factory.mktemp("sizes"), INDEXES)
        rows = Rows((number, row(number)) for number in range(1, count + 1))
        store.restore(Snapshot(Image({NAME: rows}, {NAME: count + 1})))
        store.commit()
        stores.append(store)
    yield stores[0], stores[1]
    for store in stores:
        store.discard()


def steps(action: Callable[[], object]) -> int:
    """How many lines of Python an action takes, those of libraries included."""
    count = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        action()
    finally:
        sys.settrace(before)
    return count


class Decoder:
    """Stands in for orjson and counts what is decoded."""

    def __init__(self) -> None:
        self.decoded = 0

    def loads(self, text: bytes) -> Any:
        self.decoded += 1
        return orjson.loads(text)


@pytest.fixture
def decoder(monkeypatch: pytest.MonkeyPatch) -> Decoder:
    decoder = Decoder()
    for room in ("collection", "query", "table"):
        monkeypatch.setattr(f"mockserver.engine.store.{room}.orjson", decoder)
    return decoder


def middle(tasks: Collection) -> str:
    """The id of a document of project 5 in the middle."""
    return f"task-{len(tasks) // 20 * 10 + 5}"


ROUTINE: dict[str, Callable[[Collection], object]] = {
    "get": lambda tasks: tasks.get(middle(tasks)),
    "contains": lambda tasks: middle(tasks) in tasks,
    "length": len,
    "by id": lambda tasks: tasks.find({"id": ("task-3", "task-77")}, sort="-created_at"),
    "first": lambda tasks: tasks.find(limit=5),
    "newest": lambda tasks: tasks.find(sort="-", skip=len(tasks) // 2, limit=5),
    "page": lambda tasks: tasks.find({"project_id": 5}, skip=len(tasks) // 20, limit=5),
    "page of two": lambda tasks: tasks.find({"project_id": (5, 6)}, skip=9, limit=5),
    "next page": lambda tasks: tasks.find(
        {"project_id": 5}, sort="created_at", after=middle(tasks), limit=5
    ),
    "page before": lambda tasks: tasks.find(
        {"project_id": 5}, sort="-created_at", after=middle(tasks), limit=5
    ),
    "latest": lambda tasks: tasks.find({"project_id": 5}, sort="-created_at", skip=7, limit=5),
    "latest of two": lambda tasks: tasks.find({"project_id": (5, 6)}, sort="-created_at", limit=5),
    "latest of all": lambda tasks: tasks.find(sort="-created_at", limit=5),
    "in a range": lambda tasks: tasks.find(
        {"project_id": 5}, ranges={"created_at": Range(gte=20, lt=22)}, sort="-created_at"
    ),
    "in a range by age": lambda tasks: tasks.find(ranges={"created_at": Range(gt=20, lte=21)}),
    "checked besides": lambda tasks: tasks.find(
        {"project_id": 5, "note": None}, sort="created_at", limit=5
    ),
    "count": lambda tasks: tasks.count({"project_id": 5, "state": "new"}),
    "count of some": lambda tasks: tasks.count({"project_id": [5, 6], "state": "new"}),
    "count in a range": lambda tasks: tasks.count(
        {"project_id": 5}, ranges={"created_at": Range(gte=7)}
    ),
    "count of all": lambda tasks: tasks.count(),
    "put new": lambda tasks: tasks.put(
        {"id": "new", "project_id": 5, "state": "new", "created_at": 9}
    ),
    "put again": lambda tasks: tasks.put(
        {"id": middle(tasks), "project_id": 6, "state": "old", "created_at": 1}
    ),
    "delete": lambda tasks: tasks.delete("task-500"),
}


@pytest.mark.parametrize("question", ROUTINE.values(), ids=ROUTINE.keys())
def test_the_work_is_the_same_in_a_hundred_times_the_documents(
    sizes: tuple[Store, Store], decoder: Decoder, question: Callable[[Collection], object]
) -> None:
    work = []
    for store in sizes:
        tasks = store.collection(NAME)
        question(tasks)  # places in long lists are worked out once, and then kept
        store.rollback()
        decoder.decoded = 0
        lines = steps(lambda tasks=tasks: question(tasks))  # type: ignore[misc]
        work.append((decoder.decoded, lines))
        store.rollback()
    (few_decoded, few_lines), (many_decoded, many_lines) = work
    assert few_decoded == many_decoded <= 60
    # A search in a hundred times as many entries takes seven halvings more, each a few lines.
    assert many_lines <= few_lines + 7 * 60


@pytest.mark.parametrize(
    "count",
    [
        lambda tasks: tasks.count(),
        lambda tasks: tasks.count({"project_id": 5}),
        lambda tasks: tasks.count({"project_id": {5, 6}, "state": ("new", "done")}),
        lambda tasks: tasks.count({"project_id": 5}, ranges={"created_at": Range(gt=3, lte=9)}),
        lambda tasks: tasks.count(ranges={"created_at": Range(gt=3)}),
    ],
)
def test_a_count_that_an_index_covers_looks_at_no_document(
    sizes: tuple[Store, Store], decoder: Decoder, count: Callable[[Collection], int]
) -> None:
    assert count(sizes[0].collection(NAME)) > 0
    assert decoder.decoded == 0


@pytest.mark.parametrize(
    ("where", "ranges", "sort", "decoded"),
    [
        ({"project_id": 5, "state": "new"}, {}, None, 34),
        ({"project_id": 5, "state": "new", "created_at": 7}, {}, None, 34),
        ({"project_id": 5}, {"created_at": Range(gte=45)}, None, 10),
        ({"project_id": 5}, {"created_at": Range(gte=45)}, "created_at", 10),
        ({}, {"created_at": Range(gte=45)}, "state", 200),
        ({"state": "new"}, {}, None, 1000),
    ],
)
def test_the_index_that_covers_most_is_read(  # the last two find no better way
    sizes: tuple[Store, Store], decoder: Decoder, where: Any, ranges: Any, sort: Any, decoded: int
) -> None:
    sizes[0].collection(NAME).find(where, ranges=ranges, sort=sort)
    assert decoder.decoded in range(decoded - 2, decoded + 3)


def table_of(*indexes: Index) -> DocumentTable:
    """A table of its own, which nothing keeps."""
    return DocumentTable(MemoryStorage(), NAME, indexes)  # type: ignore[no-untyped-call]


@given(documents=st.lists(DOCUMENTS, min_size=3, max_size=60), questions=st.lists(QUESTIONS))
def test_every_question_has_the_answer_of_a_plain_search(
    documents: list[dict[str, Any]], questions: list[Question]
) -> None:
    table = table_of(*model.INDEXES[NAME])
    for document in documents:
        table.put(document)
    plain = Model()
    plain.put(documents)
    for question in questions:
        question.check(Collection(table), plain)


@pytest.mark.parametrize("shelf", [3, 200])
@pytest.mark.parametrize("sort", [None, "-", "at", "-at"])
def test_pages_follow_each_other_without_gap(sort: str | None, shelf: int) -> None:
    table = table_of(*model.INDEXES[NAME])
    tasks, plain = Collection(table), Model()
    documents = [{"id": n, "p": n % 4, "at": n * 7 % 90 // 30} for n in range(shelf)]
    tasks.put_many(documents)
    plain.put(documents)
    for wanted in (1, (1, 2), (0, 1, 3)):
        question = Question({"p": wanted}, {}, sort, 0, None, 0)
        expected = plain.find(question)
        pages: list[dict[str, Any]] = []
        while page := tasks.find(
            {"p": wanted}, sort=sort, limit=7, after=pages[-1]["id"] if pages else None
        ):
            pages += page
        assert pages == expected
        pages.clear()
        while page := tasks.find({"p": wanted}, sort=sort, limit=7, skip=len(pages)):
            pages += page
        assert pages == expected


def test_a_page_after_a_document_outside_the_range_begins_with_the_range() -> None:
    table = table_of(Index(sort="at"))
    tasks = Collection(table)
    tasks.put_many({"id": n, "at": n} for n in range(9))

    def page(sort: str, after: int) -> list[int]:
        inside = {"at": Range(gte=3, lt=6)}
        return [document["id"] for document in tasks.find(ranges=inside, sort=sort, after=after)]

    assert page("at", 1) == [3, 4, 5]
    assert page("at", 7) == []
    assert page("-at", 7) == [5, 4, 3]
    assert page("-at", 1) == []


def test_without_an_index_the_answer_is_the_same(tmp_path: Path) -> None:
    answers = []
    for folder, indexes in (("with", INDEXES[NAME]), ("without", ())):
        store = Store(tmp_path / folder, {NAME: indexes})
        tasks = store.collection(NAME)
        tasks.put_many(orjson.loads(row(number)) for number in range(300))
        answers.append(
            [
                tasks.find({"project_id": 5}, sort=sort, after="task-155", skip=1, limit=4)
                for sort in (None, "-", "created_at", "-created_at", "state", "-state")
            ]
        )
        store.discard()
    assert answers[0] == answers[1]


def test_the_index_with_the_wanted_order_is_preferred(tmp_path: Path) -> None:
    indexes = (Index("p"), Index("p", sort="a"), Index("p", sort="b"))
    store = Store(tmp_path, {NAME: indexes})
    tasks = store.collection(NAME)
    tasks.put_many({"id": n, "p": 1, "a": n % 7, "b": n % 5} for n in range(200))
    work = {}
    for sort in (None, "a", "b", "c"):
        work[sort] = steps(lambda sort=sort: tasks.find({"p": 1}, sort=sort, limit=3))  # type: ignore[misc]
    assert max(work[None], work["a"], work["b"]) * 10 < work["c"]
    store.discard()
