"""Tests of forcing tasks into states."""

import pytest

from tests.services.pipelines.world import World

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "status", ["pending", "in_progress", "paused", "finished", "escalated", "quarantined", "failed"]
)
async def test_a_task_can_be_put_into_any_status(world: World, status: str) -> None:
    (task,) = await world.create()
    assert (await world.force(task, status))["status"] == status
    assert [each["id"] for each in await world.tasks(42, status=status)] == [task]


async def test_a_failed_task_is_retried_where_it_stood(world: World) -> None:
    """Fact 5.2."""
    (task,) = await world.create()
    await world.claim(42, task)
    await world.submit(42, task, label="x")
    await world.force(task, "failed")
    page = await world.ask("GET", "/workflows/42/work", user="r1")
    assert page["available"] == []
    resumed = await world.force(task, "in_progress")
    assert [node["status"] for node in resumed["nodes"]] == ["finished", "available"]


async def test_a_task_paused_by_itself_is_hidden_and_comes_back(world: World) -> None:
    ids = await world.create(count=2)
    await world.force(ids[0], "paused")
    page = await world.ask("GET", "/workflows/42/work", user="u1")
    assert [item["task_id"] for item in page["available"]] == ids[1:]
    await world.force(ids[0], "pending")
    assert (await world.claim(42, ids[0]))["status"] == "claimed"


async def test_whoever_held_it_holds_it_no_more(world: World) -> None:
    (task,) = await world.create()
    await world.claim(42, task)
    await world.force(task, "failed")
    assert (await world.ask("GET", "/workflows/42/work", user="u1"))["held"] == []
    assert world.sandbox.jobs.pending() == 0


async def test_a_finished_task_has_finished_nodes(world: World) -> None:
    (task,) = await world.create()
    found = await world.force(task, "finished")
    assert [node["status"] for node in found["nodes"]] == ["finished", "finished"]
    assert found["finished_at"] == "2026-01-06T10:31:00.000Z"


@pytest.mark.parametrize("between", ["escalated", "quarantined", "failed"])
async def test_a_finished_task_that_was_stopped_is_open_again_once_that_is_resolved(
    world: World, between: str
) -> None:
    """Fact 5.2: resolved or retried it is in progress, and finished when it is done once more."""
    (task,) = await world.create()
    await world.force(task, "finished")
    await world.force(task, between)
    resumed = await world.force(task, "in_progress")
    assert resumed["status"] == "in_progress"
    assert [node["status"] for node in resumed["nodes"]] == ["finished", "available"]
    assert resumed["finished_at"] is None
    assert (await world.force(task, "finished"))["status"] == "finished"


async def test_completing_takes_a_task_to_its_end_with_these_answers(world: World) -> None:
    (task,) = await world.create()
    await world.finish(task, label="kettle")
    (submission, verdict) = world.documents("submissions")
    assert submission["fields"]["label"] == "kettle"
    assert verdict["outcome"] == "pass"


async def test_a_deleted_task_is_gone(world: World) -> None:
    ids = await world.create(count=2)
    await world.claim(42, ids[0])
    await world.control("DELETE", f"/tasks/{ids[0]}")
    assert [task["id"] for task in await world.tasks(42)] == ids[1:]
    assert await world.refused("GET", f"/workflows/42/tasks/{ids[0]}") == (404, "task_not_found")
    assert world.documents("claims") == []
    assert world.documents("groups")[0]["task_count"] == 1


async def test_an_unknown_task_is_a_problem(world: World) -> None:
    answer = await world.control_call("POST", "/tasks/77/status", {"status": "failed"})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert (await world.control_call("DELETE", "/tasks/77")).status_code == 404
    wrong = await world.control_call("POST", "/tasks/77/status", {"status": "done"})
    assert wrong.status_code in (400, 422)


async def test_nobody_works_in_a_workflow_that_is_not_active(world: World) -> None:
    assert (await world.control_call("POST", "/workflows/45/work")).status_code == 409
    assert (await world.control_call("POST", "/workflows/77/work")).status_code == 404
