"""Tests of the contract report in the control API."""

import pytest

from tests.admin.conftest import Opening, Panel

pytestmark = pytest.mark.anyio


async def test_the_report_tells_what_was_called_and_what_was_not_there(panel: Panel) -> None:
    await panel.toy("GET", "/items")
    await panel.toy("GET", "/itms")
    report = await panel.get("/contract")
    (client,) = report["clients"]
    assert client["client"] == "panel/1"
    (operation,) = client["operations"]
    assert (operation["operation"], operation["statuses"]) == ("listItems", {"200": 1})
    assert [each["nearest"] for each in client["unmatched"]] == ["GET /v1/items"]
    assert report["summary"]["unmatched"] == 1


async def test_counts_outlive_a_reset_and_a_small_journal(opened: Opening) -> None:
    panel = await opened(journal_entries=1)
    for _ in range(3):
        await panel.toy("GET", "/items")
    await panel.ask("DELETE", "/requests")
    await panel.ask("POST", "/reset")
    report = await panel.get("/contract")
    assert report["clients"][0]["operations"][0]["calls"] == 3


async def test_counting_begins_anew_on_demand(panel: Panel) -> None:
    await panel.toy("GET", "/items")
    assert (await panel.ask("DELETE", "/contract")).status_code == 204
    report = await panel.get("/contract")
    assert (report["clients"], report["summary"]["exercised"]) == ([], 0)
