"""The simulated people and the states of tasks, moved by hand."""

from typing import Any

from mockserver.engine.service import Call, ControlTable
from mockserver.services.pipelines import errors, publishing, tasks, workflows, workforce
from mockserver.services.pipelines.handlers.tasks import shown

controls = ControlTable()


@controls("playWorkforce")
def play_workforce(call: Call) -> tuple[int, Any]:
    """Simulated people do available work now."""
    workflow = workflows.get(call.sandbox, call.parameters["workflow_id"])
    if workflow is None:
        raise errors.not_found("workflow", call.parameters["workflow_id"])
    if workflow["status"] != "active":
        raise errors.conflict("workflow_not_active", f"The workflow is {workflow['status']}.")
    body = call.body or {}
    done = workforce.play(
        call.sandbox,
        workflow,
        body.get("count", 1),
        outcome=body.get("outcome"),
        fields=body.get("fields"),
    )
    return 200, {"done": done}


@controls("setTaskStatus")
def set_task_status(call: Call) -> tuple[int, Any]:
    """Force a status; chains react as they would to the real thing."""
    task, workflow = _task(call)
    publishing.force(call.sandbox, workflow, task, call.body["status"])
    return _answer(call, task["id"])


@controls("completeTask")
def complete_task(call: Call) -> tuple[int, Any]:
    """Take a task to its end."""
    task, workflow = _task(call)
    workforce.complete(call.sandbox, workflow, task["id"], (call.body or {}).get("fields", {}))
    return _answer(call, task["id"])


@controls("removeTask")
def remove_task(call: Call) -> tuple[int, Any]:
    """Delete a task."""
    task, workflow = _task(call)
    publishing.remove(call.sandbox, workflow, task)
    return 204, None


def _task(call: Call) -> tuple[tasks.Task, workflows.Workflow]:
    task = tasks.of(call.sandbox).get(call.parameters["task_id"])
    workflow = workflows.get(call.sandbox, task["workflow_id"]) if task else None
    if task is None or workflow is None:
        raise errors.not_found("task", call.parameters["task_id"])
    return task, workflow


def _answer(call: Call, task_id: int) -> tuple[int, Any]:
    task = tasks.of(call.sandbox).get(task_id)
    workflow = workflows.get(call.sandbox, task["workflow_id"]) if task else None
    if task is None or workflow is None:
        raise errors.not_found("task", task_id)
    return 200, shown(call, task, workflow)
