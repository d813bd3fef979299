"""Tests of API keys: their form, both headers, whose they are, what their users may do."""

import pytest

from tests.services.pipelines.conftest import Opening
from tests.services.pipelines.world import (
    BASE,
    CONTRIBUTOR_KEY,
    EXPIRED_KEY,
    KEY,
    OTHER_KEY,
    REVOKED_KEY,
    VIEWER_KEY,
    World,
)

pytestmark = pytest.mark.anyio

CREATE = {"tasks": [{"fields": {"input_text": "alpha"}}]}


async def test_health_and_the_document_need_no_key(world: World) -> None:
    """Acceptance case 1."""
    for path in ("/health", "/openapi.json"):
        answer = await world.call("GET", path, key=None)
        assert answer.status_code == 200


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "missing_api_key"),
        ({"X-API-Key": ""}, "missing_api_key"),
        ({"X-API-Key": "  "}, "missing_api_key"),
        ({"Authorization": "Bearer pk_live_x"}, "invalid_api_key"),
        ({"Authorization": f"Basic {KEY}"}, "invalid_api_key"),
        ({"Authorization": KEY}, "invalid_api_key"),
        ({"Authorization": "Bearer pk_test_" + "1" * 40}, "invalid_api_key"),
        ({"Authorization": f"Bearer {KEY}1"}, "invalid_api_key"),
        ({"Authorization": "Bearer pk_live_" + "g" * 40}, "invalid_api_key"),
        ({"Authorization": "Bearer pk_live_" + "\uff11" * 40}, "invalid_api_key"),
        ({"Authorization": f"Bearer {EXPIRED_KEY}"}, "invalid_api_key"),
        ({"X-API-Key": REVOKED_KEY}, "invalid_api_key"),
        ({"Authorization": "Bearer x", "X-API-Key": KEY}, "invalid_api_key"),
    ],
)
async def test_a_call_without_a_good_key_is_401(
    world: World, headers: dict[str, str], code: str
) -> None:
    """Fact 2.1; Authorization wins where both headers are there."""
    sent = {name.encode(): value.encode() for name, value in headers.items()}
    answer = await world.client.get(f"{BASE}/workflows/42", headers=sent)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == code
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {KEY}"},
        {"authorization": f"bearer  {KEY}"},
        {"X-API-Key": KEY},
        {"Authorization": f"Bearer {KEY}", "X-API-Key": "pk_live_x"},
    ],
)
async def test_a_good_key_is_taken_in_either_header(world: World, headers: dict[str, str]) -> None:
    answer = await world.client.get(f"{BASE}/workflows/42", headers=headers)
    assert answer.status_code == 200


async def test_a_key_reaches_its_own_organization_only(world: World) -> None:
    """Acceptance case 1: that others exist is not told."""
    assert await world.refused("GET", "/workflows/42", key=OTHER_KEY) == (404, "workflow_not_found")
    assert await world.refused("GET", "/workflows/91") == (404, "workflow_not_found")
    assert (await world.ask("GET", "/workflows/91", key=OTHER_KEY))["organization_id"] == 2
    assert await world.refused("GET", "/datasets/6") == (404, "dataset_not_found")


async def test_by_setting_another_organization_is_forbidden(opened: Opening) -> None:
    world = await opened(pipelines__foreign_org_status=403)
    assert await world.refused("GET", "/workflows/91") == (403, "forbidden")


async def test_any_key_of_the_right_form_works_unless_only_listed_ones_do(opened: Opening) -> None:
    unknown = "pk_live_" + "aB" * 20
    world = await opened()
    assert (await world.ask("GET", "/workflows/42", key=unknown))["id"] == 42
    strict = await opened("listed", auth="listed")
    assert await strict.refused("GET", "/workflows/42", key=unknown) == (401, "invalid_api_key")
    assert (await strict.ask("GET", "/workflows/42"))["id"] == 42


async def test_a_key_expires_on_the_sandbox_clock(world: World) -> None:
    body = {"organization_id": 1, "expires_at": "2026-01-06T11:00:00Z"}
    key = (await world.control("POST", "/keys", body))["key"]
    assert (await world.ask("GET", "/workflows/42", key=key))["id"] == 42
    await world.advance(29 * 60)
    assert await world.refused("GET", "/workflows/42", key=key) == (401, "invalid_api_key")


async def test_a_revoked_key_is_refused_from_then_on(world: World) -> None:
    made = await world.control("POST", "/keys", {"organization_id": 2})
    assert (await world.ask("GET", "/workflows/91", key=made["key"]))["id"] == 91
    await world.control("POST", f"/keys/{made['id']}/revoke")
    assert await world.refused("GET", "/workflows/91", key=made["key"]) == (401, "invalid_api_key")


async def test_a_viewer_reads_and_writes_nothing(world: World) -> None:
    """Fact 1.2: a key has the role of the user who made it."""
    assert (await world.ask("GET", "/workflows/42", key=VIEWER_KEY))["id"] == 42
    for method, path, body in (
        ("POST", "/workflows/42/tasks", CREATE),
        ("POST", "/workflows/42/tasks/upload", {"filename": "a.zip"}),
        ("PUT", "/workflows/44/infinite-seeding", {}),
        ("PATCH", "/datasets/5", {"name": "Mine"}),
    ):
        refused = await world.refused(method, path, body, key=VIEWER_KEY)
        assert refused == (403, "forbidden"), path


async def test_a_viewer_of_one_project_does_not_see_another(world: World) -> None:
    assert await world.refused("GET", "/workflows/46", key=VIEWER_KEY) == (
        404,
        "workflow_not_found",
    )


async def test_a_contributor_cannot_open_the_data_vault(world: World) -> None:
    """Fact 1.2."""
    for path in ("/datasets", "/datasets/5", "/datasets/5/rows"):
        assert await world.refused("GET", path, key=CONTRIBUTOR_KEY) == (403, "forbidden")


async def test_keys_are_of_the_documented_form_and_differ(world: World) -> None:
    """Fact 2.1: 48 characters."""
    made = [(await world.control("POST", "/keys", {"organization_id": 1}))["key"] for _ in "ab"]
    assert made[0] != made[1]
    assert {len(key) for key in made} == {48}
    assert all(
        key.startswith("pk_live_") and set(key[8:]) <= set("0123456789abcdef") for key in made
    )
