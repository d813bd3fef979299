"""Tests of making tasks in the background: in slices, through restarts, whatever the file holds."""

import shutil
from pathlib import Path
from typing import Any

import orjson
import pytest

from mockserver.services.sama import batches
from tests.services.sama.conftest import Opening
from tests.services.sama.world import World, urls

pytestmark = pytest.mark.anyio


async def uploaded(world: World, content: bytes) -> int:
    """A batch whose file is about to be worked on."""
    batch_id, url = await world.waiting()
    await world.upload(url, content)
    await world.ask("POST", f"/batches/{batch_id}/continue.json")
    return batch_id


async def status_of(world: World, batch_id: int) -> dict[str, Any]:
    found: dict[str, Any] = await world.ask("GET", f"/batches/{batch_id}.json")
    return found


def file_of(count: int) -> bytes:
    return orjson.dumps([{"data": data} for data in urls(count)])


def run_one(world: World) -> None:
    """Run the one job that is due next, as if the server were killed right after it."""
    jobs = world.sandbox.jobs
    due = jobs.next_due()
    assert due is not None
    world.sandbox.clock.forward(due)
    jobs.run_due(world.sandbox, budget=0)


@pytest.mark.no_cover
@pytest.mark.parametrize("inline", [True, False])
async def test_no_task_is_lost_or_doubled_by_a_kill_after_any_slice(
    opened: Opening, tmp_path: Path, inline: bool
) -> None:
    world = await opened()
    if inline:
        batch_id = (await world.batch(*urls(600)))["batch_id"]
    else:
        batch_id = await uploaded(world, file_of(600))
    made = []
    for number in range(9):
        run_one(world)
        made.append(len(world.documents("tasks")))
        # What is on disk at this moment is what a killed server leaves behind.
        shutil.copytree(world.sandbox.folder.parent.parent, tmp_path / f"killed-{number}")
    assert 600 in made
    assert any(0 < count < 600 for count in made)
    for number in range(9):
        again = await opened(f"killed-{number}")
        assert len(again.documents("tasks")) == made[number]
        await again.advance(60)
        status = await status_of(again, batch_id)
        assert (status["state"], status["created_count"]) == ("completed", 600)
        tasks = again.documents("tasks")
        assert [task["data"] for task in tasks] == urls(600)
        assert {task["state"] for task in tasks} == {"delivered"}
        assert len(again.documents("deliveries")) == 600


async def test_cancel_leaves_what_exists_and_makes_no_more(by_hand: World) -> None:
    """F76."""
    answer = await by_hand.batch(*urls(600))
    run_one(by_hand)
    batch = by_hand.sandbox.collection("sama.batches").get(answer["batch_id"])
    assert batch
    batches.cancel_batch(by_hand.sandbox, batch)
    await by_hand.advance(60)
    status = await status_of(by_hand, answer["batch_id"])
    assert (status["state"], status["total_count"]) == ("cancelled", 600)
    assert status["created_count"] == len(by_hand.documents("tasks")) == batches.SLICE
    assert [item["id"] for item in status["tasks"]] == answer["task_ids"][: batches.SLICE]
    assert by_hand.documents("inline_tasks") == []


async def test_work_goes_on_in_slices_that_leave_room_for_calls(by_hand: World) -> None:
    batch_id = await uploaded(by_hand, file_of(batches.SLICE * 2 + 1))
    counts = []
    while by_hand.sandbox.jobs.pending():
        run_one(by_hand)
        document = by_hand.sandbox.collection("sama.batches").get(batch_id)
        assert document
        counts.append((document["state"], document["created_count"]))
    size = batches.SLICE
    assert counts[-3:] == [
        ("processing", size),
        ("processing", 2 * size),
        ("completed", 2 * size + 1),
    ]


async def test_the_batch_document_stays_small(by_hand: World) -> None:
    answer = await by_hand.batch(*urls(1000))
    small = len(orjson.dumps(by_hand.sandbox.collection("sama.batches").get(answer["batch_id"])))
    await by_hand.advance(60)
    document = by_hand.sandbox.collection("sama.batches").get(answer["batch_id"])
    assert len(orjson.dumps(document)) < small + 100 < 1000
    assert by_hand.documents("inline_tasks") == []


async def test_a_large_file_that_turns_out_broken_fails_the_whole_batch(
    by_hand: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file too large to be read while the caller waits is read before anything is made."""
    monkeypatch.setattr(batches, "READ_AT_ONCE", 100)
    monkeypatch.setattr(batches, "COUNTED_BYTES", 5000)
    content = file_of(500)[:-1] + b',{"data": }]'
    batch_id, url = await by_hand.waiting(notification_email="team@example.com")
    await by_hand.upload(url, content)
    await by_hand.ask("POST", f"/batches/{batch_id}/continue.json")
    await by_hand.advance(60)
    status = await status_of(by_hand, batch_id)
    assert (status["state"], status["created_count"], status["tasks"]) == ("failed", 0, [])
    assert "cannot be used" in status["errors"][0]["message"]
    assert by_hand.documents("tasks") == []
    assert [mail["batch_id"] for mail in by_hand.documents("mails")] == [batch_id]


async def test_a_large_file_is_read_in_pieces(
    by_hand: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "READ_AT_ONCE", 100)
    monkeypatch.setattr(batches, "COUNTED_BYTES", 5000)
    monkeypatch.setattr(batches, "SLICE_BYTES", 3000)
    batch_id = await uploaded(by_hand, file_of(700))
    await by_hand.advance(60)
    status = await status_of(by_hand, batch_id)
    assert (status["state"], status["total_count"], status["created_count"]) == (
        "completed",
        700,
        700,
    )
    assert [task["data"] for task in by_hand.documents("tasks")] == urls(700)


async def test_bad_tasks_of_a_file_fail_alone(by_hand: World) -> None:
    content = (
        b'[{"data": {"url": "https://a.example/1.jpg"}}, 5, {"url": "x"}, {"data": {"url": NaN}},'
        b' {"data": {"url": "https://a.example/2.jpg"}, "priority": 2147483648},'
        b' {"data": {"url": "\\ud800"}}, {"data": {"url": "https://a.example/3.jpg"}}]'
    )
    batch_id = await uploaded(by_hand, content)
    await by_hand.advance(60)
    status = await status_of(by_hand, batch_id)
    assert [item["state"] for item in status["tasks"]] == [
        *("created", "failed", "failed", "failed", "failed", "failed", "created")
    ]
    assert [item.get("data") for item in status["tasks"]] == [
        *(None, 5, {"url": "x"}, None, {"url": "https://a.example/2.jpg"}, None, None)
    ]
    assert status["tasks"][4]["errors"] == [
        {"type": 400, "message": "Invalid priority: 2147483648"}
    ]


async def test_a_file_that_is_replaced_under_way_makes_nothing_of_another(
    by_hand: World,
) -> None:
    batch_id, url = await by_hand.waiting()
    await by_hand.upload(url, file_of(3))
    await by_hand.ask("POST", f"/batches/{batch_id}/continue.json")
    await by_hand.upload(url, file_of(5))
    await by_hand.advance(60)
    status = await status_of(by_hand, batch_id)
    assert (status["state"], status["created_count"]) == ("failed", 0)
    assert "replaced" in status["errors"][0]["message"]


async def test_submitted_tasks_are_completed_from_their_default_answers(by_hand: World) -> None:
    tasks = [
        {"data": {**urls(1)[0], "output_quality": "dark"}, "submit": True, "duration": 12},
        {"data": urls(1)[0]},
    ]
    await by_hand.ask("POST", "/batches.json", {"tasks": tasks})
    await by_hand.advance(60)
    first, second = by_hand.documents("tasks")
    assert (first["state"], first["answers"], first["duration"]) == (
        "completed",
        {"quality": "dark"},
        12,
    )
    assert (second["state"], second["answers"]) == ("new", None)


async def test_what_a_batch_says_at_its_top_holds_for_all_its_tasks(world: World) -> None:
    """F52."""
    await world.batch(*urls(2), reserve_for=9002, duration=3, priority=None)
    await world.advance(60)
    for task in world.documents("tasks"):
        assert task["submitter_ids_by_step"] == {"Annotation": 9002}


async def test_a_batch_of_a_project_that_is_gone_does_no_harm(by_hand: World) -> None:
    await by_hand.batch(*urls(1))
    by_hand.sandbox.collection("sama.projects").delete(117)
    await by_hand.advance(60)
    assert by_hand.documents("tasks") == []
    assert by_hand.sandbox.jobs.pending() == 0


def break_work(world: World, job: str, what: dict[str, Any]) -> None:
    """Let a fault meet the jobs of this name."""
    world.sandbox.faults.add({"where": {"job": job}, "what": what})


async def test_a_fault_can_fail_the_creation_of_a_whole_batch(by_hand: World) -> None:
    break_work(by_hand, "sama.create_tasks", {"type": "fail"})
    answer = await by_hand.batch(*urls(300), notification_email="team@example.com")
    await by_hand.advance(60)
    status = await status_of(by_hand, answer["batch_id"])
    assert (status["state"], status["tasks"]) == ("failed", [])
    assert status["errors"] == [{"type": 500, "message": "The tasks could not be created."}]
    assert by_hand.documents("tasks") == by_hand.documents("inline_tasks") == []
    assert len(by_hand.documents("mails")) == 1


async def test_a_fault_can_fail_a_share_of_a_batch(by_hand: World) -> None:
    break_work(by_hand, "sama.create_tasks", {"type": "partial", "share": 0.25})
    answer = await by_hand.batch(*urls(600))
    await by_hand.advance(60)
    status = await status_of(by_hand, answer["batch_id"])
    assert status["state"] == "completed"
    assert 90 < status["failed_count"] < 210
    assert status["created_count"] + status["failed_count"] == 600
    assert len(by_hand.documents("tasks")) == status["created_count"]


async def test_a_fault_can_hold_a_batch_until_it_is_let_go(by_hand: World) -> None:
    break_work(by_hand, "sama.create_tasks", {"type": "stall"})
    answer = await by_hand.batch(*urls(1))
    await by_hand.advance(3600)
    assert (await status_of(by_hand, answer["batch_id"]))["state"] == "uploaded"
    by_hand.sandbox.pace.release("sama.create_tasks", str(answer["batch_id"]))
    await by_hand.advance(1)
    assert (await status_of(by_hand, answer["batch_id"]))["state"] == "completed"


async def test_a_fault_can_fail_a_single_task(by_hand: World) -> None:
    break_work(by_hand, "sama.create_task", {"type": "fail"})
    await by_hand.callbacks("task_creation", project=118)
    data = {"video": "https://assets.example/v.mp4", "frames": 30}
    await by_hand.call("POST", "/tasks.json", {"data": data}, project=118)
    await by_hand.advance(60)
    (message,) = by_hand.inbox("task_creation")
    assert [error["type"] for error in message["json"]["errors"]] == [500]
    assert by_hand.documents("tasks") == []
