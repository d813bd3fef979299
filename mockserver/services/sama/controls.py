"""Sama's part of the control API: callbacks, cursors, and the workforce played by hand."""

from typing import Any

from mockserver.engine.errors import Conflict, Invalid, NotFound
from mockserver.engine.service import Call, ControlTable
from mockserver.services.sama import answers, callbacks, cursors, lifecycle, wire

controls = ControlTable()


@controls("getCallbacks")
def get_callbacks(call: Call) -> tuple[int, Any]:
    """The callbacks as they are set."""
    return 200, _callbacks(call, _project(call)["id"])


@controls("putCallbacks")
def put_callbacks(call: Call) -> tuple[int, Any]:
    """Replace the callbacks that are named, and leave the others."""
    project = _project(call)
    for event, setting in call.body.items():
        callbacks.replace(call.sandbox, project["id"], event, setting)
    return 200, _callbacks(call, project["id"])


@controls("resetCursors")
def reset_cursors(call: Call) -> tuple[int, Any]:
    """Forget what consumers have seen of a project's deliveries."""
    project = _project(call)
    consumer = call.parameters.get("consumer")
    return 200, {"reset": cursors.reset(call.sandbox, project["id"], consumer)}


@controls("startTask")
def start_task(call: Call) -> tuple[int, Any]:
    """An agent takes the task up."""
    task = _task(call)
    _forward(call, task, "in progress")
    return _played(call, task)


@controls("completeTask")
def complete_task(call: Call) -> tuple[int, Any]:
    """The task is finished; one that nobody has started is taken up first."""
    task = _task(call)
    given = (call.body or {}).get("answers") or {}
    project = call.sandbox.collection("sama.projects").get(task["project_id"]) or {}
    if wrong := answers.problems(project, given):
        raise Invalid("; ".join(wrong), status=422)
    _forward(call, task, "completed", given)
    return _played(call, task)


@controls("approveTask")
def approve_task(call: Call) -> tuple[int, Any]:
    """Quality review passes the task, after the steps before that."""
    task = _task(call)
    _forward(call, task, "approved")
    return _played(call, task)


@controls("deliverTask")
def deliver_task(call: Call) -> tuple[int, Any]:
    """The task is delivered, after the steps before that.

    With a delivery callback it is delivered once the receiver has answered.
    """
    task = _task(call)
    if task["state"] in lifecycle.FINISHED:
        lifecycle.deliver(call.sandbox, [task])
    else:
        _forward(call, task, "delivered")
    return _played(call, task)


@controls("sendTaskBack")
def send_task_back(call: Call) -> tuple[int, Any]:
    """Quality review, or whoever plays it, rejects the task."""
    task = _task(call)
    if task["state"] not in lifecycle.REJECTABLE:
        raise Conflict(f"A task that is {task['state']} cannot be rejected.")
    lifecycle.reject(call.sandbox, task, (call.body or {}).get("reasons") or [])
    return _played(call, task)


_WAY = ("new", "in progress", "completed", "approved", "delivered")


def _forward(
    call: Call, task: dict[str, Any], goal: str, given: dict[str, Any] | None = None
) -> None:
    """Bring the task to a state, through those in between; never back."""
    state = "new" if task["state"] == "rejected" else task["state"]
    if state not in _WAY or _WAY.index(state) >= _WAY.index(goal):
        raise Conflict(f"The task is {task['state']} already.")
    for step in _WAY[_WAY.index(state) + 1 : _WAY.index(goal) + 1]:
        match step:
            case "in progress":
                lifecycle.start(call.sandbox, [task])
            case "completed":
                lifecycle.complete(call.sandbox, [task], given)
            case "approved":
                lifecycle.approve(call.sandbox, [task])
            case "delivered":
                lifecycle.deliver(call.sandbox, [task])


def _project(call: Call) -> dict[str, Any]:
    project = call.sandbox.collection("sama.projects").get(call.parameters["project_id"])
    if project is None:
        raise NotFound("Project not found.")
    return project


def _task(call: Call) -> dict[str, Any]:
    task = call.sandbox.collection("sama.tasks").get(call.parameters["task_id"])
    if task is None:
        raise NotFound("Task not found.")
    return task


def _played(call: Call, task: dict[str, Any]) -> tuple[int, Any]:
    """The task as it is stored now."""
    stored = call.sandbox.collection("sama.tasks").get(task["id"]) or task
    return 200, {"task": wire.in_delivery_form(stored)}


def _callbacks(call: Call, project_id: int) -> dict[str, Any]:
    found = {event: callbacks.of(call.sandbox, project_id, event) for event in callbacks.EVENTS}
    return {
        event: callback and {"url": callback["url"], "auth": callback["auth"]}
        for event, callback in found.items()
    }
