"""Tests of indexes: entries of a key in order from both ends, whatever their number."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sortedcontainers import SortedList

from mockserver.engine.store import Index
from mockserver.engine.store.index import Columns, Postings, Run, sequences_of
from mockserver.engine.store.values import Range, order

VALUES = st.lists(st.one_of(st.none(), st.integers(0, 3), st.sampled_from("ab")), max_size=60)


def number_of(entry: bytes) -> int:
    """Which document an entry stands for."""
    return next(sequences_of([entry]))


def entries(run: Run) -> list[Any]:
    """The entries of a run with a sort field in rising order."""
    return list(run.rising())


def sequences(run: Run) -> list[int]:
    """What they stand for."""
    return list(sequences_of(entries(run)))


def entries_of(values: list[Any]) -> list[bytes]:
    """Entries in rising order of documents that were added one after the other."""
    return sorted(order(value) + n.to_bytes(8, "big") for n, value in enumerate(values, 1))


def falling(entries: list[bytes]) -> list[bytes]:
    """Values downwards, equal ones by age."""
    turned = bytes(255 - byte for byte in range(256))
    return sorted(entries, key=lambda entry: (entry[:-8].translate(turned), entry[-8:]))


@pytest.mark.parametrize("shelf", [tuple, SortedList])
@given(values=VALUES, skip=st.integers(0, 70))
def test_a_run_is_read_from_any_place_in_both_orders(
    shelf: Any, values: list[Any], skip: int
) -> None:
    entries = entries_of(values)
    run = Run(shelf(entries))
    assert list(run.rising(skip)) == entries[skip:]
    assert list(run.falling(skip)) == falling(entries)[skip:]


@pytest.mark.parametrize("shelf", [tuple, SortedList])
@given(values=VALUES, skip=st.integers(0, 3))
def test_a_run_goes_on_after_an_entry(shelf: Any, values: list[Any], skip: int) -> None:
    entries = entries_of(values)
    turned = falling(entries)
    for place, entry in enumerate(entries):
        assert list(Run(shelf(entries)).rising(skip, entry)) == entries[place + 1 :][skip:]
        place = turned.index(entry)
        assert list(Run(shelf(entries)).falling(skip, entry)) == turned[place + 1 :][skip:]


@given(values=VALUES, gone=st.sets(st.integers(1, 60)))
def test_a_run_goes_on_after_an_entry_that_has_left(values: list[Any], gone: set[int]) -> None:
    entries = entries_of(values)
    left = [entry for entry in entries if number_of(entry) not in gone]
    for place, entry in enumerate(entries):
        rest = [other for other in entries[place + 1 :] if other in left]
        assert list(Run(tuple(left)).rising(0, entry)) == rest
        turned = falling(entries)
        rest = [other for other in turned[turned.index(entry) + 1 :] if other in left]
        assert list(Run(SortedList(left)).falling(0, entry)) == rest


@pytest.mark.parametrize("shelf", [tuple, SortedList])
@given(values=VALUES, low=st.integers(-1, 4), high=st.integers(-1, 4))
def test_a_range_is_cut_out_of_a_run(shelf: Any, values: list[Any], low: int, high: int) -> None:
    entries = entries_of(values)
    inside = [
        entry
        for entry in entries
        if isinstance(value := values[number_of(entry) - 1], int) and low <= value < high
    ]
    run = Run(shelf(entries)).between(*Range(gte=low, lt=high).bounds())
    assert len(run) == len(inside)
    assert list(run.rising()) == inside
    assert list(run.falling()) == falling(inside)


@given(numbers=st.sets(st.integers(1, 99)), skip=st.integers(0, 9))
def test_without_a_sort_field_falling_is_newest_first(numbers: set[int], skip: int) -> None:
    rising = sorted(numbers)
    run = Run(tuple(rising))
    assert list(run.falling(skip)) == rising[::-1][skip:]
    for number in rising:
        assert list(run.falling(0, number)) == [n for n in rising[::-1] if n < number]


@pytest.mark.parametrize("sort", [None, "at"])
@pytest.mark.parametrize("fields", [(), ("p",), ("p.q",), ("p", "s"), ("p.q", "s")])
@given(
    values=st.lists(
        st.tuples(st.sampled_from([1, 2, None, "x", True, [1], {"q": 1}]), st.booleans()),
        max_size=150,
    )
)
def test_an_index_built_at_once_is_the_one_built_step_by_step(
    fields: tuple[str, ...], sort: str | None, values: list[tuple[Any, bool]]
) -> None:
    documents = [{"p": p, "s": s, "at": n % 7 if s else "x"} for n, (p, s) in enumerate(values)]
    one, other, third = (Postings(Index(*fields, sort=sort)) for _ in range(3))
    for sequence, document in enumerate(documents, 1):
        one.add(document, sequence)
    columns = Columns(documents, range(1, len(documents) + 1))
    other.gather(columns)
    other.build()
    third.add_many(columns)
    for document in documents:
        key = one.key(document)
        assert list(one.run(key).rising()) == list(other.run(key).rising())
        assert list(one.run(key).rising()) == list(third.run(key).rising())
    total = sum(len(one.run(key)) for key in {one.key(document) for document in documents})
    assert total == len(documents)


@given(st.lists(st.integers(0, 200), unique=True, min_size=1), st.randoms(use_true_random=False))
def test_documents_leave_an_index_in_any_order(numbers: list[int], chance: Any) -> None:
    postings = Postings(Index("p", sort="at"))
    documents = {number + 1: {"p": 1, "at": number // 3} for number in numbers}
    for sequence, document in documents.items():
        postings.add(document, sequence)
    leaving = list(documents)
    chance.shuffle(leaving)
    for sequence in leaving:
        postings.discard(documents.pop(sequence), sequence)
        expected = sorted(documents, key=lambda each: (documents[each]["at"], each))
        assert sequences(postings.run(1)) == expected


def test_a_replaced_document_moves_only_where_something_has_changed() -> None:
    postings = Postings(Index("p", sort="at"))
    postings.add({"p": 1, "at": 1}, 1)
    postings.replace({"p": 1, "at": 1}, {"p": 1, "at": 1, "note": "new"}, 1)
    assert len(postings.run(1)) == 1
    postings.replace({"p": 1, "at": 1}, {"p": 2, "at": 1}, 1)
    assert (len(postings.run(1)), len(postings.run(2))) == (0, 1)
    postings.add({"p": 2, "at": 5}, 2)
    postings.replace({"p": 2, "at": 1}, {"p": 2, "at": 9}, 1)
    assert sequences(postings.run(2)) == [2, 1]


@pytest.mark.parametrize(("old", "new"), [(1, True), (True, 1), ("1", 1), (None, 0), (0, None)])
def test_a_value_of_another_kind_is_another_value(old: Any, new: Any) -> None:
    postings = Postings(Index(sort="at"))
    postings.add({"at": old}, 1)
    postings.replace({"at": old}, {"at": new}, 1)
    assert [entry[:-8] for entry in entries(postings.run(()))] == [order(new)]


def test_indexes_of_the_same_fields_are_equal() -> None:
    assert Index("a", sort="b") == Index("a", sort="b")
    assert len({Index("a"), Index("a"), Index("a", sort="b")}) == 2
