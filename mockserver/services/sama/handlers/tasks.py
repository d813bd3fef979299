"""Tasks one by one, and many at a time."""

from typing import Any

from mockserver.engine.errors import Invalid, NotFound
from mockserver.engine.service import Call, HandlerTable
from mockserver.services.sama import answers, batches, callbacks, lifecycle, selection, wire
from mockserver.services.sama.errors import error_item

handles = HandlerTable()

MOST_LISTED = 100
"""The documented maximum of multi-task status (F100); other lists go up to 1,000."""

ARCHIVER = 272
"""Who deletes through a key that the fixtures do not know."""


@handles("createTask")
def create_task(call: Call) -> tuple[int, Any]:
    """Create one task, at once or in the background (F84, F90).

    Not emulated: the demand for a creation callback where assets are copied (F88).
    """
    project = wire.project_of(call)
    raw = call.body if "data" in call.body else call.body["task"]
    id, task = batches.create_one(call.sandbox, project, raw)
    if task is None:
        return 202, {"id": id, "state": "queued"}
    return 201, {"task": wire.in_status_form(task)}


@handles("getTask")
def get_task(call: Call) -> tuple[int, Any]:
    """One task, always under the key `task`, which the client reads (T10)."""
    task = wire.task_of(call)
    _polled(call, task)
    if call.parameters["same_as_delivery"]:
        return 200, {"task": wire.in_delivery_form(task)}
    return 200, {"task": wire.in_status_form(task)}


@handles("listTasks")
def list_tasks(call: Call) -> tuple[int, Any]:
    """One page of the tasks that pass every filter; past the end it is empty (T15)."""
    project = wire.project_of(call)
    found = selection.of_tasks(call.sandbox, project["id"], call.parameters)
    for batch_id in wire.comma_list(call.parameters.get("batch_id")):
        call.sandbox.pace.polled(batch_id)
    skip, size = wire.page_of(call, MOST_LISTED)
    tasks = (
        []
        if found.empty
        else call.sandbox.collection("sama.tasks").find(
            found.where, ranges=found.ranges, sort=found.sort, skip=skip, limit=size
        )
    )
    omit = call.parameters["omit_answers"]
    if not call.parameters["same_as_delivery"]:
        return 200, {"tasks": [wire.in_status_form(task, omit_answers=omit) for task in tasks]}
    shown = [wire.in_delivery_form(task) for task in tasks]
    if omit:
        # Absent rather than null, which an export to a table would turn into text (T35, U16).
        for each in shown:
            del each["answers"]
    return 200, {"tasks": shown}


@handles("updateTask")
def update_task(call: Call) -> tuple[int, Any]:
    """Change a task's priority (F146)."""
    task = wire.task_of(call)
    change = call.body if "priority" in call.body else call.body["task"]
    task["priority"] = int(change["priority"])
    call.sandbox.collection("sama.tasks").put(task)
    return 200, {"task": wire.in_status_form(task)}


@handles("rejectTask")
def reject_task(call: Call) -> tuple[int, Any]:
    """Send a finished task back through the workflow (F122-F124)."""
    task = wire.task_of(call)
    if task["state"] not in lifecycle.REJECTABLE:
        raise Invalid(f"A task that is {task['state']} cannot be rejected.")
    lifecycle.reject(call.sandbox, task, call.body["reasons"])
    return 200, {"task": wire.in_delivery_form(task)}


@handles("acknowledgeTask")
def acknowledge_task(call: Call) -> tuple[int, Any]:
    """Accept a delivered task for good (F148)."""
    task = wire.task_of(call)
    if task["state"] != "delivered":
        raise Invalid(f"A task that is {task['state']} cannot be acknowledged.")
    task["state"] = "acknowledged"
    call.sandbox.collection("sama.tasks").put(task)
    return 200, {"task": wire.in_delivery_form(task)}


@handles("submitTask")
def submit_task(call: Call) -> tuple[int, Any]:
    """Submit the step that a task is in, where project and step allow that (F144)."""
    project = wire.project_of(call)
    task = wire.task_of(call)
    body = call.body or {}
    step = task.get("step", 1)
    given = body.get("answers") or {}
    if not project.get("api_creation"):
        raise Invalid("API creation is not allowed in this project.")
    if task["state"] not in (*lifecycle.UNSTARTED, "in progress"):
        raise Invalid(f"A task that is {task['state']} cannot be submitted.")
    if body.get("ordinal") not in (None, step):
        raise Invalid(f"The task is in step {step}, not in step {body['ordinal']}.")
    if "System" not in project["steps"][step - 1]["teams"]:
        raise Invalid(f"Step {step} has no team System, so it cannot be submitted by the API.")
    if wrong := answers.problems(project, given):
        raise Invalid(wrong[0], details=[error_item(400, problem) for problem in wrong])
    task = lifecycle.submitted(call.sandbox, project, task, given, body.get("duration"))
    call.sandbox.collection("sama.tasks").put(task)
    lifecycle.take_up(call.sandbox, [task])
    return 200, {"task": wire.in_delivery_form(task)}


@handles("bulkUpdateTasks")
def bulk_update_tasks(call: Call) -> tuple[int, Any]:
    """Change the priority of all these tasks, or of none (U7)."""
    tasks = _all_of(call, wire.project_of(call))
    priority = int(call.body["priority"])
    call.sandbox.collection("sama.tasks").put_many({**task, "priority": priority} for task in tasks)
    return 200, {"success": True}


@handles("deleteTasks")
def delete_tasks(call: Call) -> tuple[int, Any]:
    """Archive tasks that nobody has started; any other spoils the whole call (F131, F133)."""
    project = wire.project_of(call)
    tasks = _all_of(call, project)
    started = [task["id"] for task in tasks if task["state"] != "new"]
    if started:
        raise Invalid(f"Only new tasks can be deleted; these are not: {', '.join(started)}")
    for task in tasks:
        call.sandbox.collection("sama.tasks").delete(task["id"])
    if tasks:
        user = call.sandbox.collection(wire.CREDENTIALS).get(call.credential or "")
        callbacks.tell_archival(
            call.sandbox,
            callbacks.of(call.sandbox, project["id"], "task_archival"),
            [task["id"] for task in tasks],
            user["user_id"] if user else ARCHIVER,
        )
    return 200, {"success": True}


def _all_of(call: Call, project: dict[str, Any]) -> list[dict[str, Any]]:
    """Every task in `task_ids`, each once; 404 names those that the project does not have."""
    collection = call.sandbox.collection("sama.tasks")
    ids = list(dict.fromkeys(call.body["task_ids"]))
    found = [task for task in map(collection.get, ids) if task is not None]
    tasks = {task["id"]: task for task in found if task["project_id"] == project["id"]}
    missing = [id for id in ids if id not in tasks]
    if missing:
        raise NotFound(f"Tasks not found: {', '.join(missing)}")
    return list(tasks.values())


def _polled(call: Call, task: dict[str, Any]) -> None:
    """A look at a task is a look at its batch too, since people work batch by batch here."""
    call.sandbox.pace.polled(task["id"])
    if task["batch_id"] is not None:
        call.sandbox.pace.polled(str(task["batch_id"]))
