"""Handlers of task suites."""

from typing import Any

from mockserver.engine.service import Call, HandlerTable
from mockserver.services.toloka import batches, crowd, errors, overlap, pages, pools, tasks, wire
from mockserver.services.toloka.assignments import LINKS as GIVEN
from mockserver.services.toloka.suites import COLLECTION, LINKS

handles = HandlerTable()

Suite = dict[str, Any]


def present(call: Call, suite: Suite) -> Suite:
    """A suite as the service shows it; one that the service mixed is kept as ids of tasks."""
    suite.pop("role", None)
    task_ids = suite.pop("task_ids", None)
    if task_ids is not None:
        stored = call.sandbox.collection(tasks.COLLECTION)
        names = ("id", "input_values", "known_solutions", "message_on_unknown_solution")
        found = (stored.get(task_id) for task_id in task_ids)
        suite["tasks"] = [
            {name: task[name] for name in names if name in task} for task in found if task
        ]
    return suite


@handles("createTaskSuites")
def create_task_suites(call: Call) -> tuple[int, Any]:
    """Create one suite or many, at once or by an operation."""
    if wire.flag(call, "async_mode"):
        return batches.start(call, "task_suites")
    answer = batches.create_now(call, "task_suites", lambda suite: present(call, suite))
    for pool_id in batches.check_state(call.sandbox, "task_suites", batches.items_of(call)):
        crowd.settle(call.sandbox, pools.require(call.sandbox, pool_id))
    return answer


@handles("getTaskSuites")
def get_task_suites(call: Call) -> tuple[int, Any]:
    """List the suites of a pool, or those that a task is in."""
    where: dict[str, Any] = {}
    task_id = call.parameters.get("task_id")
    if task_id:
        of_task = {"task_id": task_id}
        made = call.sandbox.collection(LINKS).find(of_task)
        mixed = call.sandbox.collection(GIVEN).find(of_task)
        where["id"] = tuple(dict.fromkeys(each["suite_id"] for each in (*made, *mixed)))
    elif not call.parameters.get("pool_id"):
        raise errors.invalid({"pool_id": errors.required()})
    return pages.page(call, COLLECTION, pages.SUITES, where, lambda suite: present(call, suite))


@handles("getTaskSuite")
def get_task_suite(call: Call) -> tuple[int, Any]:
    """Get a suite."""
    return 200, present(call, wire.require(call, COLLECTION))


@handles("patchTaskSuite")
def patch_task_suite(call: Call) -> tuple[int, Any]:
    """Change overlap or place of a suite; toloka-kit sends no body for `open_pool` alone."""
    suite = _manual(call)
    form = call.body or {}
    overlap.change(call.sandbox, suite, form)
    if form.get("issuing_order_override") is not None:
        suite["issuing_order_override"] = form["issuing_order_override"]
    return _changed(call, suite)


@handles("setTaskSuiteOverlapOrMin")
def set_task_suite_overlap_or_min(call: Call) -> tuple[int, Any]:
    """Lower a suite's overlap, but not below what has been given out."""
    suite = _manual(call)
    overlap.change(call.sandbox, suite, call.body or {}, or_min=True)
    return _changed(call, suite)


def _manual(call: Call) -> Suite:
    """A suite of the requester's own; those that the service mixed belong to one Toloker."""
    suite = wire.require(call, COLLECTION)
    if "task_ids" in suite:
        raise errors.conflict("POOL_TASK_TYPE_CONFLICT")
    pools.check_unlocked(call.sandbox, suite["pool_id"])
    return suite


def _changed(call: Call, suite: Suite) -> tuple[int, Any]:
    call.sandbox.collection(COLLECTION).put(suite)
    if wire.flag(call, "open_pool"):
        batches.open_pool(call.sandbox, suite["pool_id"])
    crowd.settle(call.sandbox, pools.require(call.sandbox, suite["pool_id"]))
    return 200, present(call, suite)
