"""Twenty thousand tasks in one call, in a pool that the call opens."""

import json
import sys
import time

import world

count = int(sys.argv[2])
kit = world.client()
pool = world.pool(kit, world.project(kit).id)
started = time.perf_counter()
operation = kit.create_tasks_async(world.tasks(pool.id, count), allow_defaults=True, open_pool=True)
answered = time.perf_counter() - started
operation = kit.wait_operation(operation, disable_progress=True)
finished = time.perf_counter() - started
log = kit.get_operation_log(operation.id)
logged = time.perf_counter() - started
status = kit.get_pool(pool.id).status.value
other = world.pool(kit, pool.project_id)
started = time.perf_counter()
created = kit.create_tasks(world.tasks(other.id, count), allow_defaults=True, open_pool=True)
whole = time.perf_counter() - started
print(
    json.dumps(
        {
            "status": operation.status.value,
            "details": operation.details,
            "logged": len(log),
            "pool": status,
            "items": len(created.items),
            "same": all(
                created.items[str(n)].input_values["image"] == f"https://example.com/{n}.jpg"
                for n in range(count)
            ),
            "errors": created.validation_errors,
            "other_pool": kit.get_pool(other.id).status.value,
            "seconds": {
                "answered": round(answered, 2),
                "finished": round(finished, 2),
                "logged": round(logged, 2),
                "create_tasks": round(whole, 2),
            },
        }
    )
)
