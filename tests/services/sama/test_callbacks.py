"""Tests of the three callbacks: what they say, how they prove themselves, what answers do."""

import base64
import hashlib
import hmac
from typing import Any

import pytest

from mockserver.services.sama import callbacks
from tests.services.sama.world import World, urls

pytestmark = pytest.mark.anyio


def attempts(world: World, event: str) -> list[list[Any]]:
    """The statuses of the attempts of each delivery of an event."""
    found = world.sandbox.collection("engine.deliveries").find({"event": event})
    assert all(not each["violations"] for each in found)
    return [[attempt["status"] for attempt in each["attempts"]] for each in found]


async def test_there_are_none_until_they_are_set(world: World) -> None:
    found = await world.control("GET", "/projects/117/callbacks")
    assert found == dict.fromkeys(callbacks.EVENTS)
    await world.batch(*urls(1))
    await world.advance(60)
    assert len(world.sandbox.collection("engine.deliveries")) == 0


async def test_every_task_of_a_batch_has_its_creation_told_good_or_bad(by_hand: World) -> None:
    """F170, F172, F173."""
    await by_hand.callbacks("task_creation")
    data = {"name": "x", "output_colour": "red"}
    answer = await by_hand.batch(urls(1)[0], data)
    await by_hand.advance(60)
    good, bad = sorted(
        (message["json"] for message in by_hand.inbox("task_creation")),
        key=lambda body: not body["success"],
    )
    assert [task["id"] for task in good["tasks"]] == answer["task_ids"][:1]
    assert good["tasks"][0]["data"] == urls(1)[0]
    assert [error["message"] for error in bad["errors"]] == [
        "Input 'url' is required.",
        "Unknown output: colour",
    ]
    assert bad["errors"][0] == {
        "task_id": answer["task_ids"][1],
        "type": 400,
        "message": "Input 'url' is required.",
        "request_data": {
            "project_id": 117,
            "questions": {"name": "x"},
            "default_answers": {"colour": "red"},
            "priority": 0,
        },
    }
    assert attempts(by_hand, "task_creation") == [[200], [200]]


async def test_a_task_made_alone_in_the_background_is_told_too(by_hand: World) -> None:
    await by_hand.callbacks("task_creation", project=118)
    for data in ({"video": "https://assets.example/v.mp4", "frames": 30}, {}):
        await by_hand.call("POST", "/tasks.json", {"data": data}, project=118)
    await by_hand.ask("POST", "/tasks.json", {"data": urls(1)[0]})
    await by_hand.advance(60)
    told = [message["json"]["success"] for message in by_hand.inbox("task_creation")]
    assert sorted(told) == [False, True]


async def test_a_delivery_is_carried_by_the_callback_and_ends_with_its_answer(
    world: World,
) -> None:
    """F160, F174, F175."""
    await world.callbacks("task_delivery")
    (id,) = (await world.batch(*urls(1)))["task_ids"]
    await world.advance(60)
    (message,) = world.inbox("task_delivery")
    assert message["json"].keys() == {"task"}
    carried = message["json"]["task"]
    assert (carried["id"], carried["state"], carried["delivered_at"]) == (id, "completed", None)
    assert carried["answers"]
    assert (await world.task(id))["state"] == "delivered"
    assert len((await world.ask("GET", "/tasks/delivered.json"))["tasks"]) == 1


@pytest.mark.parametrize("status", [200, 422])
async def test_an_answer_with_reasons_rejects_the_task(by_hand: World, status: int) -> None:
    """F176, F177."""
    await by_hand.callbacks("task_delivery")
    by_hand.sandbox.inbox.configure(
        "task_delivery", {"status": status, "body": {"reasons": ["too wide"]}}
    )
    (id,) = (await by_hand.batch(*urls(1)))["task_ids"]
    await by_hand.advance(1)
    await by_hand.control("POST", f"/tasks/{id}/deliver")
    await by_hand.advance(1)
    assert (await by_hand.task(id))["state"] == "rejected"
    assert by_hand.documents("tasks")[0]["reasons"] == ["too wide"]
    assert attempts(by_hand, "task_delivery") == [[status]]
    assert (await by_hand.ask("GET", "/tasks/delivered.json"))["tasks"] == []


async def test_after_a_rejection_the_task_comes_again(world: World) -> None:
    await world.callbacks("task_delivery")
    world.sandbox.inbox.configure("task_delivery", {"body": {"reasons": "too wide"}})
    (id,) = (await world.batch(*urls(1)))["task_ids"]
    while not world.inbox("task_delivery"):
        await world.advance(0.05)
    world.sandbox.inbox.configure("task_delivery", {"status": 204})
    await world.advance(60)
    first, *_, last = [message["json"]["task"] for message in world.inbox("task_delivery")]
    assert first["id"] == last["id"] == id
    assert first["answers"] != last["answers"]
    assert (await world.task(id))["state"] == "delivered"


async def test_after_five_attempts_a_delivery_is_dropped_and_the_task_stays(
    by_hand: World,
) -> None:
    """F179, F180."""
    await by_hand.callbacks("task_delivery")
    by_hand.sandbox.inbox.configure("task_delivery", {"status": 500})
    (id,) = (await by_hand.batch(*urls(1)))["task_ids"]
    await by_hand.advance(1)
    await by_hand.control("POST", f"/tasks/{id}/deliver")
    await by_hand.advance(3600)
    assert attempts(by_hand, "task_delivery") == [[500] * 5]
    assert (await by_hand.task(id))["state"] == "approved"
    by_hand.sandbox.inbox.configure("task_delivery", {"status": 200})
    await by_hand.control("POST", f"/tasks/{id}/deliver")
    await by_hand.advance(1)
    assert (await by_hand.task(id))["state"] == "delivered"


async def test_a_delivery_under_way_is_not_sent_twice(by_hand: World) -> None:
    await by_hand.callbacks("task_delivery")
    (id,) = (await by_hand.batch(*urls(1)))["task_ids"]
    await by_hand.advance(1)
    for _ in range(3):
        await by_hand.control("POST", f"/tasks/{id}/deliver")
    await by_hand.advance(1)
    assert len(by_hand.inbox("task_delivery")) == 1


async def test_an_answer_that_comes_after_a_rejection_is_too_late(by_hand: World) -> None:
    await by_hand.callbacks("task_delivery")
    (id,) = (await by_hand.batch(*urls(1)))["task_ids"]
    await by_hand.advance(1)
    await by_hand.control("POST", f"/tasks/{id}/deliver")
    await by_hand.ask("PUT", f"/tasks/{id}/reject.json", {"reasons": ["changed our mind"]})
    await by_hand.advance(1)
    assert len(by_hand.inbox("task_delivery")) == 1
    assert (await by_hand.task(id))["state"] == "rejected"


async def test_an_answer_to_rejected_work_does_not_deliver_the_new_work(by_hand: World) -> None:
    await by_hand.callbacks("task_delivery")
    (id,) = (await by_hand.batch(*urls(1)))["task_ids"]
    await by_hand.advance(1)
    await by_hand.control("POST", f"/tasks/{id}/deliver")
    await by_hand.control("POST", f"/tasks/{id}/reject")
    await by_hand.control("POST", f"/tasks/{id}/approve")
    await by_hand.advance(1)
    assert len(by_hand.inbox("task_delivery")) == 1
    assert (await by_hand.task(id))["state"] == "approved"


async def test_deleted_tasks_are_told_together(by_hand: World) -> None:
    """F132, F178."""
    await by_hand.callbacks("task_archival")
    ids = (await by_hand.batch(*urls(3)))["task_ids"]
    await by_hand.advance(1)
    await by_hand.ask("POST", "/tasks/delete_tasks.json", {"task_ids": ids[:2]})
    await by_hand.ask("POST", "/tasks/delete_tasks.json", {"task_ids": []})
    await by_hand.advance(1)
    (message,) = by_hand.inbox("task_archival")
    assert message["json"]["success"] is True
    assert [task["id"] for task in message["json"]["tasks"]] == ids[:2]
    assert message["json"]["tasks"][0].keys() == {"id", "project_id", "archived_at", "user_id"}
    assert message["json"]["tasks"][0]["user_id"] == 272


async def told_with(world: World, auth: dict[str, Any] | None) -> dict[str, Any]:
    """The message of one creation, told with this authentication."""
    await world.callbacks("task_creation", auth=auth)
    await world.batch(*urls(1))
    await world.advance(1)
    (message,) = world.inbox("task_creation")
    assert message["headers"]["content-type"] == "application/json"
    return message


async def test_basic_authentication(by_hand: World) -> None:
    auth = {"type": "basic", "username": "ann", "password": "s:cret"}
    message = await told_with(by_hand, auth)
    kind, _, value = message["headers"]["authorization"].partition(" ")
    assert (kind, base64.b64decode(value)) == ("Basic", b"ann:s:cret")


async def test_an_access_key_in_the_url(by_hand: World) -> None:
    message = await told_with(by_hand, {"type": "access_key", "access_key": "a&b"})
    assert message["query"] == "access_key=a%26b"


async def test_a_token_in_a_header(by_hand: World) -> None:
    message = await told_with(by_hand, {"type": "token", "token": "s3cret"})
    assert message["headers"]["x-auth-token"] == "s3cret"
    assert "authorization" not in message["headers"]


async def test_a_signature_over_method_path_date_and_body(by_hand: World) -> None:
    """F168, F169."""
    message = await told_with(by_hand, {"type": "hmac", "id": "client-23", "secret": "s3cret"})
    date = message["headers"]["x-wsm-date"]
    assert date == "Tue, 12 Mar 2024 20:50:01 GMT"
    digest = hashlib.sha256(message["body"].encode()).hexdigest()
    text = f"POST\n/__inbox/task_creation\n{date}\n{digest}"
    expected = base64.b64encode(hmac.digest(b"s3cret", text.encode(), "sha256")).decode()
    assert message["headers"]["authorization"] == f"HMAC-SHA256 client-23:{expected}"


async def test_each_attempt_is_signed_anew(by_hand: World) -> None:
    await by_hand.callbacks("task_creation", auth={"type": "hmac", "id": "c", "secret": "s"})
    by_hand.sandbox.inbox.configure("task_creation", {"status": 503})
    await by_hand.batch(*urls(1))
    await by_hand.advance(60)
    messages = by_hand.inbox("task_creation")
    assert len(messages) == 5
    assert len({message["headers"]["x-wsm-date"] for message in messages}) == 5
    assert len({message["headers"]["authorization"] for message in messages}) == 5
    assert len({message["body"] for message in messages}) == 1


async def test_a_put_replaces_what_it_names_and_null_removes(by_hand: World) -> None:
    await by_hand.callbacks("task_creation", "task_delivery")
    path = "/projects/117/callbacks"
    found = await by_hand.control(
        "PUT", path, {"task_creation": None, "task_archival": {"url": "http://127.0.0.1:1/x"}}
    )
    assert found["task_creation"] is None
    assert found["task_delivery"]["url"].endswith("/__inbox/task_delivery")
    assert found["task_archival"] == {"url": "http://127.0.0.1:1/x", "auth": None}
    assert found == await by_hand.control("GET", path)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", None),
        (b"ok", None),
        (b"{}", None),
        (b'{"reasons": null}', None),
        (b"[]", None),
        (b'{"reasons": []}', []),
        (b'{"reasons": ["a", 1]}', ["a", "1"]),
        (b'{"reasons": "a"}', ["a"]),
    ],
)
def test_only_reasons_reject(body: bytes, expected: list[str] | None) -> None:
    assert callbacks.rejection(body) == expected
    assert callbacks.succeeded(200, body)
    assert callbacks.succeeded(409, body) is (expected is not None)
    assert not callbacks.succeeded(500, body)
