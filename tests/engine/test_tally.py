"""Tests of the counts that the contract report is made from."""

import pytest

from mockserver.engine import tally as module
from mockserver.engine.contract import Violation
from mockserver.engine.journal import Entry, Journal
from mockserver.engine.tally import Tally


def entry(
    operation: str | None = "getItem",
    status: int = 200,
    *violations: Violation,
    agent: str = "kit/1",
    path: str = "/toy/v1/items",
    label: str = "",
) -> Entry:
    """A finished call."""
    headers = [(b"user-agent", agent.encode())]
    if label:
        headers.append((b"mockserver-client", label.encode()))
    found = Entry("toy", "GET", path, "", headers)
    found.operation, found.status, found.violations = operation, status, violations
    return found


def breach(pointer: str, value: object = None) -> Violation:
    """A violation of a request."""
    return Violation("request", pointer, "type", f"must not be {value}", value)


def test_calls_are_counted_by_client_operation_and_status() -> None:
    tally = Tally()
    for status in (200, 200, 404):
        tally.add(entry(status=status))
    tally.add(entry(agent="other/2"))
    calls = tally.clients["kit/1"].operations["toy", "getItem"]
    assert (calls.calls, dict(calls.statuses)) == (3, {200: 2, 404: 1})
    assert tally.clients["other/2"].operations["toy", "getItem"].calls == 1


def test_a_label_names_a_client_better_than_its_user_agent() -> None:
    tally = Tally()
    tally.add(entry(label="nightly import"))
    assert list(tally.clients) == ["nightly import"]


def test_the_same_mistake_in_many_items_is_one_kind_with_a_count() -> None:
    tally = Tally()
    tally.add(entry("getItem", 400, breach("/body/0/url", 1), breach("/body/17/url", 2)))
    (known,) = tally.clients["kit/1"].breaches.values()
    assert (known.count, known.violation.pointer, known.violation.value) == (2, "/body/0/url", 1)


def test_a_credential_that_breaks_the_contract_is_not_kept() -> None:
    tally = Tally()
    tally.add(entry("getItem", 400, breach("/query/access_key", "s3cret")))
    (known,) = tally.clients["kit/1"].breaches.values()
    assert (known.violation.value, known.violation.message) == ("***", "must not be ***")


def test_a_call_to_nowhere_is_counted_by_its_path() -> None:
    tally = Tally()
    for _ in range(2):
        tally.add(entry(None, 404, path="/toy/v1/itms"))
    assert tally.clients["kit/1"].astray["GET", "/toy/v1/itms"].count == 2
    assert not tally.clients["kit/1"].operations


@pytest.mark.parametrize("kind", ["upload", "delivery", "job"])
def test_what_is_no_call_to_a_service_is_not_counted(kind: str) -> None:
    tally, other = Tally(), entry()
    other.kind = kind
    tally.add(other)
    assert not tally.clients


def test_counts_outlive_the_entries_of_the_journal() -> None:
    journal = Journal(entries=1, total_bytes=10_000, body_bytes=10)
    for _ in range(3):
        journal.add(entry())
    journal.clear()
    assert journal.tally.clients["kit/1"].operations["toy", "getItem"].calls == 3


def test_memory_is_bounded_and_what_is_dropped_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_CLIENTS", 2)
    monkeypatch.setattr(module, "MOST_KINDS", 2)
    tally = Tally()
    for number in range(4):
        tally.add(entry(agent=f"kit/{number}"))
        tally.add(entry(None, 404, path=f"/{number}", agent="kit/0"))
        tally.add(entry("getItem", 400, breach(f"/body/{chr(97 + number)}"), agent="kit/0"))
    assert list(tally.clients) == ["kit/0", "kit/1", "(others)"]
    assert tally.clients["(others)"].operations["toy", "getItem"].calls == 2
    assert len(tally.clients["kit/0"].astray) == len(tally.clients["kit/0"].breaches) == 2
    assert tally.dropped == 4


def test_tallies_add_up_and_stay_apart() -> None:
    first, second, whole = Tally(), Tally(), Tally()
    for tally in (first, second):
        tally.add(entry("getItem", 400, breach("/body/a")))
        tally.add(entry(None, 404))
        whole.absorb(tally)
    client = whole.clients["kit/1"]
    calls = client.operations["toy", "getItem"]
    assert (calls.calls, dict(calls.statuses)) == (2, {400: 2})
    assert [each.count for each in client.breaches.values()] == [2]
    assert [each.count for each in client.astray.values()] == [2]
    assert first.clients["kit/1"].operations["toy", "getItem"].calls == 1
    whole.clear()
    assert not whole.clients
