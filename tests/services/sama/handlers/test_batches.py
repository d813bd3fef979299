"""Tests of creating batches, and of their status."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest

from tests.services.sama.conftest import Opening
from tests.services.sama.world import KEY, World, urls

pytestmark = pytest.mark.anyio


async def test_without_tasks_a_batch_waits_and_names_an_absolute_url(world: World) -> None:
    """T3, T4, T7: both keys, and a URL that the caller itself can reach."""
    batch_id, url = await world.waiting()
    parts = urlsplit(url)
    assert isinstance(batch_id, int)
    assert (parts.scheme, parts.netloc) == ("http", "127.0.0.1:8080")
    assert parse_qs(parts.query)["X-Amz-Expires"] == ["14400"]
    status = await world.ask("GET", f"/batches/{batch_id}.json")
    # T13: the list is there before anything exists.
    assert (status["state"], status["tasks"], status["total_count"]) == ("waiting", [], 0)


async def test_the_url_follows_the_address_that_was_called(world: World) -> None:
    answer = await world.client.post(
        "http://mock.test:9000/sama/v2/projects/117/batches.json?access_key=k", json={}
    )
    assert answer.json()["tasks_put_url"].startswith("http://mock.test:9000/__uploads/")


async def test_an_empty_call_makes_a_waiting_batch_too(world: World) -> None:
    answer = await world.client.post(f"/sama/v2/projects/117/batches.json?access_key={KEY}")
    assert answer.status_code == 202
    assert "tasks_put_url" in answer.json()


async def test_upload_and_continue_create_the_tasks(world: World) -> None:
    """T2, T5, T6: a bare array without key; then an empty body of type JSON."""
    batch_id, url = await world.waiting()
    file = orjson.dumps([{"data": data, "priority": 0, "submit": False} for data in urls(3)])
    stored = await world.upload(url, file)
    assert (stored.status_code, stored.content) == (200, b"")
    answer = await world.client.post(
        f"/sama/v2/projects/117/batches/{batch_id}/continue.json?access_key={KEY}",
        headers={"Content-Type": "application/json", "Accept": "application/json"},
    )
    assert (answer.status_code, answer.json()) == (202, {"batch_id": batch_id})
    await world.advance(1)
    status = await world.ask("GET", f"/batches/{batch_id}.json")
    assert (status["state"], status["created_count"]) == ("completed", 3)
    tasks = (await world.ask("GET", "/tasks.json", batch_id=batch_id))["tasks"]
    assert [task["id"] for task in tasks] == [item["id"] for item in status["tasks"]]
    assert [task["data"] for task in tasks] == urls(3)


async def test_an_empty_file_is_a_batch_of_nothing(world: World) -> None:
    """T8: the client uploads `[]` and goes on."""
    batch_id, url = await world.waiting()
    await world.upload(url, b"[]")
    await world.ask("POST", f"/batches/{batch_id}/continue.json")
    await world.advance(1)
    status = await world.ask("GET", f"/batches/{batch_id}.json")
    assert (status["state"], status["tasks"]) == ("completed", [])


async def test_a_late_upload_is_refused_as_expired(world: World) -> None:
    batch_id, url = await world.waiting()
    await world.advance(14_401)
    answer = await world.upload(url, b"[]")
    assert answer.status_code == 403
    assert b"AccessDenied" in answer.content
    assert b"Request has expired" in answer.content
    assert (await world.ask("GET", f"/batches/{batch_id}.json"))["state"] == "expired"
    assert (await world.refused("POST", f"/batches/{batch_id}/continue.json"))[0] == 400


async def test_a_file_that_came_in_time_may_be_continued_later(world: World) -> None:
    batch_id, url = await world.waiting()
    await world.advance(14_399)
    assert (await world.upload(url, b"[]")).status_code == 200
    await world.advance(3600)
    await world.ask("POST", f"/batches/{batch_id}/continue.json")


async def test_a_second_upload_replaces_the_first(world: World) -> None:
    batch_id, url = await world.waiting()
    await world.upload(url, orjson.dumps([{"data": urls(1)[0]}]))
    await world.upload(url, orjson.dumps([{"data": data} for data in urls(2)]))
    await world.ask("POST", f"/batches/{batch_id}/continue.json")
    await world.advance(1)
    assert (await world.ask("GET", f"/batches/{batch_id}.json"))["created_count"] == 2


@pytest.mark.parametrize(
    "content", [None, b"", b'{"tasks": []}', b'[{"data": {}}', b"[1,]", b"nonsense", b"[}]"]
)
async def test_continue_needs_a_file_that_is_an_array(world: World, content: bytes | None) -> None:
    batch_id, url = await world.waiting()
    if content is not None:
        await world.upload(url, content)
    status, message = await world.refused("POST", f"/batches/{batch_id}/continue.json")
    assert status == 400
    assert "file" in message
    assert (await world.ask("GET", f"/batches/{batch_id}.json"))["state"] == "waiting"


async def test_continue_works_once_and_never_after_cancel(world: World) -> None:
    batch_id, url = await world.waiting()
    await world.upload(url, b"[]")
    await world.ask("POST", f"/batches/{batch_id}/continue.json")
    assert (await world.refused("POST", f"/batches/{batch_id}/continue.json"))[0] == 400
    other, url = await world.waiting()
    await world.upload(url, b"[]")
    await world.ask("POST", f"/batches/{other}/cancel.json")
    assert (await world.refused("POST", f"/batches/{other}/continue.json"))[0] == 400
    inline = await world.batch(*urls(1))
    path = f"/batches/{inline['batch_id']}/continue.json"
    assert (await world.refused("POST", path))[0] == 400


async def test_inline_tasks_have_ids_before_they_exist(world: World) -> None:
    answer = await world.batch(*urls(2))
    assert answer.keys() == {"batch_id", "task_ids"}
    first = answer["task_ids"][0]
    assert (await world.call("GET", f"/tasks/{first}.json")).status_code == 404
    assert (await world.ask("GET", f"/batches/{answer['batch_id']}.json"))["state"] == "uploaded"
    await world.advance(0.2)
    assert (await world.task(first))["batch_id"] == answer["batch_id"]


async def test_an_inline_batch_holds_at_most_1000_tasks(world: World) -> None:
    tasks = [{"data": data} for data in urls(1001)]
    status, message = await world.refused("POST", "/batches.json", {"tasks": tasks})
    assert (status, "1000" in message) == (400, True)
    assert len((await world.batch(*urls(1000)))["task_ids"]) == 1000


async def test_a_file_may_hold_more(world: World) -> None:
    """T9: the limit of 1,000 is for inline batches alone."""
    batch_id, url = await world.waiting()
    await world.upload(url, orjson.dumps([{"data": data} for data in urls(1001)]))
    await world.ask("POST", f"/batches/{batch_id}/continue.json")
    await world.advance(1)
    pages = [
        await world.ask("GET", f"/batches/{batch_id}.json", page=page, page_size=1000)
        for page in (1, 2, 3)
    ]
    # T14, T15, T16: full pages, then what is left, then nothing.
    assert [len(page["tasks"]) for page in pages] == [1000, 1, 0]
    assert len({item["id"] for page in pages for item in page["tasks"]}) == 1001
    # T11: `task` would end the client's paging.
    assert all("task" not in page for page in pages)


async def test_a_bad_task_fails_alone(world: World) -> None:
    answer = await world.batch(urls(1)[0], {"name": "no url here"}, urls(2)[1])
    await world.advance(1)
    status = await world.ask("GET", f"/batches/{answer['batch_id']}.json")
    counts = {key: status[key] for key in ("total_count", "created_count", "failed_count")}
    assert counts == {"total_count": 3, "created_count": 2, "failed_count": 1}
    assert status["state"] == "completed"
    failed = status["tasks"][1]
    assert failed == {
        "id": answer["task_ids"][1],
        "state": "failed",
        "errors": [{"type": "InvalidInputSchema", "message": "Input 'url' is required."}],
        "data": {"name": "no url here"},
    }
    path = f"/batches/{answer['batch_id']}.json"
    short = await world.ask("GET", path, omit_failed_task_data="true")
    assert "data" not in short["tasks"][1]
    assert short["tasks"][1]["errors"]


async def test_a_batch_of_which_nothing_can_be_made_has_failed(world: World) -> None:
    answer = await world.batch({}, {})
    await world.advance(1)
    status = await world.ask("GET", f"/batches/{answer['batch_id']}.json")
    assert (status["state"], status["failed_count"]) == ("failed", 2)


@pytest.mark.parametrize(
    "body",
    [
        {"tasks": {}},
        {"tasks": None},
        {"tasks": [5]},
        {"tasks": [{}]},
        {"tasks": [{"data": [1]}]},
        {"tasks": [{"data": {}, "priority": -(2**31) - 1}]},
        {"tasks": [{"data": {}, "priority": 1.5}]},
        {"tasks": [{"data": {}, "submit": "true"}]},
        {"tasks": [{"data": {}, "duration": -1}]},
        {"tasks": [{"data": {}, "reserve_for": "me"}]},
        {"tasks_file_name": 5},
        {"notification_email": "nobody"},
        [],
        "tasks",
    ],
)
async def test_what_breaks_the_contract_is_refused(world: World, body: Any) -> None:
    assert (await world.refused("POST", "/batches.json", body))[0] == 400


@pytest.mark.parametrize("priority", [-(2**31), 2**31 - 1])
async def test_priorities_reach_to_the_ends_of_their_range(world: World, priority: int) -> None:
    answer = await world.ask(
        "POST", "/batches.json", {"tasks": [{"data": urls(1)[0], "priority": priority}]}
    )
    await world.advance(0.2)
    path = f"/tasks/{answer['task_ids'][0]}.json"
    task = (await world.ask("GET", path, same_as_delivery="false"))["task"]
    assert task["priority"] == priority


async def test_an_accepted_batch_can_be_cancelled_before_anything_is_made(world: World) -> None:
    answer = await world.batch(*urls(2))
    path = f"/batches/{answer['batch_id']}"
    cancelled = await world.ask("POST", f"{path}/cancel.json")
    assert cancelled == {"batch_id": answer["batch_id"], "status": "cancelled"}
    await world.advance(60)
    status = await world.ask("GET", f"{path}.json")
    assert (status["state"], status["tasks"]) == ("cancelled", [])
    assert world.documents("tasks") == []


async def test_a_waiting_batch_can_be_cancelled_and_a_finished_one_cannot(world: World) -> None:
    batch_id, _ = await world.waiting()
    await world.ask("POST", f"/batches/{batch_id}/cancel.json")
    assert (await world.refused("POST", f"/batches/{batch_id}/cancel.json"))[0] == 400
    await world.advance(14_401)
    assert (await world.ask("GET", f"/batches/{batch_id}.json"))["state"] == "cancelled"
    done = await world.batch(*urls(1))
    await world.advance(1)
    path = f"/batches/{done['batch_id']}/cancel.json"
    assert (await world.refused("POST", path))[0] == 400


async def test_the_status_call_tolerates_the_batch_in_its_query_too(world: World) -> None:
    """T25, T26, T27."""
    answer = await world.batch(*urls(1))
    path = f"/batches/{answer['batch_id']}.json"
    found = await world.ask("GET", path, batch_id="something else", unheard_of="1")
    assert found["batch_id"] == answer["batch_id"]


async def test_a_batch_of_another_project_is_not_found(world: World) -> None:
    answer = await world.batch(*urls(1))
    path = f"/batches/{answer['batch_id']}.json"
    assert await world.refused("GET", path, project=118) == (404, "Batch not found.")


async def test_mail_is_recorded_at_the_end_good_or_bad(world: World) -> None:
    await world.batch(*urls(1), notification_email="team@example.com", tasks_file_name="week 7")
    await world.batch({}, notification_email="team@example.com")
    await world.batch(*urls(1), notification_email=None)
    await world.advance(1)
    mails = world.documents("mails")
    assert {mail["to"] for mail in mails} == {"team@example.com"}
    assert sorted(mail["subject"] for mail in mails) == [
        "Task creation completed: week 7",
        "Task creation failed: from_api",
    ]


async def test_at_the_pace_instant_all_is_done_before_the_answer(opened: Opening) -> None:
    world = await opened(pace="instant")
    answer = await world.batch(*urls(3))
    status = await world.ask("GET", f"/batches/{answer['batch_id']}.json")
    assert status["state"] == "completed"
    assert (await world.task(answer["task_ids"][0]))["state"] == "delivered"


async def test_polls_of_a_batch_can_stand_for_time(world: World) -> None:
    world.sandbox.pace.override("sama.create_tasks", {"polls": 2})
    answer = await world.batch(*urls(1))
    path = f"/batches/{answer['batch_id']}.json"
    await world.advance(3600)
    states = [(await world.ask("GET", path))["state"] for _ in range(3)]
    assert states == ["uploaded", "uploaded", "completed"]
