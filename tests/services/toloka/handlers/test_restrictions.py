"""Tests of user restrictions."""

from typing import Any

import pytest

from tests.services.toloka.world import OPEN, PROJECT, USER, World

pytestmark = pytest.mark.anyio

SCOPES: list[dict[str, Any]] = [
    {"scope": "ALL_PROJECTS"},
    {"scope": "PROJECT", "project_id": PROJECT},
    {"scope": "POOL", "pool_id": OPEN},
]


@pytest.mark.parametrize("scope", SCOPES, ids=lambda each: each["scope"])
async def test_a_restriction_is_new_once_and_then_set_anew(
    world: World, scope: dict[str, Any]
) -> None:
    form = {**scope, "user_id": USER, "private_comment": "Quick", "will_expire": "2030-01-01"}
    first = await world.call("PUT", "/user-restrictions", form)
    second = await world.call("PUT", "/user-restrictions", {**scope, "user_id": USER})
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["will_expire"] == "2030-01-01T00:00:00.000"
    assert second.json() == {
        "id": "1000101", "user_id": USER, **scope, "created": "2026-03-01T10:00:00.120",
    }  # fmt: skip
    path = "/user-restrictions/1000101"
    assert await world.ask("GET", path) == second.json()
    found = await world.ask("GET", "/user-restrictions", user_id=USER, scope=scope["scope"])
    assert found["items"] == [second.json()]
    assert (await world.call("DELETE", path)).status_code == 204
    assert (await world.refused("DELETE", path))[:2] == (404, "DOES_NOT_EXIST")


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({"scope": "PROJECT"}, {"project_id": "VALUE_REQUIRED"}),
        ({"scope": "POOL"}, {"pool_id": "VALUE_REQUIRED"}),
        ({"scope": "PROJECT", "project_id": None}, {"project_id": "VALUE_REQUIRED"}),
        ({"scope": "POOL", "pool_id": None}, {"pool_id": "VALUE_REQUIRED"}),
        ({"scope": "POOL", "pool_id": "5"}, {"pool_id": "ENTITY_DOES_NOT_EXIST"}),
        ({"scope": "PROJECT", "project_id": "5"}, {"project_id": "ENTITY_DOES_NOT_EXIST"}),
        ({"scope": "WORLD"}, {"scope": "UNKNOWN_ENUM_VALUE"}),
    ],
)
async def test_a_restriction_needs_its_place(
    world: World, form: dict[str, Any], expected: dict[str, str]
) -> None:
    found = await world.invalid("PUT", "/user-restrictions", {"user_id": USER, **form})
    assert found == expected


async def test_the_systems_own_restrictions_are_not_the_requesters(world: World) -> None:
    form = {"scope": "SYSTEM", "user_id": USER}
    refusal = await world.refused("PUT", "/user-restrictions", form)
    assert refusal[:2] == (409, "SYSTEM_SCOPE_MODIFICATION")


@pytest.mark.parametrize("scope", SCOPES, ids=lambda each: each["scope"])
async def test_a_restricted_toloker_gets_nothing(by_hand: World, scope: dict[str, Any]) -> None:
    await by_hand.ask("PUT", "/user-restrictions", {**scope, "user_id": USER})
    form = {"user_id": USER}
    assert (await by_hand.control("POST", f"/pools/{OPEN}/assignments", form))["items"] == []
    await by_hand.ask("DELETE", "/user-restrictions/1000101")
    assert len((await by_hand.control("POST", f"/pools/{OPEN}/assignments", form))["items"]) == 1
