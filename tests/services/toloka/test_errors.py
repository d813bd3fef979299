"""Tests of the envelope: no error of any kind comes without it."""

import pytest

from tests.services.toloka.conftest import Opening
from tests.services.toloka.world import World

pytestmark = pytest.mark.anyio

AUTH = {"Authorization": "OAuth token"}


async def code(world: World, method: str, path: str, **options: object) -> tuple[int, str]:
    """Status and code of a call; the envelope is complete (traps B8 and J7)."""
    options.setdefault("headers", AUTH)
    answer = await world.client.request(method, f"/toloka{path}", **options)  # type: ignore[arg-type]
    error = answer.json()
    assert set(error) <= {"request_id", "code", "message", "payload"}
    assert error["request_id"]
    assert error["message"]
    return answer.status_code, error["code"]


async def test_what_the_engine_finds_is_said_in_the_services_words(world: World) -> None:
    for method, path, options, expected in (
        ("GET", "/api/v1/nowhere", {}, (404, "NOT_FOUND")),
        ("GET", "/", {}, (404, "NOT_FOUND")),
        ("GET", "/api/v1/tasks/x", {}, (404, "DOES_NOT_EXIST")),
        ("DELETE", "/api/v1/tasks", {}, (405, "METHOD_NOT_ALLOWED")),
        ("POST", "/api/v1/tasks", {"content": b"{"}, (400, "VALIDATION_ERROR")),
        (
            "POST",
            "/api/v1/tasks",
            {"content": b"<a/>", "headers": {**AUTH, "Content-Type": "text/xml"}},
            (415, "UNSUPPORTED_MEDIA_TYPE"),
        ),
    ):
        assert await code(world, method, path, **options) == expected


@pytest.mark.parametrize(
    "header", ["", "token", "Bearer token", "OAuth", "OAuth  ", "Basic dG9rZW4="]
)
async def test_a_call_without_a_token_is_not_authenticated(world: World, header: str) -> None:
    headers = {"Authorization": header} if header else {}
    found = await code(world, "GET", "/api/v1/requester", headers=headers)
    assert found == (401, "AUTHENTICATION_ERROR")


@pytest.mark.parametrize("header", ["OAuth x", "ApiKey a.b.c", "oauth x"])
async def test_both_schemes_are_taken(world: World, header: str) -> None:
    answer = await world.client.get("/toloka/api/v1/requester", headers={"Authorization": header})
    assert answer.status_code == 200


async def test_only_listed_tokens_count_if_that_is_asked_for(opened: Opening) -> None:
    world = await opened(auth="listed")
    found = await code(world, "GET", "/api/v1/requester")
    assert found == (401, "AUTHENTICATION_ERROR")
    headers = {"Authorization": "OAuth toloka-token"}
    answer = await world.client.get("/toloka/api/v1/requester", headers=headers)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (429, "TOO_MANY_REQUESTS"),
        (500, "INTERNAL_ERROR"),
        (502, "INTERNAL_ERROR"),
        (503, "REMOTE_SERVICE_UNAVAILABLE"),
    ],
)
async def test_an_injected_status_has_the_envelope_too(
    world: World, status: int, expected: str
) -> None:
    rule = {
        "name": "rule",
        "where": {"service": "toloka", "operation": "getRequester"},
        "what": {"type": "status", "status": status},
    }
    answer = await world.client.post("/__admin/faults", json=rule)
    assert answer.status_code < 300, answer.text
    assert await code(world, "GET", "/api/v1/requester") == (status, expected)


async def test_a_body_over_the_servers_limit_is_too_large(opened: Opening) -> None:
    world = await opened(max_body=100)
    found = await code(world, "POST", "/api/v1/tasks", json=[{"a": "x" * 200}])
    assert found == (413, "ENTITY_TOO_LARGE")


async def test_no_slash_at_the_end_is_a_redirect(world: World) -> None:
    """Neither client follows one (traps B11 and J2)."""
    for path in ("/api/v1/requester/", "/api/v1/pools/1000006/", "/api/v1/webhook-subscriptions/"):
        answer = await world.client.get(f"/toloka{path}", headers=AUTH)
        assert answer.status_code == 200
