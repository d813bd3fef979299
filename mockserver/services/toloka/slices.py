"""The slices of a batch as jobs run them, and the operation's log that they leave behind."""

from collections.abc import Iterator
from typing import Any

from mockserver.engine.sandbox import Sandbox
from mockserver.services.toloka import batches, errors, operations, pools, wire
from mockserver.services.toloka.batches import CHECKED, COLLECTION, KINDS, SLICE, SLICES, Item, Kind
from mockserver.services.toloka.operations import Operation

_BROKEN = errors.field("INTERNAL_ERROR", "Internal Error")


def run(sandbox: Sandbox, operation_id: str, first: int, phase: str) -> tuple[int, str] | None:
    """Check or create what is next of a batch; answers where to go on, or None at the end.

    With `skip_invalid_items` each slice is checked and created in one go. Without, everything is
    checked before anything is created, since one invalid item stops all.
    """
    operation = operations.get(sandbox, operation_id)
    batch = sandbox.collection(COLLECTION).get(operation_id)
    assert batch is not None, "a batch is kept with its operation"
    parameters = operation["parameters"]
    kind = KINDS[batch["kind"]](sandbox, allow_defaults=parameters.get("allow_defaults", False))
    count = len(batch["offsets"]) - 1
    if phase == "check" and not parameters["skip_invalid_items"]:
        done = _check(sandbox, kind, batch, first)
        if done < count:
            operations.progress(sandbox, operation, 50 * done // count)
            return done, "check"
        if batch["valid"] < batch["total"]:
            _end(sandbox, operation, batch)
            return None
        operations.progress(sandbox, operation, 50)
        return 0, "create"
    _create(sandbox, kind, batch, first, checked=phase == "create")
    done = first + 1
    if done < count:
        start = 50 if phase == "create" else 0
        operations.progress(sandbox, operation, start + (100 - start) * done // count)
        return done, phase
    _end(sandbox, operation, batch)
    return None


def _check(sandbox: Sandbox, kind: Kind, batch: Item, first: int) -> int:
    """Check some slices and note what is wrong; answers the slice to go on with."""
    last = min(first + CHECKED, len(batch["offsets"]) - 1)
    wrong: dict[int, dict[str, Any]] = {}
    valid = 0
    for index, item in enumerate(batches.read(sandbox, batch, first, CHECKED), first * SLICE):
        found = kind.errors(item)
        if found:
            wrong.setdefault(index // SLICE, {})[str(index)] = found
        else:
            valid += 1
    records = [_record(batch, number, faults) for number, faults in wrong.items()]
    sandbox.collection(SLICES).put_many(records)
    batch["valid"] += valid
    sandbox.collection(COLLECTION).put(batch)
    return last


def _create(sandbox: Sandbox, kind: Kind, batch: Item, number: int, *, checked: bool) -> None:
    """Create the valid items of one slice, and keep what the log needs of it."""
    faults, good, valid = {}, [], 0
    fault = sandbox.faults.job(f"toloka.create_{batch['kind']}", batch["id"])
    for index, item in enumerate(batches.read(sandbox, batch, number), number * SLICE):
        found = {} if checked else kind.errors(item)
        valid += not found
        if not found and sandbox.faults.item_fails(fault, batch["id"], index):
            found = {"__item": dict(_BROKEN)}
        if found:
            faults[str(index)] = found
        else:
            good.append(item)
    now = sandbox.clock.now()
    first, _ = kind.create(good, now)
    record = _record(batch, number, faults) | {"first": first, "second": int(now)}
    record["overlaps"] = _overlaps(kind, good)
    sandbox.collection(SLICES).put(record)
    if not checked:
        batch["valid"] += valid
    batch["created"] += len(good)
    sandbox.collection(COLLECTION).put(batch)


def _overlaps(kind: Kind, items: list[Item]) -> dict[str, Any]:
    """The overlap that items without their own got, by pool; the pool's default may change."""
    found: dict[str, Any] = {}
    for item in items:
        bare = item.get("overlap") is None and not wire.truth(item.get("infinite_overlap"))
        if kind.pooled and bare and str(item["pool_id"]) not in found:
            effective = kind.effective(item)
            found[str(item["pool_id"])] = [effective["overlap"], effective["infinite_overlap"]]
    return found


def _record(batch: Item, number: int, faults: dict[str, Any]) -> Item:
    return {
        "id": f"{batch['id']}/{number:06d}",
        "batch": batch["id"],
        "number": number,
        "faults": faults,
    }


def fail(sandbox: Sandbox, operation_id: str) -> None:
    """The operation fails as a whole; of a batch every item does, since toloka-kit takes a failed
    operation without failed items for a success (trap B4)."""
    operation = operations.get(sandbox, operation_id)
    batch = sandbox.collection(COLLECTION).get(operation_id)
    if batch is None:
        operations.finish(sandbox, operation, "FAIL", _BROKEN)
        return
    batch |= {"valid": batch["total"], "failed": True}
    sandbox.collection(COLLECTION).put(batch)
    _end(sandbox, operation, batch)


def _end(sandbox: Sandbox, operation: Operation, batch: Item) -> None:
    """The batch has been gone through: count, open its pools if that was asked for, let go."""
    total, valid, created = batch["total"], batch["valid"], batch["created"]
    for lock in sandbox.collection(pools.LOCKS).find({"operation": batch["id"]}):
        sandbox.collection(pools.LOCKS).delete(lock["id"])
    if created and operation["parameters"].get("open_pool"):
        for pool_id in batch["pools"]:
            refusal = batches.open_pool(sandbox, pool_id)
            if refusal:
                request_id = f"ao_{sandbox.ids.hex('toloka.request', 32)}"
                batch["opening"].append([int(pool_id), {**refusal, "request_id": request_id}])
        sandbox.collection(COLLECTION).put(batch)
    counts = {
        "total_count": total,
        "valid_count": valid,
        "not_valid_count": total - valid,
        "success_count": created,
        "failed_count": total - created,
    }
    operations.finish(sandbox, operation, "SUCCESS" if created else "FAIL", counts)


def log(sandbox: Sandbox, operation_id: str) -> Iterator[Item]:
    """The log of a batch: one entry an item, as toloka-kit needs it (fact 4.3).

    Where one invalid item stopped all, only the invalid ones are listed: an entry of success
    without an id would break the client (trap B3).
    """
    batch = sandbox.collection(COLLECTION).get(operation_id)
    if batch is None:
        return
    kind = KINDS[batch["kind"]](sandbox, allow_defaults=True)
    if batch.get("failed"):
        for item in batches.read(sandbox, batch, 0, len(batch["offsets"])):
            yield _failure(kind, item, {"__item": _BROKEN})
    for record in sandbox.collection(SLICES).each({"batch": operation_id}, sort="number"):
        yield from _entries(sandbox, kind, batch, record)
    for pool_id, refusal in batch["opening"]:
        yield {
            "type": "POOL_OPEN",
            "success": False,
            "input": {"pool_id": pool_id},
            "output": refusal,
        }


def _entries(sandbox: Sandbox, kind: Kind, batch: Item, record: Item) -> Iterator[Item]:
    faults = record["faults"]
    count = record.get("first")
    start = record["number"] * SLICE
    for index, item in enumerate(batches.read(sandbox, batch, record["number"]), start):
        found = faults.get(str(index))
        if found is not None:
            yield _failure(kind, item, found)
        elif count is not None:
            identity = kind.identify(item, record["second"], count)
            count += 1
            yield {
                "type": kind.created_step,
                "success": True,
                "input": _shown(kind, item, record),
                "output": {kind.output: identity},
            }


def _failure(kind: Kind, item: Any, found: dict[str, Any]) -> Item:
    return {
        "type": kind.failed_step,
        "success": False,
        "input": item if type(item) is dict else {"value": item},
        "output": found,
    }


def _shown(kind: Kind, item: Item, record: Item) -> Item:
    """The item with its effective overlap; a pool's default as it was at the time."""
    if not kind.pooled:
        return item
    pool_id = str(item["pool_id"])
    if item.get("overlap") is not None:
        return {**item, "pool_id": pool_id, "infinite_overlap": False}
    overlap, infinite = record["overlaps"].get(pool_id, (None, True))
    if wire.truth(item.get("infinite_overlap")):
        overlap, infinite = None, True
    return {**item, "pool_id": pool_id, "overlap": overlap, "infinite_overlap": infinite}
