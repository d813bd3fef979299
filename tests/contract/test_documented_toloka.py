"""Toloka's page about creating tasks: its request, its parameters and its answers, as they come."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.services.toloka.world import OPERATION, PROJECT_FORM, REQUIRED, World

pytestmark = pytest.mark.anyio

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?")
FIELD = {"required": True, "hidden": False}
SPECIFICATION = {
    "input_spec": {"image_url": {"type": "string", **FIELD}},
    "output_spec": {
        "result": {"type": "string", **FIELD},
        "like": {"type": "boolean", **FIELD},
    },
    "view_spec": {"markup": "", "script": "", "styles": ""},
}


class Shop(World):
    """Toloka with a project whose fields are those of the page."""

    async def prepare(self, **pool: Any) -> str:
        """The id of a new closed pool of that project."""
        form = {**PROJECT_FORM, "task_spec": SPECIFICATION}
        project = await self.ask("POST", "/projects", form)
        return await self.pool(project_id=project["id"], **pool)


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    """Toloka, where nothing moves before `advance`."""
    world = Shop.of(tmp_path)
    assert isinstance(world, Shop)
    async with world.app.running(), world.client:
        yield world


def judged(like: bool, weight: str, value: float) -> dict[str, Any]:
    """A solution with its weight."""
    return {"output_values": {"result": "OK", "like": like}, weight: value}


def example(pool_id: str) -> dict[str, Any]:
    """The body that the page shows, for a pool of ours."""
    return {
        "pool_id": pool_id,
        "input_values": {"image_url": "www.images/image1.ru"},
        "known_solutions": [
            judged(False, "correctness_weight", 0.8),
            judged(True, "correctness_weight", 1),
        ],
        "baseline_solutions": [
            judged(False, "confidence_weight", 0.8),
            judged(True, "confidence_weight", 1),
        ],
        "message_on_unknown_solution": "The cat is in a good mood.",
        "overlap": 3,
        "infinite_overlap": False,
        "reserved_for": [],
        "unavailable_for": [],
    }


def small(pool_id: str, **more: Any) -> dict[str, Any]:
    """A task with what is required and nothing else."""
    return {"pool_id": pool_id, "input_values": {"image_url": "www.images/image1.ru"}, **more}


async def test_the_task_comes_back_with_what_the_service_adds(shop: Shop) -> None:
    form = example(await shop.prepare())
    answer = await shop.call("POST", "/tasks", form)
    assert answer.status_code == 201
    task = answer.json()
    assert {key: task[key] for key in form} == form
    assert task.keys() - form.keys() == {"id", "created", "remaining_overlap"}
    assert isinstance(task["id"], str)
    assert TIME.fullmatch(task["created"])


async def test_the_operation_runs_with_its_parameters(shop: Shop) -> None:
    """The second answer of the page, which a poll of a moment later gets."""
    form = example(await shop.prepare())
    query = {"async_mode": True, "operation_id": OPERATION}
    answer = await shop.call("POST", "/tasks", form, **query)
    assert answer.status_code == 202
    operation = answer.json()
    assert (operation["id"], operation["status"]) == (OPERATION, "PENDING")
    for _ in range(50):
        if operation["status"] != "PENDING":
            break
        await shop.advance(0.01)
        operation = await shop.ask("GET", f"/operations/{OPERATION}")
    parameters = {"open_pool": False, "allow_defaults": False, "skip_invalid_items": False}
    assert operation == {
        "id": OPERATION,
        "type": "TASK.BATCH_CREATE",
        "status": "RUNNING",
        "submitted": operation["submitted"],
        "started": operation["started"],
        "progress": 0,
        "parameters": parameters,
    }
    assert TIME.fullmatch(operation["submitted"])

    await shop.advance(1)
    ended = await shop.ask("GET", f"/operations/{OPERATION}")
    assert (ended["status"], ended["progress"], ended["parameters"]) == ("SUCCESS", 100, parameters)
    (entry,) = await shop.log(OPERATION)
    task = await shop.ask("GET", f"/tasks/{entry['output']['task_id']}")
    assert {key: task[key] for key in form} == form


async def test_the_same_operation_is_not_made_twice(shop: Shop) -> None:
    form = small(await shop.prepare(), overlap=1)
    query = {"async_mode": True, "operation_id": OPERATION}
    assert (await shop.call("POST", "/tasks", form, **query)).status_code == 202
    refused = await shop.refused("POST", "/tasks", form, **query)
    assert refused[:2] == (409, "OPERATION_ALREADY_EXISTS")
    await shop.advance(1)
    listed = await shop.ask("GET", "/tasks", pool_id=form["pool_id"])
    assert len(listed["items"]) == len(await shop.log(OPERATION)) == 1


async def test_several_tasks_are_answered_by_number_with_the_errors_of_others(shop: Shop) -> None:
    pool_id = await shop.prepare()
    tasks = [small(pool_id, overlap=3), {"pool_id": pool_id, "input_values": {}, "overlap": 3}]
    answer = await shop.call("POST", "/tasks", tasks, skip_invalid_items=True)
    assert answer.status_code == 201
    found = answer.json()
    assert found.keys() == {"items", "validation_errors"}
    assert found["items"].keys() == {"0"}
    task = found["items"]["0"]
    assert {key: task[key] for key in tasks[0]} == tasks[0]
    assert isinstance(task["id"], str)
    assert TIME.fullmatch(task["created"])
    assert found["validation_errors"] == {"1": {"input_values.image_url": REQUIRED}}
    assert await shop.invalid("POST", "/tasks", tasks) == {
        "1": {"input_values.image_url": "VALUE_REQUIRED"}
    }


async def test_an_operation_of_several_tasks_fails_with_its_counts(shop: Shop) -> None:
    pool_id = await shop.prepare()
    tasks = [small(pool_id, overlap=3), {"pool_id": pool_id, "input_values": {}, "overlap": 3}]
    operation = await shop.batch(tasks)
    assert operation == {
        **{key: operation[key] for key in ("id", "submitted", "started", "finished", "progress")},
        "type": "TASK.BATCH_CREATE",
        "status": "FAIL",
        "parameters": {"allow_defaults": False, "skip_invalid_items": False, "open_pool": False},
        "details": {
            "total_count": 2,
            "valid_count": 1,
            "not_valid_count": 1,
            "success_count": 0,
            "failed_count": 2,
        },
    }
    times = [operation[key] for key in ("submitted", "started", "finished")]
    assert all(TIME.fullmatch(time) for time in times)
    assert times == sorted(times)
    assert (await shop.ask("GET", "/tasks", pool_id=pool_id))["items"] == []

    skipping = await shop.batch(tasks, skip_invalid_items=True)
    assert (skipping["status"], skipping["parameters"]["skip_invalid_items"]) == ("SUCCESS", True)
    assert (skipping["details"]["success_count"], skipping["details"]["failed_count"]) == (1, 1)


@pytest.mark.parametrize("mode", [{}, {"async_mode": True}], ids=["sync", "async"])
async def test_overlap_is_the_pools_where_defaults_are_allowed(
    shop: Shop, mode: dict[str, Any]
) -> None:
    defaults = {"default_overlap_for_new_task_suites": 1, "default_overlap_for_new_tasks": 5}
    pool_id = await shop.prepare(defaults=defaults)
    await shop.ask("POST", "/tasks", small(pool_id), allow_defaults=True, **mode)
    await shop.advance(1)
    (task,) = (await shop.ask("GET", "/tasks", pool_id=pool_id))["items"]
    assert (task["overlap"], task["infinite_overlap"]) == (5, False)


async def test_overlap_may_be_infinite(shop: Shop) -> None:
    pool_id = await shop.prepare()
    task = await shop.ask("POST", "/tasks", small(pool_id, infinite_overlap=True))
    assert task["infinite_overlap"] is True
    assert task.get("overlap") is None


@pytest.mark.parametrize("mode", [{}, {"async_mode": True}], ids=["sync", "async"])
async def test_a_closed_pool_opens_when_the_tasks_are_there(
    shop: Shop, mode: dict[str, Any]
) -> None:
    pool_id = await shop.prepare()
    tasks = [small(pool_id, overlap=1) for _ in range(2)]
    assert await shop.state(pool_id) == "CLOSED"
    await shop.ask("POST", "/tasks", tasks, open_pool=True, **mode)
    await shop.advance(0.25)
    assert await shop.state(pool_id) == "OPEN"


async def test_people_are_named_by_number(shop: Shop) -> None:
    """The page calls their ids integers; they are kept as the texts that the service uses."""
    form = small(await shop.prepare(), overlap=1, reserved_for=[17], unavailable_for=[18])
    form["origin_task_id"] = "00000f4246--69a4107000000000000000a1"
    task = await shop.ask("POST", "/tasks", form)
    assert (task["reserved_for"], task["unavailable_for"]) == (["17"], ["18"])
    assert task["origin_task_id"] == form["origin_task_id"]


@pytest.mark.parametrize(
    ("solutions", "weight"),
    [("known_solutions", "correctness_weight"), ("baseline_solutions", "confidence_weight")],
)
async def test_a_weight_is_from_0_to_1_and_1_unless_given(
    shop: Shop, solutions: str, weight: str
) -> None:
    pool_id = await shop.prepare()
    values = {"output_values": {"result": "OK", "like": True}}
    given = [{**values, weight: 0}, {**values, weight: 1}, values]
    task = await shop.ask("POST", "/tasks", small(pool_id, overlap=1, **{solutions: given}))
    assert [each[weight] for each in task[solutions]] == [0, 1, 1]
    for beyond in (-0.01, 1.01):
        wrong = small(pool_id, overlap=1, **{solutions: [{**values, weight: beyond}]})
        (name,) = await shop.invalid("POST", "/tasks", wrong)
        assert name == f"{solutions}.0.{weight}"


async def test_a_suite_takes_no_preliminary_responses(shop: Shop) -> None:
    form = example(await shop.prepare())
    task = {key: form[key] for key in ("input_values", "baseline_solutions")}
    suite = {"pool_id": form["pool_id"], "overlap": 1, "tasks": [task]}
    codes = await shop.invalid("POST", "/task-suites", suite)
    assert codes == {"tasks.0.baseline_solutions": "VALUE_NOT_ALLOWED"}


async def test_five_thousand_tasks_are_the_most_at_once(shop: Shop) -> None:
    tasks = [small(await shop.prepare(), overlap=1)] * 5000
    assert len((await shop.ask("POST", "/tasks", tasks))["items"]) == 5000
    refused = await shop.refused("POST", "/tasks", [*tasks, tasks[0]])
    assert refused[:2] == (413, "ENTITY_TOO_LARGE")
    answer = await shop.call("POST", "/tasks", [*tasks, tasks[0]], async_mode=True)
    assert answer.status_code == 202
