"""Tests of calls about single tasks, and of lists of them."""

from typing import Any

import pytest

from tests.services.sama.conftest import Opening
from tests.services.sama.world import KEY, World, urls

pytestmark = pytest.mark.anyio

GOOD = {"video": "https://assets.example/v.mp4", "frames": 30}


async def made(world: World, *data: dict[str, Any], **more: Any) -> list[str]:
    """The ids of tasks that exist."""
    answer = await world.batch(*data, **more)
    await world.advance(0.2)
    return list(answer["task_ids"])


async def listed(world: World, **query: Any) -> list[str]:
    """The ids that multi-task status answers."""
    return [task["id"] for task in (await world.ask("GET", "/tasks.json", **query))["tasks"]]


async def test_a_task_of_a_synchronous_project_is_there_at_once(world: World) -> None:
    answer = await world.call("POST", "/tasks.json", {"data": urls(1)[0], "priority": 4})
    task = answer.json()["task"]
    assert (answer.status_code, task["state"], task["priority"]) == (201, "new", 4)
    assert task["batch_id"] is None
    assert (await world.task(task["id"]))["data"] == urls(1)[0]


async def test_a_wrapped_task_is_taken_as_well(world: World) -> None:
    answer = await world.call("POST", "/tasks.json", {"task": {"data": urls(1)[0]}})
    assert answer.status_code == 201


async def test_a_task_of_an_asynchronous_project_is_queued(world: World) -> None:
    answer = await world.call("POST", "/tasks.json", {"data": GOOD}, project=118)
    queued = answer.json()
    assert (answer.status_code, queued["state"]) == (202, "queued")
    path = f"/tasks/{queued['id']}.json"
    assert (await world.call("GET", path, project=118)).status_code == 404
    await world.advance(0.15)
    task = (await world.ask("GET", path, project=118))["task"]
    # F91: the asset is the service's own copy now.
    assert task["data"]["video"] != GOOD["video"]


async def test_data_that_does_not_fit_is_refused_with_its_own_type(world: World) -> None:
    answer = await world.call("POST", "/tasks.json", {"data": {"name": "x"}})
    assert answer.status_code == 400
    assert answer.json()["errors"] == [
        {"type": "InvalidInputSchema", "message": "Input 'url' is required."}
    ]


@pytest.mark.parametrize("body", [None, {}, {"data": None}, {"task": {}}, [], {"data": "x"}])
async def test_a_new_task_needs_data(world: World, body: Any) -> None:
    assert (await world.refused("POST", "/tasks.json", body))[0] == 400


async def test_single_status_is_wrapped_and_in_delivery_form(world: World) -> None:
    """T10, and T26: the client's pager adds page and page_size."""
    (id,) = await made(world, *urls(1, client_batch_id="b-7"))
    answer = await world.ask(
        "GET", f"/tasks/{id}.json", same_as_delivery="true", page=1, page_size=1000
    )
    assert answer.keys() == {"task"}
    assert answer["task"].keys() == {
        *("id", "project_id", "created_at", "delivered_at", "state", "batch_id"),
        *("client_batch_id", "data", "answers", "submitter_ids_by_step", "_extras"),
    }
    assert answer["task"]["client_batch_id"] == "b-7"
    other = await world.ask("GET", f"/tasks/{id}.json", same_as_delivery="false")
    assert other["task"].keys() ^ answer["task"].keys() == {
        *("priority", "submitter_ids_by_step", "_extras"),
    }


async def test_a_task_of_another_project_is_not_found(world: World) -> None:
    (id,) = await made(world, *urls(1))
    assert await world.refused("GET", f"/tasks/{id}.json", project=118) == (404, "Task not found.")


@pytest.mark.parametrize("value", ["True", "1", "yes", ""])
async def test_booleans_are_lower_case_words(world: World, value: str) -> None:
    """T23."""
    (id,) = await made(world, *urls(1))
    path = f"/tasks/{id}.json"
    assert (await world.refused("GET", path, same_as_delivery=value))[0] == 400


async def test_lists_come_in_order_of_creation_page_by_page(by_hand: World) -> None:
    ids = await made(by_hand, *urls(250))
    pages = [await listed(by_hand, page=page) for page in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [100, 100, 50, 0]
    assert [id for page in pages for id in page] == ids
    # U14: a larger page counts as 100, a smaller one as it is.
    assert len(await listed(by_hand, page_size=1000)) == 100
    assert await listed(by_hand, page_size=7, page=2) == ids[7:14]


async def test_the_100th_page_is_as_good_as_the_first(by_hand: World) -> None:
    ids = await made(by_hand, *urls(200))
    assert await listed(by_hand, page_size=2, page=100) == ids[198:]
    assert await listed(by_hand, page_size=2, page=101) == []
    assert await listed(by_hand, page_size=2, page=10**12) == []


async def test_filters_combine(by_hand: World) -> None:
    first = await made(by_hand, *urls(3, client_batch_id="north-1"))
    second = await made(by_hand, *urls(2, client_batch_id="north-2"), priority=5)
    batches = [batch["id"] for batch in by_hand.documents("batches")]
    await by_hand.control("POST", f"/tasks/{first[0]}/start")
    assert await listed(by_hand, batch_id=batches[0]) == first
    assert await listed(by_hand, batch_id=f"{batches[0]},{batches[1]}") == first + second
    assert await listed(by_hand, client_batch_id="north-2") == second
    assert await listed(by_hand, client_batch_id="north") == []
    contains = {"client_batch_id_match_type": "contains"}
    assert await listed(by_hand, client_batch_id="north", **contains) == first + second
    assert await listed(by_hand, client_batch_id="south", **contains) == []
    assert await listed(by_hand, state="new") == first[1:] + second
    assert await listed(by_hand, state="new", batch_id=batches[0]) == first[1:]
    assert await listed(by_hand, state="new", client_batch_id="north-1") == first[1:]
    assert await listed(by_hand, priority=5) == second
    assert await listed(by_hand, priority=5, state="in progress") == []
    assert await listed(by_hand, task_id=f"{second[0]},{first[1]}") == [first[1], second[0]]
    assert await listed(by_hand, ids=first[2]) == [first[2]]
    assert await listed(by_hand, ids=first[2], batch_id=batches[1]) == []


async def test_a_state_with_a_space_arrives_as_a_plus(by_hand: World) -> None:
    """T22."""
    (id,) = await made(by_hand, *urls(1))
    await by_hand.control("POST", f"/tasks/{id}/start")
    url = f"/sama/v2/projects/117/tasks.json?access_key={KEY}&state=in+progress&omit_answers=true"
    answer = (await by_hand.client.get(url)).json()
    assert [task["id"] for task in answer["tasks"]] == [id]
    # T35, U16: absent, not null. T11: no `task` beside `tasks`.
    assert "answers" not in answer["tasks"][0]
    assert answer.keys() == {"tasks"}


async def test_answers_come_unless_they_are_omitted_and_the_form_can_be_chosen(
    world: World,
) -> None:
    await made(world, *urls(1))
    (plain,) = (await world.ask("GET", "/tasks.json"))["tasks"]
    (full,) = (await world.ask("GET", "/tasks.json", same_as_delivery="true"))["tasks"]
    (short,) = (
        await world.ask("GET", "/tasks.json", same_as_delivery="true", omit_answers="true")
    )["tasks"]
    assert "answers" in plain
    assert {"_extras", "answers"} <= full.keys()
    assert "answers" not in short


async def test_dates_are_inclusive_at_the_start_and_exclusive_at_the_end(by_hand: World) -> None:
    (first,) = await made(by_hand, *urls(1))
    await by_hand.advance(60)
    (second,) = await made(by_hand, *urls(1))
    start = (await by_hand.task(first))["created_at"]
    end = (await by_hand.task(second))["created_at"]
    assert await listed(by_hand, **{"from": start}) == [first, second]
    assert await listed(by_hand, to=start) == []
    assert await listed(by_hand, to=end) == [first]
    assert await listed(by_hand, **{"from": start, "to": end, "state": "new"}) == [first]
    batch = (await by_hand.task(second))["batch_id"]
    assert await listed(by_hand, **{"from": start, "batch_id": batch}) == [second]
    # T24: nine digits, and a zone as an offset.
    assert await listed(by_hand, **{"from": end.replace("Z", "000001Z")}) == []
    assert await listed(by_hand, **{"from": end.replace("Z", "+00:00")}) == [second]


@pytest.mark.parametrize(
    ("date_type", "found"),
    [
        ("created_at", True),
        ("creation_date", True),
        ("completion_date", False),
        ("delivered_at", False),
    ],
)
async def test_the_kind_of_date_can_be_chosen(by_hand: World, date_type: str, found: bool) -> None:
    (id,) = await made(by_hand, *urls(1))
    query = {"date_type": date_type, "from": "2024-01-01"}
    assert (await listed(by_hand, **query) == [id]) is found
    await by_hand.control("POST", f"/tasks/{id}/deliver")
    assert await listed(by_hand, **query) == [id]


@pytest.mark.parametrize(
    "query",
    [
        {"state": "done"},
        {"state": ""},
        {"date_type": "birthday"},
        {"client_batch_id_match_type": "fuzzy"},
        {"page": 0},
        {"page_size": 0},
        {"page": "one"},
        {"from": "yesterday"},
        {"batch_id": "north"},
        {"priority": 2**31},
        {"omit_answers": "maybe"},
    ],
)
async def test_filters_that_mean_nothing_are_refused(world: World, query: dict[str, Any]) -> None:
    assert (await world.refused("GET", "/tasks.json", **query))[0] == 400


async def test_one_call_a_second_is_a_setting_that_is_off(opened: Opening, world: World) -> None:
    """F26, T28: a retry after exactly one second gets through, however often one was refused."""
    for _ in range(3):
        await world.ask("GET", "/tasks.json")
    limited = await opened("limited", status_limit=True)
    await limited.ask("GET", "/tasks.json")
    for _ in range(4):
        answer = await limited.call("GET", "/tasks.json")
        assert answer.status_code == 429
        assert answer.headers["retry-after"] == "1"
        assert answer.json() == {"errors": [{"type": 429, "message": "Rate limit exceeded."}]}
    await limited.advance(1.0)
    await limited.ask("GET", "/tasks.json")
    await limited.ask("GET", ".json")


async def test_the_priority_of_one_task_changes(by_hand: World) -> None:
    (id,) = await made(by_hand, *urls(1))
    answer = await by_hand.ask("PUT", f"/tasks/{id}.json", {"priority": -7})
    assert answer["task"]["priority"] == -7
    await by_hand.ask("PUT", f"/tasks/{id}.json", {"task": {"priority": 8}})
    assert await listed(by_hand, priority=8) == [id]
    for body in ({}, {"priority": "high"}, {"priority": 2**31}, None):
        assert (await by_hand.refused("PUT", f"/tasks/{id}.json", body))[0] == 400


async def test_priorities_change_for_all_or_none(by_hand: World) -> None:
    """T21: this is a POST."""
    ids = await made(by_hand, *urls(3))
    path = "/tasks/bulk_update.json"
    done = await by_hand.ask("POST", path, {"task_ids": ids[:2], "priority": 9})
    assert done == {"success": True}
    assert await listed(by_hand, priority=9) == ids[:2]
    unknown = "6" * 24
    refused = await by_hand.refused("POST", path, {"task_ids": [ids[2], unknown], "priority": 1})
    assert (refused[0], unknown in refused[1]) == (404, True)
    assert await listed(by_hand, priority=1) == []
    for body in (
        {"task_ids": ids, "priority": 2**31},
        {"task_ids": ids},
        {"task_ids": ids[0], "priority": 1},
        {"task_ids": ids * 334, "priority": 1},
    ):
        assert (await by_hand.refused("POST", path, body))[0] == 400


async def test_only_new_tasks_are_deleted_and_only_all_of_them(by_hand: World) -> None:
    ids = await made(by_hand, *urls(3))
    await by_hand.control("POST", f"/tasks/{ids[2]}/start")
    path = "/tasks/delete_tasks.json"
    status, message = await by_hand.refused("POST", path, {"task_ids": ids})
    assert (status, ids[2] in message, ids[0] in message) == (400, True, False)
    assert await by_hand.ask("POST", path, {"task_ids": [*ids[:2], ids[0]]}) == {"success": True}
    assert await listed(by_hand) == ids[2:]
    assert (await by_hand.refused("GET", f"/tasks/{ids[0]}.json"))[0] == 404
    assert (await by_hand.refused("POST", path, {"task_ids": ids[:1]}))[0] == 404
    # Batch status tells of creation, which did happen.
    batch = by_hand.documents("batches")[0]["id"]
    items = (await by_hand.ask("GET", f"/batches/{batch}.json"))["tasks"]
    assert [item["id"] for item in items] == ids


async def test_a_delivered_task_is_rejected_with_put(by_hand: World) -> None:
    """T21, T33."""
    (id,) = await made(by_hand, *urls(1, output_quality="dark"))
    path = f"/tasks/{id}/reject.json"
    assert (await by_hand.refused("PUT", path, {"reasons": ["x"]}))[0] == 400
    await by_hand.control("POST", f"/tasks/{id}/deliver")
    assert (await by_hand.call("POST", path, {"reasons": ["x"]})).status_code == 405
    answer = await by_hand.ask("PUT", path, {"reasons": ["too wide"]})
    assert (answer["task"]["state"], answer["task"]["delivered_at"]) == ("rejected", None)
    # F101: the default answers, not the rejected ones.
    assert answer["task"]["answers"] == {"quality": "dark"}
    for body in (None, {}, {"reasons": "x"}, {"reasons": [5]}):
        assert (await by_hand.refused("PUT", path, body))[0] == 400


async def test_acknowledged_is_an_end(by_hand: World) -> None:
    (id,) = await made(by_hand, *urls(1))
    path = f"/tasks/{id}/acknowledge.json"
    assert (await by_hand.refused("PUT", path))[0] == 400
    await by_hand.control("POST", f"/tasks/{id}/deliver")
    assert (await by_hand.ask("PUT", path))["task"]["state"] == "acknowledged"
    assert (await by_hand.refused("PUT", path))[0] == 400
    assert (await by_hand.refused("PUT", f"/tasks/{id}/reject.json", {"reasons": []}))[0] == 400


async def test_a_step_is_submitted_through_the_api(by_hand: World) -> None:
    (id,) = await made(by_hand, *urls(1, output_quality="good"))
    path = f"/tasks/{id}/submit.json"
    wrong: list[dict[str, Any]] = [
        {"answers": {"quality": "superb"}},
        {"answers": {"mood": "x"}},
        {"answers": []},
        {"ordinal": 2},
        {"ordinal": 0},
        {"duration": -1},
    ]
    for body in wrong:
        assert (await by_hand.refused("PUT", path, body))[0] == 400
    answers: dict[str, Any] = {"vehicles": {"layers": {"vector_tagging": []}}}
    answer = await by_hand.ask("PUT", path, {"answers": answers, "ordinal": 1, "duration": 12.5})
    task = answer["task"]
    assert (task["state"], task["answers"]) == ("completed", {"quality": "good", **answers})
    assert task["submitter_ids_by_step"] == {"Annotation": 1}
    assert (await by_hand.refused("PUT", path, {}))[0] == 400


async def test_in_a_project_of_two_steps_the_second_is_left_to_people(by_hand: World) -> None:
    await by_hand.call("POST", "/tasks.json", {"data": GOOD}, project=118)
    await by_hand.advance(1)
    (task,) = by_hand.documents("tasks")
    path = f"/tasks/{task['id']}/submit.json"
    body = {"answers": {"usable": "yes"}}
    answer = await by_hand.ask("PUT", path, body, project=118)
    assert answer["task"]["state"] == "in progress"
    status, message = await by_hand.refused("PUT", path, project=118)
    assert (status, "no team System" in message) == (400, True)
    await by_hand.control("POST", f"/tasks/{task['id']}/complete")
    done = by_hand.documents("tasks")[0]
    assert done["answers"]["usable"] == "yes"
    assert done["submitter_ids_by_step"] == {"Annotation": 1, "Quality": 9101}


async def test_a_project_may_refuse_submissions(by_hand: World) -> None:
    (id,) = await made(by_hand, *urls(1))
    projects = by_hand.sandbox.collection("sama.projects")
    projects.put({**(projects.get(117) or {}), "api_creation": False})
    assert (await by_hand.refused("PUT", f"/tasks/{id}/submit.json"))[0] == 400
