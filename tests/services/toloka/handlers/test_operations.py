"""Tests of operations: finding them, and what they say."""

import pytest

from tests.services.toloka.world import CLOSED, OPERATION, World, task

pytestmark = pytest.mark.anyio


async def test_an_operation_is_there_as_soon_as_it_is_answered(world: World) -> None:
    """The Java client dies where it is not (trap J8)."""
    operation = await world.ask("POST", f"/pools/{CLOSED}/open")
    assert await world.ask("GET", f"/operations/{operation['id']}") == operation
    assert await world.log(operation["id"]) == []


async def test_an_unknown_operation_does_not_exist(world: World) -> None:
    for path in (f"/operations/{OPERATION}", f"/operations/{OPERATION}/log"):
        assert (await world.refused("GET", path))[:2] == (404, "DOES_NOT_EXIST")


async def test_operations_are_listed_by_type_status_and_time(world: World) -> None:
    await world.batch([task()])
    await world.ask("POST", f"/pools/{CLOSED}/open")
    await world.advance(10)
    await world.ask("POST", "/tasks", task(), async_mode=True)
    everything = await world.ask("GET", "/operations")
    assert len(everything["items"]) == 3
    done = await world.ask("GET", "/operations", status="SUCCESS", sort="-finished")
    assert [each["type"] for each in done["items"]] == ["POOL.OPEN", "TASK.BATCH_CREATE"]
    batches = await world.ask(
        "GET", "/operations", type="TASK.BATCH_CREATE", submitted_gte="2026-03-01T10:00:10"
    )
    assert [each["status"] for each in batches["items"]] == ["PENDING"]
    finished = await world.ask("GET", "/operations", finished_lte="2030-01-01T00:00:00")
    assert len(finished["items"]) == 2, "what has no time lies in no range"
