"""Tests of infinite seeding as its calls show it."""

from typing import Any

import pytest

from tests.services.pipelines.world import Refusal, World

pytestmark = pytest.mark.anyio

SEEDING = "/workflows/44/infinite-seeding"


async def test_it_is_disabled_until_it_is_enabled(world: World) -> None:
    assert await world.ask("GET", SEEDING) == {
        "enabled": False,
        "state": "disabled",
        "target_count": None,
        "copy_group_ids": [],
        "created_count": 0,
        "remaining": None,
    }


async def test_enabling_makes_the_first_task_at_once(world: World) -> None:
    """Acceptance case 10 and fact 8."""
    answer = await world.ask("PUT", SEEDING, {"target_count": 100})
    assert (answer["state"], answer["created_count"], answer["remaining"]) == ("running", 1, 99)
    (task,) = await world.tasks(44)
    assert (task["source"], task["status"]) == ("infinite", "pending")


async def test_claiming_the_last_available_task_makes_a_new_one(world: World) -> None:
    """Acceptance case 10."""
    await world.ask("PUT", SEEDING, {})
    for number in range(1, 4):
        task = (await world.tasks(44))[-1]
        await world.claim(44, task["id"])
        assert len(await world.tasks(44)) == number + 1
    assert (await world.ask("GET", SEEDING))["created_count"] == 4
    assert {task["group_id"] for task in await world.tasks(44)} == {1}


async def test_claiming_one_of_several_makes_none(world: World) -> None:
    """Fact 8."""
    ids = await world.create(44, 2)
    await world.ask("PUT", SEEDING, {})
    await world.claim(44, ids[0])
    assert len(await world.tasks(44)) == 2
    await world.claim(44, ids[1])
    assert len(await world.tasks(44)) == 3


async def test_the_target_count_ends_it(world: World) -> None:
    """Acceptance case 10: stops after 2."""
    await world.ask("PUT", SEEDING, {"target_count": 2})
    for _ in range(2):
        await world.claim(44, (await world.tasks(44))[-1]["id"])
    found = await world.ask("GET", SEEDING)
    assert (found["state"], found["created_count"], found["remaining"]) == ("target_reached", 2, 0)
    assert len(await world.tasks(44)) == 2


async def test_a_higher_target_resumes_it_with_its_count(world: World) -> None:
    """Fact 8."""
    await world.ask("PUT", SEEDING, {"target_count": 1})
    await world.claim(44, (await world.tasks(44))[-1]["id"])
    found = await world.ask("PUT", SEEDING, {"target_count": 3})
    assert (found["state"], found["created_count"]) == ("running", 2)


async def test_disabled_a_claim_makes_none(world: World) -> None:
    """Acceptance case 10; enabling again counts from the start."""
    await world.ask("PUT", SEEDING, {})
    answer = await world.ask("DELETE", SEEDING)
    assert (answer["enabled"], answer["state"]) == (False, "disabled")
    (task,) = await world.tasks(44)
    await world.claim(44, task["id"])
    assert len(await world.tasks(44)) == 1
    assert (await world.ask("PUT", SEEDING, {}))["created_count"] == 1
    assert (await world.ask("PUT", SEEDING, {"enabled": False}))["state"] == "disabled"


async def test_two_groups_are_copied_in_rotation(world: World) -> None:
    """Acceptance case 10 and fact 14, U11."""
    originals = [*await world.create(42, 2, input_text="one"), *await world.create(42)]
    for id in originals:
        await world.claim(42, id, "ines")
    path = "/workflows/42/infinite-seeding"
    await world.ask("PUT", path, {"copy_group_ids": [2, 1]})
    for _ in range(4):
        await world.claim(42, (await world.tasks(42))[-1]["id"], "milo")
    made = [await world.task(42, task["id"]) for task in (await world.tasks(42))[3:]]
    assert [task["source_ref"]["copied_from"] for task in made] == [*originals, *originals[:2]]
    assert [task["fields"]["input_text"] for task in made] == ["one", "one", "alpha", "one", "one"]


async def test_answers_are_not_copied(world: World) -> None:
    """Fact 8: dataset-field values only."""
    (original,) = await world.create(42, category="demo")
    await world.finish(original, label="kettle")
    await world.ask("PUT", "/workflows/42/infinite-seeding", {"copy_group_ids": [1]})
    copy = await world.task(42, (await world.tasks(42))[-1]["id"])
    assert copy["fields"] == {"input_text": "alpha", "category": "demo"}
    assert copy["nodes"][0]["status"] == "available"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"target_count": 0}, "validation_error"),
        ({"target_count": 1.5}, "validation_error"),
        ({"target_count": "2"}, "validation_error"),
        ({"copy_group_ids": [77]}, "group_not_found"),
        ({"copy_group_ids": [1]}, "group_not_found"),
        ({"copy_group_ids": [1, 1]}, "validation_error"),
    ],
)
async def test_a_wrong_configuration_is_refused(world: World, body: Any, code: str) -> None:
    """Fact 4.7: group 1 is another workflow's."""
    await world.create(42)
    assert await world.refused("PUT", SEEDING, body) == (422, code)


async def test_an_empty_group_is_refused(world: World) -> None:
    (task,) = await world.create(44)
    await world.control("DELETE", f"/tasks/{task}")
    refused: Refusal = await world.refused("PUT", SEEDING, {"copy_group_ids": [1]})
    assert refused == (422, "group_empty")
