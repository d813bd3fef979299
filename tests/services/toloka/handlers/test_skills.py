"""Tests of skills and of Tolokers' values."""

from typing import Any

import pytest

from tests.services.toloka.world import USER, World

pytestmark = pytest.mark.anyio


async def test_a_skill_is_hidden_unless_said_otherwise(world: World) -> None:
    answer = await world.call("POST", "/skills", {"name": "Cats"})
    skill = answer.json()
    assert answer.status_code == 201
    assert (skill["hidden"], skill["training"]) == (True, False)
    form = {
        "name": "Dogs",
        "hidden": "false",
        "skill_ttl_hours": "5",
        "id": "7",
        "private_comment": None,
    }
    changed = await world.ask("PUT", f"/skills/{skill['id']}", form)
    kept = {key: skill[key] for key in ("id", "created", "owner", "training")}
    assert changed == {**kept, "name": "Dogs", "hidden": False, "skill_ttl_hours": 5}
    assert changed == await world.ask("GET", f"/skills/{skill['id']}")


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({}, {"name": "VALUE_REQUIRED"}),
        ({"name": ""}, {"name": "STRING_LENGTH_LESS_THAN_MIN"}),
        ({"name": "x", "skill_ttl_hours": 0}, {"skill_ttl_hours": "VALUE_LESS_THAN_MIN"}),
    ],
)
async def test_a_skill_with_a_wrong_field_is_refused(
    world: World, form: dict[str, Any], expected: dict[str, str]
) -> None:
    assert await world.invalid("POST", "/skills", form) == expected


async def test_skills_are_listed_at_most_a_hundred_at_once(world: World) -> None:
    for number in range(105):
        await world.ask("POST", "/skills", {"name": f"Skill {number}"})
    page = await world.ask("GET", "/skills", limit=1000)
    assert (len(page["items"]), page["has_more"]) == (100, True)
    assert len((await world.ask("GET", "/skills", name="Skill 7"))["items"]) == 1
    assert (await world.ask("GET", "/skills", **{"global": True}))["items"] == []


async def test_a_value_is_new_once_rounded_and_taken_away(world: World) -> None:
    form = {"skill_id": "1000001", "user_id": USER, "value": 85.5}
    first = await world.call("PUT", "/user-skills", form)
    await world.advance(5)
    second = await world.call("PUT", "/user-skills", {**form, "value": 12.34})
    assert (first.status_code, second.status_code) == (201, 200)
    value = second.json()
    assert (first.json()["value"], first.json()["exact_value"]) == (86, 85.5)
    assert (value["id"], value["value"]) == (first.json()["id"], 12)
    assert value["created"] < value["modified"]
    found = await world.ask("GET", "/user-skills", skill_id="1000001", modified_gt=value["created"])
    assert found["items"] == [value]
    path = f"/user-skills/{value['id']}"
    assert await world.ask("GET", path) == value
    assert (await world.call("DELETE", path)).status_code == 204
    assert (await world.refused("GET", path))[0] == 404


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"skill_id": "5"}, {"skill_id": "ENTITY_DOES_NOT_EXIST"}),
        ({"value": 101}, {"value": "VALUE_GREATER_THAN_MAX"}),
        ({"value": None}, {"value": "VALUE_REQUIRED"}),
    ],
)
async def test_a_value_with_a_wrong_field_is_refused(
    world: World, change: dict[str, Any], expected: dict[str, str]
) -> None:
    form = {"skill_id": "1000001", "user_id": USER, "value": 1, **change}
    assert await world.invalid("PUT", "/user-skills", form) == expected
