"""Tests of batches that an operation carries out: slices, logs, faults, restarts."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from mockserver.services.toloka.batches import SLICE
from tests.services.toloka.conftest import Opening
from tests.services.toloka.world import CLOSED, OPERATION, REQUIRED, USER, World, suite, task

pytestmark = pytest.mark.anyio

BAD = task() | {"input_values": {"imagis": "y"}}
UNKNOWN = {"code": "VALUE_NOT_ALLOWED", "message": "Unknown field name"}


def numbered(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The items as toloka-kit sends them."""
    return [{**item, "__item_idx": str(index)} for index, item in enumerate(items)]


async def test_an_operation_goes_from_pending_over_running_to_its_end(world: World) -> None:
    items = [task(number) for number in range(3 * SLICE + 1)]
    operation = await world.ask("POST", "/tasks", items, async_mode=True)
    assert operation == {
        "id": operation["id"],
        "type": "TASK.BATCH_CREATE",
        "status": "PENDING",
        "submitted": "2026-03-01T10:00:00.120",
        "parameters": {"skip_invalid_items": False, "allow_defaults": False, "open_pool": False},
    }
    seen = [operation]
    while seen[-1]["status"] not in ("SUCCESS", "FAIL"):
        due = world.sandbox.next_due()
        assert due is not None
        world.sandbox.clock.forward(due)
        world.sandbox.jobs.run_due(world.sandbox, budget=0)
        seen.append(world.sandbox.collection("toloka.operations").get(operation["id"]) or {})
    assert [each["status"] for each in seen[:2]] == ["PENDING", "RUNNING"]
    progress = [each["progress"] for each in seen[1:]]
    assert progress == sorted(progress)
    assert len(set(progress)) > 4
    assert seen[-1]["details"] == {
        "total_count": 3 * SLICE + 1,
        "valid_count": 3 * SLICE + 1,
        "not_valid_count": 0,
        "success_count": 3 * SLICE + 1,
        "failed_count": 0,
    }
    assert "started" in seen[1]
    assert "finished" not in seen[-2]
    assert seen[-1]["finished"] > seen[-1]["started"] > seen[-1]["submitted"]


async def test_the_log_has_one_entry_for_each_item_with_all_its_keys(world: World) -> None:
    """The perfect log of fact 15."""
    form = {"pool_id": CLOSED, "input_values": {"image": "https://x/1"}}
    pool = await world.ask("GET", f"/pools/{CLOSED}")
    overlap = pool["defaults"]["default_overlap_for_new_tasks"]
    operation = await world.batch(
        numbered([form, BAD, task(2, infinite_overlap=False)]),
        skip_invalid_items=True,
        allow_defaults=True,
    )
    ids = [each["id"] for each in world.documents("tasks")[-2:]]
    assert await world.log(operation["id"]) == [
        {
            "type": "TASK_CREATE",
            "success": True,
            "input": {**form, "overlap": overlap, "infinite_overlap": False, "__item_idx": "0"},
            "output": {"task_id": ids[0]},
        },
        {
            "type": "TASK_VALIDATE",
            "success": False,
            "input": {**BAD, "__item_idx": "1"},
            "output": {"input_values.image": REQUIRED, "input_values.imagis": UNKNOWN},
        },
        {
            "type": "TASK_CREATE",
            "success": True,
            "input": {**task(2), "infinite_overlap": False, "__item_idx": "2"},
            "output": {"task_id": ids[1]},
        },
    ]


async def test_one_invalid_item_fails_the_batch_and_only_it_is_logged(world: World) -> None:
    before = world.counts()["toloka.tasks"]
    items = [task(number) for number in range(1200)]
    operation = await world.batch(numbered([*items, BAD]))
    assert operation["status"] == "FAIL"
    assert operation["details"] == {
        "total_count": 1201,
        "valid_count": 1200,
        "not_valid_count": 1,
        "success_count": 0,
        "failed_count": 1201,
    }
    (entry,) = await world.log(operation["id"])
    assert (entry["success"], entry["input"]["__item_idx"]) == (False, "1200")
    assert world.counts()["toloka.tasks"] == before


async def test_a_batch_with_nothing_valid_fails_even_when_it_may_skip(world: World) -> None:
    operation = await world.batch(numbered([BAD, BAD]), skip_invalid_items=True)
    assert operation["status"] == "FAIL"
    assert len(await world.log(operation["id"])) == 2


async def test_a_later_change_of_the_pools_default_leaves_the_log_alone(world: World) -> None:
    pool_id = await world.pool()
    item = {"pool_id": pool_id, "input_values": {"image": "https://x/1"}}
    operation = await world.batch([item], allow_defaults=True)
    pool = await world.ask("GET", f"/pools/{pool_id}")
    pool["defaults"]["default_overlap_for_new_tasks"] = 9
    await world.ask("PUT", f"/pools/{pool_id}", pool)
    (entry,) = await world.log(operation["id"])
    assert entry["input"]["overlap"] == 2


async def test_the_callers_id_becomes_the_operations(world: World) -> None:
    operation = await world.ask("POST", "/tasks", task(), async_mode=True, operation_id=OPERATION)
    assert operation["id"] == OPERATION
    for body in (task(), task(2), None):
        refusal = await world.refused(
            "POST", "/tasks", body, async_mode=True, operation_id=OPERATION
        )
        assert refusal[:2] == (409, "OPERATION_ALREADY_EXISTS")
    await world.ask("POST", "/tasks", task(), operation_id=OPERATION)


@pytest.mark.parametrize(
    "operation_id", ["1", OPERATION[:-1], OPERATION.replace("-", ""), "x" * 36]
)
async def test_an_id_that_is_no_uuid_is_refused(world: World, operation_id: str) -> None:
    found = await world.invalid(
        "POST", "/tasks", task(), async_mode=True, operation_id=operation_id
    )
    assert found == {"operation_id": "UUID_EXPECTED"}


async def test_the_pool_is_opened_once_its_tasks_are_there(by_hand: World) -> None:
    operation = await by_hand.batch([task(1), task(2)], open_pool=True)
    assert operation["parameters"]["open_pool"] is True
    assert await by_hand.state(CLOSED) == "OPEN"
    assert {entry["type"] for entry in await by_hand.log(operation["id"])} == {"TASK_CREATE"}


async def test_a_pool_that_cannot_be_opened_is_a_step_of_the_log(world: World) -> None:
    """The operation succeeds all the same (fact 5.1)."""
    pool_id = await world.pool(mixer_config=None)
    operation = await world.batch([task(pool_id=pool_id)], open_pool=True)
    entry = (await world.log(operation["id"]))[-1]
    assert operation["status"] == "SUCCESS"
    assert entry["output"].pop("request_id").startswith("ao_")
    assert entry == {
        "type": "POOL_OPEN",
        "success": False,
        "input": {"pool_id": int(pool_id)},
        "output": {
            "code": "EMPTY_POOL",
            "message": "Pool contains no tasks. Operation is not allowed",
        },
    }


async def test_one_batch_writes_into_several_pools(world: World) -> None:
    other = await world.pool()
    operation = await world.batch([task(1), task(2, other), task(3)])
    log = await world.log(operation["id"])
    assert [entry["input"]["pool_id"] for entry in log] == [CLOSED, other, CLOSED]
    for entry in log:
        found = await world.ask("GET", f"/tasks/{entry['output']['task_id']}")
        assert found["pool_id"] == entry["input"]["pool_id"]
        assert found["input_values"] == entry["input"]["input_values"]


async def test_ids_in_the_log_are_those_of_the_tasks_across_slices(world: World) -> None:
    items = [BAD if number % 7 == 0 else task(number) for number in range(2 * SLICE + 30)]
    operation = await world.batch(numbered(items), skip_invalid_items=True)
    made = [entry for entry in await world.log(operation["id"]) if entry["success"]]
    for entry in made[::50]:
        found = await world.ask("GET", f"/tasks/{entry['output']['task_id']}")
        assert found["input_values"] == entry["input"]["input_values"]
    assert len(made) == operation["details"]["success_count"] == len(items) - items.count(BAD)


async def test_suites_and_bonuses_are_batches_too(world: World) -> None:
    wrong = suite(1) | {"tasks": [{"input_values": {}}]}
    operation = await world.batch([suite(1, 2), wrong], "/task-suites", skip_invalid_items=True)
    good, bad = await world.log(operation["id"])
    assert operation["type"] == "TASK_SUITE.BATCH_CREATE"
    assert (good["type"], list(good["output"])) == ("TASK_SUITE_CREATE", ["task_suite_id"])
    assert bad["type"] == "TASK_SUITE_VALIDATE"
    assert bad["output"] == {"tasks.0.input_values.image": REQUIRED}
    bonuses = [{"user_id": USER, "amount": 1}, {"amount": 1}]
    operation = await world.batch(bonuses, "/user-bonuses", skip_invalid_items=True)
    good, bad = await world.log(operation["id"])
    assert operation["type"] == "USER_BONUS.BATCH_CREATE"
    assert operation["parameters"] == {"skip_invalid_items": True}
    assert (good["type"], good["output"]) == ("USER_BONUS_PERSIST", {"user_bonus_id": "1000101"})
    assert (bad["type"], bad["output"]) == ("USER_BONUS_VALIDATE", {"user_id": REQUIRED})


async def test_a_server_killed_between_slices_goes_on_where_it_was(
    opened: Opening, tmp_path: Path
) -> None:
    world = await opened("first", pace="manual")
    items = numbered([task(number) for number in range(4 * SLICE)])
    operation = await world.ask("POST", "/tasks", items, async_mode=True)
    for _ in range(5):
        due = world.sandbox.next_due()
        assert due is not None
        world.sandbox.clock.forward(due)
        world.sandbox.jobs.run_due(world.sandbox, budget=0)
    before = len(world.documents("tasks"))
    assert 0 < before - 10 < 4 * SLICE
    shutil.copytree(tmp_path / "first", tmp_path / "second")
    later = await opened("second", pace="manual")
    await later.advance(10)
    finished = await later.ask("GET", f"/operations/{operation['id']}")
    log = await later.log(operation["id"])
    ids = {entry["output"]["task_id"] for entry in log}
    assert finished["details"]["success_count"] == 4 * SLICE
    assert len(ids) == len(log) == 4 * SLICE
    assert len(later.documents("tasks")) == 10 + 4 * SLICE


async def test_at_the_pace_instant_a_batch_is_done_when_it_is_answered(opened: Opening) -> None:
    world = await opened(pace="instant")
    operation = await world.ask(
        "POST", "/tasks", [task(number) for number in range(1000)], async_mode=True
    )
    finished = await world.ask("GET", f"/operations/{operation['id']}")
    assert (finished["status"], finished["details"]["success_count"]) == ("SUCCESS", 1000)


async def test_an_operation_can_wait_for_polls(world: World) -> None:
    world.sandbox.pace.override("toloka.create_tasks", {"polls": 2})
    world.sandbox.commit()
    operation = await world.ask("POST", "/tasks", task(), async_mode=True)
    path = f"/operations/{operation['id']}"
    await world.advance(60)
    states = []
    for _ in range(3):
        states.append((await world.ask("GET", path))["status"])
        await world.advance(1)
    assert states == ["RUNNING", "RUNNING", "SUCCESS"]


async def test_a_rule_lets_a_batch_fail_and_every_item_is_told_so(world: World) -> None:
    await _rule(world, {"type": "fail"})
    operation = await world.batch(numbered([task(1), task(2)]))
    log = await world.log(operation["id"])
    assert (operation["status"], operation["details"]["failed_count"]) == ("FAIL", 2)
    assert [entry["input"]["__item_idx"] for entry in log] == ["0", "1"]
    assert all(not entry["success"] for entry in log)


async def test_a_rule_lets_a_share_of_a_batch_fail(world: World) -> None:
    await _rule(world, {"type": "partial", "share": 0.5})
    operation = await world.batch(numbered([task(number) for number in range(200)]))
    details = operation["details"]
    log = await world.log(operation["id"])
    assert operation["status"] == "SUCCESS"
    assert 60 < details["failed_count"] < 140
    assert sum(not entry["success"] for entry in log) == details["failed_count"]


@pytest.mark.parametrize("skip", [False, True])
async def test_what_a_rule_lets_fail_is_valid(world: World, skip: bool) -> None:
    """As when a rule lets all of it fail."""
    await _rule(world, {"type": "partial", "share": 0.5})
    items = numbered([task(number) for number in range(10)])
    operation = await world.batch(items, skip_invalid_items=skip)
    counts = operation["details"]
    assert (counts["valid_count"], counts["not_valid_count"]) == (10, 0)
    assert counts["failed_count"] > 0


async def _rule(world: World, what: dict[str, Any]) -> None:
    rule = {"name": "rule", "where": {"job": "toloka.create_tasks"}, "what": what}
    answer = await world.client.post("/__admin/faults", json=rule)
    assert answer.status_code < 300, answer.text


@pytest.mark.parametrize(("path", "form"), [("/tasks", task()), ("/task-suites", suite())])
async def test_the_log_names_the_ids_that_were_kept_whatever_second_they_were_made_in(
    opened: Opening, path: str, form: dict[str, Any]
) -> None:
    """Ids hold the second: on this clock every look at it is another one."""
    world = await opened(clock=1_000_000.0)
    operation = await world.batch([form] * (SLICE + 1), path)
    assert operation["status"] == "SUCCESS"
    named = [next(iter(entry["output"].values())) for entry in await world.log(operation["id"])]
    listed = await world.ask("GET", path, pool_id=CLOSED, limit=100_000)
    assert set(named) <= {item["id"] for item in listed["items"]}
    assert len(set(named)) == SLICE + 1
