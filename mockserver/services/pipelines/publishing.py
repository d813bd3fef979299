"""A pipeline's status, from draft to archived, and what each change sets going."""

from typing import TYPE_CHECKING, Any

from mockserver.services.pipelines import (
    claims,
    datasets,
    errors,
    firing,
    flow,
    infinite,
    nodes,
    reviews,
    tasks,
    workflows,
    workforce,
)
from mockserver.services.pipelines.tasks import Task
from mockserver.services.pipelines.workflows import Workflow

if TYPE_CHECKING:
    from mockserver.engine.sandbox import Sandbox

# Fact 5.1. Admins manage a pipeline's status, so it does not complete by itself.
EDGES: dict[str, tuple[str, ...]] = {
    "draft": ("active", "paused"),
    "active": ("paused", "completed", "archived"),
    "paused": ("active", "archived"),
    "completed": ("active", "archived"),
    "archived": (),
}


def set_status(sandbox: "Sandbox", workflow: Workflow, status: str) -> Workflow:
    """Move a pipeline along one of its edges."""
    if status == workflow["status"]:
        return workflow
    if status not in EDGES[workflow["status"]]:
        message = f"A pipeline that is {workflow['status']} cannot become {status}."
        raise errors.conflict("status_not_allowed", message)
    if status == "completed":
        counts = tasks.counts(sandbox, workflow)
        if counts["total"] != counts["finished"]:
            message = "A pipeline is completed when all of its tasks are finished."
            raise errors.conflict("tasks_unfinished", message)
    changed = {**workflow, "status": status, "updated_at": workflows.now(sandbox)}
    sandbox.collection("pipelines.workflows").put(changed)
    if status == "active":
        activated(sandbox, changed)
    return changed


def activated(sandbox: "Sandbox", workflow: Workflow) -> None:
    """A pipeline has become active: its dataset is made, and what waited for it goes on."""
    datasets.of_pipeline(sandbox, workflow)
    infinite.keep_filled(sandbox, workflow)
    firing.target_activated(sandbox, workflow)
    workforce.activated(sandbox, workflow)


def force(sandbox: "Sandbox", workflow: Workflow, task: Task, status: str) -> None:
    """Put a task into a status as tests need it; its nodes follow as far as they can."""
    before = task["work"]
    for claim in claims.of(sandbox).find({"task_id": task["id"]}):
        claims.drop(sandbox, claim)
    work = claims.load(sandbox, workflow, task)
    at = workflows.now(sandbox)
    for name in work.design.graph.tracked:
        found = work.found[name]
        if found["status"] == "claimed" and found["assignee"] != nodes.MODEL:
            nodes.move(found, "available", at, assignee=None)
    if status == "pending":
        task.pop("nodes", None)
        work = claims.load(sandbox, workflow, task)
    elif status == "in_progress":
        _resume(sandbox, work, at)
    elif status == "finished":
        _finish_all(work, at)
    elif status in ("escalated", "quarantined"):
        _stop(work, status, at)
    if status != "finished":
        task["finished_at"] = None
    task["status"] = "in_progress" if status == "finished" else status
    flow.settle(sandbox, workflow, task, work.design, work.found)
    flow.pool_changed(sandbox, workflow, before)
    firing.check_source(sandbox, workflow["id"])


def _resume(sandbox: "Sandbox", work: claims.Work, at: str) -> None:
    """Resolve a quarantine or an escalation, retry a failure, or open a finished task again."""
    reviews.reopen(sandbox, work)
    graph = work.design.graph
    end = next(name for name in graph.order if graph.nodes[name]["type"] == "end")
    if work.found[end]["status"] != "finished":
        return
    # Whatever became of the task since, its end was reached and no longer is.
    nodes.move(work.found[end], "pending", at)
    tracked = [work.found[name] for name in graph.tracked]
    if not any(found["status"] == "available" for found in tracked):
        for last in [found for found in tracked if found["status"] == "finished"][-1:]:
            nodes.move(last, "available", at, assignee=None, round=last["round"] + 1)


def _finish_all(work: claims.Work, at: str) -> None:
    for name in work.design.graph.order:
        found = work.found[name]
        if work.design.graph.nodes[name]["type"] == "end":
            nodes.move(found, "pending", at)
        elif found["status"] not in nodes.DONE:
            taken: dict[str, Any] = {}
            if work.design.graph.nodes[name]["type"] == "logic_gate":
                taken["taken"] = [path["to"] for path in work.design.graph.nodes[name]["next"]]
            nodes.move(found, "finished", at, assignee=None, **taken)


def _stop(work: claims.Work, status: str, at: str) -> None:
    """The node that is open, or the last that was done, carries the status too."""
    tracked = [work.found[name] for name in work.design.graph.tracked]
    at_work = [found for found in tracked if found["status"] in ("available", "submitted")]
    stopped = at_work or [found for found in tracked if found["status"] == "finished"][-1:]
    for found in stopped:
        nodes.move(found, status, at, assignee=None)


def remove(sandbox: "Sandbox", workflow: Workflow, task: Task) -> None:
    """Delete a task, with what is known of it."""
    for claim in claims.of(sandbox).find({"task_id": task["id"]}):
        claims.drop(sandbox, claim)
    tasks.of(sandbox).delete(task["id"])
    group = sandbox.collection("pipelines.groups").get(task["group_id"])
    if group is not None:
        group["task_count"] = max(0, group["task_count"] - 1)
        sandbox.collection("pipelines.groups").put(group)
    flow.pool_changed(sandbox, workflow, task["work"])
    firing.check_source(sandbox, workflow["id"])
