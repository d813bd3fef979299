"""Tests of chains: the rules for having one, firing by task and by pipeline, their history."""

import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.services.pipelines.conftest import Opening
from tests.services.pipelines.world import World

pytestmark = pytest.mark.anyio

ON_TASK, ON_PIPELINE = "on_task_completion", "on_pipeline_completion"
MAPPING = [{"target": "text", "source": "answer"}]


async def chain(world: World, source: int, target: int, trigger: str = ON_TASK, **more: Any) -> Any:
    """A new chain."""
    body = {"source_workflow_id": source, "trigger": trigger, **more}
    return await world.ask("POST", f"/workflows/{target}/chains", body)


async def refused(world: World, source: Any, target: int, trigger: str = ON_TASK) -> Any:
    """Status and code of a chain that may not be."""
    body = {"source_workflow_id": source, "trigger": trigger}
    return await world.refused("POST", f"/workflows/{target}/chains", body)


async def line(world: World, length: int = 3) -> list[int]:
    """Workflows that could be chained one after the other."""
    fields = [
        {"name": "text", "data_source": "predefined", "required": False},
        {"name": "answer"},
    ]
    return [await world.make(fields=fields) for _ in range(length)]


async def test_each_finished_task_makes_one_with_the_mapped_values(world: World) -> None:
    """Acceptance case 7."""
    made = await chain(world, 41, 46, mapping=MAPPING)
    assert (made["status"], made["seeded_count"]) == ("active", 0)
    ids = await world.create(41, 3, prompt="Name a colour")
    for number, id in enumerate(ids[:2], 1):
        await world.finish(id, answer=f"red {number}")
        assert len(await world.tasks(46)) == number
    task = await world.task(46, (await world.tasks(46))[1]["id"])
    assert task["fields"] == {"text": "red 2"}
    assert task["source"] == "chain"
    assert task["source_ref"] == {"chain_id": made["id"], "source_task_id": ids[1]}
    found = await world.ask("GET", f"/workflows/46/chains/{made['id']}")
    assert (found["seeded_count"], found["last_fired_at"]) == (2, "2026-01-06T10:31:00.000Z")


async def test_mapped_values_are_read_only_and_unmapped_ones_can_be_filled(world: World) -> None:
    """Acceptance case 7 and fact 6.6."""
    await chain(world, 41, 46, mapping=MAPPING)
    (source,) = await world.create(41, prompt="x")
    await world.finish(source, answer="red")
    (task,) = [task["id"] for task in await world.tasks(46)]
    await world.claim(46, task)
    path = f"/workflows/46/tasks/{task}/submit"
    body = {"fields": {"verdict": "keep", "text": "mine"}}
    assert await world.refused("POST", path, body, user="u1") == (422, "field_read_only")
    await world.submit(46, task, verdict="keep", score=0.5)
    assert (await world.task(46, task))["fields"] == {"text": "red", "score": 0.5}


async def test_work_by_hand_fires_a_chain_too(world: World) -> None:
    await chain(world, 41, 46, mapping=MAPPING)
    (source,) = await world.create(41, prompt="x")
    await world.claim(41, source)
    await world.submit(41, source, answer="red")
    assert len(await world.tasks(46)) == 1


async def test_tasks_finished_before_the_chain_are_seeded_only_when_asked_for(
    world: World,
) -> None:
    """Fact 14, U14."""
    one, two, three = await line(world)
    for id in await world.create(one, 3):
        await world.finish(id, answer="red")
    await chain(world, one, two)
    await world.advance()
    assert await world.tasks(two) == []
    filled = await chain(world, one, three, backfill=True)
    assert filled["status"] == "firing"
    await world.advance()
    assert len(await world.tasks(three)) == 3
    assert len({task["group_id"] for task in await world.tasks(three)}) == 1


async def test_a_task_that_finishes_again_does_not_seed_again(world: World) -> None:
    """Fact 7."""
    await chain(world, 41, 46, mapping=MAPPING)
    (source,) = await world.create(41, prompt="x")
    await world.finish(source, answer="red")
    assert (await world.force(source, "in_progress"))["status"] == "in_progress"
    await world.finish(source, answer="blue")
    assert len(await world.tasks(46)) == 1


async def test_no_way_may_lead_back(world: World) -> None:
    """Acceptance case 7, whatever the trigger."""
    one, two, three = await line(world)
    await chain(world, one, two)
    assert await refused(world, two, one) == (409, "chain_cycle")
    assert await refused(world, two, one, ON_PIPELINE) == (409, "chain_cycle")
    await chain(world, two, three, ON_PIPELINE)
    assert await refused(world, three, one) == (409, "chain_cycle")
    assert await refused(world, one, one) == (409, "chain_cycle")


async def test_one_chain_for_each_source_target_and_trigger(world: World) -> None:
    """Acceptance case 7."""
    one, two, three = await line(world)
    await chain(world, one, two)
    assert await refused(world, one, two) == (409, "chain_exists")
    second = await chain(world, one, two, ON_PIPELINE)
    await chain(world, one, three)
    path = f"/workflows/{two}/chains/{second['id']}"
    assert await world.refused("PATCH", path, {"trigger": ON_TASK}) == (409, "chain_exists")


async def test_chains_are_listed_from_both_ends(world: World) -> None:
    one, two, three = await line(world)
    first, second = await chain(world, one, two), await chain(world, one, three)
    into = await world.ask("GET", f"/workflows/{two}/chains")
    out = await world.ask("GET", f"/workflows/{one}/chains?direction=out")
    assert [each["id"] for each in into["items"]] == [first["id"]]
    assert [each["id"] for each in out["items"]] == [first["id"], second["id"]]
    assert (await world.ask("GET", f"/workflows/{one}/chains"))["items"] == []


@pytest.mark.parametrize("source", [77, 91])
async def test_the_source_must_be_in_the_organization(world: World, source: int) -> None:
    """Fact 4.5."""
    assert await refused(world, source, 42) == (404, "source_workflow_not_found")


async def test_a_chain_of_another_target_is_not_found_here(world: World) -> None:
    one, two, three = await line(world)
    made = await chain(world, one, two)
    path = f"/workflows/{three}/chains/{made['id']}"
    for method in ("GET", "DELETE"):
        assert await world.refused(method, path) == (404, "chain_not_found")


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ({"target": "colour", "source": "answer"}, "unknown_target"),
        ({"target": "text", "source": "colour"}, "unknown_source"),
        ({"target": "text", "source": "answer", "json_path": "$..x"}, "json_path_invalid"),
    ],
)
async def test_a_mapping_is_checked_when_it_is_saved(
    world: World, entry: dict[str, str], code: str
) -> None:
    """Fact 14, U6."""
    one, two, _ = await line(world)
    body = {"source_workflow_id": one, "trigger": ON_TASK, "mapping": [entry]}
    error = await world.error("POST", f"/workflows/{two}/chains", body)
    assert (error["status"], error["code"]) == (422, "mapping_invalid")
    assert error["details"][0]["code"] == code


async def test_a_field_that_is_gone_when_it_fires_is_left_empty_with_a_warning(
    world: World,
) -> None:
    """Fact 14, U6."""
    one, two, _ = await line(world)
    mapping = [{"target": "text", "source": "answer"}]
    made = await chain(world, one, two, mapping=mapping, auto_match=False)
    (task,) = await world.create(one)
    await world.control("PATCH", f"/workflows/{one}", {"fields": [{"name": "other"}]})
    await world.finish(task, answer="red")
    seeded = (await world.tasks(two))[0]["id"]
    assert (await world.task(two, seeded))["fields"] == {}
    runs = await world.ask("GET", f"/workflows/{two}/chains/{made['id']}/runs")
    assert [each["code"] for each in runs["items"][0]["warnings"]] == ["unknown_source"]


async def test_trigger_and_mapping_can_be_edited_the_source_cannot(world: World) -> None:
    """Fact 4.5."""
    one, two, _ = await line(world)
    made = await chain(world, one, two)
    path = f"/workflows/{two}/chains/{made['id']}"
    edited = await world.ask("PATCH", path, {"trigger": ON_PIPELINE})
    assert (edited["trigger"], edited["status"]) == (ON_PIPELINE, "waiting")
    mapping = [{"target": "text", "source": "text"}]
    assert (await world.ask("PATCH", path, {"mapping": mapping}))["mapping"] == mapping
    refusal = await world.refused("PATCH", path, {"source_workflow_id": 41})
    assert refusal == (422, "immutable_field")
    assert await world.refused("PATCH", path, {}) == (422, "validation_error")


async def test_a_deleted_chain_fires_no_more(world: World) -> None:
    one, two, _ = await line(world)
    made = await chain(world, one, two)
    path = f"/workflows/{two}/chains/{made['id']}"
    assert (await world.call("DELETE", path)).status_code == 204
    assert await world.refused("GET", path) == (404, "chain_not_found")
    (task,) = await world.create(one)
    await world.finish(task, answer="red")
    assert await world.tasks(two) == []


async def test_the_whole_pipeline_is_seeded_as_one_group(world: World) -> None:
    """Acceptance case 8: nothing at 2 of 3, blocked, resolved, then 3, and no second time."""
    one, two, _ = await line(world)
    made = await chain(world, one, two, ON_PIPELINE)
    path = f"/workflows/{two}/chains/{made['id']}"
    ids = await world.create(one, 3)
    for id in ids[:2]:
        await world.finish(id, answer="red")
    await world.advance()
    assert (await world.ask("GET", path))["status"] == "waiting"
    await world.force(ids[2], "quarantined")
    await world.advance()
    blocked = await world.ask("GET", path)
    assert blocked["status"] == "blocked"
    assert blocked["blocked_by"] == {"failed": 0, "escalated": 0, "quarantined": 1}
    assert await world.tasks(two) == []
    await world.force(ids[2], "in_progress")
    await world.finish(ids[2], answer="blue")
    await world.advance()
    fired = await world.ask("GET", path)
    assert (fired["status"], fired["seeded_count"]) == ("fired", 3)
    made_tasks = await world.tasks(two)
    assert len(made_tasks) == 3
    assert len({task["group_id"] for task in made_tasks}) == 1
    await world.force(ids[2], "finished")
    await world.advance()
    assert len(await world.tasks(two)) == 3


@pytest.mark.parametrize("status", ["failed", "escalated", "quarantined"])
async def test_each_stuck_status_blocks(world: World, status: str) -> None:
    """Fact 4.5."""
    one, two, _ = await line(world)
    made = await chain(world, one, two, ON_PIPELINE)
    ids = await world.create(one, 2)
    await world.finish(ids[0], answer="red")
    await world.force(ids[1], status)
    found = await world.ask("GET", f"/workflows/{two}/chains/{made['id']}")
    assert (found["status"], found["blocked_by"][status]) == ("blocked", 1)


async def test_tasks_added_after_firing_are_seeded_when_they_are_finished(world: World) -> None:
    """Fact 7: only those that have not been."""
    one, two, _ = await line(world)
    made = await chain(world, one, two, ON_PIPELINE)
    path = f"/workflows/{two}/chains/{made['id']}"
    for count in (1, 2):
        (task,) = await world.create(one)
        await world.finish(task, answer="red")
        await world.advance()
        assert len(await world.tasks(two)) == count
    await world.create(one)
    assert (await world.ask("GET", path))["status"] == "waiting"
    runs = (await world.ask("GET", f"{path}/runs"))["items"]
    assert [(run["status"], run["seeded_count"]) for run in runs] == [("completed", 1)] * 2


async def test_a_task_that_was_open_again_when_the_chain_fired_is_seeded_later(
    world: World,
) -> None:
    source, target = await line(world, 2)
    await chain(world, source, target, ON_PIPELINE)
    first, second = await world.create(source, 2)
    await world.finish(first)
    await world.finish(second)
    await world.force(first, "in_progress")
    await world.advance()
    assert len(await world.tasks(target)) == 1
    await world.finish(first)
    await world.advance()
    assert len(await world.tasks(target)) == 2


async def test_a_pipeline_that_is_finished_already_is_seeded_at_once(world: World) -> None:
    """Fact 7: checked at creation."""
    one, two, _ = await line(world)
    for id in await world.create(one, 2):
        await world.finish(id, answer="red")
    assert (await chain(world, one, two, ON_PIPELINE))["status"] == "firing"
    await world.advance()
    assert len(await world.tasks(two)) == 2


async def test_a_pipeline_without_tasks_is_not_complete(world: World) -> None:
    """Fact 7: no vacuous firing."""
    one, two, _ = await line(world)
    assert (await chain(world, one, two, ON_PIPELINE))["status"] == "waiting"


async def test_deleting_the_last_unfinished_task_completes_the_pipeline(world: World) -> None:
    """Fact 7: a deletion is checked too."""
    one, two, _ = await line(world)
    await chain(world, one, two, ON_PIPELINE)
    ids = await world.create(one, 2)
    await world.finish(ids[0], answer="red")
    await world.control("DELETE", f"/tasks/{ids[1]}")
    await world.advance()
    assert len(await world.tasks(two)) == 1


@pytest.mark.parametrize("trigger", [ON_TASK, ON_PIPELINE])
async def test_a_target_that_is_not_active_is_seeded_once_it_is(world: World, trigger: str) -> None:
    """Fact 14, U15."""
    one, two, _ = await line(world)
    made = await chain(world, one, two, trigger)
    await world.control("POST", f"/workflows/{two}/status", {"status": "paused"})
    ids = await world.create(one, 3)
    for id in ids:
        await world.finish(id, answer="red")
    await world.advance()
    path = f"/workflows/{two}/chains/{made['id']}/runs"
    runs = (await world.ask("GET", path))["items"]
    assert {(run["status"], run["reason"]) for run in runs} == {("failed", "workflow_not_active")}
    await world.control("POST", f"/workflows/{two}/status", {"status": "active"})
    await world.advance()
    assert len(await world.tasks(two)) == 3
    assert {run["status"] for run in (await world.ask("GET", path))["items"]} == {"completed"}


async def test_by_setting_a_paused_target_is_seeded(opened: Opening) -> None:
    world = await opened(pipelines__allow_seed_when_paused=True)
    one, two, _ = await line(world)
    await chain(world, one, two)
    await world.control("POST", f"/workflows/{two}/status", {"status": "paused"})
    (id,) = await world.create(one)
    await world.finish(id, answer="red")
    assert [task["status"] for task in await world.tasks(two)] == ["paused"]


@pytest.mark.no_cover
@pytest.mark.parametrize("trigger", [ON_TASK, ON_PIPELINE])
async def test_a_chain_of_three_makes_exactly_as_many_tasks(world: World, trigger: str) -> None:
    """1,000 tasks make 1,000 and 1,000."""
    workflows = await line(world)
    for source, target in pairwise(workflows):
        await chain(
            world, source, target, trigger, mapping=[{"target": "text", "source": "answer"}]
        )
    await world.create(workflows[0], 1000)
    for workflow in workflows:
        answer = await world.control("POST", f"/workflows/{workflow}/work", {"count": 2000})
        assert answer == {"done": 1000}
        await world.advance()
    for workflow in workflows:
        counts = (await world.ask("GET", f"/workflows/{workflow}"))["task_counts"]
        assert (counts["total"], counts["finished"]) == (1000, 1000)
    sources = {task["source_ref"]["source_task_id"] for task in world.documents("tasks")[1000:2000]}
    assert len(sources) == 1000


@pytest.mark.no_cover
async def test_no_task_is_lost_or_doubled_by_a_kill_after_any_slice(
    opened: Opening, tmp_path: Path
) -> None:
    world = await opened()
    one, two, _ = await line(world)
    await chain(world, one, two, ON_PIPELINE)
    await world.create(one, 1200)
    await world.control("POST", f"/workflows/{one}/work", {"count": 1200})
    made = []
    for number in range(7):
        # What is on disk at this moment is what a killed server leaves behind.
        shutil.copytree(world.sandbox.folder.parent.parent, tmp_path / f"killed-{number}")
        made.append(len(await world.tasks(two)) and len(world.documents("tasks")) - 1200)
        due = world.sandbox.jobs.next_due()
        if due is not None:
            world.sandbox.clock.forward(due)
            world.sandbox.jobs.run_due(world.sandbox, budget=0)
    assert any(0 < count < 1200 for count in made)
    for number in range(7):
        again = await opened(f"killed-{number}")
        await again.advance()
        counts = (await again.ask("GET", f"/workflows/{two}"))["task_counts"]
        assert counts["total"] == 1200
        sources = [
            task["source_ref"]["source_task_id"]
            for task in again.documents("tasks")
            if task["workflow_id"] == two
        ]
        assert len(set(sources)) == 1200
