"""What people do to tasks, how long it takes, and which states follow which."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from mockserver.engine.pace import Transition
from mockserver.engine.sandbox import Sandbox
from mockserver.engine.service import JobTable
from mockserver.services.sama import answers, callbacks, wire

STATES = ("new", "in progress", "completed", "approved", "delivered", "acknowledged", "rejected")

UNSTARTED = ("new", "rejected")
FINISHED = ("completed", "approved")
REJECTABLE = ("completed", "approved", "delivered")

# The seconds are invented; what matters is that they can be told apart and sped up.
transitions: Mapping[str, Transition] = {
    "create_tasks": Transition(fast=(0.05, 0.15), realistic=(2, 20), by="service"),
    "create_task": Transition(fast=(0.02, 0.1), realistic=(1, 5), by="service"),
    "start_tasks": Transition(fast=(0.05, 0.2), realistic=(5, 60), by="people"),
    "complete_tasks": Transition(fast=(0.05, 0.3), realistic=(30, 300), by="people"),
    "approve_tasks": Transition(fast=(0.05, 0.2), realistic=(10, 90), by="people"),
    # Delivery waits for the client's project team, so it is played by hand at the pace `manual`.
    "deliver_tasks": Transition(fast=(0.02, 0.1), realistic=(1, 10), by="people"),
}

runs = JobTable()
Task = dict[str, Any]


def take_up(sandbox: Sandbox, tasks: Sequence[Task]) -> None:
    """Let people come to new or rejected tasks, and reviewers to those submitted already."""
    _later(sandbox, "start_tasks", [task for task in tasks if task["state"] in UNSTARTED])
    _later(sandbox, "complete_tasks", [task for task in tasks if task["state"] == "in progress"])
    _later(sandbox, "approve_tasks", [task for task in tasks if task["state"] == "completed"])


def start(sandbox: Sandbox, tasks: Sequence[Task]) -> None:
    """An agent takes the tasks up."""
    for task in tasks:
        task |= {"state": "in progress", "step": task.get("step", 1)}
    _keep(sandbox, tasks)
    _later(sandbox, "complete_tasks", tasks)


def complete(sandbox: Sandbox, tasks: Sequence[Task], given: dict[str, Any] | None = None) -> None:
    """The steps that are left are done, with these answers or invented ones."""
    projects = _Projects(sandbox)
    for task in tasks:
        project = projects[task["project_id"]]
        found = answers.invented(sandbox, project, task)
        if task.get("step", 1) > 1 and task["answers"]:
            found |= task["answers"]
        found |= given or {}
        submitters = {
            step["name"]: _agent(sandbox, projects.agents, step, task)
            for step in project["steps"][task.get("step", 1) - 1 :]
        }
        task |= {
            "state": "completed",
            "completed_at": wire.now(sandbox),
            "answers": found,
            "submitter_ids_by_step": {**task["submitter_ids_by_step"], **submitters},
        }
        task.pop("step", None)
    _keep(sandbox, tasks)
    _later(sandbox, "approve_tasks", tasks)


def approve(sandbox: Sandbox, tasks: Sequence[Task]) -> None:
    """Quality review passes the tasks."""
    for task in tasks:
        task["state"] = "approved"
    _keep(sandbox, tasks)
    _later(sandbox, "deliver_tasks", tasks)


def deliver(sandbox: Sandbox, tasks: Sequence[Task]) -> None:
    """Hand the tasks over: by the delivery callback where there is one, else for polling.

    A task that a callback carries stays as it is until the receiver has answered (F176).
    """
    by_project: dict[int, list[Task]] = defaultdict(list)
    for task in tasks:
        by_project[task["project_id"]].append(task)
    for project_id, group in by_project.items():
        callback = callbacks.of(sandbox, project_id, "task_delivery")
        if callback is None:
            _mark_delivered(sandbox, group)
            continue
        for task in group:
            if "delivery" not in task:
                task["delivery"] = callbacks.tell_delivery(sandbox, callback, task)
        _keep(sandbox, group)


def reject(sandbox: Sandbox, task: Task, reasons: Sequence[str]) -> None:
    """Send a task through the workflow again (F123); it is delivered anew in the end (U18)."""
    withdraw(sandbox, task)
    task.pop("delivery", None)
    task |= {
        "state": "rejected",
        "delivered_at": None,
        "completed_at": None,
        "reasons": list(reasons),
        "round": task["round"] + 1,
        "submitter_ids_by_step": {},
    }
    _keep(sandbox, [task])
    take_up(sandbox, [task])


def submitted(
    sandbox: Sandbox,
    project: dict[str, Any],
    task: Task,
    given: dict[str, Any],
    duration: float | None,
) -> Task:
    """The task after a step was submitted through the API, from its default answers and these."""
    step = task.get("step", 1)
    names = [each["name"] for each in project["steps"]]
    known = wire.latest_answers(task) | given
    task = {
        **task,
        "answers": known,
        "submitter_ids_by_step": {
            **task["submitter_ids_by_step"],
            names[step - 1]: _system(sandbox),
        },
    }
    if duration is not None:
        task["duration"] = duration
    if step < len(names):
        return {**task, "state": "in progress", "step": step + 1}
    task.pop("step", None)
    return {**task, "state": "completed", "completed_at": wire.now(sandbox)}


def withdraw(sandbox: Sandbox, task: Task) -> None:
    """Take back a delivery, so that no call returns it any more."""
    deliveries = sandbox.collection("sama.deliveries")
    where = {"project_id": task["project_id"], "task_id": task["id"]}
    for delivery in deliveries.find(where):
        deliveries.delete(delivery["id"])


@runs("start_tasks", background=True)
def start_tasks(sandbox: Sandbox, *, project_id: int, task_ids: list[str]) -> None:
    """As many agents as there are tasks here take up the most urgent tasks of the project.

    Those are not always the tasks that the agents came for: a lower priority goes first, then the
    older task (F128). The agents come back until nothing of theirs is left. Where the transition
    is set apart from the pace, they keep to their own tasks.
    """
    own = _in_states(sandbox, task_ids, UNSTARTED)
    if not own or _is_set_apart(sandbox, "sama.start_tasks"):
        start(sandbox, own)
        return
    urgent = sandbox.collection("sama.tasks").find(
        {"project_id": project_id, "state": UNSTARTED}, sort="priority", limit=len(own)
    )
    start(sandbox, urgent)
    taken = {task["id"] for task in urgent}
    _later(sandbox, "start_tasks", [task for task in own if task["id"] not in taken])


@runs("complete_tasks", background=True)
def complete_tasks(sandbox: Sandbox, *, project_id: int, task_ids: list[str]) -> None:
    """Agents finish tasks."""
    complete(sandbox, _in_states(sandbox, task_ids, ("in progress",)))


@runs("approve_tasks", background=True)
def approve_tasks(sandbox: Sandbox, *, project_id: int, task_ids: list[str]) -> None:
    """Quality review passes tasks."""
    approve(sandbox, _in_states(sandbox, task_ids, ("completed",)))


@runs("deliver_tasks", background=True)
def deliver_tasks(sandbox: Sandbox, *, project_id: int, task_ids: list[str]) -> None:
    """Reviewed tasks are delivered."""
    deliver(sandbox, _in_states(sandbox, task_ids, ("approved",)))


@runs("delivery_answered")
def delivery_answered(
    sandbox: Sandbox,
    *,
    delivery_id: str,
    state: str,
    status: int | None,
    body: str,
    context: dict[str, Any],
) -> None:
    """The receiver of a delivery callback has decided, or could not be reached five times.

    In the latter case the delivery is dropped (F179) and the task stays as it was.
    """
    task = sandbox.collection("sama.tasks").get(context["task_id"])
    if task is None or task["round"] != context["round"] or task["state"] not in FINISHED:
        return
    reasons = callbacks.rejection(body) if status is not None else None
    task.pop("delivery", None)
    if state == "delivered" and reasons is None:
        _mark_delivered(sandbox, [task])
    elif state == "delivered":
        reject(sandbox, task, reasons or [])
    else:
        _keep(sandbox, [task])


class _Projects(dict[int, dict[str, Any]]):
    """The projects and agents that one run of work meets, read once."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__()
        self._sandbox = sandbox
        self.agents: list[dict[str, Any]] = sandbox.collection("sama.agents").find()

    def __missing__(self, project_id: int) -> dict[str, Any]:
        project = self._sandbox.collection("sama.projects").get(project_id)
        assert project is not None, f"project {project_id} has tasks but does not exist"
        self[project_id] = project
        return project


def _system(sandbox: Sandbox) -> int:
    """Who submits through the API (F144)."""
    found = sandbox.collection("sama.agents").find({"team": "System"}, limit=1)
    return int(found[0]["id"]) if found else 1


def _agent(sandbox: Sandbox, agents: list[dict[str, Any]], step: dict[str, Any], task: Task) -> int:
    """Who works on a step: the agent that the task is reserved for, else one of its teams."""
    if "reserve_for" in task:
        return int(task["reserve_for"])
    people = [
        agent["id"]
        for agent in agents
        if agent["team"] in step["teams"] and agent["team"] != "System"
    ]
    if not people:
        return 1
    chance = sandbox.ids.derived("sama.agents", task["id"], task["round"], step["name"])
    return int(people[chance % len(people)])


def _mark_delivered(sandbox: Sandbox, tasks: Sequence[Task]) -> None:
    now = wire.now(sandbox)
    for task in tasks:
        task |= {"state": "delivered", "delivered_at": now}
    _keep(sandbox, tasks)
    sandbox.collection("sama.deliveries").put_many(
        {
            "id": sandbox.ids.number("sama.deliveries"),
            "task_id": task["id"],
            "project_id": task["project_id"],
            "batch_id": task["batch_id"],
            "client_batch_id": task["client_batch_id"],
            "delivered_at": now,
        }
        for task in tasks
    )


def _keep(sandbox: Sandbox, tasks: Sequence[Task]) -> None:
    sandbox.collection("sama.tasks").put_many(tasks)


def _in_states(sandbox: Sandbox, ids: Sequence[str], states: Sequence[str]) -> list[Task]:
    """Those of the tasks that still exist and are in one of the states."""
    tasks = sandbox.collection("sama.tasks")
    found = (tasks.get(id) for id in ids)
    return [task for task in found if task is not None and task["state"] in states]


def _later(sandbox: Sandbox, transition: str, tasks: Sequence[Task]) -> None:
    """Schedule one job for the tasks of each batch, or of none: the batch is the resource."""
    groups: dict[tuple[int, str], list[str]] = defaultdict(list)
    for task in tasks:
        resource = task["id"] if task["batch_id"] is None else str(task["batch_id"])
        groups[task["project_id"], resource].append(task["id"])
    for (project_id, resource), ids in groups.items():
        sandbox.pace.schedule(
            f"sama.{transition}",
            {"project_id": project_id, "task_ids": ids},
            resource=resource,
        )


def _is_set_apart(sandbox: Sandbox, name: str) -> bool:
    return any(each["overrides"] for each in sandbox.pace.transitions() if each["name"] == name)
