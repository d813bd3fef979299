"""Tests of simulated people: at each pace, and what they leave to others."""

import shutil
from pathlib import Path

import pytest

from mockserver.services.pipelines import crew
from tests.services.pipelines.conftest import Opening
from tests.services.pipelines.world import World

pytestmark = pytest.mark.anyio


async def finished(world: World, workflow: int = 42) -> int:
    """How many tasks are finished."""
    return int((await world.ask("GET", f"/workflows/{workflow}"))["task_counts"]["finished"])


async def test_people_take_tasks_through_subtask_and_review(peopled: World) -> None:
    (task,) = await peopled.create()
    seen: list[list[str]] = []
    for _ in range(60):
        found = await peopled.task(42, task)
        state = [node["status"] for node in found["nodes"]]
        if not seen or seen[-1] != state:
            seen.append(state)
        await peopled.advance(0.1)
    assert seen[:2] == [["available", "pending"], ["claimed", "pending"]]
    assert seen[-1] == ["finished", "finished"]
    (row,) = peopled.documents("submissions")[:1]
    assert row["contributor"] in crew.EXPERTS
    assert isinstance(row["fields"]["label"], str)


async def test_at_manual_nobody_does_anything(world: World) -> None:
    (task,) = await world.create()
    await world.advance(86_400)
    assert (await world.task(42, task))["status"] == "pending"


async def test_at_instant_all_is_done_before_the_answer(opened: Opening) -> None:
    world = await opened(pace="instant")
    await world.create(count=30)
    assert await finished(world) == 30


@pytest.mark.no_cover
async def test_many_tasks_are_finished_all_of_them_once(peopled: World) -> None:
    await peopled.create(count=1100)
    await peopled.advance(600)
    counts = (await peopled.ask("GET", "/workflows/42"))["task_counts"]
    assert counts["finished"] + counts["quarantined"] == 1100
    assert counts["quarantined"] < 10
    assert peopled.documents("claims") == []
    outcomes = [each["outcome"] for each in peopled.documents("submissions")]
    passed, rejected = outcomes.count("pass"), outcomes.count("fail")
    assert passed == counts["finished"]
    assert 0.05 < rejected / (passed + rejected) < 0.2


async def test_the_same_seed_has_the_same_people_say_the_same(opened: Opening) -> None:
    said = []
    for folder in ("one", "two"):
        world = await opened(folder, pace="fast")
        await world.create(count=5)
        await world.advance(60)
        said.append(world.documents("submissions"))
    assert said[0] == said[1]


async def test_the_last_task_of_infinite_seeding_is_left_to_others(peopled: World) -> None:
    await peopled.create(44, 3)
    await peopled.ask("PUT", "/workflows/44/infinite-seeding", {})
    await peopled.advance(600)
    assert await finished(peopled, 44) == 2
    (left,) = await peopled.tasks(44, status="pending")
    await peopled.claim(44, left["id"])
    assert len(await peopled.tasks(44)) == 4


async def test_a_chain_is_worked_through_by_itself(peopled: World) -> None:
    body = {
        "source_workflow_id": 41,
        "trigger": "on_task_completion",
        "mapping": [{"target": "text", "source": "answer"}],
    }
    await peopled.ask("POST", "/workflows/46/chains", body)
    await peopled.create(41, 300, prompt="Name a colour")
    await peopled.advance(600)
    assert (await finished(peopled, 41), await finished(peopled, 46)) == (300, 300)


async def test_a_pause_stops_people_and_reactivating_starts_them(peopled: World) -> None:
    await peopled.create(count=10)
    await peopled.advance(0.75)
    await peopled.control("POST", "/workflows/42/status", {"status": "paused"})
    await peopled.advance(600)
    assert await finished(peopled) == 0
    await peopled.control("POST", "/workflows/42/status", {"status": "active"})
    await peopled.advance(600)
    assert await finished(peopled) == 10


async def test_a_workflow_can_be_set_to_be_played_by_hand(peopled: World) -> None:
    settings = {"workforce": "by_hand"}
    await peopled.control("PATCH", "/workflows/42", {"settings": settings})
    await peopled.create(count=2)
    await peopled.advance(600)
    assert await finished(peopled) == 0


async def test_people_work_when_told_to_at_any_pace(world: World) -> None:
    await world.create(count=5)
    path = "/workflows/42/work"
    body = {"count": 5, "fields": {"label": "kettle"}}
    assert await world.control("POST", path, body) == {"done": 5}
    assert await world.control("POST", path, {"count": 5, "outcome": "fail"}) == {"done": 5}
    labels = [each["fields"].get("label") for each in world.documents("submissions")[:5]]
    assert labels == ["kettle"] * 5
    rounds = [(await world.task(42, task["id"]))["nodes"][0] for task in await world.tasks(42)]
    assert [(node["round"], node["status"]) for node in rounds] == [(2, "available")] * 5
    assert await world.control("POST", path) == {"done": 1}
    assert await world.control("POST", path, {"count": 50, "outcome": "pass"}) == {"done": 9}
    assert await finished(world) == 5
    assert await world.control("POST", path) == {"done": 0}


@pytest.mark.no_cover
async def test_nothing_is_lost_or_doubled_by_a_kill_at_any_moment(
    opened: Opening, tmp_path: Path
) -> None:
    world = await opened(pace="fast")
    await world.create(count=300)
    for number in range(40):
        if number % 5 == 0:
            copy = tmp_path / f"killed-{number // 5}"
            shutil.copytree(world.sandbox.folder.parent.parent, copy)
        due = world.sandbox.jobs.next_due()
        if due is not None:
            world.sandbox.clock.forward(due)
            world.sandbox.jobs.run_due(world.sandbox, budget=0)
    for number in range(8):
        again = await opened(f"killed-{number}", pace="fast")
        await again.advance(600)
        counts = (await again.ask("GET", "/workflows/42"))["task_counts"]
        assert counts["finished"] + counts["quarantined"] == counts["total"] == 300
        passed = [each for each in again.documents("submissions") if each["outcome"] == "pass"]
        assert len({each["task_id"] for each in passed}) == len(passed) == counts["finished"]
