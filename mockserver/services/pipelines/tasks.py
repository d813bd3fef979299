"""Tasks: how they are stored, counted and shown."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from mockserver.services.pipelines import nodes, workflows
from mockserver.services.pipelines.graph import TRACKED
from mockserver.services.pipelines.workflows import Design, Workflow

if TYPE_CHECKING:
    from mockserver.engine.sandbox import Sandbox
    from mockserver.engine.store import Collection

Task = dict[str, Any]
Row = tuple[dict[str, Any], dict[str, Any] | None]
"""The fields of a task to make, and what it is made from."""

STATUSES = ("pending", "in_progress", "paused", "finished", "escalated", "quarantined", "failed")
IN_FLIGHT = ("pending", "in_progress")
BLOCKING = ("failed", "escalated", "quarantined")

FIRST_ID = 1001
"""Ids below are left to fixtures."""


def of(sandbox: "Sandbox") -> "Collection":
    """All tasks."""
    return sandbox.collection("pipelines.tasks")


def new_group(sandbox: "Sandbox", workflow: Workflow, source: str) -> dict[str, Any]:
    """A task group: what one creation makes (fact 14, U9)."""
    at = workflows.now(sandbox)
    return {
        "id": sandbox.ids.number("pipelines.groups"),
        "workflow_id": workflow["id"],
        "source": source,
        "label": f"{source} {at}",
        "task_count": 0,
        "created_at": at,
    }


def add(
    sandbox: "Sandbox", workflow: Workflow, group: dict[str, Any], rows: Iterable[Row]
) -> list[Task]:
    """Store new tasks of a group, at the first node, and the group with them.

    Node instances are stored only once somebody has touched the task.
    """
    at = workflows.now(sandbox)
    start = _start(workflow, at)
    number = sandbox.ids.number
    made = [
        {
            "id": number("pipelines.tasks", FIRST_ID),
            "workflow_id": workflow["id"],
            "version": workflow["version"],
            "group_id": group["id"],
            "source": group["source"],
            "source_ref": reference,
            "fields": given,
            **start,
            "created_at": at,
            "updated_at": at,
            "finished_at": None,
        }
        for given, reference in rows
    ]
    group["task_count"] += len(made)
    sandbox.collection("pipelines.groups").put(group)
    of(sandbox).put_many(made)
    return made


def _start(workflow: Workflow, at: str) -> dict[str, Any]:
    """Status and open work of a task that has just entered at Start."""
    design = workflows.design_of(workflow)
    found = nodes.instances({"created_at": at}, design.graph, design.llm)
    word, reserved = nodes.open_work(found, design.graph)
    # A model begins by itself, and "LLM start" is work (fact 5.2).
    status = "in_progress" if word and "llm" in word else "pending"
    return {"status": status, "work": word, "reserved_for": reserved}


def status_shown(task: Task, workflow: Workflow) -> str:
    """The status as anyone sees it.

    Pausing a pipeline pauses all its tasks in flight, and reactivating restores what they were
    (fact 5.1); so the tasks keep their own status, and the pause shows through.
    """
    status: str = task["status"]
    return "paused" if workflow["status"] == "paused" and status in IN_FLIGHT else status


def stored_statuses(status: str, workflow: Workflow) -> tuple[str, ...]:
    """The statuses that are stored where one is shown."""
    if workflow["status"] != "paused":
        return (status,)
    if status == "paused":
        return ("paused", *IN_FLIGHT)
    return () if status in IN_FLIGHT else (status,)


def counts(sandbox: "Sandbox", workflow: Workflow) -> dict[str, int]:
    """How many tasks are in each status, and in all."""
    count = of(sandbox).count
    found = {"total": count({"workflow_id": workflow["id"]})}
    for status in STATUSES:
        found[status] = sum(
            count({"workflow_id": workflow["id"], "status": stored})
            for stored in stored_statuses(status, workflow)
        )
    return found


def summary(task: Task, workflow: Workflow) -> dict[str, Any]:
    """The task as a list shows it."""
    return {
        "id": task["id"],
        "status": status_shown(task, workflow),
        "group_id": task["group_id"],
        "source": task["source"],
        "created_at": task["created_at"],
        "updated_at": task["updated_at"],
        "finished_at": task["finished_at"],
    }


def shown(
    task: Task, workflow: Workflow, design: Design, values: Mapping[str, Any]
) -> dict[str, Any]:
    """The task with the progress of its nodes; `values` are its fields as shown."""
    found = nodes.instances(task, design.graph, design.llm)
    # Cosmetic changes apply at once (fact 5.1), so names are the newest.
    names = {node["id"]: node["name"] for node in workflow["nodes"]}
    listed = [
        {
            "node_id": name,
            "name": names.get(name, design.graph.nodes[name]["name"]),
            "type": design.graph.nodes[name]["type"],
            "status": found[name]["status"],
            "round": found[name]["round"],
            "updated_at": found[name]["updated_at"],
        }
        for name in design.graph.order
        if design.graph.nodes[name]["type"] in TRACKED
    ]
    counted = [each for each in listed if each["status"] != "n_a"]
    return {
        **summary(task, workflow),
        "workflow_id": task["workflow_id"],
        "source_ref": task["source_ref"],
        "fields": dict(values),
        "nodes": listed,
        "progress": {
            "finished": sum(each["status"] == "finished" for each in counted),
            "total": len(counted),
        },
    }
