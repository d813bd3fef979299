"""Tests of results that hold until a document changes."""

from pathlib import Path
from typing import Any

import pytest

from mockserver.engine import memo as module
from mockserver.engine.memo import Memo
from mockserver.engine.service import Answer, Call
from mockserver.engine.store import Store


def test_a_result_holds_until_one_of_its_collections_changes(tmp_path: Path) -> None:
    store = Store(tmp_path)
    memo = Memo(store)
    made: list[int] = []

    def make() -> int:
        made.append(len(store.collection("a")))
        return made[-1]

    def ask() -> int:
        return memo.of(("a", "b"), "count", make)

    assert (ask(), ask(), len(made)) == (0, 0, 1)
    store.collection("c").put({"id": "1"})
    assert (ask(), len(made)) == (0, 1)
    store.collection("a").put({"id": "1"})
    assert (ask(), ask(), len(made)) == (1, 1, 2)
    store.commit()
    assert (ask(), len(made)) == (1, 2)
    store.collection("a").delete("1")
    assert ask() == 0
    store.rollback()
    assert ask() == 1
    store.clear()
    assert ask() == 0
    store.close()


def test_what_a_failure_left_behind_is_not_kept(tmp_path: Path) -> None:
    store = Store(tmp_path)
    memo = Memo(store)

    def fail() -> int:
        raise KeyError("nothing")

    with pytest.raises(KeyError):
        memo.of(("a",), "key", fail)
    assert memo.of(("a",), "key", lambda: 7) == 7
    store.close()


def test_there_is_an_end_to_what_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 3)
    store = Store(tmp_path)
    memo = Memo(store)
    for number in range(10):
        assert memo.of(("a",), number, lambda number=number: number) == number  # type: ignore[misc]
    assert len(memo._kept) <= 3
    store.close()


def call() -> Call:
    nothing: Any = None
    return Call(nothing, nothing, nothing, "GET", "/x", {}, "", "")


def test_an_answer_holds_until_its_document_or_what_is_shown_with_it_changes(
    tmp_path: Path,
) -> None:
    store = Store(tmp_path)
    memo, runs = Memo(store), store.collection("runs")
    runs.put({"id": "1", "status": "new"})

    def ask() -> str:
        """Whether the answer was given before."""
        asked = call()
        kept = memo.answer(asked, "1", runs.stamp("1"), ("workflows",))
        if kept is not None:
            return f"before: {kept.body.decode()}"
        assert asked.keep is not None
        return f"now: {asked.keep(Answer(200, runs.get('1'))).body.decode()}"

    assert ask() == 'now: {"id":"1","status":"new"}'
    assert ask() == 'before: {"id":"1","status":"new"}'
    runs.put({"id": "1", "status": "done"})
    assert ask() == 'now: {"id":"1","status":"done"}'
    store.rollback()
    assert runs.stamp("1") is None
    runs.put({"id": "1", "status": "new"})
    assert ask().startswith("now: ")
    store.commit()
    store.collection("workflows").put({"id": "w"})
    assert ask().startswith("now: ")
    assert ask().startswith("before: ")
    store.close()


def test_answers_that_are_large_or_many_are_not_all_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST", 3)
    store = Store(tmp_path)
    memo = Memo(store)
    for number in range(10):
        asked = call()
        memo.answer(asked, number, b"stamp", ())
        assert asked.keep is not None
        asked.keep(Answer(200, {"n": number}))
    assert len(memo._answers) <= 3
    asked = call()
    memo.answer(asked, "large", b"stamp", ())
    assert asked.keep is not None
    assert len(asked.keep(Answer(200, "x" * module.LARGEST)).body) > module.LARGEST
    assert memo.answer(call(), "large", b"stamp", ()) is None
    store.close()
