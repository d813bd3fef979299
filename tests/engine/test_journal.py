"""Tests of what the journal keeps, shows and verifies."""

import pytest

from mockserver.engine.contract import Violation
from mockserver.engine.errors import BadRequest, UnknownName
from mockserver.engine.journal import Entry, Journal


def journal(entries: int = 100, total: int = 1_000_000) -> Journal:
    return Journal(entries=entries, total_bytes=total, body_bytes=100)


def call(method: str = "GET", path: str = "/sama/v2/x", status: int = 200) -> Entry:
    entry = Entry("sama", method, path, "access_key=secret", [(b"Authorization", b"Bearer k")])
    entry.status = status
    return entry


def test_the_oldest_entries_go_first_beyond_the_number_kept() -> None:
    kept = journal(entries=3)
    for number in range(5):
        kept.add(call(path=f"/{number}"))
    entries, total = kept.find({})
    assert [entry.path for entry in entries] == ["/2", "/3", "/4"]
    assert total == len(kept) == 3
    with pytest.raises(UnknownName):
        kept.get("1")
    with pytest.raises(UnknownName):
        kept.get("last")


def test_memory_is_bounded_by_bytes_too() -> None:
    kept = journal(total=10_000)
    for _ in range(50):
        entry = call()
        entry.request_body = b"x" * 2_000
        kept.add(entry)
    assert len(kept) == 3


def test_a_view_hides_credentials_and_tells_of_cut_bodies() -> None:
    kept, entry = journal(), call()
    entry.request_body, entry.request_size = b"abc", 5
    entry.violations = (Violation("request", "/body/a", "type", "is not a string", 1),)
    kept.add(entry)
    view = kept.get("1").view()
    assert view["query"] == "access_key=***"
    assert view["request"]["headers"] == {"authorization": "Bearer ***"}
    assert view["request"]["truncated"] == {"bytes": 5, "kept": 3}
    assert view["violations"][0]["pointer"] == "/body/a"
    assert "request" not in entry.view(bodies=False)


def test_a_page_begins_after_the_entry_named_and_the_total_stays() -> None:
    kept = journal()
    for _ in range(5):
        kept.add(call())
    entries, total = kept.find({"method": "GET"}, limit=2, after="2")
    assert ([entry.id for entry in entries], total) == ([3, 4], 5)
    assert kept.clear() == 5
    assert kept.find({}) == ([], 0)


def test_verify_counts_calls_and_names_the_nearest_when_it_fails() -> None:
    kept = journal()
    kept.add(call("GET", "/a"))
    kept.add(call("POST", "/b", 500))
    assert kept.verify({"match": {"method": "GET"}, "exactly": 1}) == {"passed": True, "count": 1}
    assert kept.verify({"match": {"method": "PUT"}, "at_most": 0})["passed"]
    failed = kept.verify({"match": {"method": "POST", "status": 200}})
    assert not failed["passed"]
    assert failed["nearest"][0]["path"] == "/b"
    assert failed["nearest"][0]["differences"] == ["status: expected 200, was 500"]
    with pytest.raises(BadRequest):
        kept.verify({"match": {}, "exactly": 1, "at_most": 2})


def test_an_order_allows_other_calls_between_but_not_another_order() -> None:
    kept = journal()
    for path in ("/a", "/x", "/b"):
        kept.add(call(path=path))
    assert kept.verify({"in_order": [{"path": "/a"}, {"path": "/b"}]})["passed"]
    failed = kept.verify({"in_order": [{"path": "/b"}, {"path": "/a"}]})
    assert (failed["passed"], failed["count"]) == (False, 1)


def test_entries_go_at_their_age_though_nothing_else_is_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 100.0
    monkeypatch.setattr("mockserver.engine.journal.monotonic", lambda: now)
    kept = Journal(entries=3, total_bytes=1_000_000, body_bytes=100, age=60)
    for number in range(5):
        now += 10
        kept.add(call(path=f"/{number}"))
    assert [entry.path for entry in kept.find({})[0]] == ["/2", "/3", "/4"]
    now += 55
    assert [entry.path for entry in kept.find({})[0]] == ["/4"]
    assert kept.verify({"match": {}, "exactly": 1})["passed"]
    now += 60
    assert (len(kept), kept.bytes) == (0, 0)
    with pytest.raises(UnknownName):
        kept.get("5")
    kept.add(call(path="/later"))
    assert kept.clear() == 1
    kept.add(call(path="/last"))
    assert len(kept) == 1


def test_an_entry_is_found_by_its_id_after_others_went() -> None:
    kept = journal(entries=3)
    for number in range(10):
        kept.add(call(path=f"/{number}"))
    assert [kept.get(str(id)).path for id in (8, 9, 10)] == ["/7", "/8", "/9"]
    for id in ("7", "11", "0", "-1"):
        with pytest.raises(UnknownName):
            kept.get(id)
    kept.clear()
    kept.add(call(path="/last"))
    assert kept.get("11").path == "/last"
