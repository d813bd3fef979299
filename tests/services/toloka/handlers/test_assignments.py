"""Tests of assignments: listing, deciding, the table."""

import pytest

from tests.services.toloka.conftest import Opening
from tests.services.toloka.world import USER, World, task

pytestmark = pytest.mark.anyio


async def done(world: World, count: int = 3, **more: object) -> str:
    """A pool whose suites have all been handed in."""
    pool_id = await world.opened(*(task(number) for number in range(2 * count)), **more)
    await world.advance(60)
    return pool_id


async def test_an_assignment_has_everything_that_both_clients_read(world: World) -> None:
    pool_id = await done(world, 1)
    (found,) = await world.assignments(pool_id)
    assert found == await world.ask("GET", f"/assignments/{found['id']}")
    assert found["owner"]["myself"] is True
    assert (found["status"], found["reward"], found["mixed"]) == ("SUBMITTED", 0.01, True)
    assert found["created"] < found["submitted"]
    assert len(found["solutions"]) == len(found["tasks"]) == 2
    assert all(each["output_values"]["result"] in ("cat", "dog", "none")
               for each in found["solutions"])  # fmt: skip
    assert found["tasks"][0] == await world.ask("GET", f"/tasks/{found['tasks'][0]['id']}")


async def test_one_of_pool_suite_and_task_must_be_given(world: World) -> None:
    pool_id = await done(world)
    assert await world.invalid("GET", "/assignments") == {"pool_id": "VALUE_REQUIRED"}
    first = (await world.assignments(pool_id))[0]
    for query in (
        {"task_suite_id": first["task_suite_id"]},
        {"task_id": first["tasks"][1]["id"]},
        {"pool_id": pool_id, "user_id": first["user_id"]},
    ):
        found = await world.ask("GET", "/assignments", **query)
        assert [each["id"] for each in found["items"]] == [first["id"]]


async def test_assignments_are_listed_by_several_states_and_every_time(world: World) -> None:
    pool_id = await done(world)
    first, second, third = await world.assignments(pool_id)
    await world.ask("PATCH", f"/assignments/{first['id']}", {"status": "ACCEPTED"})
    await world.ask("PATCH", f"/assignments/{second['id']}", {"status": "REJECTED"})
    both = await world.assignments(pool_id, status="SUBMITTED,ACCEPTED", sort="-id")
    assert [each["id"] for each in both] == [third["id"], first["id"]]
    # As the streaming of toloka-kit asks (fact B22).
    query = {"rejected_gte": "1970-01-01T00:00:00", "rejected_lte": "2030-01-01T00:00:00.123456"}
    rejected = await world.assignments(pool_id, sort="rejected", **query)
    assert [each["id"] for each in rejected] == [second["id"]]
    found = await world.invalid("GET", "/assignments", pool_id=pool_id, status="DONE")
    assert found == {"status": "UNKNOWN_ENUM_VALUE"}


async def test_decisions_follow_their_order(world: World) -> None:
    pool_id = await done(world)
    first, second, _ = await world.assignments(pool_id)
    path = f"/assignments/{first['id']}"
    accepted = await world.ask("PATCH", path, {"status": "ACCEPTED", "public_comment": "Good"})
    assert (accepted["status"], accepted["public_comment"]) == ("ACCEPTED", "Good")
    assert accepted["accepted"] == "2026-03-01T10:01:00.120"
    for status in ("ACCEPTED", "REJECTED"):
        refusal = await world.refused("PATCH", path, {"status": status})
        assert refusal[:2] == (409, "INAPPROPRIATE_STATUS")
    commented = await world.ask("PATCH", path, {"public_comment": "Very good"})
    assert (commented["status"], commented["public_comment"]) == ("ACCEPTED", "Very good")
    path = f"/assignments/{second['id']}"
    await world.ask("PATCH", path, {"status": "REJECTED", "public_comment": "Bad"})
    again = await world.ask("PATCH", path, {"status": "ACCEPTED"})
    assert again["status"] == "ACCEPTED"
    found = await world.invalid("PATCH", path, {"status": "SKIPPED"})
    assert found == {"status": "UNKNOWN_ENUM_VALUE"}
    found = await world.invalid("PATCH", path, {"public_comment": "x" * 2049})
    assert found == {"public_comment": "STRING_LENGTH_GREATER_THAN_MAX"}


async def test_what_nobody_reviews_is_accepted_in_time(world: World) -> None:
    pool_id = await done(world, auto_accept_period_day=3)
    await world.advance(3 * 86_400 - 120)
    assert {each["status"] for each in await world.assignments(pool_id)} == {"SUBMITTED"}
    await world.advance(120)
    assert {each["status"] for each in await world.assignments(pool_id)} == {"ACCEPTED"}


async def test_accepted_work_is_paid(world: World) -> None:
    before = (await world.ask("GET", "/requester"))["balance"]
    await done(world, 5, auto_accept_solutions=True, reward_per_assignment=0.25)
    assert (await world.ask("GET", "/requester"))["balance"] == before - 5 * 0.25


async def test_answers_accepted_at_once_have_one_time_for_both(world: World) -> None:
    pool_id = await done(world, 1, auto_accept_solutions=None)
    (found,) = await world.assignments(pool_id)
    assert found["submitted"] == found["accepted"]


async def test_the_table_has_a_row_for_each_task(opened: Opening) -> None:
    world = await opened(pace="manual")
    known = [{"output_values": {"result": "cat"}}]
    pool_id = await world.opened(
        task(1, known_solutions=known, message_on_unknown_solution="a\tb"),
        task(2),
        mixer_config={"real_tasks_count": 1, "training_tasks_count": 1},
    )
    given = await world.control("POST", f"/pools/{pool_id}/assignments", {"user_id": USER})
    path = f"/assignments/{given['items'][0]['id']}"
    solutions = [{"output_values": {"result": word}} for word in ("dog", "cat")]
    await world.control("POST", f"{path}/submit", {"solutions": solutions})
    await world.ask("PATCH", path, {"status": "ACCEPTED"})
    table = f"//new/requester/pools/{pool_id}/assignments.tsv"
    answer = await world.call(
        "GET", table, status="APPROVED", field="ASSIGNMENT:status,ASSIGNMENT:worker_id",
        addRowDelimiter=False,
    )  # fmt: skip
    assert answer.headers["content-type"] == "text/tsv; charset=utf-8"
    rows = [line.split("\t") for line in answer.text.splitlines()]
    assert rows == [
        ["INPUT:image", "INPUT:hint", "OUTPUT:result", "OUTPUT:comment", "GOLDEN:result",
         "GOLDEN:comment", "HINT:text", "HINT:default_language", "ASSIGNMENT:status",
         "ASSIGNMENT:worker_id"],
        ["https://example.com/2.jpg", "", "dog", "", "", "", "", "", "APPROVED", USER],
        ["https://example.com/1.jpg", "", "cat", "", "cat", "", "a\\tb", "", "APPROVED", USER],
    ]  # fmt: skip
    spaced = await world.call("GET", table, startTimeFrom="2026-03-01T10:00:00")
    assert spaced.text.splitlines()[-1] == ""
    late = await world.call("GET", table, startTimeFrom="2026-03-02T10:00:00")
    assert len(late.text.splitlines()) == 1
    await world.ask("PUT", "/user-restrictions", {"scope": "ALL_PROJECTS", "user_id": USER})
    without = await world.call("GET", table, excludeBanned=True)
    assert len(without.text.splitlines()) == 1
    found = await world.invalid("GET", table, status="ACCEPTED")
    assert found == {"status": "UNKNOWN_ENUM_VALUE"}
    assert await world.invalid("GET", table, field="x") == {"field": "UNKNOWN_ENUM_VALUE"}
