"""A collection as a plain dict, searched by looking at everything, and what to ask it."""

import json
import operator
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from mockserver.engine.store import Collection, Index, Range

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

# Few values, so that many documents share them; each has a neighbour that Python calls equal.
VALUES = st.sampled_from([None, True, False, 0, 1, 1.0, 1.5, "1", "a", "b", [1], {"k": 1}])
FEW = st.sampled_from([None, True, 1, 1.0, "a"])
IDS = st.one_of(st.integers(0, 30), st.sampled_from(["a", "b", "7"]))
DOCUMENTS = st.fixed_dictionaries(
    {"id": IDS},
    optional={"p": FEW, "s": FEW, "at": VALUES, "n": st.fixed_dictionaries({"x": VALUES})},
)
FIELDS = st.sampled_from(["p", "s", "at", "n.x"])
WANTED = st.one_of(FEW, VALUES, st.lists(FEW, min_size=1, max_size=3))
CONDITIONS = st.one_of(
    st.dictionaries(FIELDS, WANTED, max_size=2),
    st.fixed_dictionaries({"p": WANTED}, optional={"s": WANTED}),
    st.fixed_dictionaries({"id": st.lists(IDS, max_size=5)}, optional={"p": FEW}),
)
BOUND = st.one_of(st.none(), st.sampled_from([False, True, -2, 0, 1, 1.5, "", "1", "a", "b"]))
RANGES = st.dictionaries(
    st.one_of(st.just("at"), FIELDS),
    st.builds(Range, gt=BOUND, gte=BOUND, lt=BOUND, lte=BOUND),
    max_size=1,
)
SORTS = st.sampled_from([None, "-", "at", "-at", "n.x", "-n.x", "s", "-s"])


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


@dataclass(frozen=True)
class Question:
    """What a collection and its model are both asked."""

    where: dict[str, Any]
    ranges: dict[str, Range]
    sort: str | None
    skip: int
    limit: int | None
    place: int

    def check(self, tasks: Collection, model: "Model") -> None:
        """Every way of asking gives the model's answer."""
        expected = model.find(self)
        asked: dict[str, Any] = {"ranges": self.ranges, "sort": self.sort}
        assert tasks.find(self.where, **asked) == expected
        assert list(tasks.each(self.where, **asked)) == expected
        assert tasks.count(self.where, ranges=self.ranges) == len(expected)
        asked |= {"skip": self.skip, "limit": self.limit}
        end = None if self.limit is None else self.skip + self.limit
        assert tasks.find(self.where, **asked) == expected[self.skip : end]
        if expected:
            place = self.place % len(expected)
            page = tasks.find(self.where, after=expected[place]["id"], **asked)
            assert page == expected[place + 1 :][self.skip : end]


QUESTIONS = st.builds(
    Question,
    where=CONDITIONS,
    ranges=RANGES,
    sort=SORTS,
    skip=st.integers(0, 3),
    limit=st.one_of(st.none(), st.integers(0, 4)),
    place=st.integers(0, 30),
)


class Model:
    """The same documents in a dict."""

    def __init__(self) -> None:
        self.documents: dict[str, dict[str, Any]] = {}

    def put(self, documents: list[dict[str, Any]]) -> None:
        """Add or replace, in place."""
        for document in documents:
            self.documents[str(document["id"])] = document

    def find(self, question: Question) -> list[dict[str, Any]]:
        """All documents of the answer, in order."""
        found = [
            document
            for document in self.documents.values()
            if all(accepts(wanted, at(document, key)) for key, wanted in question.where.items())
            and all(within(at(document, key), each) for key, each in question.ranges.items())
        ]
        field = (question.sort or "").removeprefix("-")
        falling = (question.sort or "").startswith("-")
        if field:
            # `reverse` keeps equal ones in order, as `sorted` does.
            return sorted(found, key=lambda each: rank(at(each, field)), reverse=falling)
        return found[::-1] if falling else found
