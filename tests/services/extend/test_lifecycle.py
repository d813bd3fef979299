"""What becomes of runs: their states, their reviews, their cancellation."""

import pytest

from tests.services.extend.conftest import Opening
from tests.services.extend.world import EXTRACTOR, LOST, MIXED, REVIEWED, URL, WORKFLOW, World

pytestmark = pytest.mark.anyio

PARSE_ONLY = [
    {"type": "TRIGGER", "name": "start", "next": [{"step": "parse"}]},
    {"type": "PARSE", "name": "parse", "next": [{"step": "extract"}]},
    {"type": "EXTRACT", "name": "extract"},
]


async def test_a_single_run_is_processing_then_processed(world: World) -> None:
    run = await world.run(metadata={"a": 1}, secrets={"token": "hush"})
    assert (run["status"], run["batchId"], run["stepRuns"]) == ("PROCESSING", None, [])
    assert (run["startTime"], run["endTime"], run["usage"]) == (None, None, None)

    world.work(0.06)
    assert (await world.get(run))["startTime"] is not None
    world.work()

    done = await world.get(run)
    assert done["status"] == "PROCESSED"
    assert done["startTime"] < done["endTime"]
    assert done["metadata"] == {"a": 1}
    assert done["usage"]["totalCredits"] == sum(e["credits"] for e in done["usage"]["breakdown"])
    assert "hush" not in str(world.sandbox.collection("extend.workflow_runs").find())


async def test_new_runs_can_begin_as_pending(opened: Opening) -> None:
    world = await opened({"extend.new_run_status": "PENDING"})

    run = await world.run()
    assert run["status"] == "PENDING"

    world.work()
    assert (await world.get(run))["status"] == "PROCESSED"


async def test_at_pace_instant_all_is_done_at_the_next_look(opened: Opening) -> None:
    world = await opened(pace="instant")
    id = await world.batch(URL, URL)
    run = await world.run()

    assert (await world.get(run))["status"] == "PROCESSED"
    assert {each["status"] for each in await world.runs(batchId=id)} == {"PROCESSED"}


async def test_a_run_with_a_review_waits_for_a_person(by_hand: World) -> None:
    run = await by_hand.run(REVIEWED)
    by_hand.work()

    waiting = await by_hand.get(run)

    assert (waiting["status"], waiting["endTime"], waiting["reviewed"]) == (
        "NEEDS_REVIEW",
        None,
        False,
    )
    # The step after the review is not taken yet, and the review itself has no step run.
    assert [s["stepType"] for s in waiting["stepRuns"]] == ["PARSE", "EXTRACT", "RULE_VALIDATION"]


async def test_with_approval_a_run_takes_its_last_steps(by_hand: World) -> None:
    run = await by_hand.run(REVIEWED)
    by_hand.work()

    answer = await by_hand.control(
        "POST", f"/workflow_runs/{run['id']}/approve", {"reviewer": "ana@example.com"}
    )

    done = answer.json()
    assert (done["status"], done["reviewed"]) == ("PROCESSED", True)
    assert done["reviewedByUser"] == "ana@example.com"
    assert done["reviewedAt"] == done["endTime"]
    assert done["stepRuns"][-1]["stepType"] == "CLASSIFY"
    assert await by_hand.get(run) == done


async def test_a_rejected_run_keeps_the_note(by_hand: World) -> None:
    run = await by_hand.run(REVIEWED)
    by_hand.work()

    await by_hand.control("POST", f"/workflow_runs/{run['id']}/reject", {"note": "Wrong supplier"})

    done = await by_hand.get(run)
    assert (done["status"], done["rejectionNote"]) == ("REJECTED", "Wrong supplier")
    assert done["reviewed"]
    assert len(done["stepRuns"]) == 3


async def test_reviewers_act_by_themselves_at_the_usual_pace(world: World) -> None:
    id = await world.batch(*[URL] * 60, workflow=REVIEWED)
    world.work()

    runs = await world.runs(batchId=id)

    statuses = {run["status"] for run in runs}
    assert statuses == {"PROCESSED", "REJECTED"}
    assert all("@" in run["reviewedByUser"] for run in runs)


async def test_only_a_run_in_review_can_be_reviewed(world: World) -> None:
    run = await world.run()

    answer = await world.control("POST", f"/workflow_runs/{run['id']}/approve")

    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_run_is_made_to_fail_with_a_reason(world: World) -> None:
    run = await world.run()

    await world.control(
        "POST", f"/workflow_runs/{run['id']}/fail", {"reason": "INTERNAL_ERROR", "message": "Smoke"}
    )
    world.work()

    done = await world.get(run)
    assert (done["status"], done["failureReason"]) == ("FAILED", "INTERNAL_ERROR")
    assert done["failureMessage"] == "Smoke"


async def test_an_edited_output_is_shown_with_the_original(by_hand: World) -> None:
    run = await by_hand.run()
    by_hand.work()
    before = (await by_hand.get(run))["stepRuns"][1]["result"]["extractRun"]

    await by_hand.control(
        "POST",
        f"/workflow_runs/{run['id']}/output",
        {"output": {"value": {**before["output"]["value"], "po_number": "PO-9"}}},
    )

    after = (await by_hand.get(run))["stepRuns"][1]["result"]["extractRun"]
    assert after["output"]["value"]["po_number"] == "PO-9"
    assert after["initialOutput"] == before["output"]
    assert after["reviewedOutput"] == after["output"]
    assert (after["reviewed"], after["edited"]) == (True, True)
    original = before["output"]["value"]["po_number"]
    assert after["edits"] == {"po_number": {"originalValue": original, "editedValue": "PO-9"}}


async def test_a_pending_run_is_cancelled_at_once(world: World) -> None:
    id = await world.batch(URL, URL)
    run = (await world.runs(batchId=id))[0]

    cancelled = await world.ask("POST", f"/workflow_runs/{run['id']}/cancel")

    assert cancelled["status"] == "CANCELLED"
    world.work()
    statuses = [each["status"] for each in await world.runs(batchId=id)]
    assert sorted(statuses) == ["CANCELLED", "PROCESSED"]


async def test_a_processing_run_is_cancelled_after_a_while(world: World) -> None:
    run = await world.run()

    answer = await world.ask("POST", f"/workflow_runs/{run['id']}/cancel", {})
    assert answer["status"] == "CANCELLING"

    world.work()
    done = await world.get(run)
    assert done["status"] == "CANCELLED"
    assert done["endTime"] is not None


@pytest.mark.parametrize("workflow", [WORKFLOW, REVIEWED])
async def test_a_run_that_has_ended_cannot_be_cancelled(by_hand: World, workflow: str) -> None:
    run = await by_hand.run(workflow)
    by_hand.work()

    refused = await by_hand.refused("POST", f"/workflow_runs/{run['id']}/cancel")

    assert refused[:2] == (400, "INVALID_REQUEST")


async def test_a_deleted_run_is_gone_whatever_it_did(world: World) -> None:
    run = await world.run()

    assert await world.ask("DELETE", f"/workflow_runs/{run['id']}") == {"id": run["id"]}
    world.work()

    assert (await world.refused("GET", f"/workflow_runs/{run['id']}"))[0] == 404


async def test_metadata_is_merged_key_by_key(world: World) -> None:
    run = await world.run(metadata={"a": 1, "b": 1})

    changed = await world.ask(
        "POST", f"/workflow_runs/{run['id']}", {"name": "Mine", "metadata": {"b": 2, "c": 3}}
    )

    assert changed["metadata"] == {"a": 1, "b": 2, "c": 3}
    assert "name" not in changed


async def test_a_draft_without_a_config_makes_its_runs_fail(world: World) -> None:
    workflow = await world.ask("POST", "/workflows", {"name": "Unfinished", "steps": PARSE_ONLY})
    run = await world.run(workflow["id"])
    world.work()

    done = await world.get(run)

    assert (done["status"], done["failureReason"]) == ("FAILED", "INVALID_WORKFLOW")


async def test_a_provided_output_takes_the_place_of_the_invented_one(world: World) -> None:
    value = {"po_number": "PO-1", "total": {"amount": 4}}
    run = await world.run(outputs=[{"processorId": EXTRACTOR, "output": {"value": value}}])
    world.work()

    output = (await world.get(run))["stepRuns"][1]["result"]["extractRun"]["output"]

    assert output["value"] == value
    assert {*output["metadata"]} == {"po_number", "total.amount"}


async def test_a_package_is_one_run_of_several_files(world: World) -> None:
    files = [URL, {"url": "https://files.example.com/terms.pdf"}]
    run = await world.run(package={"files": files})
    world.work()

    done = await world.get(run)

    assert [file["name"] for file in done["files"]] == ["order.pdf", "terms.pdf"]
    assert done["status"] == "PROCESSED"


async def test_the_kind_of_a_document_decides_the_next_step(world: World) -> None:
    id = await world.batch(*[URL] * 30, workflow=MIXED)
    world.work()
    follows = {"purchase_order": ["EXTRACT"], "other": ["SPLIT"], "invoice": []}

    seen = set()
    for run in await world.runs(batchId=id):
        steps = (await world.get(run))["stepRuns"]
        found = steps[1]["result"]["classifyRun"]["output"]["id"]
        assert [step["stepType"] for step in steps[2:]] == follows[found]
        seen.add(found)
    assert seen == {*follows}


async def test_a_run_that_fails_by_its_file_says_which(world: World) -> None:
    run = await world.run(file=LOST)
    world.work()

    done = await world.get(run)

    assert (done["status"], done["failureReason"]) == ("FAILED", "FAILED_TO_PROCESS_FILE")
    assert LOST["url"] in done["failureMessage"]


async def test_a_run_can_be_set_to_end_after_some_looks(world: World) -> None:
    world.sandbox.pace.override("extend.finish_run", {"polls": 2})
    run = await world.run()
    world.work()
    assert (await world.get(run))["status"] == "PROCESSING"
    assert (await world.get(run))["status"] == "PROCESSING"

    assert (await world.get(run))["status"] == "PROCESSED"
