"""What the services' own pages show as examples and limits, asked of the server as it is."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.services.extend.world import LOST, URL, WORKFLOW
from tests.services.extend.world import World as Extend
from tests.services.pipelines.world import World as Pipelines
from tests.services.sama.world import World as Sama
from tests.services.sama.world import urls

pytestmark = pytest.mark.anyio

LOWEST, HIGHEST = -2_147_483_648, 2_147_483_647
"""The range of a priority in Sama."""
FOUR_HOURS = 14_400
TASK_ID = re.compile(r"[0-9a-f]{24}")


@pytest.fixture
async def sama(tmp_path: Path) -> AsyncIterator[Sama]:
    """Sama, where nothing moves before `advance`."""
    world = Sama.of(tmp_path)
    async with world.app.running(), world.client:
        yield world


@pytest.fixture
async def pipelines(tmp_path: Path) -> AsyncIterator[Pipelines]:
    """Pipelines, played by hand."""
    world = Pipelines.of(tmp_path)
    async with world.app.running(), world.client:
        yield world


@pytest.fixture
async def extend(tmp_path: Path) -> AsyncIterator[Extend]:
    """Extend, where nothing moves before `work`."""
    world = Extend.of(tmp_path, {})
    async with world.app.running(), world.client:
        yield world


async def refusal(world: Sama, body: Any) -> str:
    """The message with which Sama refuses a batch as a whole, in its envelope."""
    before = world.counts()
    answer = await world.call("POST", "/batches.json", body)
    assert answer.status_code == 400, answer.text
    assert world.counts() == before
    assert answer.json().keys() == {"errors"}
    (error,) = answer.json()["errors"]
    assert error.keys() == {"type", "message"}
    assert error["type"] == 400
    return str(error["message"])


async def test_sama_takes_a_thousand_tasks_in_a_batch_and_not_one_more(sama: Sama) -> None:
    answer = await sama.call("POST", "/batches.json", {"tasks": [{"data": urls(1)[0]}] * 1000})
    assert answer.status_code == 202
    made = answer.json()
    assert made.keys() == {"batch_id", "task_ids"}
    assert len({*made["task_ids"]}) == 1000
    assert all(TASK_ID.fullmatch(id) for id in made["task_ids"])

    message = await refusal(sama, {"tasks": [{"data": urls(1)[0]}] * 1001})

    assert message.startswith("tasks: ")
    assert "1000" in message.replace(",", "")


@pytest.mark.parametrize("place", ["task", "batch"])
@pytest.mark.parametrize("limit", [LOWEST, 0, HIGHEST])
async def test_samas_priority_is_a_signed_number_of_32_bits(
    sama: Sama, limit: int, place: str
) -> None:
    def body(priority: int) -> dict[str, Any]:
        task = {"data": urls(1)[0]}
        if place == "batch":
            return {"tasks": [task], "priority": priority}
        return {"tasks": [{**task, "priority": priority}]}

    made = await sama.ask("POST", "/batches.json", body(limit))
    await sama.advance(0.2)
    path = f"/tasks/{made['task_ids'][0]}.json"
    shown = (await sama.ask("GET", path, same_as_delivery="false"))["task"]
    assert shown["priority"] == limit
    if limit:
        beyond = limit + (1 if limit > 0 else -1)
        name = "priority" if place == "batch" else "tasks/0/priority"
        assert (await refusal(sama, body(beyond))).startswith(f"{name}: ")


async def test_samas_priority_is_0_unless_one_is_given(sama: Sama) -> None:
    made = await sama.batch(*urls(1))
    await sama.advance(0.2)
    path = f"/tasks/{made['task_ids'][0]}.json"
    assert (await sama.ask("GET", path, same_as_delivery="false"))["task"]["priority"] == 0


async def test_sama_reserves_a_task_for_an_agent(sama: Sama) -> None:
    tasks = [{"data": urls(1)[0], "reserve_for": agent} for agent in (1, 9003, 2**63 - 1)]
    made = await sama.ask("POST", "/batches.json", {"tasks": tasks})
    await sama.advance(600)
    task = await sama.ask("GET", f"/tasks/{made['task_ids'][1]}.json")
    assert task["task"]["submitter_ids_by_step"] == {"Annotation": 9003}
    for agent in (0, 2**63):
        wrong = {"tasks": [{"data": urls(1)[0], "reserve_for": agent}]}
        assert (await refusal(sama, wrong)).startswith("tasks/0/reserve_for: ")


async def test_sama_submits_a_task_with_its_default_answers(sama: Sama) -> None:
    data = {**urls(1)[0], "output_quality": "dark"}
    tasks = [{"data": data, "submit": submit, "duration": 30} for submit in (True, False)]
    made = await sama.ask("POST", "/batches.json", {"tasks": tasks})
    await sama.advance(0.2)
    submitted, plain = [await sama.task(id) for id in made["task_ids"]]
    assert (submitted["state"], submitted["answers"]) == ("completed", {"quality": "dark"})
    assert plain["state"] == "new"
    for wrong in ({"submit": "true"}, {"submit": True, "duration": -1}):
        (name,) = [name for name in wrong if name != "submit"] or ["submit"]
        message = await refusal(sama, {"tasks": [{"data": data, **wrong}]})
        assert message.startswith(f"tasks/0/{name}: ")


@pytest.mark.parametrize("name", [None, "python_sdk"])
async def test_sama_mails_what_became_of_an_upload_of_this_name(
    sama: Sama, name: str | None
) -> None:
    body: dict[str, Any] = {
        "notification_email": "ops@example.com",
        "tasks": [{"data": urls(1)[0]}],
    }
    if name is not None:
        body["tasks_file_name"] = name
    await sama.ask("POST", "/batches.json", body)
    await sama.advance(1)
    (mail,) = sama.documents("mails")
    assert mail["to"] == "ops@example.com"
    assert (name or "from_api") in mail["subject"]


async def test_sama_waits_four_hours_for_the_file_of_a_batch_without_tasks(sama: Sama) -> None:
    created = [await sama.waiting() for _ in range(2)]
    for batch_id, url in created:
        batch = await sama.ask("GET", f"/batches/{batch_id}.json")
        assert (batch["state"], batch["total_count"], batch["tasks"]) == ("waiting", 0, [])
        assert f"X-Amz-Expires={FOUR_HOURS}" in url

    await sama.advance(FOUR_HOURS - 1)
    (in_time, url), (late, late_url) = created
    file = b'[{"data": {"url": "https://assets.example/1.jpg"}}]'
    assert (await sama.upload(url, file)).status_code == 200
    await sama.advance(1)
    refused = await sama.upload(late_url, file)

    assert refused.status_code == 403
    assert refused.headers["content-type"].startswith("application/xml")
    assert "<Code>AccessDenied</Code>" in refused.text
    answer = await sama.call("POST", f"/batches/{in_time}/continue.json")
    assert (answer.status_code, answer.json()) == (202, {"batch_id": in_time})
    await sama.advance(1)
    batch = await sama.ask("GET", f"/batches/{in_time}.json")
    assert (batch["state"], batch["created_count"]) == ("completed", 1)
    assert (await sama.refused("POST", f"/batches/{late}/continue.json"))[0] == 400


async def test_pipelines_makes_the_two_tasks_of_its_example(pipelines: Pipelines) -> None:
    fields = [
        {"input_text": "First task input", "category": "example"},
        {"input_text": "Second task input", "category": "demo"},
    ]
    answer = await pipelines.call(
        "POST", "/workflows/42/tasks", {"tasks": [{"fields": each} for each in fields]}
    )
    assert answer.status_code == 201
    made = answer.json()
    assert {**made, "group_id": 0, "tasks": []} == {
        "workflow_id": 42,
        "created_count": 2,
        "group_id": 0,
        "source": "api",
        "tasks": [],
    }
    assert [task["index"] for task in made["tasks"]] == [0, 1]
    for task, given in zip(made["tasks"], fields, strict=True):
        found = await pipelines.task(42, task["id"])
        assert (found["group_id"], found["source"]) == (made["group_id"], "api")
        assert found["status"] == task["status"]
        assert found["fields"] == given


async def test_pipelines_asks_for_a_bearer_key_and_json(pipelines: Pipelines) -> None:
    body = {"tasks": [{"fields": {"input_text": "First task input", "category": "example"}}]}
    refused = await pipelines.refused("POST", "/workflows/42/tasks", body, key=None)
    assert refused[0] == 401
    text = {"content": b"tasks", "headers": {"Content-Type": "text/plain"}}
    assert (await pipelines.refused("POST", "/workflows/42/tasks", **text))[0] == 415


async def test_extend_takes_a_thousand_inputs_and_answers_a_batch_id_alone(extend: Extend) -> None:
    inputs = [{"file": URL, "metadata": {"n": number}} for number in range(1000)]
    body = {"workflow": {"id": WORKFLOW}, "inputs": inputs}
    answer = await extend.call("POST", "/workflow_runs/batch", body)
    assert answer.status_code == 200
    assert answer.json().keys() == {"batchId"}
    batch_id = answer.json()["batchId"]

    for wrong in ([], [*inputs, {"file": URL}]):
        refused = await extend.refused("POST", "/workflow_runs/batch", {**body, "inputs": wrong})
        assert refused[:2] == (400, "INVALID_REQUEST")
        assert "inputs" in refused[2]
    listed = await extend.runs(batchId=batch_id)
    assert len({run["id"] for run in listed}) == 1000
    assert {run["batchId"] for run in listed} == {batch_id}
    runs = extend.sandbox.collection("extend.workflow_runs").find({"batchId": batch_id})
    assert sorted(run["metadata"]["n"] for run in runs) == [*range(1000)]


async def test_extend_gives_a_batch_the_priority_90(tmp_path: Path) -> None:
    """The lower number goes first: 89 before batches that came earlier, 91 after later ones."""
    world = Extend.of(tmp_path, {}, pace="realistic")
    async with world.app.running(), world.client:
        batches = [await world.batch(URL)]
        batches += [await world.batch(URL, priority=priority) for priority in (91, 90, 89)]
        world.work()
        started = [(await world.runs(batchId=each))[0]["startTime"] for each in batches]
    plain, last, same, first = started
    assert first < plain < same < last


async def test_extend_tells_batch_and_metadata_with_each_end_of_a_run(extend: Extend) -> None:
    await extend.listen("ends", ["workflow_run.completed", "workflow_run.failed"])
    batch_id = await extend.batch((URL, {"order": "po-1"}), (LOST, {"order": "po-2"}))
    extend.work()

    told = [json.loads(each["body"]) for each in extend.deliveries()]

    assert {(each["eventType"], each["payload"]["metadata"]["order"]) for each in told} == {
        ("workflow_run.completed", "po-1"),
        ("workflow_run.failed", "po-2"),
    }
    assert {each["payload"]["batchId"] for each in told} == {batch_id}
    listed = await extend.runs(batchId=batch_id)
    assert {run["status"] for run in listed} == {"PROCESSED", "FAILED"}
    for run in listed:
        whole = await extend.get(run)
        assert whole in [each["payload"] for each in told]
        assert bool(whole["stepRuns"]) == (run["status"] == "PROCESSED")


async def test_extend_wants_a_version_unless_an_older_one_is_set(tmp_path: Path) -> None:
    body = {"workflow": {"id": WORKFLOW}, "inputs": [{"file": URL}]}
    older = {"workflowId": WORKFLOW, "inputs": [{"file": {"fileUrl": URL["url"]}}]}
    bare = {"x-extend-api-version": ""}
    for own, status, sent in (
        ({}, 400, body),
        ({"extend.default_version": "2025-04-21"}, 200, older),
    ):
        world = Extend.of(tmp_path / str(status), own)
        async with world.app.running(), world.client:
            answer = await world.call("POST", "/workflow_runs/batch", sent, headers=bare)
            assert answer.status_code == status, answer.text
            if status == 400:
                assert answer.json()["code"] == "INVALID_REQUEST"
            else:
                assert answer.json().keys() == {"success", "batchId"}
