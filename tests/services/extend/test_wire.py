"""Keys, rights, limits, and the shape of every refusal."""

from typing import Any

import pytest

from tests.services.extend.conftest import Opening
from tests.services.extend.world import LOST, SAMPLE, URL, WORKFLOW, World

pytestmark = pytest.mark.anyio

RUN = {"workflow": {"id": WORKFLOW}, "file": URL}


@pytest.mark.parametrize("header", ["", "sk_test_1", "Basic abc", "Bearer ", "Bearer a b"])
async def test_a_missing_or_malformed_key_is_refused(world: World, header: str) -> None:
    refused = await world.refused("GET", "/workflows", headers={"authorization": header})

    assert refused[:2] == (401, "UNAUTHORIZED")


async def test_any_key_is_accepted_unless_only_listed_ones_are(
    world: World, opened: Opening
) -> None:
    strange = {"authorization": "Bearer strange"}
    await world.ask("GET", "/workflows", headers=strange)

    listed = await opened(auth="listed", folder="listed")

    assert (await listed.refused("GET", "/workflows", headers=strange))[0] == 401
    await listed.ask("GET", "/workflows")


async def test_authentication_comes_before_validation(world: World) -> None:
    refused = await world.refused("POST", "/workflow_runs", {}, headers={"authorization": ""})

    assert refused[0] == 401


async def test_a_key_of_an_organization_must_name_its_workspace(world: World) -> None:
    key = {"authorization": "Bearer sk_test_organization"}

    assert (await world.refused("GET", "/files", headers=key))[0] == 400
    strange = {**key, "x-extend-workspace-id": "ws_other"}
    assert (await world.refused("GET", "/files", headers=strange))[:2] == (403, "FORBIDDEN")
    await world.ask("GET", "/files", headers={**key, "X-Extend-Workspace-Id": "ws_main"})


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/workflow_runs", RUN),
        ("/workflow_runs/batch", {"workflow": {"id": WORKFLOW}, "inputs": [{"file": URL}]}),
        ("/parse", {"file": URL}),
        ("/extract_runs", {"file": URL}),
    ],
)
async def test_without_credits_nothing_runs(
    world: World, opened: Opening, path: str, body: Any
) -> None:
    poor = {"authorization": "Bearer sk_test_no_credits"}

    assert (await world.refused("POST", path, body, headers=poor))[:2] == (402, "USAGE_BLOCKED")
    await world.ask("GET", "/workflows", headers=poor)
    blocked = await opened({"extend.usage_blocked": True}, folder="blocked")
    assert (await blocked.refused("POST", path, body))[0] == 402


async def test_what_a_key_gets_can_be_changed(world: World) -> None:
    await world.control("PUT", "/credentials/sk_test_1", {"readOnly": True})
    assert (await world.refused("POST", "/workflow_runs", RUN))[:2] == (403, "FORBIDDEN")

    await world.control("PUT", "/credentials/sk_test_1", {})
    await world.ask("POST", "/workflow_runs", RUN)


async def test_the_rate_limit_lets_eighty_runs_a_minute_through(opened: Opening) -> None:
    world = await opened({"extend.rate_limit": True})
    for _ in range(80):
        await world.ask("POST", "/workflow_runs", RUN)

    answer = await world.call("POST", "/workflow_runs", RUN)

    assert answer.status_code == 429
    assert answer.json()["code"] == "RATE_LIMIT_EXCEEDED"
    assert answer.json()["retryable"] is True
    assert int(answer.headers["retry-after"]) >= 1
    await world.batch(URL)
    world.work(61)
    await world.ask("POST", "/workflow_runs", RUN)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "NOT_FOUND"),
        ("PUT", "/workflows", 405, "INVALID_REQUEST"),
        ("GET", "/workflows/workflow_none", 404, "NOT_FOUND"),
        ("GET", "/workflow_runs/workflow_run_none", 404, "NOT_FOUND"),
        ("GET", "/files/file_none", 404, "NOT_FOUND"),
    ],
)
async def test_every_refusal_is_flat(
    world: World, method: str, path: str, status: int, code: str
) -> None:
    answer = await world.call(method, path)

    assert answer.status_code == status
    assert answer.json()["code"] == code
    assert answer.json()["retryable"] is False


async def test_a_body_that_is_not_json_is_refused(world: World) -> None:
    headers = {
        "authorization": "Bearer k",
        "x-extend-api-version": "2026-02-09",
        "content-type": "application/json",
    }
    answer = await world.client.post("/extend/workflow_runs", content="{", headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_REQUEST")


@pytest.mark.parametrize(
    ("path", "body", "word"),
    [
        ("/workflow_runs", {"workflow": {"id": WORKFLOW}}, "file"),
        ("/workflow_runs", {**RUN, "package": {"files": [URL, {"id": SAMPLE}]}}, "package"),
        ("/workflow_runs", {"workflow": {"id": WORKFLOW}, "package": {"files": [URL]}}, "package"),
        (
            "/workflow_runs",
            {"workflow": {"id": WORKFLOW}, "package": {"files": [URL, URL]}},
            "package.files.1",
        ),
        ("/workflow_runs", {**RUN, "priority": 0}, "priority"),
        ("/workflow_runs", {**RUN, "metadata": []}, "metadata"),
        ("/workflow_runs", {**RUN, "metadata": {"x": "y" * 11_000}}, "metadata"),
        ("/extract", {"extractor": {"id": "ex_1"}, "config": {}, "file": URL}, "extractor, config"),
        ("/classify_runs", {"file": URL}, "classifier"),
        ("/split_runs", {"splitter": {"id": "spl_1"}, "file": {"text": "a"}}, "file"),
        ("/edit", {"file": URL, "templateId": "edt_1"}, "templateId"),
        ("/workflows", {"name": ""}, "name"),
    ],
)
async def test_a_request_that_breaks_a_rule_names_the_path(
    world: World, path: str, body: Any, word: str
) -> None:
    status, code, message = await world.refused("POST", path, body)

    assert (status, code) == (400, "INVALID_REQUEST")
    assert word in message


@pytest.mark.parametrize(
    "query",
    [
        {"maxPageSize": 0},
        {"maxPageSize": 1001},
        {"status": "DONE"},
        {"sortBy": "name"},
        {"sortDir": "up"},
        {"nextPageToken": "nonsense"},
    ],
)
async def test_a_bad_query_is_refused(world: World, query: dict[str, Any]) -> None:
    status, code, message = await world.refused("GET", "/workflow_runs", **query)

    assert (status, code) == (400, "INVALID_REQUEST")
    assert next(iter(query)) in message


async def test_unknown_keys_of_run_requests_are_ignored(world: World) -> None:
    await world.ask("POST", "/workflow_runs", {**RUN, "colour": "red"})


async def test_usage_tags_lose_what_they_may_not_hold(world: World) -> None:
    run = await world.run(metadata={"extend:usage_tags": ["a b/c", "d-e_f"]})

    assert run["metadata"] == {"extend:usage_tags": ["abc", "d-e_f"]}


async def test_an_unknown_file_is_not_found(world: World) -> None:
    body = {"workflow": {"id": WORKFLOW}, "file": {"id": "file_none"}}

    assert (await world.refused("POST", "/workflow_runs", body))[0] == 404


async def test_a_synchronous_run_that_fails_keeps_nothing(world: World) -> None:
    status, code, message = await world.refused("POST", "/parse", {"file": LOST})

    assert (status, code) == (422, "UNABLE_TO_DOWNLOAD_FILE")
    assert "files.invalid" in message


async def test_no_two_calls_have_one_request_id_even_while_time_stands_still(world: World) -> None:
    answers = [await world.call("GET", "/workflows") for _ in range(50)]
    assert len({answer.headers["x-extend-request-id"] for answer in answers}) == 50
