"""Tests of lists: limits, sorting, ranges, and the road through all pages."""

from typing import Any

import pytest

from tests.services.toloka.world import CLOSED, World, task

pytestmark = pytest.mark.anyio

LIMITS = [
    ("/tasks", {"pool_id": CLOSED}, "tasks", 50, 100_000),
    ("/user-bonuses", {}, "user_bonuses", 50, 300),
    ("/user-skills", {}, "user_skills", 50, 1000),
    ("/user-restrictions", {}, "user_restrictions", 50, 500),
    ("/skills", {}, "skills", 50, 100),
    ("/operations", {}, "operations", 50, 500),
    ("/pools", {}, "pools", 20, 300),
    ("/projects", {}, "projects", 20, 300),
    ("/trainings", {}, "trainings", 50, 300),
    ("/message-threads", {}, "message_threads", 50, 300),
    ("/webhook-subscriptions", {}, "webhook_subscriptions", 50, 300),
]

EXAMPLES: dict[str, dict[str, Any]] = {
    "user_bonuses": {"user_id": "u", "amount": 1},
    "user_skills": {"user_id": "u", "skill_id": "1", "value": 1, "exact_value": 1},
    "user_restrictions": {"user_id": "u", "scope": "ALL_PROJECTS"},
    "operations": {
        "type": "POOL.OPEN",
        "status": "PENDING",
        "submitted": "2026-03-01T10:00:00.000",
        "parameters": {},
    },
    "webhook_subscriptions": {
        "event_type": "POOL_CLOSED",
        "webhook_url": "http://x",
        "pool_id": CLOSED,
    },
    "message_threads": {
        "topic": {},
        "interlocutors_inlined": True,
        "interlocutors": [],
        "messages_inlined": True,
        "messages": [],
        "answerable": True,
        "folders": [],
    },
}


@pytest.mark.parametrize(("path", "query", "name", "default", "most"), LIMITS)
async def test_a_page_has_its_resources_default_and_most(
    world: World, path: str, query: dict[str, Any], name: str, default: int, most: int
) -> None:
    collection = world.sandbox.collection(f"toloka.{name}")
    shape = EXAMPLES.get(name) or collection.find(limit=1)[0]
    many = min(most, 1000) + 5
    for number in range(many):
        identity = f"{number:024x}" if name in ("webhook_subscriptions", "message_threads") else (
            f"{int(CLOSED):010x}--{number:024x}" if name == "tasks" else str(2_000_000 + number)
        )  # fmt: skip
        stamped = {} if name == "operations" else {"created": "2026-03-01T10:00:00.000"}
        modified = {"modified": "2026-03-01T10:00:00.000"} if name == "user_skills" else {}
        collection.put({**shape, **stamped, **modified, "id": identity})
    world.sandbox.commit()
    page = await world.ask("GET", path, **query)
    assert (len(page["items"]), page["has_more"]) == (default, True)
    page = await world.ask("GET", path, limit=10_000_000, **query)
    assert len(page["items"]) == min(most, collection.count(query))


async def test_every_item_is_met_once_on_the_road_through_all_pages(world: World) -> None:
    await world.ask("POST", "/tasks", [task(number) for number in range(130)])
    seen: list[str] = []
    query: dict[str, Any] = {"pool_id": CLOSED, "sort": "id"}
    while True:
        page = await world.ask("GET", "/tasks", **query)
        seen += [each["id"] for each in page["items"]]
        if not page["has_more"]:
            break
        query["id_gt"] = page["items"][-1]["id"]
    assert len(seen) == 134
    assert seen == sorted(set(seen))


async def test_a_second_sort_field_decides_between_equals(world: World) -> None:
    for _ in range(2):
        await world.ask("POST", "/tasks", [task(number) for number in range(30)])
        await world.advance(1)

    async def ids(sort: str, limit: int) -> list[str]:
        page = await world.ask("GET", "/tasks", pool_id=CLOSED, sort=sort, limit=limit)
        return [each["id"] for each in page["items"]]

    by_id = await ids("id", 100)
    assert await ids("-created,-id", 40) == by_id[::-1][:40]
    assert await ids("-created,id", 40) == [*by_id[34:64], *by_id[4:14]]
    assert await ids("created,-id", 10) == [*by_id[:4][::-1], *by_id[4:34][::-1][:6]]
    assert await ids("-id", 3) == by_id[::-1][:3]


async def test_overlap_is_filtered_exactly_and_by_range(world: World) -> None:
    endless = task(7, overlap=None, infinite_overlap=True)
    await world.ask("POST", "/tasks", [task(n, overlap=n + 5) for n in range(5)] + [endless])

    async def overlaps(**query: int) -> list[int]:
        page = await world.ask("GET", "/tasks", pool_id=CLOSED, **query)
        return [each["overlap"] for each in page["items"]]

    assert await overlaps(overlap=6) == [6]
    assert await overlaps(overlap_gte=7, overlap_lt=9) == [7, 8]
    assert await overlaps(overlap_lte=1000) == [3, 3, 3, 3, 5, 6, 7, 8, 9], "null is in no range"


TIMES = [
    ("2026-03-01T10:00:00.120", 2),
    ("2026-03-01T10:00:00.119999", 2),
    ("2026-03-01T10:00:00.120001", 1),
    ("2026-03-01T10:00:00.12Z", 2),
    ("2026-03-01T11:00:00.120+01:00", 2),
    ("2026-03-01T11:00:00.120 01:00", 2),
    ("2026-03-01 10:00:00", 2),
    ("2026-03-01T10:00", 2),
    ("2026-03-02", 0),
]


@pytest.mark.parametrize(("text", "count"), TIMES)
async def test_times_are_read_in_every_form_that_clients_write(
    world: World, text: str, count: int
) -> None:
    await world.ask("POST", "/tasks", task(1))
    await world.advance(1)
    await world.ask("POST", "/tasks", task(2))
    page = await world.ask("GET", "/tasks", pool_id=CLOSED, created_gte=text)
    assert len(page["items"]) == count


async def test_what_cannot_be_read_is_a_validation_error_and_the_unknown_is_ignored(
    world: World,
) -> None:
    for query, expected in (
        ({"sort": "name"}, {"sort": "UNKNOWN_ENUM_VALUE"}),
        ({"created_gt": "yesterday"}, {"created_gt": "INVALID_DATE_TIME_SYNTAX"}),
        ({"created_gt": "2026-02-31T00:00:00"}, {"created_gt": "INVALID_DATE_TIME_SYNTAX"}),
        ({"limit": "x"}, {"limit": "INTEGER_EXPECTED"}),
        ({"limit": 0}, {"limit": "VALUE_LESS_THAN_MIN"}),
        ({"overlap_gt": "x"}, {"overlap_gt": "INTEGER_EXPECTED"}),
    ):
        found = await world.invalid("GET", "/tasks", pool_id=CLOSED, **query)
        assert found == expected
    page = await world.ask("GET", "/tasks", pool_id=CLOSED, colour="red")
    assert len(page["items"]) == 4
