"""Tests of rows: a copy and what it was copied from never see each other's changes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.engine.store.rows import Rows

CHANGES = st.lists(
    st.tuples(st.integers(0, 5), st.integers(1, 600), st.one_of(st.none(), st.binary(max_size=3))),
    max_size=60,
)


@given(CHANGES)
def test_copies_change_apart(changes: list[tuple[int, int, bytes | None]]) -> None:
    pairs: list[tuple[Rows, dict[int, bytes]]] = [(Rows(), {})]
    for number, sequence, row in changes:
        rows, model = pairs[number % len(pairs)]
        if row is not None:
            rows[sequence] = row
            model[sequence] = row
        elif sequence % 7:
            assert rows.pop(sequence, None) == model.pop(sequence, None)
        elif sequence % 2:
            pairs.append((rows.copy(), dict(model)))
        else:
            rows.clear()
            model.clear()
        for each, expected in pairs:
            assert each == expected
            assert len(each) == len(expected)
            assert bool(each) == bool(expected)
            assert each.get(sequence) == expected.get(sequence)
            assert (sequence in each) == (sequence in expected)


@given(st.dictionaries(st.integers(1, 2000), st.binary(max_size=2)))
def test_portions_come_in_order(rows: dict[int, bytes]) -> None:
    pages: list[dict[int, Any]] = list(Rows(rows.items()).pages())
    assert [item for page in pages for item in page.items()] == sorted(rows.items())


def test_what_is_not_there_is_a_key_error() -> None:
    rows = Rows([(1, b"{}")])
    with pytest.raises(KeyError):
        rows[2]
    with pytest.raises(KeyError):
        del rows[2]
    with pytest.raises(KeyError):
        rows[900]
