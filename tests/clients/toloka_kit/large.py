"""Twenty thousand tasks in one call, in a pool that the call opens."""

import json
import sys
import time

from tests.clients.toloka_kit import world

count = int(sys.argv[2])
kit = world.client()
pool = world.pool(kit, world.project(kit).id)
started = time.perf_counter()
created = kit.create_tasks(world.tasks(pool.id, count), allow_defaults=True, open_pool=True)
seconds = time.perf_counter() - started
status = kit.get_pool(pool.id).status.value
found = kit.find_operations(type="TASK.BATCH_CREATE", sort=["-submitted"], limit=1)
operation = found.items[0]
images = [created.items[str(number)].input_values["image"] for number in range(count)]
print(
    json.dumps(
        {
            "status": operation.status.value,
            "details": operation.details,
            "took": (operation.finished - operation.submitted).total_seconds(),
            "logged": len(kit.get_operation_log(operation.id)),
            "pool": status,
            "items": len(created.items),
            "same": images == [f"https://example.com/{number}.jpg" for number in range(count)],
            "errors": created.validation_errors,
            "seconds": seconds,
        }
    )
)
