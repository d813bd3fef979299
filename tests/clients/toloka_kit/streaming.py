"""Streaming observers and metrics over a pool that the crowd works through."""

import asyncio
import json
from collections import Counter
from datetime import timedelta
from typing import Any

from toloka.async_client import AsyncTolokaClient
from toloka.metrics import (
    AssignmentsInPool,
    Balance,
    MetricCollector,
    PoolCompletedPercentage,
    SpentBudgetOnPool,
    TasksInPool,
    WorkersByFilterOnPool,
    bind_client,
)
from toloka.streaming import AssignmentsObserver, Pipeline, PoolStatusObserver
from toloka.streaming.cursor import TaskCursor

from tests.clients.toloka_kit import world

kit = world.client()
pool = world.pool(kit, world.project(kit).id, auto_accept_solutions=True)
kit.create_tasks(world.tasks(pool.id, 40))
kit.open_pool(pool.id)

seen: Counter[str] = Counter()
states: list[str] = []
lines: dict[str, float] = {}

client = AsyncTolokaClient.from_sync_client(kit)
assignments = AssignmentsObserver(client, pool.id, cursor_time_lag=timedelta(0))
status = PoolStatusObserver(client, pool.id)


@assignments.on_any_event
def count(events: list[Any]) -> None:
    """Count what happens to assignments."""
    for event in events:
        seen[event.event_type.value] += 1


@status.on_open
@status.on_closed
def note(changed: Any) -> None:
    """Note the pool's states."""
    states.append(changed.status.value)


# It would rest for ten seconds at least between two looks.
Pipeline.MIN_SLEEP_SECONDS = 0.3
pipeline = Pipeline(period=timedelta(seconds=0.3))
pipeline.register(assignments)
pipeline.register(status)


async def measure() -> None:
    """Collect each metric once."""
    metrics = [
        AssignmentsInPool(pool.id),
        PoolCompletedPercentage(pool.id),
        TasksInPool(pool.id),
        SpentBudgetOnPool(pool.id),
        WorkersByFilterOnPool(pool.id),
        Balance(),
    ]
    bind_client(metrics, client)

    complete = asyncio.Event()

    def keep(points: dict[str, list[tuple[Any, Any]]]) -> None:
        lines.update({name: float(values[-1][1]) for name, values in points.items() if values})
        if len(lines) == 8:
            complete.set()

    collector = asyncio.create_task(MetricCollector(metrics, keep).run())
    await complete.wait()
    collector.cancel()


async def main() -> None:
    """The pipeline ends by itself once the pool is closed."""
    await asyncio.wait_for(pipeline.run(), 60)
    await asyncio.wait_for(measure(), 60)


asyncio.run(main())
cursor = TaskCursor(toloka_client=kit, pool_id=pool.id, time_lag=timedelta(0))
print(json.dumps({"seen": seen, "states": states, "lines": lines, "tasks": len(list(cursor))}))
