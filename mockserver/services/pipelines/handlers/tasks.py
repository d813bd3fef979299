"""Tasks: created from JSON, listed, and followed one by one."""

from typing import Any

from mockserver.engine.clock import parse_rfc3339, rfc3339
from mockserver.engine.service import Call, HandlerTable
from mockserver.engine.store import Range
from mockserver.services.pipelines import seeding, tasks, wire, workflows

handles = HandlerTable()


@handles("createTasks")
def create_tasks(call: Call) -> tuple[int, Any]:
    """One group of 1 to 5,000 tasks; repeating the call makes new ones (fact 3.4)."""
    workflow = wire.workflow(call, writes=True)
    rows = seeding.from_json(call.sandbox, workflow, call.body["tasks"])
    group, made = seeding.create(call.sandbox, workflow, "api", rows)
    return 201, seeding.created(workflow, group, made)


@handles("listTasks")
def list_tasks(call: Call) -> tuple[int, Any]:
    """By id; a page past the end is empty (fact 3.5)."""
    workflow = wire.workflow(call)
    where: dict[str, Any] = {"workflow_id": workflow["id"]}
    group_id = call.parameters.get("group_id")
    if group_id is not None:
        group = call.sandbox.collection("pipelines.groups").get(group_id)
        # A group's tasks are all of one workflow, so its own index is enough.
        known = group is not None and group["workflow_id"] == workflow["id"]
        where = {"group_id": group_id if known else 0}
    status = call.parameters.get("status")
    if status is not None:
        where["status"] = tasks.stored_statuses(status, workflow)
    return 200, wire.page(
        call,
        "pipelines.tasks",
        where,
        lambda task: tasks.summary(task, workflow),
        ranges=_made_after(call, workflow),
        sort="id",
    )


def _made_after(call: Call, workflow: workflows.Workflow) -> dict[str, Range]:
    """`created_after` as a range of ids, which rise with time, so that every index serves it."""
    text = call.parameters.get("created_after")
    if text is None:
        return {}
    first = tasks.of(call.sandbox).find(
        {"workflow_id": workflow["id"]},
        ranges={"created_at": Range(gt=rfc3339(parse_rfc3339(text)))},
        sort="created_at",
        limit=1,
    )
    return {"id": Range(gte=first[0]["id"]) if first else Range(lt=0)}


@handles("getTask")
def get_task(call: Call) -> tuple[int, Any]:
    """Status and node progress (fact 2, E6)."""
    workflow = wire.workflow(call)
    task = wire.task(call, workflow)
    return 200, shown(call, task, workflow)


def shown(call: Call, task: tasks.Task, workflow: workflows.Workflow) -> dict[str, Any]:
    """A task in full."""
    design = workflows.design(call.sandbox, task["workflow_id"], task["version"])
    return tasks.shown(task, workflow, design, wire.file_urls(call, task["fields"]))
