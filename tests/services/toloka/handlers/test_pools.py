"""Tests of pools: their states and what leads from one to the next."""

from typing import Any

import pytest

from tests.services.toloka.conftest import Opening
from tests.services.toloka.world import (
    CLOSED,
    OPEN,
    POOL_FORM,
    PROJECT,
    TRAINING,
    World,
    suite,
    task,
)

pytestmark = pytest.mark.anyio


async def test_a_pool_is_answered_as_it_is_kept_with_what_the_service_adds(world: World) -> None:
    answer = await world.call("POST", "/pools", POOL_FORM, storage_key="eu")
    pool = answer.json()
    assert answer.status_code == 201
    assert pool == await world.ask("GET", f"/pools/{pool['id']}")
    added = {key: value for key, value in pool.items() if key not in POOL_FORM}
    assert added == {
        "id": "1000101",
        "status": "CLOSED",
        "type": "REGULAR",
        "priority": 0,
        "created": "2026-03-01T10:00:00.120",
        "owner": {"id": "a1b2c3d4e5f60718293a4b5c6d7e8f90", "myself": True},
    }
    assert pool["will_expire"] == "2035-01-01T00:00:00.000"


async def test_loose_spellings_are_read(world: World) -> None:
    """Documented samples write booleans and numbers as text (fact f.3)."""
    pool = await world.ask(
        "POST",
        "/pools",
        {
            **POOL_FORM,
            "project_id": int(PROJECT),
            "may_contain_adult_content": "false",
            "reward_per_assignment": "0.05",
            "assignment_max_duration_seconds": "300",
            "will_expire": "2030-09-01T13:00",
            "defaults": {"default_overlap_for_new_task_suites": "3"},
            "mixer_config": {"real_tasks_count": "2", "force_last_assignment": "true"},
            "private_comment": None,
        },
    )
    assert pool["project_id"] == PROJECT
    assert pool["may_contain_adult_content"] is False
    assert (pool["reward_per_assignment"], pool["assignment_max_duration_seconds"]) == (0.05, 300)
    assert pool["will_expire"] == "2030-09-01T13:00:00.000"
    assert pool["defaults"] == {"default_overlap_for_new_task_suites": 3}
    assert pool["mixer_config"] == {"real_tasks_count": 2, "force_last_assignment": True}
    assert "private_comment" not in pool


WRONG: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({"project_id": "5"}, {"project_id": "ENTITY_DOES_NOT_EXIST"}),
    ({"private_name": None}, {"private_name": "VALUE_REQUIRED"}),
    ({"will_expire": "tomorrow"}, {"will_expire": "INVALID_DATE_TIME_SYNTAX"}),
    ({"will_expire": "2030-13-01T00:00:00"}, {"will_expire": "INVALID_DATE_TIME_SYNTAX"}),
    ({"reward_per_assignment": -1}, {"reward_per_assignment": "VALUE_LESS_THAN_MIN"}),
    ({"priority": 101}, {"priority": "VALUE_GREATER_THAN_MAX"}),
    ({"priority": "101"}, {"priority": "VALUE_GREATER_THAN_MAX"}),
    (
        {"assignment_max_duration_seconds": 4},
        {"assignment_max_duration_seconds": "VALUE_LESS_THAN_MIN"},
    ),
    (
        {"defaults": {"default_overlap_for_new_tasks": 30_001}},
        {"defaults.default_overlap_for_new_tasks": "VALUE_GREATER_THAN_MAX"},
    ),
    (
        {"mixer_config": {"golden_tasks_count": 501}},
        {"mixer_config.golden_tasks_count": "VALUE_GREATER_THAN_MAX"},
    ),
]


@pytest.mark.parametrize(("change", "expected"), WRONG)
async def test_a_pool_with_a_wrong_field_is_refused(
    world: World, change: dict[str, Any], expected: dict[str, str]
) -> None:
    assert await world.invalid("POST", "/pools", {**POOL_FORM, **change}) == expected


async def test_required_fields_are_all_named(world: World) -> None:
    found = await world.invalid("POST", "/pools", {"project_id": PROJECT})
    assert found == dict.fromkeys(
        (
            "private_name",
            "will_expire",
            "reward_per_assignment",
            "assignment_max_duration_seconds",
            "defaults",
        ),
        "VALUE_REQUIRED",
    )


async def test_rules_of_quality_control_get_an_id(world: World) -> None:
    rule = {"collector_config": {"type": "ANSWER_COUNT"}, "rules": []}
    pool = await world.ask("POST", "/pools", {**POOL_FORM, "quality_control": {"configs": [rule]}})
    assert pool["quality_control"]["configs"][0]["collector_config"]["uuid"]


async def test_a_closed_pool_is_replaced_but_for_what_is_the_services(world: World) -> None:
    pool = await world.ask("POST", "/pools", POOL_FORM)
    form = {**pool, "private_name": "New", "status": "OPEN", "created": "2000-01-01T00:00:00.000"}
    del form["auto_accept_solutions"]
    changed = await world.ask("PUT", f"/pools/{pool['id']}", form)
    assert changed["private_name"] == "New"
    assert "auto_accept_solutions" not in changed
    assert (changed["status"], changed["created"]) == ("CLOSED", pool["created"])
    refusal = await world.refused("PUT", f"/pools/{OPEN}", POOL_FORM)
    assert refusal[:2] == (409, "INAPPROPRIATE_STATUS")


async def test_priority_is_patched_but_of_an_archived_pool_without_a_word(world: World) -> None:
    pool_id = await world.pool()
    assert (await world.ask("PATCH", f"/pools/{pool_id}", {"priority": 42}))["priority"] == 42
    await world.ask("POST", f"/pools/{pool_id}/archive")
    await world.advance(1)
    answer = await world.call("PATCH", f"/pools/{pool_id}", {"priority": 1})
    assert (answer.status_code, answer.content) == (409, b"")


async def test_a_pool_opens_and_closes_by_operations_and_once(by_hand: World) -> None:
    opening = await by_hand.call("POST", f"/pools/{CLOSED}/open")
    operation = opening.json()
    assert (opening.status_code, operation["type"]) == (202, "POOL.OPEN")
    assert operation["parameters"] == {"pool_id": CLOSED}
    await by_hand.advance(1)
    pool = await by_hand.ask("GET", f"/pools/{CLOSED}")
    assert pool["status"] == "OPEN"
    assert "2026-03-01T10:00:00.120" < pool["last_started"] < "2026-03-01T10:00:01"
    again = await by_hand.call("POST", f"/pools/{CLOSED}/open")
    assert (again.status_code, again.content) == (204, b"")
    assert (await by_hand.call("POST", f"/pools/{CLOSED}/close")).status_code == 202
    await by_hand.advance(1)
    pool = await by_hand.ask("GET", f"/pools/{CLOSED}")
    assert (pool["status"], pool["last_close_reason"]) == ("CLOSED", "MANUAL")
    assert (await by_hand.call("POST", f"/pools/{CLOSED}/close")).status_code == 204


async def test_a_new_pool_is_closed_and_empty(world: World) -> None:
    pool_id = await world.pool()
    assert (await world.call("POST", f"/pools/{pool_id}/close")).status_code == 204
    refusal = await world.refused("POST", f"/pools/{pool_id}/open")
    assert refusal == (409, "EMPTY_POOL", None)


async def test_tasks_without_a_mixer_leave_a_pool_empty_but_suites_do_not(world: World) -> None:
    pool_id = await world.pool(mixer_config=None)
    await world.ask("POST", "/tasks", task(pool_id=pool_id))
    assert (await world.refused("POST", f"/pools/{pool_id}/open"))[1] == "EMPTY_POOL"
    await world.ask("POST", "/task-suites", suite(1, pool_id=pool_id))
    assert (await world.call("POST", f"/pools/{pool_id}/open")).status_code == 202


async def test_without_money_no_pool_opens(world: World) -> None:
    await world.control("PUT", "/requester", {"balance": 0})
    assert (await world.refused("POST", f"/pools/{CLOSED}/open"))[1] == "NOT_ENOUGH_BALANCE"


async def test_a_pool_closed_for_an_update_opens_after_a_quarter_of_an_hour(
    by_hand: World,
) -> None:
    operation = await by_hand.ask("POST", f"/pools/{OPEN}/close-for-update")
    assert operation["type"] == "POOL.CLOSE"
    await by_hand.advance(600)
    pool = await by_hand.ask("GET", f"/pools/{OPEN}")
    assert (pool["status"], pool["last_close_reason"]) == ("CLOSED", "FOR_UPDATE")
    await by_hand.advance(301)
    assert await by_hand.state(OPEN) == "OPEN"


async def test_the_last_closing_for_an_update_counts(by_hand: World) -> None:
    for verb in ("close-for-update", "open", "close-for-update"):
        await by_hand.ask("POST", f"/pools/{OPEN}/{verb}")
        await by_hand.advance(300)
    await by_hand.advance(300)
    assert await by_hand.state(OPEN) == "CLOSED"
    await by_hand.advance(301)
    assert await by_hand.state(OPEN) == "OPEN"


async def test_a_pool_closes_on_the_day_it_expires(by_hand: World) -> None:
    pool_id = await by_hand.opened(task(), will_expire="2026-03-02T10:00:00")
    await by_hand.advance(86_000)
    assert await by_hand.state(pool_id) == "OPEN"
    await by_hand.advance(500)
    pool = await by_hand.ask("GET", f"/pools/{pool_id}")
    assert (pool["status"], pool["last_close_reason"]) == ("CLOSED", "EXPIRED")


async def test_only_a_closed_pool_is_archived_and_it_stays_listed(world: World) -> None:
    refusal = await world.refused("POST", f"/pools/{OPEN}/archive")
    assert refusal == (409, "INAPPROPRIATE_STATUS", {"appropriate_statuses": ["CLOSED"]})
    archiving = await world.call("POST", f"/pools/{CLOSED}/archive")
    assert (archiving.status_code, archiving.json()["type"]) == (202, "POOL.ARCHIVE")
    await world.advance(1)
    assert (await world.call("POST", f"/pools/{CLOSED}/archive")).status_code == 204
    for verb in ("open", "close", "close-for-update"):
        refusal = await world.refused("POST", f"/pools/{CLOSED}/{verb}")
        assert refusal[:2] == (409, "INAPPROPRIATE_STATUS")
    listed = await world.ask("GET", "/pools", status="ARCHIVED")
    assert [each["id"] for each in listed["items"]] == [CLOSED]


async def test_what_is_not_reviewed_keeps_a_pool_from_being_archived(by_hand: World) -> None:
    pool_id = await by_hand.opened(task(1), task(2))
    path = f"/pools/{pool_id}/archive"
    (assignment,) = (await by_hand.control("POST", f"/pools/{pool_id}/assignments"))["items"]
    await by_hand.ask("POST", f"/pools/{pool_id}/close")
    await by_hand.advance(1)
    assert (await by_hand.refused("POST", path))[1] == "THERE_IS_ACTIVE_ASSIGNMENT"
    await by_hand.control("POST", f"/assignments/{assignment['id']}/submit")
    assert (await by_hand.refused("POST", path))[1] == "SUBMITTED_ASSIGNMENTS_CONFLICT"
    await by_hand.ask("PATCH", f"/assignments/{assignment['id']}", {"status": "REJECTED"})
    assert (await by_hand.refused("POST", path))[1] == "THERE_IS_REJECTED_ASSIGNMENT"
    await by_hand.advance(9 * 86_400)
    assert (await by_hand.call("POST", path)).status_code == 202


async def test_a_clone_is_closed_and_without_tasks(by_hand: World) -> None:
    operation = await by_hand.ask("POST", f"/pools/{OPEN}/clone")
    assert (operation["type"], operation["parameters"]) == ("POOL.CLONE", {"pool_id": OPEN})
    await by_hand.advance(1)
    operation = await by_hand.ask("GET", f"/operations/{operation['id']}")
    clone = await by_hand.ask("GET", f"/pools/{operation['details']['pool_id']}")
    assert clone["private_name"] == "Cats and dogs, open"
    assert clone["status"] == "CLOSED"
    assert "last_started" not in clone
    assert (await by_hand.ask("GET", "/tasks", pool_id=clone["id"]))["items"] == []


async def test_a_training_can_be_reached_as_a_pool(world: World) -> None:
    pool = await world.ask("GET", f"/pools/{TRAINING}")
    assert (pool["type"], pool["id"]) == ("TRAINING", TRAINING)
    operation = await world.ask("POST", f"/pools/{TRAINING}/open")
    assert operation["parameters"] == {"pool_id": TRAINING}
    await world.advance(0.2)
    assert await world.state(TRAINING) == "OPEN"


async def test_pools_are_listed_by_project_and_by_when_they_were_opened(world: World) -> None:
    found = await world.ask("GET", "/pools", project_id=PROJECT, sort="-last_started")
    assert [each["id"] for each in found["items"]] == [OPEN, CLOSED]
    found = await world.ask("GET", "/pools", last_started_gte="2020-01-01")
    assert [each["id"] for each in found["items"]] == [OPEN]


async def test_an_archived_project_has_no_new_pools(opened: Opening) -> None:
    world = await opened(pace="manual")
    for path in (f"/pools/{OPEN}/close", f"/trainings/{TRAINING}/archive"):
        await world.ask("POST", path)
    await world.advance(1)
    for pool_id in (OPEN, CLOSED):
        await world.ask("POST", f"/pools/{pool_id}/archive")
    await world.advance(1)
    await world.ask("POST", f"/projects/{PROJECT}/archive")
    await world.advance(1)
    refusal = await world.refused("POST", "/pools", POOL_FORM)
    assert refusal[:2] == (409, "PROJECT_INAPPROPRIATE_STATUS")
