"""Tests of the crowd at work: who gets what, and when a pool is done."""

from collections import Counter
from typing import Any

import pytest

from tests.services.toloka.conftest import Opening
from tests.services.toloka.world import OPEN, USER, World, task

pytestmark = pytest.mark.anyio

KNOWN = [{"output_values": {"result": "cat"}}]


def given(assignments: list[dict[str, Any]]) -> Counter[str]:
    """How often each task was given out."""
    return Counter(each["id"] for assignment in assignments for each in assignment["tasks"])


async def test_every_task_is_done_as_often_as_its_overlap_by_different_tolokers(
    world: World,
) -> None:
    items = [task(number, overlap=1 + number % 3) for number in range(31)]
    pool_id = await world.opened(*items, auto_accept_solutions=True)
    await world.advance(120)
    found = await world.assignments(pool_id)
    tasks = (await world.ask("GET", "/tasks", pool_id=pool_id, limit=100))["items"]
    assert given(found) == {each["id"]: each["overlap"] for each in tasks}
    assert {each["remaining_overlap"] for each in tasks} == {0}
    pairs = [(each["id"], one["user_id"]) for one in found for each in one["tasks"]]
    assert len(pairs) == len(set(pairs))
    assert {each["status"] for each in found} == {"ACCEPTED"}
    pool = await world.ask("GET", f"/pools/{pool_id}")
    assert (pool["status"], pool["last_close_reason"]) == ("CLOSED", "COMPLETED")


async def test_an_overlap_beyond_the_crowd_brings_more_tolokers(world: World) -> None:
    pool_id = await world.opened(task(1, overlap=60), mixer_config={"real_tasks_count": 1})
    await world.advance(120)
    found = await world.assignments(pool_id)
    assert len({each["user_id"] for each in found}) == len(found) == 60


async def test_the_same_seed_gives_the_same_answers(opened: Opening) -> None:
    answers = []
    for folder in ("one", "two"):
        world = await opened(folder)
        pool_id = await world.opened(*(task(number) for number in range(9)))
        await world.advance(60)
        found = await world.assignments(pool_id)
        answers.append([(each["id"], each["user_id"], each["solutions"]) for each in found])
    assert answers[0] == answers[1]
    assert len(answers[0]) == 5


async def test_most_tolokers_agree(world: World) -> None:
    pool_id = await world.opened(task(1, overlap=24), mixer_config={"real_tasks_count": 1})
    await world.advance(60)
    words = Counter(
        each["solutions"][0]["output_values"]["result"] for each in await world.assignments(pool_id)
    )
    assert 0.6 * 24 <= words.most_common(1)[0][1] < 24


async def test_suites_are_mixed_of_real_control_and_training_tasks(world: World) -> None:
    control = [task(n, known_solutions=KNOWN, infinite_overlap=True, overlap=None) for n in (8, 9)]
    training = task(10, known_solutions=KNOWN, message_on_unknown_solution="!", overlap=50)
    pool_id = await world.opened(
        *(task(number) for number in range(4)),
        *control,
        training,
        mixer_config={"real_tasks_count": 2, "golden_tasks_count": 1, "training_tasks_count": 1},
    )
    await world.advance(60)
    found = await world.assignments(pool_id)
    shapes = [
        Counter(
            "training" if "message_on_unknown_solution" in each
            else "golden" if "known_solutions" in each else "real"
            for each in assignment["tasks"]
        )
        for assignment in found
    ]  # fmt: skip
    assert shapes == [{"real": 2, "golden": 1, "training": 1}] * 2
    assert await world.state(pool_id) == "CLOSED", "control tasks do not keep a pool open"


async def test_a_task_is_for_those_it_is_reserved_for_and_not_for_the_excluded(
    world: World,
) -> None:
    reserved = task(1, reserved_for=[USER, "b" * 32], overlap=2)
    pool_id = await world.opened(reserved, mixer_config={"real_tasks_count": 1})
    await world.advance(60)
    found = await world.assignments(pool_id)
    assert {each["user_id"] for each in found} == {USER, "b" * 32}
    excluded = task(2, unavailable_for=[USER])
    other = await world.opened(excluded, mixer_config={"real_tasks_count": 1})
    form = {"user_id": USER}
    assert (await world.control("POST", f"/pools/{other}/assignments", form))["items"] == []


async def test_what_nobody_may_do_leaves_the_pool_open_and_the_server_at_rest(
    world: World,
) -> None:
    pool_id = await world.opened(task(1, reserved_for=[USER], overlap=3), task(2))
    await world.advance(60)
    assert given(await world.assignments(pool_id)).total() == 2
    assert await world.state(pool_id) == "OPEN"
    kinds = {job["kind"] for job in world.sandbox.collection("engine.jobs").find()}
    assert "toloka.issue_assignments" not in kinds


async def test_tasks_for_everybody_are_given_to_everybody_and_the_pool_stays_open(
    world: World,
) -> None:
    pool_id = await world.opened(task(1, overlap=None, infinite_overlap=True))
    await world.advance(60)
    found = await world.assignments(pool_id)
    assert len({each["user_id"] for each in found}) == len(found) == 24
    assert await world.state(pool_id) == "OPEN"


async def test_new_tasks_and_a_raised_overlap_bring_the_crowd_back(world: World) -> None:
    pool_id = await world.opened(task(1), auto_close_after_complete_delay_seconds=3600)
    await world.advance(60)
    assert await world.state(pool_id) == "OPEN", "it closes an hour later"
    await world.batch([task(2, pool_id)])
    await world.advance(60)
    assert len(await world.assignments(pool_id)) == 2
    (first, _) = (await world.ask("GET", "/tasks", pool_id=pool_id))["items"]
    await world.ask("PATCH", f"/tasks/{first['id']}", {"overlap": 3})
    await world.advance(60)
    assert len(await world.assignments(pool_id)) == 4
    await world.advance(3600)
    assert await world.state(pool_id) == "CLOSED"


async def test_at_the_pace_manual_nobody_comes(by_hand: World) -> None:
    pool_id = await by_hand.opened(task(1))
    await by_hand.advance(86_400)
    assert await by_hand.assignments(pool_id) == []


async def test_at_the_pace_realistic_a_suite_takes_a_while(opened: Opening) -> None:
    world = await opened(pace="realistic")
    pool_id = await world.opened(task(1), task(2))
    await world.advance(20)
    assert {each["status"] for each in await world.assignments(pool_id)} <= {"ACTIVE"}
    await world.advance(600)
    assert {each["status"] for each in await world.assignments(pool_id)} == {"SUBMITTED"}


async def test_who_takes_too_long_is_too_late(opened: Opening) -> None:
    world = await opened(pace="realistic")
    pool_id = await world.opened(task(1), assignment_max_duration_seconds=5)
    await world.advance(400)
    found = await world.assignments(pool_id)
    assert {each["status"] for each in found} <= {"EXPIRED", "ACTIVE"}
    assert found[0]["status"] == "EXPIRED"
    assert len(found) > 1, "the overlap was free again"


async def test_dynamic_overlap_asks_until_the_answers_agree(by_hand: World) -> None:
    config = {
        "type": "BASIC",
        "max_overlap": 5,
        "min_confidence": 0.7,
        "fields": [{"name": "result"}],
    }
    pool_id = await by_hand.opened(
        task(1, overlap=2), mixer_config={"real_tasks_count": 1}, dynamic_overlap_config=config
    )
    await by_hand.subscribe(pool_id, "DYNAMIC_OVERLAP_COMPLETED")
    path = f"/pools/{pool_id}/assignments"
    for number, word in enumerate(("cat", "dog", "cat", "cat")):
        (taken,) = (await by_hand.control("POST", path, {"user_id": f"{number:032x}"}))["items"]
        answer = {"solutions": [{"output_values": {"result": word}}]}
        await by_hand.control("POST", f"/assignments/{taken['id']}/submit", answer)
        await by_hand.advance(1)
    (event,) = by_hand.events()
    (found,) = (await by_hand.ask("GET", "/tasks", pool_id=pool_id))["items"]
    assert found["overlap"] == 4
    assert (event["task_id"], event["confidence"]) == (found["id"], 0.75)
    assert event["output_values"] == {"result": "cat"}
    assert len(event["assignment_ids"]) == 4


async def test_thousands_of_assignments_come_in_small_steps(world: World) -> None:
    pool_id = await world.opened(*(task(number) for number in range(1000)))
    steps: list[int] = []
    while await world.state(pool_id) == "OPEN" and len(steps) < 2000:
        before = world.counts().get("toloka.assignments", 0)
        due = world.sandbox.next_due()
        assert due is not None
        world.sandbox.clock.forward(due)
        world.sandbox.jobs.run_due(world.sandbox, budget=0)
        steps.append(world.counts().get("toloka.assignments", 0) - before)
    assert sum(steps) == 500
    assert max(steps) <= 34


async def test_assignments_of_the_open_fixture_pool_wait_for_a_reason(world: World) -> None:
    await world.advance(600)
    assert await world.state(OPEN) == "OPEN"
    assert await world.assignments(OPEN) == []
