"""What contributors do: see what there is, claim, release, submit, review."""

from collections.abc import Iterator
from typing import Any

from mockserver.engine.service import Call, HandlerTable
from mockserver.services.pipelines import claims, fields, nodes, reviews, tasks, wire, workflows
from mockserver.services.pipelines.claims import Contributor, Work
from mockserver.services.pipelines.sources import Designs

handles = HandlerTable()

MOST_LOOKED_AT = 1_000
"""Open tasks looked at for one answer, so that it does not grow with what is stored."""


@handles("listWork")
def list_work(call: Call) -> tuple[int, Any]:
    """Subtasks and reviews that one is eligible for, and those one holds (fact 5.4)."""
    workflow = wire.workflow(call)
    who = wire.contributor(call)
    held = []
    mine = {"workflow_id": workflow["id"], "contributor": who.name}
    active = workflow["status"] == "active"
    for claim in claims.of(call.sandbox).find(mine) if active else []:
        task = tasks.of(call.sandbox).get(claim["task_id"])
        if task is not None:
            work = claims.load(call.sandbox, workflow, task)
            held.append(_item(call, work, claim["node_id"]))
    found = _available(call, workflow, who) if active else []
    return 200, {"contributor": who.name, "available": found, "held": held}


def _available(call: Call, workflow: workflows.Workflow, who: Contributor) -> list[dict[str, Any]]:
    words = dict.fromkeys(
        word
        for kind, words in (("subtask", nodes.SUBTASKS), ("review", nodes.REVIEWS))
        if who.may(kind)
        for word in words
    )
    where = {
        "workflow_id": workflow["id"],
        "work": tuple(words),
        "reserved_for": (None, who.name),
    }
    limit = call.parameters["limit"]
    found: list[dict[str, Any]] = []
    designs = Designs(call.sandbox, workflow["id"])
    for task in _open_tasks(call, where, limit):
        work = claims.load(call.sandbox, workflow, task, designs.of(task))
        found += [
            _item(call, work, name)
            for name in claims.available(work)
            if claims.eligible(work, name, who)
        ]
        if len(found) >= limit:
            break
    return found[:limit]


def _open_tasks(call: Call, where: dict[str, Any], size: int) -> Iterator[tasks.Task]:
    """Open tasks, oldest first, a page at a time."""
    last: int | None = None
    for _ in range(0, MOST_LOOKED_AT, size):
        found = tasks.of(call.sandbox).find(where, after=last, limit=size)
        yield from found
        if len(found) < size:
            return
        last = found[-1]["id"]


@handles("claimTask")
def claim_task(call: Call) -> tuple[int, Any]:
    """Take a node; from then on the workflow is left to hand play by the simulated people."""
    work, who, node_id = wire.work(call)
    if work.workflow["settings"]["workforce"] != "by_hand":
        work.workflow["settings"]["workforce"] = "by_hand"
        call.sandbox.collection("pipelines.workflows").put(work.workflow)
    name = claims.claim(call.sandbox, work, node_id, who)
    return 200, _item(call, work, name, full=True)


@handles("releaseTask")
def release_task(call: Call) -> tuple[int, Any]:
    """Give a node back."""
    work, who, node_id = wire.work(call)
    claim = claims.held(call.sandbox, work, node_id, who)
    claims.release(call.sandbox, work, claim)
    return 200, _item(call, work, claim["node_id"], full=True)


@handles("submitTask")
def submit_task(call: Call) -> tuple[int, Any]:
    """Hand in a subtask.

    Not emulated: file upload fields that a contributor fills; they take files of a ZIP only.
    """
    work, who, node_id = wire.work(call)
    name = claims.submit(call.sandbox, work, node_id, who, call.body["fields"])
    return 200, _item(call, work, name, full=True)


@handles("reviewTask")
def review_task(call: Call) -> tuple[int, Any]:
    """Pass work on or send it back."""
    work, who, node_id = wire.work(call)
    name = reviews.review(call.sandbox, work, node_id, who, call.body)
    return 200, _item(call, work, name, full=True)


@handles("listSubmitted")
def list_submitted(call: Call) -> tuple[int, Any]:
    """The contributor's Submitted Tasks (fact 5.4)."""
    workflow = wire.workflow(call)
    who = wire.contributor(call)
    where = {"workflow_id": workflow["id"], "contributor": who.name}

    def shown(submission: dict[str, Any]) -> dict[str, Any]:
        kept = {key: value for key, value in submission.items() if key != "workflow_id"}
        return {**kept, "fields": wire.file_urls(call, submission["fields"])}

    return 200, wire.page(call, "pipelines.submissions", where, shown, sort="-")


def _item(call: Call, work: Work, node_id: str, *, full: bool = False) -> dict[str, Any]:
    """A node of a task as its contributor sees it."""
    node, found = work.design.graph.nodes[node_id], work.found[node_id]
    claim = claims.of(call.sandbox).get(f"{work.task['id']}/{node_id}") or {}
    item = {
        "task_id": work.task["id"],
        "node_id": node_id,
        "name": node["name"],
        "type": node["type"],
        "status": found["status"],
        "round": found["round"],
        "assignee": found["assignee"],
        "claimed_at": claim.get("claimed_at"),
        "expires_at": claim.get("expires_at"),
    }
    if not full:
        return item
    judged = work.design.graph.reviewed(node_id) if node["type"] == "review" else [node_id]
    answers: dict[str, Any] = {}
    for name in judged:
        answers.update(work.found[name].get("fields") or {})
    return {
        **item,
        "task_status": tasks.status_shown(work.task, work.workflow),
        "fields": wire.file_urls(call, work.task["fields"]),
        "inputs": [fields.shown(field) for field in work.design.inputs(node_id)],
        "answers": wire.file_urls(call, answers),
        "rejection": found.get("rejection"),
    }
