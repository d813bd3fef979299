"""What is refused, as the client's exceptions tell it, and what becomes of half-good batches."""

import json
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx
import toloka.client as toloka
from toloka.client.exceptions import ApiError, FailedOperation

from tests.clients.toloka_kit import world

kit = world.client()
project = world.project(kit)
pool = world.pool(kit, project.id)
found: dict[str, Any] = {}


def refused(name: str, call: Callable[[], Any]) -> None:
    """Note the exception that a call raises."""
    try:
        call()
    except ApiError as error:
        kind = type(error).__name__
        found[name] = [kind, error.status_code, error.code, plain(error.payload)]
    except (FailedOperation, httpx.HTTPStatusError, TypeError) as error:
        found[name] = [type(error).__name__]
    else:
        found[name] = None


def plain(payload: Any) -> Any:
    """Field errors as their codes."""
    if isinstance(payload, dict) and "code" not in payload:
        return {key: plain(value) for key, value in payload.items()}
    return payload["code"] if isinstance(payload, dict) else getattr(payload, "code", payload)


def task(values: Any = None, pool_id: str = pool.id, **more: Any) -> toloka.Task:
    """A task of the project; without values a good one."""
    given = {"image": "https://example.com/1.jpg"} if values is None else values
    return toloka.Task(pool_id=pool_id, input_values=given, overlap=1, **more)


def total() -> int:
    """How many tasks the pool has."""
    return len(list(kit.get_tasks(pool_id=pool.id)))


bad, other = task({"imagis": "y"}), task({"image": 7})
refused("one bad task", lambda: kit.create_task(bad))
refused("one bad task of two", lambda: kit.create_tasks([task(), bad]))
refused("one bad task of two, sync", lambda: kit.create_tasks([task(), bad], async_mode=False))
refused("one bad task alone, sync", lambda: kit.create_task(bad, async_mode=False))
refused("all bad", lambda: kit.create_tasks([bad, other], skip_invalid_items=True))
refused(
    "all bad, sync",
    lambda: kit.create_tasks([bad, other], skip_invalid_items=True, async_mode=False),
)
refused("unknown pool", lambda: kit.create_task(task(pool_id="9999999")))
found["nothing created"] = total()

half = kit.create_tasks([task(), bad, task()], skip_invalid_items=True)
found["half good"] = [sorted(half.items), plain(half.validation_errors)]
half = kit.create_tasks([task(), bad, task()], skip_invalid_items=True, async_mode=False)
found["half good, sync"] = [sorted(half.items), plain(half.validation_errors)]
found["created"] = total()

refused("too many", lambda: kit.create_tasks([task()] * 5001, async_mode=False))
refused("none", lambda: kit.create_tasks([]))
operation_id = uuid.uuid4()
first = kit.create_tasks([task()], operation_id=operation_id)
again = kit.create_tasks([task()], operation_id=operation_id)
found["repeated"] = first.items["0"].id == again.items["0"].id
found["created once"] = total()
refused(
    "id of another kind",
    lambda: kit.create_user_bonus(
        toloka.UserBonus(user_id="a" * 32, amount=Decimal(1)), operation_id=operation_id
    ),
)
failed = kit.create_tasks_async([task(), bad])
kit.wait_operation(failed)
refused(
    "repeated after a failure",
    lambda: kit.create_tasks([task()], operation_id=uuid.UUID(failed.id)),
)
refused("unknown task", lambda: kit.get_task("0"))
refused("unknown operation", lambda: kit.get_operation(str(uuid.uuid4())))
empty = world.pool(kit, project.id)
refused("empty pool", lambda: kit.open_pool(empty.id))
refused("open pool, not there", lambda: kit.open_pool("1"))
kit.archive_pool(empty.id)
refused(
    "priority of an archived pool", lambda: kit.patch_pool(empty.id, toloka.PoolPatchRequest(1))
)
refused("archived pool", lambda: kit.create_task(task(pool_id=empty.id)))
refused("project with pools", lambda: kit.archive_project(project.id))
unplugged = toloka.TolokaClient("token", url=world.URL + "/nowhere")
refused("unknown path", unplugged.get_requester)
print(json.dumps(found))
