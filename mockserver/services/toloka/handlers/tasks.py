"""Handlers of tasks."""

from typing import Any

from mockserver.engine.service import Call, HandlerTable
from mockserver.services.toloka import batches, crowd, errors, forms, overlap, pages, pools, wire
from mockserver.services.toloka.tasks import COLLECTION, present

handles = HandlerTable()


@handles("createTasks")
def create_tasks(call: Call) -> tuple[int, Any]:
    """Create one task or many, at once or by an operation."""
    if wire.flag(call, "async_mode"):
        return batches.start(call, "tasks")
    answer = batches.create_now(call, "tasks", present)
    _wake(call)
    return answer


def _wake(call: Call) -> None:
    """Let the crowd look at the open pools that the call has written into."""
    for pool_id in batches.check_state(call.sandbox, "tasks", batches.items_of(call)):
        crowd.settle(call.sandbox, pools.require(call.sandbox, pool_id))


@handles("getTasks")
def get_tasks(call: Call) -> tuple[int, Any]:
    """List the tasks of a pool; without the pool it is a validation error (fact a.12)."""
    if not call.parameters.get("pool_id"):
        raise errors.invalid({"pool_id": errors.required()})
    return pages.page(call, COLLECTION, pages.TASKS, present=present)


@handles("getTask")
def get_task(call: Call) -> tuple[int, Any]:
    """Get a task."""
    return 200, present(wire.require(call, COLLECTION))


@handles("patchTask")
def patch_task(call: Call) -> tuple[int, Any]:
    """Change overlap, solutions or hint of a task."""
    task = wire.require(call, COLLECTION)
    form = call.body or {}
    pool = pools.require(call.sandbox, task["pool_id"])
    pools.check_unlocked(call.sandbox, pool["id"])
    found: errors.Fields = {}
    outputs = forms.Targets(call.sandbox, suites=False, allow_defaults=True).of(pool["id"])
    spec = outputs.outputs if outputs else None
    forms.check_solutions(form, "known_solutions", "correctness_weight", spec, found)
    forms.check_solutions(form, "baseline_solutions", "confidence_weight", spec, found)
    if found:
        raise errors.invalid(found)
    overlap.change(call.sandbox, task, form)
    for name, weight in (
        ("known_solutions", "correctness_weight"),
        ("baseline_solutions", "confidence_weight"),
    ):
        if form.get(name) is not None:
            task[name] = forms.solutions_of(form[name], weight)
    if form.get("message_on_unknown_solution") is not None:
        task["message_on_unknown_solution"] = form["message_on_unknown_solution"]
    return _changed(call, task)


@handles("setTaskOverlapOrMin")
def set_task_overlap_or_min(call: Call) -> tuple[int, Any]:
    """Lower a task's overlap, but not below what has been given out."""
    task = wire.require(call, COLLECTION)
    pools.check_unlocked(call.sandbox, task["pool_id"])
    overlap.change(call.sandbox, task, call.body or {}, or_min=True)
    return _changed(call, task)


def _changed(call: Call, task: dict[str, Any]) -> tuple[int, Any]:
    call.sandbox.collection(COLLECTION).put(task)
    if wire.flag(call, "open_pool"):
        batches.open_pool(call.sandbox, task["pool_id"])
    crowd.settle(call.sandbox, pools.require(call.sandbox, task["pool_id"]))
    return 200, present(task)
