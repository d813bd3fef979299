"""Tests of task suites."""

from typing import Any

import pytest

from tests.services.toloka.world import CLOSED, World, suite, task

pytestmark = pytest.mark.anyio


async def test_a_suite_is_answered_as_it_is_kept(world: World) -> None:
    form = suite(
        1,
        2,
        issuing_order_override=5.5,
        longitude=13.4,
        latitude=52.5,
        id="sent-back",
        remaining_overlap=7,
        automerged=True,
        mixed=False,
    )
    form["tasks"][0]["known_solutions"] = [{"output_values": {"result": "cat"}}]
    answer = await world.call("POST", "/task-suites", form)
    created = answer.json()
    assert answer.status_code == 201
    assert created == await world.ask("GET", f"/task-suites/{created['id']}")
    assert created["id"] != "sent-back"
    assert [len(each["id"]) for each in created["tasks"]] == [36, 36]
    assert created["tasks"][0]["known_solutions"][0]["correctness_weight"] == 1
    kept = {key: value for key, value in created.items() if key not in ("id", "tasks")}
    assert kept == {
        "pool_id": CLOSED,
        "overlap": 1,
        "infinite_overlap": False,
        "remaining_overlap": 1,
        "issuing_order_override": 5.5,
        "mixed": False,
        "automerged": False,
        "reserved_for": [],
        "unavailable_for": [],
        "longitude": 13.4,
        "latitude": 52.5,
        "created": "2026-03-01T10:00:00.120",
    }


WRONG: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({"pool_id": "5"}, {"pool_id": "ENTITY_DOES_NOT_EXIST"}),
    ({"tasks": None}, {"tasks": "VALUE_REQUIRED"}),
    ({"tasks": []}, {"tasks": "ARRAY_SIZE_LESS_THAN_MIN"}),
    ({"tasks": {}}, {"tasks": "ARRAY_EXPECTED"}),
    ({"tasks": [1]}, {"tasks.0": "OBJECT_EXPECTED"}),
    (
        {"tasks": [{"input_values": {"image": "x", "a": 1}}]},
        {
            "tasks.0.input_values.image": "INVALID_URL_SYNTAX",
            "tasks.0.input_values.a": "VALUE_NOT_ALLOWED",
        },
    ),
    ({"baseline_solutions": []}, {"baseline_solutions": "VALUE_NOT_ALLOWED"}),
    (
        {"tasks": [{"input_values": {"image": "www.x.y"}, "baseline_solutions": []}]},
        {"tasks.0.baseline_solutions": "VALUE_NOT_ALLOWED"},
    ),
    ({"overlap": None}, {}),
    ({"issuing_order_override": 100_000}, {"issuing_order_override": "VALUE_GREATER_THAN_MAX"}),
    ({"latitude": -91}, {"latitude": "VALUE_LESS_THAN_MIN"}),
]


@pytest.mark.parametrize(("change", "expected"), WRONG)
async def test_a_field_that_is_wrong_is_named_with_its_code(
    world: World, change: dict[str, Any], expected: dict[str, str]
) -> None:
    if not expected:
        assert (await world.ask("POST", "/task-suites", suite(1) | change))["overlap"] == 3
        return
    assert await world.invalid("POST", "/task-suites", suite(1) | change) == expected
    both = [suite(1), suite(1) | change]
    assert await world.invalid("POST", "/task-suites", both) == {"1": expected}


async def test_many_suites_are_answered_by_place(world: World) -> None:
    answer = await world.ask(
        "POST", "/task-suites", [suite(1), suite(2) | {"tasks": []}], skip_invalid_items=True
    )
    assert list(answer["items"]) == ["0"]
    assert list(answer["validation_errors"]) == ["1"]


async def test_suites_are_found_by_pool_and_by_task(world: World) -> None:
    first, second = [await world.ask("POST", "/task-suites", suite(each)) for each in (1, 2)]
    found = await world.ask("GET", "/task-suites", pool_id=CLOSED, sort="-created,-id")
    assert [each["id"] for each in found["items"]] == [second["id"], first["id"]]
    found = await world.ask("GET", "/task-suites", task_id=first["tasks"][0]["id"])
    assert [each["id"] for each in found["items"]] == [first["id"]]
    assert await world.invalid("GET", "/task-suites") == {"pool_id": "VALUE_REQUIRED"}


async def test_a_suite_is_patched_also_without_a_body(world: World) -> None:
    """toloka-kit sends none where only `open_pool` is asked for (trap B19)."""
    created = await world.ask("POST", "/task-suites", suite(1))
    path = f"/task-suites/{created['id']}"
    changed = await world.ask(
        "PATCH", path, {"overlap": 3, "infinite_overlap": False, "issuing_order_override": 2}
    )
    assert (changed["overlap"], changed["issuing_order_override"]) == (3, 2)
    opened = await world.ask("PATCH", path, open_pool=True)
    assert opened == changed
    assert await world.state(CLOSED) == "OPEN"
    least = await world.ask("PATCH", f"{path}/set-overlap-or-min", {"overlap": 0})
    assert (least["overlap"], least["remaining_overlap"]) == (0, 0)


async def test_suites_of_the_requester_are_given_out_whole_the_urgent_first(
    by_hand: World,
) -> None:
    pool_id = await by_hand.pool()
    forms = [
        suite(1, 2, 3, pool_id=pool_id),
        suite(4, pool_id=pool_id, issuing_order_override=10, overlap=2),
    ]
    made = await by_hand.ask("POST", "/task-suites", forms, open_pool=True)
    path = f"/pools/{pool_id}/assignments"
    given = [(await by_hand.control("POST", path))["items"] for _ in range(4)]
    first, second, third = [items[0] for items in given[:3]]
    assert given[3] == []
    assert first["task_suite_id"] == second["task_suite_id"] == made["items"]["1"]["id"]
    assert first["user_id"] != second["user_id"]
    assert first["mixed"] is False
    assert [each["input_values"] for each in third["tasks"]] == [
        task(number)["input_values"] for number in (1, 2, 3)
    ]


async def test_a_suite_that_the_service_mixed_belongs_to_one_toloker(by_hand: World) -> None:
    pool_id = await by_hand.opened(task(1), task(2), task(3))
    (given,) = (await by_hand.control("POST", f"/pools/{pool_id}/assignments"))["items"]
    path = f"/task-suites/{given['task_suite_id']}"
    found = await by_hand.ask("GET", path)
    assert (found["mixed"], found["overlap"], found["remaining_overlap"]) == (True, 1, 0)
    assert [each["id"] for each in found["tasks"]] == [each["id"] for each in given["tasks"]]
    by_task = await by_hand.ask("GET", "/task-suites", task_id=found["tasks"][0]["id"])
    assert by_task["items"] == [found]
    assert (await by_hand.refused("PATCH", path, {"overlap": 5}))[1] == "POOL_TASK_TYPE_CONFLICT"
