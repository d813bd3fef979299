"""What happens after the answer: how long each step takes, who takes it, and its job."""

from typing import Any

from mockserver.engine.errors import ServiceError
from mockserver.engine.pace import Transition
from mockserver.engine.sandbox import Sandbox
from mockserver.engine.service import JobTable
from mockserver.services.toloka import (
    apps,
    assignments,
    crowd,
    measures,
    operations,
    overlap,
    pools,
    slices,
    wire,
)

runs = JobTable()

TRANSITIONS = {
    "start_operation": Transition(fast=(0.01, 0.05), realistic=(0.5, 3)),
    "create_tasks": Transition(fast=(0.02, 0.1), realistic=(2, 20)),
    "create_task_suites": Transition(fast=(0.02, 0.1), realistic=(2, 20)),
    "create_user_bonuses": Transition(fast=(0.02, 0.1), realistic=(1, 5)),
    "open_pool": Transition(fast=(0.02, 0.1), realistic=(1, 5)),
    "close_pool": Transition(fast=(0.02, 0.1), realistic=(1, 5)),
    "close_pool_for_update": Transition(fast=(0.02, 0.1), realistic=(1, 5)),
    "archive_pool": Transition(fast=(0.02, 0.1), realistic=(1, 10)),
    "clone_pool": Transition(fast=(0.02, 0.1), realistic=(1, 5)),
    "archive_project": Transition(fast=(0.02, 0.1), realistic=(1, 5)),
    "aggregate_solutions": Transition(fast=(0.05, 0.2), realistic=(5, 60)),
    "measure_pools": Transition(fast=(0.05, 0.2), realistic=(2, 10)),
    # A program that opens a pool looks at it half a second later (client/__init__.py:2966), and
    # should find it open even where there is little to do.
    "complete_pool": Transition(fast=(1.5, 2.5), realistic=(5, 60)),
    "issue_assignments": Transition(fast=(0.2, 0.6), realistic=(5, 60), by="people"),
    "submit_assignments": Transition(fast=(0.3, 0.9), realistic=(30, 300), by="people"),
    "process_app_batch": Transition(fast=(0.3, 0.9), realistic=(30, 300), by="people"),
}


@runs("start_operation")
def start_operation(sandbox: Sandbox, *, operation_id: str, transition: str) -> None:
    """PENDING becomes RUNNING and what the operation is for comes next, unless a fault has it
    fail."""
    fault = sandbox.faults.job(f"toloka.{transition}", operation_id)
    if fault and fault.fails:
        slices.fail(sandbox, operation_id)
        return
    operations.start(sandbox, operation_id, transition)


def _create(sandbox: Sandbox, name: str, operation_id: str, start: int, phase: str) -> None:
    """One slice of a batch; the next one is committed with it."""
    following = slices.run(sandbox, operation_id, start, phase)
    if following is not None:
        arguments = {"operation_id": operation_id, "start": following[0], "phase": following[1]}
        sandbox.jobs.schedule(f"toloka.create_{name}", arguments, resource=operation_id)
        return
    batch = sandbox.collection("toloka.batches").get(operation_id) or {}
    for pool_id in batch.get("pools", ()):
        crowd.settle(sandbox, pools.require(sandbox, pool_id))


@runs("create_tasks", background=True)
def create_tasks(
    sandbox: Sandbox, *, operation_id: str, start: int = 0, phase: str = "check"
) -> None:
    """Check and create tasks of a batch."""
    _create(sandbox, "tasks", operation_id, start, phase)


@runs("create_task_suites", background=True)
def create_task_suites(
    sandbox: Sandbox, *, operation_id: str, start: int = 0, phase: str = "check"
) -> None:
    """Check and create suites of a batch."""
    _create(sandbox, "task_suites", operation_id, start, phase)


@runs("create_user_bonuses", background=True)
def create_user_bonuses(
    sandbox: Sandbox, *, operation_id: str, start: int = 0, phase: str = "check"
) -> None:
    """Check and give bonuses of a batch."""
    _create(sandbox, "user_bonuses", operation_id, start, phase)


def _subject(operation: dict[str, Any]) -> str:
    """The pool or training that an operation is about."""
    parameters = operation["parameters"]
    return str(parameters.get("pool_id") or parameters["training_id"])


def _failure(error: ServiceError) -> dict[str, Any]:
    return {"code": error.code, "message": error.message}


@runs("open_pool")
def open_pool(sandbox: Sandbox, *, operation_id: str) -> None:
    """Open a pool or training, and let the crowd see it."""
    operation = operations.get(sandbox, operation_id)
    pool = pools.require(sandbox, _subject(operation))
    try:
        pools.check_open(sandbox, pool)
    except ServiceError as refusal:
        operations.finish(sandbox, operation, "FAIL", _failure(refusal))
        return
    if pool["status"] != "OPEN":
        pools.open_now(sandbox, pool)
    operations.finish(sandbox, operation)
    crowd.settle(sandbox, pool)


@runs("close_pool")
def close_pool(sandbox: Sandbox, *, operation_id: str) -> None:
    """Close a pool or training."""
    _close(sandbox, operation_id, "MANUAL")


@runs("close_pool_for_update")
def close_pool_for_update(sandbox: Sandbox, *, operation_id: str) -> None:
    """Close a pool or training that opens again by itself."""
    _close(sandbox, operation_id, "FOR_UPDATE")


def _close(sandbox: Sandbox, operation_id: str, reason: str) -> None:
    operation = operations.get(sandbox, operation_id)
    pool = pools.require(sandbox, _subject(operation))
    if pool["status"] == "OPEN":
        pools.close_now(sandbox, pool, reason)
    operations.finish(sandbox, operation)


@runs("archive_pool")
def archive_pool(sandbox: Sandbox, *, operation_id: str) -> None:
    """Archive a pool or training."""
    operation = operations.get(sandbox, operation_id)
    pool = pools.require(sandbox, _subject(operation))
    if pool["status"] != "ARCHIVED":
        try:
            pools.check_archive(sandbox, pool)
        except ServiceError as refusal:
            operations.finish(sandbox, operation, "FAIL", _failure(refusal))
            return
        pools.archive_now(sandbox, pool)
    operations.finish(sandbox, operation)


@runs("clone_pool")
def clone_pool(sandbox: Sandbox, *, operation_id: str) -> None:
    """Make a closed pool or training like another, without its tasks."""
    operation = operations.get(sandbox, operation_id)
    clone = pools.clone(sandbox, pools.require(sandbox, _subject(operation)))
    name = "pool_id" if "pool_id" in operation["parameters"] else "training_id"
    operations.finish(sandbox, operation, details={name: clone["id"]})


@runs("archive_project")
def archive_project(sandbox: Sandbox, *, operation_id: str) -> None:
    """Archive a project."""
    operation = operations.get(sandbox, operation_id)
    projects = sandbox.collection("toloka.projects")
    project = projects.get(operation["parameters"]["project_id"])
    if project is not None:
        projects.put({**project, "status": "ARCHIVED"})
    operations.finish(sandbox, operation)


@runs("aggregate_solutions")
def aggregate_solutions(sandbox: Sandbox, *, operation_id: str, start: str | None = None) -> None:
    """Aggregate the answers of a pool, slice by slice."""
    following = measures.aggregate(sandbox, operation_id, start)
    if following is not None:
        arguments = {"operation_id": operation_id, "start": following}
        sandbox.jobs.schedule("toloka.aggregate_solutions", arguments, resource=operation_id)


@runs("measure_pools")
def measure_pools(sandbox: Sandbox, *, operation_id: str) -> None:
    """Answer the questions of an analytics request."""
    measures.measure(sandbox, operation_id)


@runs("issue_assignments", background=True)
def issue_assignments(sandbox: Sandbox, *, pool_id: str) -> None:
    """The crowd takes suites from an open pool."""
    crowd.work(sandbox, pool_id)


@runs("submit_assignments", background=True)
def submit_assignments(sandbox: Sandbox, *, assignment_ids: list[str]) -> None:
    """The crowd hands in answers; for those whose time is over it is too late."""
    now = sandbox.clock.now()
    for pool_id, found in crowd.active(sandbox, assignment_ids).items():
        pool = pools.require(sandbox, pool_id)
        limit = float(pool.get("assignment_max_duration_seconds") or 86_400)
        late = [each for each in found if now - wire.moment(each["created"]) > limit]
        in_time = [each for each in found if each not in late]
        if in_time:
            crowd.submit(sandbox, pool, in_time)
        if late:
            crowd.give_back(sandbox, pools.require(sandbox, pool_id), late, "EXPIRED")


@runs("expire_assignments")
def expire_assignments(sandbox: Sandbox, *, assignment_ids: list[str]) -> None:
    """The time of assignments that were given on command is over."""
    for pool_id, found in crowd.active(sandbox, assignment_ids).items():
        crowd.give_back(sandbox, pools.require(sandbox, pool_id), found, "EXPIRED")


@runs("accept_assignments", background=True)
def accept_assignments(sandbox: Sandbox, *, assignment_ids: list[str]) -> None:
    """The requester's time for review is over: what is not rejected is accepted."""
    stored = sandbox.collection(assignments.COLLECTION)
    for assignment_id in assignment_ids:
        assignment = stored.get(assignment_id)
        if assignment is not None and assignment["status"] == "SUBMITTED":
            pool = pools.require(sandbox, assignment["pool_id"])
            assignments.move(sandbox, pool, [assignment], "ACCEPTED")


@runs("complete_pool")
def complete_pool(sandbox: Sandbox, *, pool_id: str) -> None:
    """Everything is done: the pool closes by itself."""
    pool = pools.require(sandbox, pool_id)
    if overlap.complete(sandbox, pool):
        pools.close_now(sandbox, pool, "COMPLETED")


@runs("expire_pool")
def expire_pool(sandbox: Sandbox, *, pool_id: str) -> None:
    """The date until which the pool was to be open has come."""
    pool = pools.require(sandbox, pool_id)
    if pool["status"] == "OPEN":
        pools.close_now(sandbox, pool, "EXPIRED")


@runs("reopen_pool")
def reopen_pool(sandbox: Sandbox, *, pool_id: str) -> None:
    """A pool that was closed for an update opens again, unless something else has happened."""
    pool = pools.require(sandbox, pool_id)
    if pool["status"] == "CLOSED" and pool.get("last_close_reason") == "FOR_UPDATE":
        pools.open_now(sandbox, pool)
        crowd.settle(sandbox, pool)


@runs("process_app_batch")
def process_app_batch(sandbox: Sandbox, *, batch_id: str) -> None:
    """The crowd works on the items of an App batch, slice by slice."""
    if apps.process(sandbox, batch_id):
        sandbox.jobs.schedule("toloka.process_app_batch", {"batch_id": batch_id}, resource=batch_id)
