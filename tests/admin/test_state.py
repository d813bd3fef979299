"""Tests of the documents as the control API counts, lists and puts them."""

from typing import Any

import pytest

from tests.admin.conftest import Panel

pytestmark = pytest.mark.anyio


@pytest.fixture
def filled(panel: Panel) -> Panel:
    """A sandbox with a few more documents."""
    panel.sandbox.collection("toy.items").put_many(
        [
            {"id": "a", "state": "new", "batch": 7, "owner": {"name": "Ann"}, "open": True},
            {"id": "b", "state": "new", "batch": "7", "owner": {"name": "Bob"}, "open": None},
            {"id": "c", "state": "done", "batch": 8},
        ]
    )
    panel.sandbox.commit()
    return panel


async def ids(panel: Panel, **query: Any) -> list[Any]:
    """The ids of the documents that a filter finds."""
    return [item["id"] for item in (await panel.get("/state/toy.items", **query))["items"]]


async def test_collections_are_counted(filled: Panel) -> None:
    assert await filled.get("/state") == {"toy.items": 4}


async def test_the_sandboxs_own_collections_are_counted_when_asked_for(filled: Panel) -> None:
    counts = await filled.get("/state", internal="true")
    assert counts["toy.items"] == 4
    assert counts["engine.sandbox"] == 2


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["seeded", "a", "b", "c"]),
        ({"state": "new"}, ["seeded", "a", "b"]),
        ({"batch": "7"}, ["a", "b"]),
        ({"batch": "7", "state": "done"}, []),
        ({"owner.name": "Bob"}, ["b"]),
        ({"open": "true"}, ["a"]),
        ({"id": "c"}, ["c"]),
        ({"state": ""}, []),
    ],
)
async def test_documents_are_filtered_by_any_field(
    filled: Panel, query: dict[str, str], expected: list[str]
) -> None:
    assert await ids(filled, **query) == expected


async def test_pages_go_on_after_the_last_item_and_the_total_stays(filled: Panel) -> None:
    first = await filled.get("/state/toy.items", limit=2)
    assert [item["id"] for item in first["items"]] == ["seeded", "a"]
    second = await filled.get("/state/toy.items", limit=2, after="a")
    assert [item["id"] for item in second["items"]] == ["b", "c"]
    assert first["total"] == second["total"] == 4


@pytest.mark.parametrize("limit", [0, 10_001, "x"])
async def test_a_limit_is_between_one_and_ten_thousand(panel: Panel, limit: object) -> None:
    answer = await panel.ask("GET", "/state/toy.items", limit=limit)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/query/limit"


async def test_an_unknown_collection_is_not_found_but_a_services_empty_one_is(panel: Panel) -> None:
    answer = await panel.ask("GET", "/state/tyo.items")
    assert answer.status_code == 404
    assert answer.json()["detail"] == "There is no collection 'tyo.items'; there are: toy.items."
    assert await panel.get("/state/toy.others") == {"items": [], "total": 0}


async def test_a_page_after_a_document_that_is_gone_is_not_found(panel: Panel) -> None:
    assert (await panel.ask("GET", "/state/toy.items", after="gone")).status_code == 404


async def test_documents_put_by_hand_are_there_for_the_service(panel: Panel) -> None:
    documents = [{"id": "x", "state": "new"}, {"id": "seeded", "state": "done"}]
    answer = await panel.ask("POST", "/state", {"toy.items": documents})
    assert (answer.status_code, answer.json()) == (200, {"toy.items": 2})
    assert (await panel.toy("GET", "/items/x")).json() == documents[0]
    assert (await panel.toy("GET", "/items/seeded")).json() == documents[1]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"toy.items": [{"state": "new"}]},
        {"toy.items": [{"id": 1.5}]},
        {"toy.items": [{"id": "x"}], "engine.jobs": []},
        {"toy.items": [{"id": "x"}], "other.items": []},
        {"toy.items": [{"id": "x"}], "toy": []},
        {"toy.items": {"id": "x"}},
    ],
)
async def test_documents_are_put_all_or_none(panel: Panel, body: object) -> None:
    assert (await panel.ask("POST", "/state", body)).status_code == 422
    assert await ids(panel) == ["seeded"]


async def test_deliveries_are_shown_without_what_they_are_signed_with(panel: Panel) -> None:
    item = {"id": "a", "state": "new"}
    panel.sandbox.webhooks.emit(
        "toy", "item_done", "http://user:pass@127.0.0.1:9/?access_key=secret", item
    )
    panel.sandbox.commit()
    shown = (await panel.client.get("/state/engine.deliveries")).text
    assert "access_key=***" in shown
    assert "pass" not in shown
    assert "secret" not in shown
