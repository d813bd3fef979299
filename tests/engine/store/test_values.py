"""Tests of JSON values as keys: equality and order are those that a client would expect."""

import enum
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.engine.errors import StoreError
from mockserver.engine.store import Range
from mockserver.engine.store.values import identity, key_of, order, orders, pack, read

NUMBERS = st.one_of(
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-9, 9).map(float),
)
TEXTS = st.one_of(st.text(), st.text(alphabet="\x00\x01\x02aé\U0001f600", max_size=4))
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS)


class Colour(enum.Enum):
    RED = "red"


class State(enum.StrEnum):
    DONE = "done"


def rank(value: Any) -> tuple[int, Any]:
    """The order in plain Python."""
    if value is None:
        return 0, 0
    if isinstance(value, bool):
        return 1, value
    return (3, value) if isinstance(value, str) else (2, value)


@given(SCALARS, SCALARS)
def test_codes_are_in_the_order_of_their_values(one: Any, other: Any) -> None:
    assert (order(one) < order(other)) == (rank(one) < rank(other))
    assert (order(one) == order(other)) == (rank(one) == rank(other))


def test_large_integers_are_told_apart() -> None:
    values = [2**63 - 1025, 2**63 - 1024, 2**63 - 1, 2**63, 2**63 + 1, 2**64 - 1025, 2**64 - 1]
    assert sorted(map(order, values)) == list(map(order, values))
    assert len({*map(order, values), order(float(2**63))}) == len(values)


@given(SCALARS, SCALARS)
def test_no_code_begins_another(one: Any, other: Any) -> None:
    assert order(one) == order(other) or not order(other).startswith(order(one))


@given(st.lists(SCALARS))
def test_many_codes_at_once_are_the_same_codes(values: list[Any]) -> None:
    assert orders(values) == [order(value) for value in values]


@given(st.lists(st.text(alphabet="abc\x00")))
def test_many_codes_of_text_at_once_are_the_same_codes(values: list[str]) -> None:
    assert orders(values) == [order(value) for value in values]


@given(SCALARS, SCALARS)
def test_values_are_identical_when_they_are_equal_and_of_one_kind(one: Any, other: Any) -> None:
    assert (identity(one) == identity(other)) == (rank(one) == rank(other))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (True, 1, False),
        (False, 0, False),
        (1, 1.0, True),
        ("1", 1, False),
        (None, False, False),
        ([1], [1], True),
        ([1], (1,), True),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        ([], {}, False),
        ("[]", [], False),
        ("true", True, False),
        (float("nan"), None, True),
        (float("inf"), None, True),
        (-0.0, 0, True),
        (Colour.RED, "red", True),
        (State.DONE, "done", True),
        (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00+00:00", True),
    ],
)
def test_identity_is_that_of_the_json_value(one: Any, other: Any, same: bool) -> None:
    assert (identity(one) == identity(other)) is same
    assert (order(one) == order(other)) is same


@pytest.mark.parametrize(
    ("interval", "inside", "outside"),
    [
        (Range(gte=2, lt=4), [2, 2.0, 3, 3.999], [1, 4, None, "3", True, [3]]),
        (Range(gt=2, lte=4), [2.001, 4], [2, 2.0, 4.001, -5]),
        (Range(gte=3), [3, 10**18, 1e300], [2, None, "4", "", False]),
        (Range(lt=3), [2, -(10**18), -1e300, -0.5], [3, None, "", True]),
        (Range(gte="b"), ["b", "ba", "c", "é"], ["a", "", 9, None]),
        (Range(gt="a", lt="b"), ["a\x00", "ab"], ["a", "b"]),
        (Range(lte="a"), ["a", ""], ["a\x00", "b", 1]),
        (Range(gte=True), [True], [False, 1, None]),
        (Range(), [0, "", False, []], [None]),
        (Range(gte=1, lte="a"), [], [1, "a", 2, "", None]),
        (Range(gt=float("inf")), [], [1e308, 1]),
        (Range(gte=float("-inf")), [-1e308, 0], [None, "5"]),
        (Range(lte=10**400), [5, 1e308], ["5"]),
        (Range(gte=float("nan")), [], [5, None]),
    ],
)
def test_a_range_holds_values_of_its_own_kind(
    interval: Range, inside: list[Any], outside: list[Any]
) -> None:
    low, high = interval.bounds()
    assert [value for value in inside if not low <= order(value) < high] == []
    assert [value for value in outside if low <= order(value) < high] == []


def test_a_path_ends_in_null_where_there_is_nothing() -> None:
    document = {"workflow": {"id": 7, "tags": ["a"]}, "name": "x"}
    assert read(document, "workflow.id") == 7
    assert read(document, "workflow.name") is None
    assert read(document, "workflow.tags.id") is None
    assert read(document, "name.id") is None
    assert read(document, "missing") is None


def test_text_and_numbers_name_the_same_document() -> None:
    assert key_of(5) == key_of("5") == "5"
    assert key_of(State.DONE) == "done"


@pytest.mark.parametrize("identifier", [None, True, 5.0, ["5"], {"id": 5}])
def test_an_id_is_text_or_an_integer(identifier: Any) -> None:
    with pytest.raises(StoreError, match="id is text or an integer"):
        key_of(identifier)


def test_a_packed_document_is_its_json() -> None:
    assert pack({"id": 1, "name": "é"}) == '{"id":1,"name":"é"}'.encode()
