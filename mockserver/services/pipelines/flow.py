"""What follows when something happened to a task: next nodes, its status, chains, people."""

from typing import TYPE_CHECKING, Any

from mockserver.services.pipelines import crew, firing, infinite, nodes, tasks, workflows
from mockserver.services.pipelines.lifecycle import runs
from mockserver.services.pipelines.nodes import Instance
from mockserver.services.pipelines.tasks import Task
from mockserver.services.pipelines.workflows import Design, Workflow

if TYPE_CHECKING:
    from mockserver.engine.sandbox import Sandbox

Instances = dict[str, Instance]


def loaded(
    sandbox: "Sandbox", task: Task, design: Design | None = None
) -> tuple[Design, Instances]:
    """The task's design and its node instances, ready to be changed."""
    if design is None:
        design = workflows.design(sandbox, task["workflow_id"], task["version"])
    return design, nodes.instances(task, design.graph, design.llm)


def settle(
    sandbox: "Sandbox", workflow: Workflow, task: Task, design: Design, found: Instances
) -> None:
    """Open what has become open, store the task, and tell those who wait for it."""
    at = workflows.now(sandbox)
    task["nodes"] = found
    in_flight = task["status"] in tasks.IN_FLIGHT
    values = nodes.values(task, design.fields)
    ended = in_flight and nodes.advance(found, design.graph, values, at, design.llm)
    if ended:
        task.update(status="finished", finished_at=at)
    word, reserved = nodes.open_work(found, design.graph) if in_flight else (None, None)
    if word and "llm" in word:
        task["status"] = "in_progress"
    task.update(work=word, reserved_for=reserved, updated_at=at)
    tasks.of(sandbox).put(task)
    if ended:
        finished(sandbox, workflow, task)
    crew.call(sandbox, workflow, word)


def finished(sandbox: "Sandbox", workflow: Workflow, task: Task) -> None:
    """A task has reached its end: chains fire, and by setting the pipeline completes."""
    firing.source_finished(sandbox, workflow, task)
    if sandbox.setting("pipelines.auto_complete_pipeline"):
        counts = tasks.counts(sandbox, workflow)
        if counts["total"] == counts["finished"] and workflow["status"] == "active":
            at = workflows.now(sandbox)
            sandbox.collection("pipelines.workflows").put(
                {**workflow, "status": "completed", "updated_at": at}
            )


def submitted(sandbox: "Sandbox", task: Task) -> None:
    """Work was handed in: it goes on from there by itself."""
    sandbox.pace.schedule(
        "pipelines.route_task",
        {"task_id": task["id"]},
        resource=f"pipelines/tasks/{task['id']}",
    )


@runs("route_task")
def route_task(sandbox: "Sandbox", *, task_id: int) -> None:
    """What was submitted is finished, and what comes next is opened (fact 5.4)."""
    task = tasks.of(sandbox).get(task_id)
    workflow = workflows.get(sandbox, task["workflow_id"]) if task else None
    if task is None or workflow is None:
        return
    design, found = loaded(sandbox, task)
    finish_submitted(found, workflows.now(sandbox))
    settle(sandbox, workflow, task, design, found)


def finish_submitted(found: Instances, at: str) -> None:
    """Mark what was submitted as finished."""
    for instance in found.values():
        if instance["status"] == "submitted":
            nodes.move(instance, "finished", at)


def pool_changed(sandbox: "Sandbox", workflow: Workflow, before: str | None) -> dict[str, Any]:
    """After a claim or a forced change: keep the pool of fresh tasks filled."""
    if before in nodes.FRESH:
        return infinite.keep_filled(sandbox, workflow)
    return infinite.config(sandbox, workflow)
