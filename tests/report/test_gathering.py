"""Tests of the report itself."""

from typing import Any

import pytest

from mockserver.engine.contract import Contract, Violation
from mockserver.engine.tally import Tally
from mockserver.report import gather, is_broken
from tests.report.conftest import AGENT, entry


def test_the_report_tells_what_each_client_called_and_broke(report: dict[str, Any]) -> None:
    (client,) = report["clients"]
    assert client["client"] == AGENT
    (operation,) = client["operations"]
    assert operation["operation"] == "listItems"
    assert (operation["calls"], operation["statuses"]) == (2, {"200": 1, "400": 1})
    (violation,) = client["violations"]
    assert (violation["pointer"], violation["rule"], violation["value"]) == (
        "/body/name",
        "type",
        "<b>\x00",
    )
    (unmatched,) = client["unmatched"]
    assert (unmatched["path"], unmatched["nearest"]) == ("/toy/v1/itms", "GET /v1/items")


def test_the_summary_counts(report: dict[str, Any], contracts: dict[str, Contract]) -> None:
    operations = len(contracts["toy"].operations)
    assert report["summary"] == {
        "operations": operations,
        "exercised": 1,
        "violations": 1,
        "unmatched": 1,
        "deprecated": 0,
        "uncovered": operations - 1,
        "dropped": 0,
    }


def test_answers_that_are_declared_and_were_not_met_are_named(
    contracts: dict[str, Contract],
) -> None:
    tally = Tally()
    tally.add(entry("getItem", "GET", "/toy/v1/items/a", 200))
    (operation,) = gather([tally], contracts)["clients"][0]["operations"]
    declared = set(contracts["toy"].operations["getItem"].responses) - {"default"}
    assert set(operation["never"]) == declared - {"200"}


def test_a_call_that_was_refused_before_it_was_matched_went_somewhere(
    contracts: dict[str, Contract],
) -> None:
    tally = Tally()
    tally.add(entry(None, "POST", "/toy/v1/items", 413))
    tally.add(entry(None, "POST", "/v1/items", 413))
    assert gather([tally], contracts)["summary"]["unmatched"] == 0


def test_an_answer_that_breaks_its_contract_is_no_violation_of_a_client(
    contracts: dict[str, Contract],
) -> None:
    tally = Tally()
    ours = Violation("response", "/body", "type", "is not JSON")
    tally.add(entry("getItem", "GET", "/toy/v1/items/a", 200, ours))
    report = gather([tally], contracts)
    assert report["summary"]["violations"] == 0
    assert report["clients"][0]["violations"][0]["side"] == "response"


@pytest.mark.parametrize(
    ("failures", "broken"),
    [([], False), (["violations"], True), (["unmatched"], True), (["uncovered"], True)],
)
def test_a_report_is_broken_by_what_it_is_to_fail_on(
    report: dict[str, Any], failures: list[str], broken: bool
) -> None:
    assert is_broken(report, failures) is broken


def test_nothing_called_breaks_nothing(contracts: dict[str, Contract]) -> None:
    report = gather([], contracts)
    assert (report["clients"], report["uncovered"]) == ([], [])
    assert not is_broken(report, ["violations", "unmatched", "uncovered"])
