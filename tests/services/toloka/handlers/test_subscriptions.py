"""Tests of webhook subscriptions as calls."""

from typing import Any

import pytest

from tests.services.toloka.world import CLOSED, OPEN, World

pytestmark = pytest.mark.anyio

URL = "http://127.0.0.1:8080/__inbox/toloka"


def form(event: str = "POOL_CLOSED", **more: Any) -> dict[str, Any]:
    """A good subscription."""
    return {"event_type": event, "pool_id": OPEN, "webhook_url": URL, **more}


async def test_a_list_is_answered_by_place_and_some_of_it_may_fail(world: World) -> None:
    answer = await world.call(
        "PUT", "/webhook-subscriptions/", [form(secret_key="s"), {"pool_id": "5"}, 7]
    )
    assert answer.status_code == 200
    assert set(answer.json()["items"]["0"]) == {
        "id", "event_type", "webhook_url", "pool_id", "created",
    }  # fmt: skip
    found = answer.json()["validation_errors"]
    assert {path: one["code"] for path, one in found["1"].items()} == {
        "event_type": "VALUE_REQUIRED",
        "webhook_url": "VALUE_REQUIRED",
        "pool_id": "ENTITY_DOES_NOT_EXIST",
    }
    assert list(found["2"]) == ["webhook_subscription"]


async def test_one_by_itself_is_new_once_and_then_replaced(world: World) -> None:
    first = await world.call("PUT", "/webhook-subscriptions", form())
    second = await world.call("PUT", "/webhook-subscriptions", form(secret_key="new"))
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert world.documents("webhook_subscriptions")[0]["secret_key"] == "new"


WRONG: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({"event_type": "TEST_EVENT"}, {"event_type": "UNKNOWN_ENUM_VALUE"}),
    ({"webhook_url": "ftp://x"}, {"webhook_url": "INVALID_URL_SYNTAX"}),
    ({"secret_key": 5}, {"secret_key": "STRING_EXPECTED"}),
]


@pytest.mark.parametrize(("change", "expected"), WRONG)
async def test_a_field_that_is_wrong_is_named(
    world: World, change: dict[str, Any], expected: dict[str, str]
) -> None:
    found = await world.invalid("PUT", "/webhook-subscriptions", {**form(), **change})
    assert found == expected


async def test_no_two_have_one_time_since_pages_go_by_it(world: World) -> None:
    """toloka-kit goes on from `created_gt` (trap B17)."""
    events = ("POOL_CLOSED", "ASSIGNMENT_CREATED", "ASSIGNMENT_SUBMITTED", "ASSIGNMENT_SKIPPED")
    await world.ask("PUT", "/webhook-subscriptions", [form(event) for event in events])
    seen: list[str] = []
    query: dict[str, Any] = {"pool_id": OPEN, "sort": "created", "limit": 3}
    while True:
        page = await world.ask("GET", "/webhook-subscriptions", **query)
        seen += [each["event_type"] for each in page["items"]]
        if not page["has_more"]:
            break
        query["created_gt"] = page["items"][-1]["created"]
    assert seen == list(events)


async def test_a_subscription_is_read_found_and_deleted(world: World) -> None:
    made = await world.ask("PUT", "/webhook-subscriptions", form())
    path = f"/webhook-subscriptions/{made['id']}"
    assert await world.ask("GET", path) == made
    assert len((await world.ask("GET", "/webhook-subscriptions"))["items"]) == 1
    for query in ({"event_type": "ASSIGNMENT_CREATED"}, {"pool_id": CLOSED}):
        assert (await world.ask("GET", "/webhook-subscriptions", **query))["items"] == []
    assert (await world.call("DELETE", path)).status_code == 204
    for method in ("GET", "DELETE"):
        assert (await world.refused(method, path))[:2] == (404, "DOES_NOT_EXIST")


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (200, {"success": True, "originalStatusCode": 200}),
        (500, {"success": False, "errorType": "WRONG_STATUS_CODE", "originalStatusCode": 500}),
    ],
)
async def test_a_test_event_tells_how_the_target_took_it(
    world: World, status: int, verdict: dict[str, Any]
) -> None:
    (made,) = await world.subscribe(OPEN, "POOL_CLOSED", secret_key="12345")
    await world.client.put("/__admin/inbox/toloka", json={"status": status})
    answer = await world.client.post(
        f"/toloka/api/v1/webhook-subscriptions/{made['id']}/test",
        content=b"null",
        headers={"Authorization": "OAuth x", "Content-Type": "application/json"},
    )
    assert answer.status_code == 200
    (event,) = world.events()
    assert event == {
        "uuid": event["uuid"],
        "event_time": "2026-03-01T10:00:00.120",
        "project_id": "1000001",
        "pool_id": OPEN,
        "type": "TEST_EVENT",
    }
    assert answer.json() == {
        **verdict,
        "responseReceivedAt": "2026-03-01T10:00:00.120",
        "uuids": [event["uuid"]],
    }


async def test_a_target_that_is_not_there_is_a_connection_error(world: World) -> None:
    made = await world.ask(
        "PUT", "/webhook-subscriptions", form(webhook_url="http://127.0.0.1:9/x")
    )
    answer = await world.ask("POST", f"/webhook-subscriptions/{made['id']}/test")
    assert (answer["success"], answer["errorType"]) == (False, "CONNECTION_ERROR")
