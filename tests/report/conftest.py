"""A report with one of everything."""

from typing import Any

import pytest

from mockserver.engine.contract import Contract, Violation
from mockserver.engine.journal import Entry
from mockserver.engine.tally import Tally
from mockserver.report import gather
from tests.engine import toy

AGENT = "<kit> & co/1"


def entry(operation: str | None, method: str, path: str, status: int, *broken: Violation) -> Entry:
    """A finished call."""
    found = Entry("toy", method, path, "", [(b"user-agent", AGENT.encode())])
    found.operation, found.status, found.violations = operation, status, broken
    return found


@pytest.fixture
def contracts() -> dict[str, Contract]:
    """The contract of the toy service."""
    return {"toy": Contract(toy.DOCUMENT, "toy.yaml")}


@pytest.fixture
def tally() -> Tally:
    """Two calls to an operation, one with a violation, and a call to nowhere."""
    found = Tally()
    broken = Violation("request", "/body/name", "type", 'must be text, not "<b>"', "<b>\x00")
    found.add(entry("listItems", "GET", "/toy/v1/items", 200))
    found.add(entry("listItems", "GET", "/toy/v1/items", 400, broken))
    found.add(entry(None, "GET", "/toy/v1/itms", 404))
    return found


@pytest.fixture
def report(tally: Tally, contracts: dict[str, Contract]) -> dict[str, Any]:
    """The report of these calls."""
    return gather([tally], contracts)
