"""Tests of the mappings that TinyDB's methods work on: nothing is decoded before its time."""

from collections.abc import Callable

import pytest

from mockserver.engine.store import Store
from mockserver.engine.store.drafts import DecodedRows, Drafts


def test_a_table_reads_as_a_mapping(open_store: Callable[..., Store]) -> None:
    store = open_store()
    store.collection("sama.tasks").put_many([{"id": 1}, {"id": 2, "name": "x"}])
    rows = DecodedRows(store.table("sama.tasks"))
    assert dict(rows) == {"1": {"id": 1}, "2": {"id": 2, "name": "x"}}
    assert len(rows) == 2
    with pytest.raises(KeyError):
        rows["3"]


def test_drafts_reach_the_table_when_applied(open_store: Callable[..., Store]) -> None:
    store = open_store()
    tasks = store.collection("sama.tasks")
    tasks.put_many([{"id": 1}, {"id": 2}, {"id": 3}])
    drafts = Drafts(store.table("sama.tasks"))
    drafts["1"]["name"] = "changed"
    del drafts["2"]
    drafts["4"] = {"id": 4}
    assert tasks.find() == [{"id": 1}, {"id": 2}, {"id": 3}]
    drafts.apply()
    assert tasks.find() == [{"id": 1, "name": "changed"}, {"id": 3}, {"id": 4}]
