"""Tests of consumers' places against a plain model of them."""

import pytest

from mockserver.services.sama import cursors
from tests.services.sama.world import World

pytestmark = pytest.mark.anyio


def deliver(world: World, number: int, batch_id: int) -> None:
    world.sandbox.collection("sama.deliveries").put(
        {"id": number, "task_id": f"t{number}", "project_id": 117, "batch_id": batch_id}
    )


async def test_each_delivery_is_given_once_whatever_filters_come_between(world: World) -> None:
    chance = world.sandbox.ids.random("test")
    delivered: list[tuple[int, int]] = []
    given: set[int] = set()
    for _ in range(300):
        if chance.random() < 0.6:
            delivered.append((len(delivered) + 1, chance.randint(1, 3)))
            deliver(world, *delivered[-1])
            continue
        where = {"project_id": 117}
        if batches := chance.choice([(), (), (1,), (2,), (1, 3)]):
            where["batch_id"] = batches  # type: ignore[assignment]
        limit = chance.randint(1, 6)
        expected = [
            number
            for number, batch in delivered
            if number not in given and (not batches or batch in batches)
        ][:limit]
        found = cursors.next_deliveries(world.sandbox, where, "ann", limit)
        assert [each["id"] for each in found] == expected
        given.update(expected)
    rest = cursors.next_deliveries(world.sandbox, {"project_id": 117}, "ann", 1000)
    assert [each["id"] for each in rest] == [n for n, _ in delivered if n not in given]
    # Nothing is noted any more about single deliveries once all are passed.
    assert world.documents("seen_deliveries") == []
