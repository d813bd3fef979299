"""Tests of user bonuses."""

from typing import Any

import pytest

from tests.services.toloka.world import USER, World, task

pytestmark = pytest.mark.anyio

BONUS: dict[str, Any] = {
    "user_id": USER,
    "amount": 0.5,
    "public_title": {"EN": "Well done"},
    "public_message": {"EN": "Thank you"},
}


async def test_a_bonus_is_given_and_noted_at_its_assignment(by_hand: World) -> None:
    pool_id = await by_hand.opened(task(1), task(2))
    given = await by_hand.control("POST", f"/pools/{pool_id}/assignments", {"user_id": USER})
    assignment_id = given["items"][0]["id"]
    answer = await by_hand.call(
        "POST", "/user-bonuses", {**BONUS, "assignment_id": assignment_id, "amount": "0.5"}
    )
    bonus = answer.json()
    assert answer.status_code == 201
    assert bonus == {
        "id": "1000101",
        **BONUS,
        "assignment_id": assignment_id,
        "without_message": False,
        "created": "2026-03-01T10:00:00.120",
    }
    assert bonus == await by_hand.ask("GET", "/user-bonuses/1000101")
    assignment = await by_hand.ask("GET", f"/assignments/{assignment_id}")
    assert assignment["bonus_ids"] == ["1000101"]


WRONG: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({"user_id": None}, {"user_id": "VALUE_REQUIRED"}),
    ({"user_id": []}, {"user_id": "STRING_EXPECTED"}),
    ({"amount": None}, {"amount": "VALUE_REQUIRED"}),
    ({"amount": 0.004}, {"amount": "VALUE_LESS_THAN_MIN"}),
    ({"amount": 100.5}, {"amount": "VALUE_GREATER_THAN_MAX"}),
    ({"amount": "much"}, {"amount": "FLOAT_EXPECTED"}),
    ({"public_title": "x"}, {"public_title": "OBJECT_EXPECTED"}),
    ({"private_comment": 1}, {"private_comment": "STRING_EXPECTED"}),
]


@pytest.mark.parametrize(("change", "expected"), WRONG)
async def test_a_field_that_is_wrong_is_named_with_its_code(
    world: World, change: dict[str, Any], expected: dict[str, str]
) -> None:
    assert await world.invalid("POST", "/user-bonuses", {**BONUS, **change}) == expected
    both = [BONUS, {**BONUS, **change}]
    assert await world.invalid("POST", "/user-bonuses", both) == {"1": expected}


async def test_a_limit_that_is_broken_comes_with_the_code(world: World) -> None:
    payload = (await world.refused("POST", "/user-bonuses", {**BONUS, "amount": 0}))[2]
    assert payload["amount"] == {
        "code": "VALUE_LESS_THAN_MIN",
        "message": "Value must be greater or equal to 0.005",
        "params": [0.005],
    }


async def test_a_hundred_bonuses_at_once_are_the_most(world: World) -> None:
    bonuses = [{**BONUS, "amount": number} for number in range(1, 101)]
    assert len((await world.ask("POST", "/user-bonuses", bonuses))["items"]) == 100
    refusal = await world.refused("POST", "/user-bonuses", [*bonuses, BONUS])
    assert refusal[:2] == (413, "ENTITY_TOO_LARGE")


@pytest.mark.parametrize("query", [{}, {"async_mode": True}], ids=["sync", "async"])
async def test_the_same_bonus_twice_in_one_request_is_a_conflict(
    world: World, query: dict[str, Any]
) -> None:
    refusal = await world.refused("POST", "/user-bonuses", [BONUS, BONUS], **query)
    assert refusal[:2] == (409, "ENTITY_CONFLICT")
    for_others = [BONUS, {**BONUS, "assignment_id": "other"}, {**BONUS, "amount": 1}]
    await world.ask("POST", "/user-bonuses", for_others, **query)


async def test_bonuses_are_found_by_toloker_assignment_and_range(world: World) -> None:
    """toloka-kit asks for the range of ids without a pool (fact 13)."""
    forms = [
        {**BONUS, "amount": number, "assignment_id": f"a{number % 2}"} for number in range(1, 13)
    ]
    await world.ask("POST", "/user-bonuses", forms)
    page = await world.ask("GET", "/user-bonuses", id_gte="1000103", id_lte="1000111", sort="id")
    assert [each["amount"] for each in page["items"]] == list(range(3, 12))
    found = await world.ask("GET", "/user-bonuses", assignment_id="a1", limit=2)
    assert ([each["amount"] for each in found["items"]], found["has_more"]) == ([1, 3], True)
    assert (await world.ask("GET", "/user-bonuses", user_id="nobody"))["items"] == []
    assert (await world.refused("GET", "/user-bonuses/1"))[:2] == (404, "DOES_NOT_EXIST")
