"""API versions: which are spoken, and the older bodies."""

from typing import Any

import pytest

from tests.services.extend.conftest import Opening
from tests.services.extend.world import MIXED, SAMPLE, VERSION, WORKFLOW, World

pytestmark = pytest.mark.anyio

OLDER = ("2025-04-21", "2024-12-23")
HEADER = "x-extend-api-version"
LINK = "https://files.example.com/order.pdf"


def speaking(version: str) -> dict[str, str]:
    return {HEADER: version}


@pytest.mark.parametrize("version", ["", "2020-01-01", "2024-02-01", "latest"])
async def test_a_missing_or_unknown_version_is_refused(world: World, version: str) -> None:
    status, code, message = await world.refused("GET", "/workflows", headers=speaking(version))

    assert (status, code) == (400, "INVALID_REQUEST")
    assert HEADER in message
    assert VERSION in message


async def test_a_setting_names_the_version_of_calls_without_one(opened: Opening) -> None:
    world = await opened({"extend.default_version": "2024-12-23"})

    answer = await world.ask("GET", "/files", headers=speaking(""))

    assert answer["success"] is True
    assert "files" in answer


@pytest.mark.parametrize("version", OLDER)
async def test_an_older_batch_has_the_older_bodies(world: World, version: str) -> None:
    body = {
        "workflowId": WORKFLOW,
        "version": "1",
        "inputs": [
            {"file": {"fileUrl": LINK, "fileName": "a.pdf"}, "metadata": {"n": 1}},
            {"file": {"fileId": SAMPLE}, "secrets": {"token": "hush"}},
            {"rawText": "Order 4", "name": "order.txt"},
        ],
    }
    answer = await world.ask("POST", "/workflow_runs/batch", body, headers=speaking(version))
    assert {*answer} == {"success", "batchId"}
    world.work()

    listed = await world.ask(
        "GET", "/workflow_runs", headers=speaking(version), batchId=answer["batchId"], maxPageSize=2
    )

    assert {*listed} == {"success", "workflowRuns", "nextPageToken"}
    assert listed["workflowRuns"][0]["workflowId"] == WORKFLOW
    runs = await world.runs(batchId=answer["batchId"])
    assert [run["files"][0]["name"] for run in runs] == ["a.pdf", "sample-order.txt", "order.txt"]
    assert {run["workflowVersion"]["version"] for run in runs} == {"1"}


@pytest.mark.parametrize("version", OLDER)
async def test_an_older_request_starts_a_run_for_each_file(world: World, version: str) -> None:
    body = {
        "workflowId": WORKFLOW,
        "files": [{"fileUrl": LINK}, {"fileId": SAMPLE}],
        "rawTexts": ["Order 4"],
        "metadata": {"a": 1},
    }
    answer = await world.ask("POST", "/workflow_runs", body, headers=speaking(version))
    world.work()

    assert answer["success"] is True
    assert len(answer["workflowRuns"]) == 3
    for run in answer["workflowRuns"]:
        shown = await world.ask("GET", f"/workflow_runs/{run['id']}", headers=speaking(version))
        old = shown["workflowRun"]
        assert old["status"] == "PROCESSED"
        assert old["metadata"] == {"a": 1}
        assert old["outputs"][0]["type"] == "EXTRACT"
        assert old["stepRuns"] == []
        assert old["workflow"] == {
            "object": "workflow",
            "id": WORKFLOW,
            "version": "2",
            "name": "Purchase orders",
            "versionId": "workflow_version_purchase-orders-00002",
        }
        assert "workflowVersion" not in old


async def test_the_parts_of_a_split_have_another_name_in_the_oldest_version(world: World) -> None:
    id = await world.batch(*[{"url": LINK}] * 30, workflow=MIXED)
    world.work()
    names = set()
    for run in await world.runs(batchId=id):
        for version in OLDER:
            path = f"/workflow_runs/{run['id']}"
            shown = await world.ask("GET", path, headers=speaking(version))
            for output in shown["workflowRun"]["outputs"]:
                if output["type"] == "SPLITTER":
                    names.add((version, *output["output"]))

    assert names == {("2025-04-21", "splits"), ("2024-12-23", "subDocumentClassifications")}


@pytest.mark.parametrize("version", OLDER)
async def test_older_errors_have_the_older_shape(world: World, version: str) -> None:
    calls: list[tuple[str, str, Any, int]] = [
        ("GET", "/workflow_runs/workflow_run_none", None, 404),
        ("POST", "/workflow_runs/batch", {"workflowId": WORKFLOW, "inputs": []}, 400),
        ("POST", "/workflow_runs/batch", {"inputs": [{"rawText": "x"}]}, 400),
        ("POST", "/workflow_runs", {"workflowId": WORKFLOW}, 400),
        ("GET", "/workflow_runs?maxPageSize=0", None, 400),
    ]
    before = world.counts()
    for method, path, body, status in calls:
        answer = await world.call(method, path, body, headers=speaking(version))
        assert answer.status_code == status, path
        found = answer.json()
        assert {*found} == {"success", "error"}
        assert found["success"] is False
    answer = await world.call("GET", "/files", headers={"authorization": "", HEADER: version})
    assert (answer.status_code, answer.json()["success"]) == (401, False)
    assert world.counts() == before


@pytest.mark.parametrize("version", OLDER)
async def test_older_file_calls_wrap_their_answers(world: World, version: str) -> None:
    older = speaking(version)
    made = await world.ask("POST", "/files", {"fileUrl": LINK, "fileName": "b.pdf"}, headers=older)
    assert made["file"]["name"] == "b.pdf"

    shown = await world.ask("GET", f"/files/{made['file']['id']}", headers=older)
    assert shown["file"]["presignedUrl"].startswith("http://127.0.0.1:8080/__uploads/")
    listed = await world.ask("GET", "/files", headers=older)
    assert made["file"]["id"] in [file["id"] for file in listed["files"]]
    deleted = await world.ask("DELETE", f"/files/{made['file']['id']}", headers=older)
    assert deleted == {"success": True, "id": made["file"]["id"]}


async def test_what_was_removed_is_gone_in_the_current_version(world: World) -> None:
    run = await world.run()
    removed = [
        ("/files", {"url": LINK}),
        (f"/workflow_runs/{run['id']}/outputs/dpr_1", {"reviewed": True}),
    ]
    for path, body in removed:
        status, code, _ = await world.refused("POST", path, body)
        assert (status, code) == (410, "ENDPOINT_REMOVED")


async def test_an_older_call_corrects_an_output(world: World) -> None:
    run = await world.run()
    world.work()
    older = speaking("2025-04-21")
    path = f"/workflow_runs/{run['id']}"
    output = (await world.ask("GET", path, headers=older))["workflowRun"]["outputs"][0]
    correction = {"reviewed": True, "output": {"value": {"po_number": "PO-9"}}}

    await world.ask("POST", f"{path}/outputs/{output['id']}", correction, headers=older)

    after = (await world.ask("GET", path, headers=older))["workflowRun"]["outputs"][0]
    assert after["output"]["value"] == {"po_number": "PO-9"}
    assert after["edited"] is True
    unknown = await world.call("POST", f"{path}/outputs/dpr_none", correction, headers=older)
    assert unknown.status_code == 404


async def test_an_older_run_is_updated_cancelled_and_deleted(world: World) -> None:
    older = speaking("2025-04-21")
    run = await world.run()
    path = f"/workflow_runs/{run['id']}"

    changed = await world.ask("POST", path, {"metadata": {"b": 2}}, headers=older)
    cancelled = await world.ask("POST", f"{path}/cancel", headers=older)
    deleted = await world.ask("DELETE", path, headers=older)

    assert changed["workflowRun"]["metadata"] == {"b": 2}
    assert cancelled["workflowRun"]["status"] == "CANCELLING"
    assert deleted["success"] is True
