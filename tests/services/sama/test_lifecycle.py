"""Tests of the workforce: which states follow which, and who comes first."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.services.sama.conftest import Opening
from tests.services.sama.world import World, urls

pytestmark = pytest.mark.anyio


def tmp_path_of(world: World) -> Path:
    """The folder that holds the data folders of a test."""
    return world.sandbox.folder.parent.parent.parent


async def test_a_task_walks_through_every_state_in_order(world: World) -> None:
    answer = await world.batch(*urls(1))
    id, states = answer["task_ids"][0], []
    for _ in range(200):
        await world.advance(0.01)
        task = world.sandbox.collection("sama.tasks").get(id)
        if task and task["state"] not in states:
            states.append(task["state"])
            assert (task["delivered_at"] is not None) is (task["state"] == "delivered")
    assert states == ["new", "in progress", "completed", "approved", "delivered"]


async def test_at_the_pace_manual_people_do_nothing_by_themselves(by_hand: World) -> None:
    await by_hand.batch(*urls(2))
    await by_hand.advance(86_400)
    assert [task["state"] for task in by_hand.documents("tasks")] == ["new", "new"]


async def test_at_the_pace_realistic_work_takes_minutes(opened: Opening) -> None:
    world = await opened(pace="realistic")
    await world.batch(*urls(1))
    await world.advance(20)
    assert world.documents("tasks")[0]["state"] in ("new", "in progress")
    await world.advance(3600)
    assert world.documents("tasks")[0]["state"] == "delivered"


async def test_the_lower_priority_is_worked_on_first_then_the_older_task(world: World) -> None:
    """F128, across batches and after a change of mind."""
    late = await world.batch(*urls(3), priority=5)
    soon = await world.batch(*urls(3), priority=-5)
    changed = late["task_ids"][2]
    await world.advance(0.151)
    await world.ask(
        "POST", "/tasks/bulk_update.json", {"task_ids": [changed], "priority": -(2**31)}
    )
    order: list[str] = []
    for _ in range(400):
        await world.advance(0.005)
        for task in world.documents("tasks"):
            if task["state"] != "new" and task["id"] not in order:
                order.append(task["id"])
    started = world.sandbox.collection("sama.tasks").find({"project_id": 117})
    assert len(order) == len(started) == 6
    assert set(order[:3]) == {changed, *soon["task_ids"][:2]}


async def test_every_task_is_done_however_many_agents_come_for_other_ones(world: World) -> None:
    for priority in (3, 1, 2):
        await world.batch(*urls(7), priority=priority)
    await world.advance(60)
    assert {task["state"] for task in world.documents("tasks")} == {"delivered"}
    assert world.sandbox.jobs.pending() == 0


async def test_tasks_left_over_from_the_pace_manual_do_not_starve_others(
    opened: Opening,
) -> None:
    first = await opened(pace="manual")
    await first.batch(*urls(2))
    await first.advance(1)
    shutil.copytree(first.sandbox.folder.parent.parent, tmp_path_of(first) / "later")
    second = await opened("later")
    answer = await second.batch(*urls(1))
    await second.advance(60)
    assert len(second.documents("tasks")) == 3
    assert (await second.task(answer["task_ids"][0]))["state"] == "delivered"


async def test_a_transition_set_apart_keeps_to_its_own_batch(world: World) -> None:
    world.sandbox.pace.override("sama.start_tasks", {"by": "hand"}, "612584")
    held = await world.batch(*urls(2), priority=-9)
    free = await world.batch(*urls(2))
    await world.advance(60)
    states = {task["id"]: task["state"] for task in world.documents("tasks")}
    assert {states[id] for id in held["task_ids"]} == {"new"}
    assert {states[id] for id in free["task_ids"]} == {"delivered"}
    world.sandbox.pace.release("sama.start_tasks", str(held["batch_id"]))
    await world.advance(60)
    assert {task["state"] for task in world.documents("tasks")} == {"delivered"}


async def test_looks_at_a_task_can_stand_for_time(world: World) -> None:
    world.sandbox.pace.override("sama.complete_tasks", {"polls": 2})
    answer = await world.batch(*urls(1))
    await world.advance(3600)
    id = answer["task_ids"][0]
    states = [(await world.task(id))["state"] for _ in range(3)]
    assert states == ["in progress", "in progress", "completed"]


async def test_a_rejected_task_is_worked_on_anew_with_new_answers(world: World) -> None:
    (id,) = (await world.batch(*urls(1)))["task_ids"]
    await world.advance(60)
    before = await world.task(id)
    await world.ask("PUT", f"/tasks/{id}/reject.json", {"reasons": ["too wide"]})
    assert world.documents("tasks")[0]["reasons"] == ["too wide"]
    await world.advance(60)
    after = await world.task(id)
    assert (before["state"], after["state"]) == ("delivered", "delivered")
    assert after["answers"] != before["answers"]
    assert after["delivered_at"] > before["delivered_at"]
    assert [each["task_id"] for each in world.documents("deliveries")] == [id]


async def test_a_reserved_task_is_done_by_its_agent_and_others_by_their_team(
    world: World,
) -> None:
    tasks: list[dict[str, Any]] = [{"data": data} for data in urls(20)]
    tasks[0]["reserve_for"] = 9003
    await world.ask("POST", "/batches.json", {"tasks": tasks})
    await world.advance(60)
    agents = [task["submitter_ids_by_step"]["Annotation"] for task in world.documents("tasks")]
    assert agents[0] == 9003
    assert set(agents) == {9001, 9002, 9003}


async def test_a_team_without_people_is_stood_in_for(world: World) -> None:
    world.sandbox.store.collection("sama.agents").delete(9101)
    data = {"video": "https://assets.example/v.mp4", "frames": 30}
    await world.call("POST", "/tasks.json", {"data": data}, project=118)
    await world.advance(60)
    assert world.documents("tasks")[0]["submitter_ids_by_step"]["Quality"] == 1


async def test_submitted_tasks_go_on_to_review(world: World) -> None:
    await world.ask("POST", "/batches.json", {"tasks": [{"data": urls(1)[0]}], "submit": True})
    await world.advance(60)
    (task,) = world.documents("tasks")
    assert (task["state"], task["answers"]) == ("delivered", {})


async def test_work_on_a_task_that_was_deleted_is_dropped(world: World) -> None:
    (id,) = (await world.batch(*urls(1)))["task_ids"]
    await world.advance(0.151)
    await world.ask("POST", "/tasks/delete_tasks.json", {"task_ids": [id]})
    await world.advance(60)
    assert world.documents("tasks") == []
    assert world.sandbox.jobs.pending() == 0
