"""Tests of aggregated solutions and analytics."""

from typing import Any

import pytest

from tests.services.toloka.world import OPEN, USER, World, suite, task

pytestmark = pytest.mark.anyio

FIELDS = [{"name": "result"}]


async def answered(world: World, *words: str, **more: Any) -> tuple[str, str]:
    """A pool with one task, and the task, which Tolokers have answered with these words."""
    item = task(1, overlap=len(words), **more)
    pool_id = await world.opened(item, mixer_config={"real_tasks_count": 1})
    path = f"/pools/{pool_id}/assignments"
    for number, word in enumerate(words):
        given = await world.control("POST", path, {"user_id": f"{number:032x}"})
        answer = {"solutions": [{"output_values": {"result": word}}]}
        await world.control("POST", f"/assignments/{given['items'][0]['id']}/submit", answer)
    return pool_id, given["items"][0]["tasks"][0]["id"]


async def test_the_answers_of_a_pool_are_aggregated_by_majority(by_hand: World) -> None:
    pool_id, task_id = await answered(by_hand, "cat", "dog", "cat", "cat")
    form = {"type": "DAWID_SKENE", "pool_id": pool_id, "fields": FIELDS}
    answer = await by_hand.call("POST", "/aggregated-solutions/aggregate-by-pool", form)
    operation = answer.json()
    assert (answer.status_code, operation["type"]) == (202, "SOLUTION.AGGREGATE")
    assert operation["parameters"]["algorithm"] == "DAWID_SKENE"
    await by_hand.advance(1)
    page = await by_hand.ask("GET", f"/aggregated-solutions/{operation['id']}", sort="task_id")
    assert page == {
        "items": [
            {
                "pool_id": pool_id,
                "task_id": task_id,
                "confidence": 0.75,
                "output_values": {"result": "cat"},
            }
        ],
        "has_more": False,
    }


async def test_results_are_paged_by_task(world: World) -> None:
    pool_id = await world.opened(*(task(number) for number in range(430)))
    await world.advance(120)
    form = {"type": "DAWID_SKENE", "pool_id": pool_id, "fields": FIELDS}
    operation = await world.ask("POST", "/aggregated-solutions/aggregate-by-pool", form)
    await world.advance(5)
    path = f"/aggregated-solutions/{operation['id']}"
    seen: list[str] = []
    while True:
        query = {"task_id_gt": seen[-1]} if seen else {}
        page = await world.ask("GET", path, limit=100, **query)
        seen += [each["task_id"] for each in page["items"]]
        if not page["has_more"]:
            break
    assert len(set(seen)) == len(seen) == 430
    assert (await world.ask("GET", f"/operations/{operation['id']}"))["progress"] == 100


async def test_the_tasks_of_suites_are_aggregated_too(world: World) -> None:
    pool_id = await world.pool()
    await world.ask("POST", "/task-suites", suite(1, 2, pool_id=pool_id), open_pool=True)
    await world.advance(30)
    form = {"type": "DAWID_SKENE", "pool_id": pool_id, "fields": FIELDS}
    operation = await world.ask("POST", "/aggregated-solutions/aggregate-by-pool", form)
    await world.advance(5)
    page = await world.ask("GET", f"/aggregated-solutions/{operation['id']}")
    assert len(page["items"]) == 2


async def test_skill_and_baseline_weigh_answers(by_hand: World) -> None:
    baseline = [{"output_values": {"result": "dog"}, "confidence_weight": 0.5}]
    pool_id, task_id = await answered(by_hand, "cat", "dog", baseline_solutions=baseline)
    form = {
        "type": "WEIGHTED_DYNAMIC_OVERLAP",
        "pool_id": pool_id,
        "task_id": task_id,
        "answer_weight_skill_id": "1000001",
        "fields": FIELDS,
    }
    path = "/aggregated-solutions/aggregate-by-task"
    answer = await by_hand.call("POST", path, form)
    assert answer.status_code == 200
    assert answer.json()["output_values"] == {"result": "dog"}
    assert answer.json()["confidence"] == round(1.0 / 1.5, 4)
    value = {"skill_id": "1000001", "user_id": f"{0:032x}", "value": 100}
    await by_hand.ask("PUT", "/user-skills", value)
    value = {"skill_id": "1000001", "user_id": f"{1:032x}", "value": 10}
    await by_hand.ask("PUT", "/user-skills", value)
    assert (await by_hand.ask("POST", path, form))["output_values"] == {"result": "cat"}


WRONG: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({"pool_id": "5"}, {"pool_id": "ENTITY_DOES_NOT_EXIST"}),
    ({"fields": [{"name": "x"}]}, {"fields.0.name": "VALUE_NOT_ALLOWED"}),
    ({"fields": []}, {"fields": "ARRAY_SIZE_LESS_THAN_MIN"}),
    (
        {"fields": [{"name": "result"}, {"name": "comment"}]},
        {"fields": "ARRAY_SIZE_GREATER_THAN_MAX"},
    ),
    ({"type": "BEST"}, {"type": "UNKNOWN_ENUM_VALUE"}),
]


@pytest.mark.parametrize(("change", "expected"), WRONG)
async def test_an_aggregation_with_a_wrong_field_is_refused(
    world: World, change: dict[str, Any], expected: dict[str, str]
) -> None:
    form = {"type": "DAWID_SKENE", "pool_id": OPEN, "fields": FIELDS, **change}
    path = "/aggregated-solutions/aggregate-by-pool"
    assert await world.invalid("POST", path, form) == expected


async def test_another_operation_has_no_results(world: World) -> None:
    operation = await world.ask("POST", f"/pools/{OPEN}/close")
    refusal = await world.refused("GET", f"/aggregated-solutions/{operation['id']}")
    assert refusal[:2] == (409, "INVALID_OPERATION_TYPE")


async def test_analytics_counts_what_has_come_of_a_pool(by_hand: World) -> None:
    pool_id = await by_hand.opened(*(task(number) for number in range(8)))
    path = f"/pools/{pool_id}/assignments"
    given = (await by_hand.control("POST", path, {"user_id": USER, "count": 2}))["items"]
    given += (await by_hand.control("POST", path, {"count": 1}))["items"]
    await by_hand.advance(30)
    for assignment, verb in zip(given, ("submit", "submit", "skip"), strict=True):
        await by_hand.control("POST", f"/assignments/{assignment['id']}/{verb}")
    await by_hand.ask("PATCH", f"/assignments/{given[0]['id']}", {"status": "ACCEPTED"})
    await by_hand.ask("PATCH", f"/assignments/{given[1]['id']}", {"status": "REJECTED"})
    expected: dict[str, Any] = {
        "real_tasks_count": 8,
        "submitted_assignments_count": 2,
        "skipped_assignments_count": 1,
        "rejected_assignments_count": 1,
        "approved_assignments_count": 1,
        "completion_percentage": {"value": 50},
        "avg_submit_assignment_millis": 30_000,
        "spent_budget": 0.01,
        "unique_workers_count": 2,
        "unique_submitters_count": 1,
        "active_workers_by_filter_count": 2,
        "estimated_assignments_count": 4,
    }
    body = [
        {"subject": "POOL", "subject_id": pool_id, "name": name, "interval_hours": 1}
        for name in expected
    ]
    operation = await by_hand.ask("POST", "//staging/analytics-2", body)
    assert operation["parameters"] == {"value": body}
    await by_hand.advance(1)
    operation = await by_hand.ask("GET", f"/operations/{operation['id']}")
    assert [each["request"] for each in operation["details"]["value"]] == body
    found = {each["request"]["name"]: each["result"] for each in operation["details"]["value"]}
    assert found == expected
    unknown = [{"subject": "POOL", "subject_id": "5", "name": "spent_budget"}]
    assert await by_hand.invalid("POST", "//staging/analytics-2", unknown) == {
        "0.subject_id": "ENTITY_DOES_NOT_EXIST"
    }
