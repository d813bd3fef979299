"""Tests of the documented limits."""

import pytest

from tests.services.toloka.conftest import Opening
from tests.services.toloka.world import POOL_FORM, PROJECT_FORM, World, task

pytestmark = pytest.mark.anyio


async def test_nothing_is_limited_unless_asked_for(world: World) -> None:
    for _ in range(40):
        await world.ask("POST", "/projects", PROJECT_FORM)
    for _ in range(320):
        await world.ask("GET", "/requester")


async def test_twenty_projects_a_minute_and_a_hundred_a_day(opened: Opening) -> None:
    world = await opened(toloka_quotas=True)
    for minute in range(5):
        for _ in range(20):
            await world.ask("POST", "/projects", PROJECT_FORM)
        answer = await world.call("POST", "/projects", PROJECT_FORM)
        assert (answer.status_code, answer.json()["code"]) == (429, "TOO_MANY_REQUESTS")
        assert "retry-after" not in answer.headers
        assert answer.json().get("payload") is None, f"minute {minute}"
        await world.ask("POST", "/pools", POOL_FORM)
        await world.advance(60)
    answer = await world.call("POST", "/projects", PROJECT_FORM)
    assert answer.json()["payload"] == {"interval": "DAY"}
    await world.advance(86_400)
    await world.ask("POST", "/projects", PROJECT_FORM)


async def test_three_hundred_calls_a_second(opened: Opening) -> None:
    world = await opened(toloka_quotas=True)
    for _ in range(300):
        await world.ask("GET", "/requester")
    assert (await world.call("GET", "/requester")).status_code == 429
    other = {"Authorization": "ApiKey another"}
    answer = await world.client.get("/toloka/api/v1/requester", headers=other)
    assert answer.status_code == 200
    await world.advance(1)
    await world.ask("GET", "/requester")


async def test_a_hundred_thousand_tasks_a_minute(opened: Opening) -> None:
    world = await opened(toloka_quotas=True, pace="manual")
    counters = world.sandbox.collection("toloka.quotas")
    await world.ask("POST", "/tasks", [task(1), task(2)])
    counter = counters.get("token/tasks/60")
    assert counter
    assert counter["used"] == 2
    counters.put({**counter, "used": 99_999})
    world.sandbox.commit()
    before = len(world.documents("tasks"))
    for query in ({}, {"async_mode": True}):
        answer = await world.call("POST", "/tasks", [task(1), task(2)], **query)
        assert (answer.status_code, answer.json()["code"]) == (429, "TOO_MANY_REQUESTS")
    assert len(world.documents("tasks")) == before
    await world.ask("POST", "/tasks", task(1))
    refused_calls_cost = counters.get("token/tasks/60")
    assert refused_calls_cost
    assert refused_calls_cost["used"] == 100_000


async def test_the_crash_of_the_client_can_be_asked_for(opened: Opening) -> None:
    world = await opened(toloka_quotas=True, toloka_crashing_429=True)
    for _ in range(20):
        await world.ask("POST", "/projects", PROJECT_FORM)
    answer = await world.call("POST", "/projects", PROJECT_FORM)
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert answer.json()["payload"] == {"interval": "MIN"}
