"""The asynchronous client: everything at once."""

import asyncio
import json

from toloka.async_client import AsyncTolokaClient

from tests.clients.toloka_kit import world


async def main() -> None:
    """Create tasks in two pools side by side, open both, and read what comes."""
    kit = world.client()
    client = AsyncTolokaClient.from_sync_client(kit)
    project = world.project(kit)
    pools = [world.pool(kit, project.id, auto_accept_solutions=True) for _ in range(2)]
    created = await asyncio.gather(
        *(client.create_tasks(world.tasks(pool.id, 130), allow_defaults=True) for pool in pools)
    )
    opened = await asyncio.gather(*(client.open_pool(pool.id) for pool in pools))
    for _ in range(150):
        states = await asyncio.gather(*(client.get_pool(pool.id) for pool in pools))
        if all(pool.is_closed() for pool in states):
            break
        await asyncio.sleep(0.2)
    accepted = [
        assignment.id
        async for assignment in client.get_assignments(
            pool_id=pools[0].id, status="ACCEPTED", batch_size=20
        )
    ]
    tasks = [task.id async for task in client.get_tasks(pool_id=pools[1].id)]
    requester = await client.get_requester()
    print(
        json.dumps(
            {
                "created": [len(each.items) for each in created],
                "opened": [pool.is_open() for pool in opened],
                "reasons": [pool.last_close_reason.value for pool in states],
                "accepted": len(set(accepted)),
                "tasks": len(set(tasks)),
                "balance": requester.balance > 0,
            }
        )
    )


asyncio.run(main())
