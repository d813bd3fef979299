"""Tests of playing the workforce by hand."""

from typing import Any

import httpx
import pytest

from tests.services.sama.world import World, urls

pytestmark = pytest.mark.anyio


async def made(world: World) -> str:
    """The id of a task that waits to be started."""
    answer = await world.batch(*urls(1))
    await world.advance(1)
    return str(answer["task_ids"][0])


async def asked(world: World, path: str, body: Any = None) -> httpx.Response:
    """The answer of a control, whatever it is."""
    return await world.client.post(f"/__admin/services/sama{path}", json=body)


async def test_the_way_can_be_walked_step_by_step(by_hand: World) -> None:
    id = await made(by_hand)
    states = []
    for step in ("start", "complete", "approve", "deliver", "reject", "start"):
        states.append((await by_hand.control("POST", f"/tasks/{id}/{step}"))["task"]["state"])
    assert states == [
        *("in progress", "completed", "approved", "delivered", "rejected", "in progress")
    ]


async def test_steps_in_between_are_taken_as_well(by_hand: World) -> None:
    id = await made(by_hand)
    task = (await by_hand.control("POST", f"/tasks/{id}/deliver"))["task"]
    assert (task["state"], task["delivered_at"] is None) == ("delivered", False)
    assert task["answers"].keys() == {"vehicles", "quality"}
    assert task["submitter_ids_by_step"].keys() == {"Annotation"}


async def test_a_task_can_be_completed_with_given_answers(by_hand: World) -> None:
    id = await made(by_hand)
    body = {"answers": {"quality": "blurred"}}
    task = (await by_hand.control("POST", f"/tasks/{id}/complete", body))["task"]
    assert task["answers"]["quality"] == "blurred"
    assert "vehicles" in task["answers"]


async def test_answers_that_do_not_fit_are_refused(by_hand: World) -> None:
    id = await made(by_hand)
    answer = await asked(by_hand, f"/tasks/{id}/complete", {"answers": {"quality": "superb"}})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert by_hand.documents("tasks")[0]["state"] == "new"


async def test_there_is_no_way_back(by_hand: World) -> None:
    id = await made(by_hand)
    await by_hand.control("POST", f"/tasks/{id}/approve")
    for step in ("start", "complete", "approve"):
        assert (await asked(by_hand, f"/tasks/{id}/{step}")).status_code == 409
    await by_hand.control("POST", f"/tasks/{id}/deliver")
    assert (await asked(by_hand, f"/tasks/{id}/deliver")).status_code == 409
    await by_hand.ask("PUT", f"/tasks/{id}/acknowledge.json")
    for step in ("start", "deliver", "reject"):
        assert (await asked(by_hand, f"/tasks/{id}/{step}")).status_code == 409


async def test_what_is_not_there_is_a_problem(by_hand: World) -> None:
    for path in (f"/tasks/{'6' * 24}/start", f"/tasks/{'6' * 24}/reject"):
        answer = await asked(by_hand, path)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
    found = await by_hand.client.get("/__admin/services/sama/projects/1/callbacks")
    assert found.status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"task_unheard_of": {"url": "http://127.0.0.1/x"}},
        {"task_creation": {"url": "ftp://127.0.0.1/x"}},
        {"task_creation": {"url": "http://127.0.0.1/x", "auth": {"type": "magic"}}},
        {"task_creation": {"url": "http://127.0.0.1/x", "auth": {"type": "basic"}}},
        {"task_creation": {"url": "http://127.0.0.1/x", "auth": {"type": "token", "token": ""}}},
    ],
)
async def test_a_callback_that_cannot_be_used_is_refused(by_hand: World, body: Any) -> None:
    answer = await by_hand.client.put("/__admin/services/sama/projects/117/callbacks", json=body)
    assert 400 <= answer.status_code < 500
    assert by_hand.documents("callbacks") == []


async def test_consumers_can_be_sent_back_to_the_start(by_hand: World) -> None:
    id = await made(by_hand)
    await by_hand.control("POST", f"/tasks/{id}/deliver")
    path = "/tasks/delivered.json"

    async def following(consumer: str | None) -> int:
        answer = await by_hand.ask("POST", path, {"consumer": consumer})
        return len(answer["tasks"])

    assert [await following(name) for name in ("ann", "bob", None)] == [1, 1, 1]
    assert await by_hand.control("DELETE", "/projects/117/cursors", consumer="ann") == {"reset": 1}
    assert [await following(name) for name in ("ann", "bob", None)] == [1, 0, 0]
    assert await by_hand.control("DELETE", "/projects/117/cursors") == {"reset": 3}
    assert [await following(name) for name in ("ann", "bob", None)] == [1, 1, 1]
