"""Tests that lists are answered from indexes, however many tasks there are."""

from typing import Any

import pytest

from mockserver.engine.store.query import Query
from mockserver.services.sama import selection
from tests.services.sama.world import World

pytestmark = pytest.mark.anyio

SPAN = {"from": "2024-01-01", "to": "2025-01-01"}


def is_covered(world: World, name: str, found: selection.Selection) -> bool:
    """Whether an index brings all matches in their order, so that nothing else is read."""
    table = world.sandbox.collection(f"sama.{name}")._table
    query = Query(table, found.where, found.ranges, found.sort)
    return query._covered and query._by == found.sort


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        SPAN,
        {"state": "new"},
        {"state": "new", **SPAN},
        {"batch_id": "1"},
        {"batch_id": "1,2"},
        {"batch_id": "1", "state": "new"},
        {"client_batch_id": "a"},
        {"priority": 3},
        {"date_type": "delivered_at", **SPAN},
        {"date_type": "completion_date", **SPAN},
    ],
)
async def test_lists_of_tasks_are_read_from_an_index(
    world: World, parameters: dict[str, Any]
) -> None:
    found = selection.of_tasks(world.sandbox, 117, parameters)
    assert is_covered(world, "tasks", found)


@pytest.mark.parametrize(
    "filters",
    [
        {},
        {"from": "2024-01-01"},
        {"batch_id": "1", "from": "2024-01-01"},
        {"batch_id": 1},
        {"client_batch_id": "a", "from": "2024-01-01"},
    ],
)
async def test_lists_of_deliveries_are_read_from_an_index(
    world: World, filters: dict[str, Any]
) -> None:
    found = selection.of_deliveries(world.sandbox, 117, filters)
    assert is_covered(world, "deliveries", found)
