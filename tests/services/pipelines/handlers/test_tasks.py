"""Tests of creating tasks from JSON, listing them, and looking at one."""

from typing import Any

import pytest

from tests.services.pipelines.conftest import Opening
from tests.services.pipelines.world import World

pytestmark = pytest.mark.anyio

TASKS = "/workflows/42/tasks"


def batch(count: int, **fields: Any) -> dict[str, Any]:
    return {"tasks": [{"fields": {"input_text": f"text {n}", **fields}} for n in range(count)]}


async def test_tasks_are_created_in_the_order_of_the_request(world: World) -> None:
    """Fact 3.4."""
    body = {"tasks": [{"fields": {"input_text": text}} for text in ("alpha", "beta")]}
    answer = await world.ask("POST", TASKS, body)
    assert answer == {
        "workflow_id": 42,
        "created_count": 2,
        "group_id": 1,
        "source": "api",
        "tasks": [
            {"index": 0, "id": 1001, "status": "pending"},
            {"index": 1, "id": 1002, "status": "pending"},
        ],
    }
    assert [(await world.task(42, id))["fields"]["input_text"] for id in (1001, 1002)] == [
        "alpha",
        "beta",
    ]


async def test_the_same_call_again_makes_new_tasks(world: World) -> None:
    """Fact 3.4: no idempotency key is documented."""
    first = await world.create()
    second = await world.create()
    assert first != second


@pytest.mark.parametrize("count", [1, 5000])
async def test_one_to_five_thousand_tasks_are_accepted(world: World, count: int) -> None:
    """Acceptance case 2."""
    answer = await world.ask("POST", TASKS, batch(count))
    assert answer["created_count"] == len(answer["tasks"]) == count
    assert (await world.ask("GET", "/workflows/42"))["task_counts"]["total"] == count


@pytest.mark.parametrize(("count", "code"), [(0, "empty_batch"), (5001, "batch_too_large")])
async def test_no_task_and_too_many_are_refused(world: World, count: int, code: str) -> None:
    """Acceptance case 2: `refused` sees that nothing was created."""
    assert await world.refused("POST", TASKS, batch(count)) == (422, code)


async def test_by_setting_a_batch_too_large_is_413(opened: Opening) -> None:
    world = await opened(pipelines__batch_too_large_status=413)
    assert await world.refused("POST", TASKS, batch(5001)) == (413, "batch_too_large")


async def test_an_unknown_key_refuses_the_whole_batch_and_says_where(world: World) -> None:
    """Acceptance case 2: item 3."""
    body = batch(5)
    body["tasks"][3]["fields"]["Category"] = "demo"
    error = await world.error("POST", TASKS, body)
    assert (error["status"], error["code"]) == (422, "validation_error")
    (detail,) = error["details"]
    assert (detail["task_index"], detail["field"], detail["code"]) == (
        3,
        "Category",
        "unknown_field",
    )


async def test_every_bad_item_is_told_up_to_a_hundred(world: World) -> None:
    """Fact 3.4."""
    error = await world.error("POST", TASKS, {"tasks": [{"fields": {}}] * 250})
    assert [detail["task_index"] for detail in error["details"]] == list(range(100))
    assert {detail["code"] for detail in error["details"]} == {"missing_field"}


@pytest.mark.parametrize("value", [None, ""])
async def test_an_empty_value_is_a_missing_one(world: World, value: Any) -> None:
    error = await world.error("POST", TASKS, {"tasks": [{"fields": {"input_text": value}}]})
    assert error["details"][0]["code"] == "missing_field"


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"tasks": {}},
        {"tasks": "x"},
        {"tasks": [1]},
        {"tasks": [{}]},
        {"tasks": [{"fields": []}]},
        {"tasks": [{"fields": None}]},
        {"tasks": [{"input_text": "alpha"}]},
    ],
)
async def test_a_body_of_another_shape_is_refused(world: World, body: Any) -> None:
    assert await world.refused("POST", TASKS, body) == (422, "validation_error")


async def test_the_items_shape_says_which_item(world: World) -> None:
    body: Any = {"tasks": [{"fields": {"input_text": "a"}}, {"fields": 1}]}
    error = await world.error("POST", TASKS, body)
    assert error["details"][0]["task_index"] == 1


async def test_numbers_as_text_are_taken_by_setting_only(opened: Opening) -> None:
    """Fact 3.4."""
    body = {"tasks": [{"fields": {"score": "0.5"}}]}
    world = await opened()
    assert await world.refused("POST", "/workflows/46/tasks", body) == (422, "validation_error")
    lenient = await opened("lenient", pipelines__coerce_strings_json=True)
    made = await lenient.ask("POST", "/workflows/46/tasks", body)
    assert (await lenient.task(46, made["tasks"][0]["id"]))["fields"] == {"score": 0.5}


async def test_files_need_a_zip(world: World) -> None:
    """Fact 14, U19."""
    body = {"tasks": [{"fields": {"caption": "a", "photo": "a.png"}}]}
    error = await world.error("POST", "/workflows/43/tasks", body)
    assert (error["status"], error["code"]) == (422, "file_requires_zip_upload")


async def test_blank_items_make_blank_tasks_where_there_are_no_dataset_fields(
    world: World,
) -> None:
    """Fact 3.4."""
    answer = await world.ask("POST", "/workflows/44/tasks", {"tasks": [{"fields": {}}] * 2})
    assert answer["created_count"] == 2


async def test_a_draft_is_told_before_its_content_is_looked_at(world: World) -> None:
    """Fact 9: state (409) comes before content (422)."""
    body: Any = {"tasks": []}
    assert await world.refused("POST", "/workflows/45/tasks", body) == (409, "workflow_not_active")
    assert await world.refused("POST", "/workflows/1/tasks", body) == (404, "workflow_not_found")


async def test_a_list_is_by_id_in_pages(world: World) -> None:
    """Fact 3.5."""
    ids = await world.create(count=5)
    first = await world.ask("GET", f"{TASKS}?page_size=2")
    assert [item["id"] for item in first["items"]] == ids[:2]
    assert (first["page"], first["page_size"], first["total"], first["has_more"]) == (1, 2, 5, True)
    last = await world.ask("GET", f"{TASKS}?page=3&page_size=2")
    assert ([item["id"] for item in last["items"]], last["has_more"]) == (ids[4:], False)
    past = await world.ask("GET", f"{TASKS}?page=9&page_size=2")
    assert (past["items"], past["total"], past["has_more"]) == ([], 5, False)
    assert first["items"][0].keys() == {
        "id",
        "status",
        "group_id",
        "source",
        "created_at",
        "updated_at",
        "finished_at",
    }


async def test_a_list_is_narrowed_by_status_group_and_time(world: World) -> None:
    ids = await world.create(count=3)
    await world.finish(ids[0])
    await world.advance(60)
    later = await world.create(count=2)
    group = (await world.task(42, later[0]))["group_id"]
    assert [t["id"] for t in await world.tasks(42, status="finished")] == ids[:1]
    assert [t["id"] for t in await world.tasks(42, group_id=group)] == later
    assert await world.tasks(42, group_id=group, status="finished") == []
    assert await world.tasks(42, group_id=77) == []
    after = "2026-01-06T10:31:30Z"
    assert [t["id"] for t in await world.tasks(42, created_after=after)] == later
    assert await world.tasks(42, created_after=after, status="finished") == []
    assert await world.tasks(42, created_after="2027-01-01T00:00:00Z") == []
    found = await world.tasks(42, created_after="2026-01-06T10:00:00+01:00", status="pending")
    assert [t["id"] for t in found] == [*ids[1:], *later]


async def test_a_group_of_another_workflow_is_empty_here(world: World) -> None:
    (task,) = await world.create(41, prompt="x")
    group = (await world.task(41, task))["group_id"]
    assert await world.tasks(42, group_id=group) == []


@pytest.mark.parametrize(
    "query",
    ["page=0", "page=x", "page_size=0", "page_size=201", "status=done", "created_after=soon"],
)
async def test_a_bad_parameter_is_refused(world: World, query: str) -> None:
    assert await world.refused("GET", f"{TASKS}?{query}") == (422, "validation_error")


async def test_a_task_shows_the_progress_of_its_nodes(world: World) -> None:
    """Fact 3.6."""
    (id,) = await world.create(category="demo")
    await world.claim(42, id)
    await world.submit(42, id, label="kettle")
    await world.advance(0)
    task = await world.task(42, id)
    assert task["status"] == "in_progress"
    assert [(node["node_id"], node["status"]) for node in task["nodes"]] == [
        ("label", "finished"),
        ("check", "available"),
    ]
    assert task["progress"] == {"finished": 1, "total": 2}
    assert task["fields"] == {"input_text": "alpha", "category": "demo"}
    assert (task["source"], task["source_ref"]) == ("api", None)


async def test_a_task_of_another_workflow_is_not_found_here(world: World) -> None:
    (task,) = await world.create(41, prompt="x")
    assert await world.refused("GET", f"/workflows/42/tasks/{task}") == (404, "task_not_found")
