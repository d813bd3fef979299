"""Tests of seeded identities: repeatable, apart from one another, and kept over a restart."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.engine.ids import URL_SAFE, Ids, fresh_seed, fresh_token, letters
from mockserver.engine.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path, {})


def ids(store: Store, seed: int = 0) -> Ids:
    return Ids(seed, store.collection("engine.counters"))


def test_the_same_seed_gives_the_same_ids_whatever_other_kinds_drew(store: Store) -> None:
    quiet, busy = ids(store), ids(store)
    for _ in range(10):
        busy.uuid("other")
    assert [quiet.uuid("task") for _ in range(3)] == [busy.uuid("task") for _ in range(3)]
    assert ids(store, 1).uuid("task") != ids(store, 2).uuid("task")


def test_numbers_rise_and_go_on_after_a_restart(tmp_path: Path) -> None:
    store = Store(tmp_path, {})
    first = ids(store)
    assert [first.number("batch", 1_000) for _ in range(2)] == [1_000, 1_001]
    first.store_counters()
    store.commit()
    store.close()
    again = Store(tmp_path, {})
    assert ids(again).number("batch", 1_000) == 1_002
    again.close()


def test_what_was_drawn_and_rolled_back_is_drawn_again(store: Store) -> None:
    drawn = ids(store)
    before = drawn.hex("x", 16)
    drawn.forget()
    assert drawn.hex("x", 16) == before


def test_a_token_has_the_length_and_letters_asked_for(store: Store) -> None:
    token = ids(store).token("file", 200, "ab")
    assert len(token) == 200
    assert set(token) == {"a", "b"}
    assert ids(store).token("file", 21) != ids(store).token("run", 21)


@given(st.integers(0, 2**512 - 1), st.integers(1, 64))
def test_letters_are_the_digits_of_a_number_to_the_base_of_64(number: int, length: int) -> None:
    digits = [URL_SAFE[number >> 6 * place & 63] for place in range(length)]
    assert letters(number, length) == "".join(digits)


def test_object_ids_begin_with_their_second_and_rise(store: Store) -> None:
    made = ids(store)
    several = [made.object_id("task", 0x65F0C0DE + n // 100) for n in range(300)]
    assert several[0].startswith("65f0c0de")
    assert {len(one) for one in several} == {24}
    assert several == sorted(set(several))


def test_random_numbers_depend_on_seed_and_key_alone(store: Store) -> None:
    assert ids(store).random("a", 1).random() == ids(store).random("a", 1).random()
    assert ids(store).random("a", 1).random() != ids(store).random("a", 2).random()
    assert ids(store).random("a", 1).random() != ids(store, 9).random("a", 1).random()


def test_fresh_seeds_and_tokens_differ() -> None:
    assert len({fresh_seed() for _ in range(20)}) > 1
    assert fresh_token() != fresh_token()
