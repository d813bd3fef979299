"""Assignments: how one is shown, and the states that it goes through."""

from collections.abc import Iterable
from typing import Any

from mockserver.engine.sandbox import Sandbox
from mockserver.services.toloka import errors, ledger, pools, subscriptions, tasks, wire

COLLECTION = "toloka.assignments"
LINKS = "toloka.task_assignments"
"""One record for each task that a Toloker was given; its id names both."""

Assignment = dict[str, Any]

EVENTS = {
    "ACTIVE": "ASSIGNMENT_CREATED",
    "SUBMITTED": "ASSIGNMENT_SUBMITTED",
    "ACCEPTED": "ASSIGNMENT_APPROVED",
    "REJECTED": "ASSIGNMENT_REJECTED",
    "SKIPPED": "ASSIGNMENT_SKIPPED",
    "EXPIRED": "ASSIGNMENT_EXPIRED",
}
BEFORE = {"ACCEPTED": ("SUBMITTED", "REJECTED"), "REJECTED": ("SUBMITTED",)}
"""The states from which a requester may decide so."""


def link_id(task_id: str, user_id: str) -> str:
    """The id of the record that a Toloker was given a task."""
    return f"{task_id}@{user_id}"


def tasks_of(sandbox: Sandbox, assignment: Assignment) -> list[dict[str, Any]]:
    """The tasks of an assignment, in order, as the service shows them."""
    suite = sandbox.collection("toloka.task_suites").get(assignment["task_suite_id"])
    if suite is None:
        return []
    if "task_ids" in suite:
        stored = sandbox.collection(tasks.COLLECTION)
        found = (stored.get(task_id) for task_id in suite["task_ids"])
        return [tasks.present(task) for task in found if task is not None]
    names = ("pool_id", "overlap", "infinite_overlap", "remaining_overlap", "created")
    shared = {name: suite[name] for name in (*names, "reserved_for", "unavailable_for")}
    return [{**task, **shared} for task in suite["tasks"]]


def present(sandbox: Sandbox, assignment: Assignment) -> Assignment:
    """An assignment as the service shows it, with its tasks."""
    return {**assignment, "tasks": tasks_of(sandbox, assignment), "owner": wire.owner()}


def require(sandbox: Sandbox, assignment_id: str) -> Assignment:
    """An assignment that must exist."""
    found = sandbox.collection(COLLECTION).get(assignment_id)
    if found is None:
        raise errors.missing()
    return found


def decide(
    sandbox: Sandbox, assignment: Assignment, status: str | None, comment: str | None
) -> None:
    """Accept or reject a submitted assignment, or change what it is told."""
    if status is not None and assignment["status"] not in BEFORE[status]:
        raise errors.inappropriate(*BEFORE[status])
    if comment is not None:
        assignment["public_comment"] = comment
    if status is None:
        sandbox.collection(COLLECTION).put(assignment)
        return
    pool = pools.require(sandbox, assignment["pool_id"])
    move(sandbox, pool, [assignment], status)


def move(sandbox: Sandbox, pool: dict[str, Any], moved: list[Assignment], status: str) -> None:
    """Bring assignments of one pool into a state, keep the books, and tell subscribers."""
    stamp(sandbox, moved, status)
    sandbox.collection(COLLECTION).put_many(moved)
    if status == "ACCEPTED":
        pay(sandbox, pool, moved)
    tell(sandbox, pool, moved, EVENTS[status])


def stamp(sandbox: Sandbox, moved: list[Assignment], status: str) -> None:
    """Enter a state and its time, for the caller to keep."""
    now = wire.stamp(sandbox)
    for assignment in moved:
        assignment["status"] = status
        assignment[status.lower()] = now


def tell(sandbox: Sandbox, pool: dict[str, Any], moved: Iterable[Assignment], event: str) -> None:
    """Tell subscribers what has become of assignments."""
    names = {"task_suite_id": "task_suite_id", "assignment_id": "id"}
    happened = [{key: each[name] for key, name in names.items()} for each in moved]
    subscriptions.tell(sandbox, pool, event, happened)


def pay(sandbox: Sandbox, pool: dict[str, Any], accepted: list[Assignment]) -> None:
    """Pay for accepted assignments out of the requester's balance."""
    cost = round(sum(assignment["reward"] for assignment in accepted), 5)
    if not cost:
        return
    ledger.add(sandbox, pool["id"], spent=cost)
    requesters = sandbox.collection("toloka.requester")
    requester = requesters.get(wire.REQUESTER)
    if requester is not None:
        requester["balance"] = round(requester["balance"] - cost, 5)
        requesters.put(requester)
