"""Pools and trainings: which there is of an id, what its state allows, and how it changes."""

from typing import Any

from mockserver.engine.sandbox import Sandbox
from mockserver.engine.store import Range
from mockserver.services.toloka import errors, ledger, subscriptions, wire

POOLS = "toloka.pools"
TRAININGS = "toloka.trainings"
LOCKS = "toloka.pool_locks"

Pool = dict[str, Any]
"""A pool or a training, in the wire's shape; they share one row of ids."""

REOPENS_AFTER = 15 * 60.0
"""Seconds after which a pool that was closed for an update opens by itself."""
REJECTED_BLOCK = 9 * 86_400.0
"""Seconds for which a rejected assignment keeps its pool from being archived."""


def get(sandbox: Sandbox, pool_id: Any) -> Pool | None:
    """The pool or training of an id; tasks of a training name it as their pool."""
    key = str(pool_id)
    return sandbox.collection(POOLS).get(key) or sandbox.collection(TRAININGS).get(key)


def require(sandbox: Sandbox, pool_id: Any) -> Pool:
    """The pool or training of an id, or the service's 404."""
    found = get(sandbox, pool_id)
    if found is None:
        raise errors.missing()
    return found


def is_training(pool: Pool) -> bool:
    """Whether it is a training; only those have this key, which they must have."""
    return "training_tasks_in_task_suite_count" in pool


def put(sandbox: Sandbox, pool: Pool) -> None:
    """Keep a changed pool or training."""
    sandbox.collection(TRAININGS if is_training(pool) else POOLS).put(pool)


def as_pool(document: Pool) -> Pool:
    """As `/pools/{id}` shows it: a training can be reached there too (fact f.2)."""
    if not is_training(document):
        return document
    return {"type": "TRAINING", "priority": 0, **document}


def check_open(sandbox: Sandbox, pool: Pool) -> None:
    """Raise when the pool may not be opened."""
    if pool["status"] not in ("CLOSED", "OPEN"):
        raise errors.inappropriate("OPEN", "CLOSED")
    if not can_issue(sandbox, pool):
        raise errors.conflict("EMPTY_POOL", "Pool contains no tasks. Operation is not allowed")
    requester = sandbox.collection("toloka.requester").get(wire.REQUESTER)
    if not is_training(pool) and requester is not None and requester["balance"] <= 0:
        raise errors.conflict("NOT_ENOUGH_BALANCE", "Not enough balance to open the pool")


def can_issue(sandbox: Sandbox, pool: Pool) -> bool:
    """Whether there is anything that suites can be made of: tasks alone need a mixer
    configuration, without which the service opens no pool (fact a.14)."""
    counts = ledger.read(sandbox, pool["id"])
    if counts["suites"]:
        return True
    tasks: int = counts["real"] + counts["golden"] + counts["training"]
    return bool(tasks) and (is_training(pool) or bool(pool.get("mixer_config")))


def check_unlocked(sandbox: Sandbox, pool_id: str) -> None:
    """Raise while a batch is written into the pool and the setting asks for locks."""
    if sandbox.collection(LOCKS).count({"pool_id": pool_id}):
        raise errors.conflict("POOL_LOCKED_BY_ANOTHER_OPERATION")


def check_archive(sandbox: Sandbox, pool: Pool) -> None:
    """Raise when the pool may not be archived."""
    if pool["status"] != "CLOSED":
        raise errors.inappropriate("CLOSED")
    assignments = sandbox.collection("toloka.assignments")
    if assignments.count({"pool_id": pool["id"], "status": "SUBMITTED"}):
        raise errors.conflict("SUBMITTED_ASSIGNMENTS_CONFLICT")
    if assignments.count({"pool_id": pool["id"], "status": "ACTIVE"}):
        raise errors.conflict("THERE_IS_ACTIVE_ASSIGNMENT")
    since = wire.written(sandbox.clock.now() - REJECTED_BLOCK)
    rejected = {"pool_id": pool["id"], "status": "REJECTED"}
    if assignments.find(rejected, ranges={"rejected": Range(gt=since)}, limit=1):
        raise errors.conflict("THERE_IS_REJECTED_ASSIGNMENT")
    if is_training(pool):
        _check_links(sandbox, pool)


def _check_links(sandbox: Sandbox, training: Pool) -> None:
    """A training goes last: the pools that require it must be archived before."""
    where = {"quality_control.training_requirement.training_pool_id": training["id"]}
    linked = sandbox.collection(POOLS).each(where)
    if any(pool["status"] != "ARCHIVED" for pool in linked):
        raise errors.conflict("TRAINING_ARCHIVE_CONFLICT")


def open_now(sandbox: Sandbox, pool: Pool) -> None:
    """The pool is open; whoever called has checked that it may be."""
    pool["status"] = "OPEN"
    pool["last_started"] = wire.stamp(sandbox)
    put(sandbox, pool)
    sandbox.jobs.cancel(resource=pool["id"], kind="toloka.reopen_pool")
    if "will_expire" in pool:
        left = wire.moment(pool["will_expire"]) - sandbox.clock.now()
        sandbox.jobs.cancel(resource=f"expiry/{pool['id']}")
        sandbox.jobs.schedule(
            "toloka.expire_pool",
            {"pool_id": pool["id"]},
            delay=max(0.0, left),
            resource=f"expiry/{pool['id']}",
        )


def close_now(sandbox: Sandbox, pool: Pool, reason: str) -> None:
    """The pool is closed, and those who want to know are told why."""
    pool["status"] = "CLOSED"
    pool["last_stopped"] = wire.stamp(sandbox)
    pool["last_close_reason"] = reason
    put(sandbox, pool)
    sandbox.jobs.cancel(resource=f"expiry/{pool['id']}")
    subscriptions.tell(sandbox, pool, "POOL_CLOSED", [{"close_reason": reason}])
    if reason == "FOR_UPDATE":
        sandbox.jobs.schedule(
            "toloka.reopen_pool", {"pool_id": pool["id"]}, delay=REOPENS_AFTER, resource=pool["id"]
        )


def archive_now(sandbox: Sandbox, pool: Pool) -> None:
    """The pool is archived."""
    pool["status"] = "ARCHIVED"
    put(sandbox, pool)


def clone(sandbox: Sandbox, pool: Pool) -> Pool:
    """A closed pool like another, without its tasks and its history."""
    mine = ("id", "status", "created", "last_started", "last_stopped", "last_close_reason")
    found = {key: value for key, value in pool.items() if key not in mine}
    found |= {
        "id": wire.number(sandbox, "pool"),
        "status": "CLOSED",
        "created": wire.stamp(sandbox),
    }
    put(sandbox, found)
    return found
