"""Tests of health and of the document."""

import pytest

from tests.services.pipelines.conftest import Opening
from tests.services.pipelines.world import KEY, World

pytestmark = pytest.mark.anyio

DOCUMENTED = {
    ("GET", "/health"),
    ("GET", "/openapi.json"),
    ("GET", "/workflows/{workflow_id}"),
    ("GET", "/workflows/{workflow_id}/schema"),
    ("POST", "/workflows/{workflow_id}/tasks"),
    ("GET", "/workflows/{workflow_id}/tasks"),
    ("GET", "/workflows/{workflow_id}/tasks/{task_id}"),
    ("POST", "/workflows/{workflow_id}/tasks/upload"),
    ("POST", "/workflows/{workflow_id}/tasks/upload/{upload_id}/confirm"),
    ("GET", "/workflows/{workflow_id}/tasks/upload/{upload_id}"),
}
"""E1 to E10 (fact 2)."""


async def test_the_service_is_well(world: World) -> None:
    assert await world.ask("GET", "/health", key=None) == {"status": "ok"}


async def test_the_document_is_the_contract_itself_without_controls(world: World) -> None:
    document = await world.ask("GET", "/openapi.json", key=None)
    contract = world.sandbox.world.contracts["pipelines"].document
    assert document["paths"] == contract["paths"]
    assert "x-controls" not in document
    assert document["servers"] == [{"url": "http://127.0.0.1:8080/pipelines/api/v1"}]


async def test_under_the_real_host_the_document_names_no_prefix(world: World) -> None:
    answer = await world.client.get("/api/v1/openapi.json", headers={"Host": "api.pipelines.tech"})
    assert answer.json()["servers"] == [{"url": "http://api.pipelines.tech/api/v1"}]


async def test_the_strict_document_has_the_documented_calls_alone(opened: Opening) -> None:
    world = await opened(pipelines__strict_external_api=True)
    document = await world.ask("GET", "/openapi.json", key=None)
    calls = {
        (method.upper(), path)
        for path, item in document["paths"].items()
        for method in item
        if method != "parameters"
    }
    assert calls == DOCUMENTED


async def test_the_strict_setting_leaves_only_the_documented_calls(opened: Opening) -> None:
    """Acceptance case 13."""
    world = await opened(pipelines__strict_external_api=True)
    contract = world.sandbox.world.contracts["pipelines"]
    values = {"workflow_id": "42", "task_id": "1001", "upload_id": "x", "chain_id": "1"}
    for operation in contract.operations.values():
        path = operation.path.removeprefix("/api/v1")
        for name in ("workflow_id", "task_id", "upload_id", "chain_id", "dataset_id", "job_id"):
            path = path.replace(f"{{{name}}}", values.get(name, "job_0001"))
        answer = await world.call(operation.method, path)
        code = answer.json().get("error", {}).get("code")
        documented = (operation.method, operation.path.removeprefix("/api/v1")) in DOCUMENTED
        assert (answer.status_code == 404 and code == "not_found") != documented, operation.id


async def test_the_documented_calls_are_unchanged_under_the_strict_setting(
    opened: Opening,
) -> None:
    """Acceptance case 13."""
    world = await opened(pipelines__strict_external_api=True)
    (task,) = await world.create(category="demo")
    assert (await world.task(42, task))["fields"] == {"input_text": "alpha", "category": "demo"}
    upload = await world.zipped(42, {"a.csv": b"input_text,category\nx,y\n"})
    assert upload["status"] == "completed"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "not_found"),
        ("DELETE", "/workflows/42/tasks/1", 405, "method_not_allowed"),
        ("PUT", "/workflows/42/tasks/1", 405, "method_not_allowed"),
        ("GET", "/workflows/42/tasks/csv", 405, "method_not_allowed"),
        ("GET", "/workflows/42/tasks/upload", 405, "method_not_allowed"),
        ("POST", "/workflows/42/tasks/csv-template", 405, "method_not_allowed"),
        ("GET", "/workflows/x", 422, "validation_error"),
        ("GET", "/workflows/42/tasks/x", 422, "validation_error"),
        ("GET", "/workflows/42/tasks/77", 404, "task_not_found"),
        ("GET", "/workflows/42/tasks/upload/77", 404, "upload_not_found"),
        ("GET", "/workflows/42/chains/77", 404, "chain_not_found"),
        ("GET", "/jobs/job_0077", 404, "job_not_found"),
        ("GET", "/datasets/77", 404, "dataset_not_found"),
    ],
)
async def test_whatever_goes_wrong_is_told_in_the_envelope(
    world: World, method: str, path: str, status: int, code: str
) -> None:
    """Facts 3.0 and 9."""
    error = await world.error(method, path)
    assert (error["status"], error["code"]) == (status, code)
    assert error["request_id"].startswith("req_")


@pytest.mark.parametrize(
    ("content", "media_type", "status", "code"),
    [
        (b"{", "application/json", 400, "invalid_json"),
        (b"<tasks/>", "application/xml", 415, "unsupported_media_type"),
        (b"", "application/json", 422, "validation_error"),
    ],
)
async def test_a_body_that_cannot_be_read_is_told_in_the_envelope(
    world: World, content: bytes, media_type: str, status: int, code: str
) -> None:
    refused = await world.refused(
        "POST", "/workflows/42/tasks", content=content, headers={"Content-Type": media_type}
    )
    assert refused == (status, code)


async def test_a_multipart_body_that_is_none_is_invalid(world: World) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    refused = await world.refused(
        "POST", "/workflows/42/tasks/csv", content=b"nothing of the kind", headers=headers
    )
    assert refused in ((400, "invalid_multipart"), (422, "validation_error"))


async def test_a_body_too_large_is_refused(opened: Opening) -> None:
    world = await opened(max_body=1000)
    body = {"tasks": [{"fields": {"input_text": "x" * 2000}}]}
    assert await world.refused("POST", "/workflows/42/tasks", body) == (413, "payload_too_large")


async def test_errors_are_told_apart_by_their_request_ids(world: World) -> None:
    first = await world.error("GET", "/workflows/1")
    second = await world.error("GET", "/workflows/1")
    assert first["request_id"] != second["request_id"]


async def test_a_trailing_slash_makes_no_difference(world: World) -> None:
    answer = await world.client.get("/pipelines/api/v1/workflows/42/", headers={"X-API-Key": KEY})
    assert answer.status_code == 200
