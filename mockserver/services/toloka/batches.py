"""Batches of tasks, suites and bonuses: checked and created item by item, at once or in slices.

A batch that an operation carries out is kept as one blob, a slice a line. Slices of it are jobs
that commit with their continuation, so a server that is killed goes on where it was, and the
operation's log is put together from the blob and one small record a slice.
"""

import contextlib
from collections.abc import Iterable, Iterator
from itertools import accumulate
from operator import itemgetter
from typing import Any, Protocol

import orjson

from mockserver.engine.errors import ServiceError
from mockserver.engine.sandbox import Sandbox
from mockserver.engine.service import Call
from mockserver.services.toloka import errors, operations, pools, quotas, wire
from mockserver.services.toloka.bonuses import Bonuses, twice
from mockserver.services.toloka.errors import Fields
from mockserver.services.toloka.suites import Suites
from mockserver.services.toloka.tasks import Tasks

COLLECTION = "toloka.batches"
SLICES = "toloka.batch_slices"

SLICE = 125
"""Items, and so documents, of one job: few enough that calls beside it wait some milliseconds."""
CHECKED = 4
"""Slices that one job checks when it creates nothing yet."""

Item = dict[str, Any]


class Kind(Protocol):
    """What a batch can be made of."""

    operation: str
    created_step: str
    failed_step: str
    output: str
    noun: str
    collection: str
    pooled: bool

    def __init__(self, sandbox: Sandbox, *, allow_defaults: bool) -> None: ...
    def errors(self, item: Any) -> Fields: ...
    def effective(self, item: Item) -> Item: ...
    def identify(self, item: Item, second: int, count: int) -> str: ...
    def create(self, items: list[Item], now: float) -> tuple[int, list[Item]]: ...


KINDS: dict[str, type[Kind]] = {"tasks": Tasks, "task_suites": Suites, "user_bonuses": Bonuses}
MOST_AT_ONCE = {"tasks": 5000, "user_bonuses": 100}
"""Items of one synchronous request; for suites the documentation names no limit."""


def items_of(call: Call) -> list[Any]:
    """The submitted items, one or many; toloka-kit sends an empty list as no body (trap B19)."""
    if call.body is None or call.body in ([], {}):
        raise errors.invalid({"__body": errors.field("NOT_NULL_BODY", "Body must not be empty")})
    most = call.sandbox.setting("toloka.max_body_bytes")
    if most and len(call.raw) > most:
        raise _too_large()
    return call.body if isinstance(call.body, list) else [call.body]


def check_state(sandbox: Sandbox, name: str, items: list[Any]) -> list[str]:
    """Raise when a pool of the batch may not be written into; answers the pools there are."""
    if not KINDS[name].pooled:
        place = twice(items)
        if place is not None:
            detail = {f"{place}": errors.field("ENTITY_CONFLICT", "The bonus is there already")}
            raise errors.conflict("ENTITY_CONFLICT", "Entity conflict", detail)
        return []
    found = []
    for pool_id in _named(items):
        pool = pools.get(sandbox, pool_id)
        if pool is None:
            continue
        if pool["status"] not in ("OPEN", "CLOSED"):
            raise errors.conflict("POOL_INAPPROPRIATE_STATUS")
        pools.check_unlocked(sandbox, pool["id"])
        strict = name == "tasks" and sandbox.setting("toloka.require_mixer_config")
        if strict and not pool.get("mixer_config") and not pools.is_training(pool):
            raise errors.conflict("MIXER_CONFIG_REQUIRED", "pool must contain mixer config")
        found.append(pool["id"])
    return found


def _named(items: list[Any]) -> Iterable[str | int]:
    """The pools that a batch names; an item that names none is told so by itself."""
    with contextlib.suppress(TypeError, KeyError, IndexError):
        named = dict.fromkeys(map(itemgetter("pool_id"), items))
        if set(map(type, named)) <= {str, int}:
            return named
    each: list[Any] = [item.get("pool_id") for item in items if type(item) is dict]
    return dict.fromkeys([name for name in each if type(name) in (str, int)])


def create_now(call: Call, name: str, present: Any) -> tuple[int, Any]:
    """Create the items of a synchronous request, and answer with them."""
    sandbox, items = call.sandbox, items_of(call)
    if len(items) > MOST_AT_ONCE.get(name, len(items)):
        raise _too_large()
    found = check_state(sandbox, name, items)
    quotas.spend_objects(sandbox, call.credential, name, len(items))
    kind = KINDS[name](sandbox, allow_defaults=wire.flag(call, "allow_defaults"))
    wrong = {index: one for index, item in enumerate(items) if (one := kind.errors(item))}
    single = not isinstance(call.body, list)
    if wrong and single:
        raise errors.invalid(wrong[0])
    faults = {str(index): one for index, one in wrong.items()}
    if wrong and (len(wrong) == len(items) or not wire.flag(call, "skip_invalid_items")):
        raise errors.invalid(faults)
    places = [index for index in range(len(items)) if index not in wrong]
    _, kept = kind.create([items[index] for index in places], sandbox.clock.now())
    if wire.flag(call, "open_pool"):
        for pool_id in found:
            open_pool(sandbox, pool_id)
    if single:
        return 201, present(kept[0])
    created = {str(index): present(one) for index, one in zip(places, kept, strict=True)}
    return 201, {"items": created, "validation_errors": faults}


def start(call: Call, name: str) -> tuple[int, Any]:
    """Keep the items of an asynchronous request, and answer with the operation."""
    sandbox = call.sandbox
    operation_id = operations.claim(sandbox, call.parameters.get("operation_id"))
    items = items_of(call)
    found = check_state(sandbox, name, items)
    quotas.spend_objects(sandbox, call.credential, name, len(items))
    kind = KINDS[name]
    parameters = {"skip_invalid_items": wire.flag(call, "skip_invalid_items")}
    if kind.pooled:
        parameters["allow_defaults"] = wire.flag(call, "allow_defaults")
        parameters["open_pool"] = wire.flag(call, "open_pool")
    operation = operations.submit(sandbox, kind.operation, parameters, operation_id)
    sandbox.collection(COLLECTION).put(
        {
            "id": operation_id,
            "kind": name,
            "total": len(items),
            "pools": found,
            "offsets": _store(sandbox, operation_id, items),
            "valid": 0,
            "created": 0,
            "opening": [],
        }
    )
    if sandbox.setting("toloka.lock_pools"):
        locks = sandbox.collection(pools.LOCKS)
        locks.put_many(
            [
                {"id": f"{operation_id}/{pool_id}", "pool_id": pool_id, "operation": operation_id}
                for pool_id in found
            ]
        )
    operations.start_later(sandbox, operation, f"create_{name}")
    return 202, operation


def open_pool(sandbox: Sandbox, pool_id: str) -> Item | None:
    """Open a closed pool once its items are there; answers the refusal, if there is one."""
    pool = pools.require(sandbox, pool_id)
    if pool["status"] == "OPEN":
        return None
    try:
        pools.check_open(sandbox, pool)
    except ServiceError as refusal:
        return {"code": refusal.code, "message": refusal.message}
    pools.open_now(sandbox, pool)
    return None


def read(sandbox: Sandbox, batch: Item, first: int, count: int = 1) -> Iterator[Item]:
    """The items of some slices; each is read from its place in the blob."""
    upload = sandbox.uploads.get(_key(batch["id"]))
    if upload is None:
        return
    offsets = batch["offsets"]
    last = min(first + count, len(offsets) - 1)
    with upload.path.open("rb") as file:
        file.seek(offsets[first])
        for line in file.read(offsets[last] - offsets[first]).splitlines():
            yield from orjson.loads(line)


def _store(sandbox: Sandbox, operation_id: str, items: list[Any]) -> list[int]:
    """Write the slices as lines of one blob; answers where they begin, and the end."""
    lines = [
        orjson.dumps(items[first : first + SLICE], option=orjson.OPT_APPEND_NEWLINE)
        for first in range(0, len(items), SLICE)
    ]
    offsets = [0, *accumulate(map(len, lines))]
    data = b"".join(lines)
    sandbox.uploads.put(_key(operation_id), data, content_type="application/x-ndjson", held=True)
    return offsets


def _key(operation_id: str) -> str:
    return f"toloka/batches/{operation_id}.ndjson"


def _too_large() -> ServiceError:
    return ServiceError(
        "The number of items exceeds the allowed value", status=413, code="ENTITY_TOO_LARGE"
    )
