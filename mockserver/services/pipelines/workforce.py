"""Simulated people and models: they take open work, hand it in, and judge it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mockserver.services.pipelines import (
    claims,
    crew,
    flow,
    infinite,
    nodes,
    reviews,
    tasks,
    workflows,
)
from mockserver.services.pipelines.claims import Contributor, Work
from mockserver.services.pipelines.lifecycle import CREW_SLICE, CREW_WAVE, runs
from mockserver.services.pipelines.sources import Designs
from mockserver.services.pipelines.workflows import Workflow

if TYPE_CHECKING:
    from mockserver.engine.sandbox import Sandbox

REJECTED = 0.1
"""The share of reviews in which a simulated reviewer is not content."""


@runs("claim_work", background=True)
def claim_work(sandbox: "Sandbox", *, workflow_id: int, left: int = CREW_WAVE) -> None:
    """The crew takes up what is open: a wave of so many nodes, a slice at a time."""
    workflow = workflows.get(sandbox, workflow_id)
    if workflow is None or not _works(workflow):
        return
    size = min(CREW_SLICE, left)
    done = _claim_slice(sandbox, workflow, size)
    if done:
        crew.schedule(sandbox, workflow, "submit_work")
    if done == size:
        _go_on(sandbox, workflow, "claim_work", left - done)


@runs("submit_work", background=True)
def submit_work(sandbox: "Sandbox", *, workflow_id: int, left: int = CREW_WAVE) -> None:
    """The crew hands in what it holds: a wave of so many nodes, a slice at a time."""
    workflow = workflows.get(sandbox, workflow_id)
    if workflow is None or workflow["status"] != "active":
        return
    size = min(CREW_SLICE, left)
    held = claims.of(sandbox).find({"workflow_id": workflow_id, "kind": "crew"}, limit=size)
    designs = Designs(sandbox, workflow_id)
    for claim in held:
        _finish(sandbox, workflow, claim, designs)
    if len(held) == size:
        _go_on(sandbox, workflow, "submit_work", left - size)


def _go_on(sandbox: "Sandbox", workflow: Workflow, transition: str, left: int) -> None:
    """The next slice of a wave at once, or another wave after some time.

    Scheduled without asking whether it is, since the job that is running would count as such.
    """
    kind, resource = f"pipelines.{transition}", crew.resource_of(workflow)
    arguments = {"workflow_id": workflow["id"]}
    if left > 0:
        sandbox.jobs.schedule(kind, {**arguments, "left": left}, resource=resource)
    else:
        sandbox.pace.schedule(kind, arguments, resource=resource)


def _works(workflow: Workflow) -> bool:
    return bool(workflow["status"] == "active" and workflow["settings"]["workforce"] == "simulated")


def activated(sandbox: "Sandbox", workflow: Workflow) -> None:
    """A pipeline is active again: whoever was at work goes on."""
    where = {"workflow_id": workflow["id"]}
    if claims.of(sandbox).count({**where, "kind": "crew"}):
        crew.schedule(sandbox, workflow, "submit_work")
    for words, work in ((nodes.MODELS, "llm"), (nodes.SUBTASKS + nodes.REVIEWS, "subtask")):
        if tasks.of(sandbox).find({**where, "work": words}, limit=1):
            crew.call(sandbox, workflow, work)


def _claim_slice(sandbox: "Sandbox", workflow: Workflow, most: int) -> int:
    """Take up to so many nodes; the last available task of infinite seeding is left to others."""
    where = {
        "workflow_id": workflow["id"],
        "work": (*nodes.SUBTASKS, *(word for word in nodes.REVIEWS if word not in nodes.SUBTASKS)),
        "reserved_for": (None, *crew.MEMBERS),
    }
    spare = most
    if infinite.config(sandbox, workflow)["enabled"]:
        spare = infinite.available(sandbox, workflow) - 1
    done, designs = 0, Designs(sandbox, workflow["id"])
    for task in tasks.of(sandbox).find(where, limit=most + 1):
        if done >= most:
            break
        if task["work"] in nodes.FRESH:
            if spare <= 0:
                continue
            spare -= 1
        work = claims.load(sandbox, workflow, task, designs.of(task))
        for name in claims.available(work):
            member = _member(sandbox, work, name)
            if member is not None and done < most:
                claims.take(sandbox, work, name, member)
                done += 1
    return done


def _member(sandbox: "Sandbox", work: Work, node_id: str) -> Contributor | None:
    """Who of the crew takes a node; none where it is meant for somebody else."""
    is_review = work.type_of(node_id) == "review"
    names = crew.REVIEWERS if is_review else crew.EXPERTS
    reserved = work.found[node_id].get("reserved_for")
    start = sandbox.ids.derived("pipelines.crew", work.task["id"], node_id) % len(names)
    ordered = [reserved] if reserved in crew.MEMBERS else [*names[start:], *names[:start]]
    for name in ordered:
        who = Contributor(name, "reviewer" if is_review else "expert", True, "crew")
        if claims.eligible(work, node_id, who):
            return who
    return None


def _finish(
    sandbox: "Sandbox",
    workflow: Workflow,
    claim: Mapping[str, Any],
    designs: Designs,
    fields: Mapping[str, Any] | None = None,
    outcome: str | None = None,
) -> None:
    """Hand in or judge what a member of the crew holds, and let it go on at once."""
    task = tasks.of(sandbox).get(claim["task_id"])
    claims.of(sandbox).delete(claim["id"])
    if task is None or task["status"] not in tasks.IN_FLIGHT:
        return
    work = claims.load(sandbox, workflow, task, designs.of(task))
    name = claim["node_id"]
    who = Contributor(claim["contributor"], known=True, kind="crew")
    if work.type_of(name) == "review":
        verdict = outcome or _verdict(sandbox, work, name)
        reason = None if verdict == "pass" else _reason(sandbox, work, name)
        reviews.judge(sandbox, work, name, who, verdict, reason)
    else:
        claims.hand_in(sandbox, work, name, who, _answers(sandbox, work, name, fields or {}))
    flow.finish_submitted(work.found, workflows.now(sandbox))
    flow.settle(sandbox, workflow, task, work.design, work.found)


def _answers(
    sandbox: "Sandbox", work: Work, node_id: str, given: Mapping[str, Any]
) -> dict[str, Any]:
    """The answers given, and invented ones for the node's other inputs."""
    asked = work.design.inputs(node_id)
    names = {field["name"] for field in asked}
    own = {name: value for name, value in given.items() if name in names}
    rest = [field for field in asked if field["name"] not in own]
    return {**claims.invented(sandbox, work, node_id, rest), **own}


def _verdict(sandbox: "Sandbox", work: Work, node_id: str) -> str:
    key = ("pipelines.reviews", work.task["id"], node_id, work.found[node_id]["round"])
    return "fail" if sandbox.ids.derived(*key) / 2**64 < REJECTED else "pass"


def _reason(sandbox: "Sandbox", work: Work, node_id: str) -> str:
    key = ("pipelines.reasons", work.task["id"], node_id, work.found[node_id]["round"])
    return str(sandbox.examples.faker(*key).sentence())


@runs("generate_responses", background=True)
def generate_responses(sandbox: "Sandbox", *, workflow_id: int, left: int = CREW_WAVE) -> None:
    """A model fills the nodes that only ask for its responses, a slice at a time."""
    workflow = workflows.get(sandbox, workflow_id)
    if workflow is None or workflow["status"] != "active":
        return
    where = {"workflow_id": workflow_id, "work": nodes.MODELS}
    found = tasks.of(sandbox).find(where, limit=CREW_SLICE)
    for task in found:
        work = claims.load(sandbox, workflow, task)
        for name in work.design.llm:
            if work.found[name]["status"] == "claimed":
                claims.hand_in(sandbox, work, name, Contributor(nodes.MODEL, kind="crew"), {})
        flow.finish_submitted(work.found, workflows.now(sandbox))
        flow.settle(sandbox, workflow, task, work.design, work.found)
    if tasks.of(sandbox).find(where, limit=1):
        _go_on(sandbox, workflow, "generate_responses", left - CREW_SLICE)


def play(
    sandbox: "Sandbox",
    workflow: Workflow,
    count: int,
    *,
    outcome: str | None = None,
    fields: Mapping[str, Any] | None = None,
) -> int:
    """Let the crew do up to `count` nodes now; answers how many it did."""
    done, designs = 0, Designs(sandbox, workflow["id"])
    while done < count:
        taken = _claim_slice(sandbox, workflow, min(CREW_WAVE, count - done))
        where = {"workflow_id": workflow["id"], "kind": "crew"}
        for claim in claims.of(sandbox).find(where, limit=taken):
            _finish(sandbox, workflow, claim, designs, fields, outcome)
        done += taken
        if not taken:
            break
    return done


def complete(
    sandbox: "Sandbox", workflow: Workflow, task_id: int, fields: Mapping[str, Any]
) -> None:
    """Take one task to its end; whoever held a node of it loses it to the crew."""
    for _ in range(1_000):
        task = tasks.of(sandbox).get(task_id)
        if task is None or task["status"] not in tasks.IN_FLIGHT:
            return
        work = claims.load(sandbox, workflow, task)
        if not _step(sandbox, work, fields):
            return


def _step(sandbox: "Sandbox", work: Work, fields: Mapping[str, Any]) -> bool:
    """Do one node of the task; whether there was one to do."""
    for name in work.design.graph.tracked:
        status = work.found[name]["status"]
        if status not in ("available", "claimed", "submitted"):
            continue
        claim = claims.of(sandbox).get(f"{work.task['id']}/{name}")
        if claim:
            claims.drop(sandbox, claim)
        who = Contributor(crew.REVIEWERS[0] if work.type_of(name) == "review" else crew.EXPERTS[0])
        at = workflows.now(sandbox)
        if status != "submitted" and work.type_of(name) == "review":
            reviews.judge(sandbox, work, name, who, "pass", None)
        elif status != "submitted":
            claims.hand_in(sandbox, work, name, who, _answers(sandbox, work, name, fields))
        before = work.task["work"]
        work.task["status"] = "in_progress"
        flow.finish_submitted(work.found, at)
        flow.settle(sandbox, work.workflow, work.task, work.design, work.found)
        flow.pool_changed(sandbox, work.workflow, before)
        return True
    return False
