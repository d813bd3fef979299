"""Contributors and their work: who may take a node, holding it, giving it back, handing it in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mockserver.engine.clock import rfc3339
from mockserver.services.pipelines import errors, fields, flow, tasks, workflows
from mockserver.services.pipelines.flow import Instances
from mockserver.services.pipelines.lifecycle import runs
from mockserver.services.pipelines.nodes import Instance, move
from mockserver.services.pipelines.tasks import Task
from mockserver.services.pipelines.workflows import Design, Workflow

if TYPE_CHECKING:
    from mockserver.engine.sandbox import Sandbox
    from mockserver.engine.store import Collection

Claim = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Contributor:
    """Somebody who works: any name will do, a known user has a type that limits what they do."""

    name: str
    type: str = "expert"
    known: bool = False
    kind: str = "hand"

    def may(self, node_type: str) -> bool:
        """Experts do subtasks and reviewers do reviews (fact 1.2); an unknown name does both."""
        return not self.known or (self.type == "reviewer") == (node_type == "review")


@dataclass(slots=True)
class Work:
    """A task at hand, with everything that deciding about it needs."""

    workflow: Workflow
    task: Task
    design: Design
    found: Instances

    def type_of(self, node_id: str) -> str:
        """The type of a node."""
        return str(self.design.graph.nodes[node_id]["type"])


def of(sandbox: "Sandbox") -> "Collection":
    """What is held by whom."""
    return sandbox.collection("pipelines.claims")


def load(sandbox: "Sandbox", workflow: Workflow, task: Task, design: Design | None = None) -> Work:
    """The task at hand; `design` saves reading it again."""
    return Work(workflow, task, *flow.loaded(sandbox, task, design))


def contributor(sandbox: "Sandbox", organization_id: int, name: str) -> Contributor:
    """Who works under a name; a user of another organization does not work here."""
    user = sandbox.collection("pipelines.users").get(name)
    if user is None:
        return Contributor(name)
    if user["organization_id"] != organization_id or user["role"] == "project_viewer":
        raise errors.forbidden(f"{name} does not work in this organization.", "not_eligible")
    # Owners and admins may do anything; a contributor does what their type does.
    known = user["role"] == "contributor"
    return Contributor(name, user.get("contributor_type", "expert"), known)


def eligible(work: Work, node_id: str, who: Contributor) -> bool:
    """Whether a contributor may take a node: by type, by routing, and not their own review."""
    found = work.found[node_id]
    if not who.may(work.type_of(node_id)):
        return False
    reserved = found.get("reserved_for")
    if reserved is not None and reserved != who.name:
        return False
    if who.name in found.get("excluded", ()):
        return False
    settings = work.design.graph.nodes[node_id].get("settings")
    if settings and settings["prevent_self_review"]:
        reviewed = work.design.graph.reviewed(node_id)
        return who.name not in [work.found[name].get("submitted_by") for name in reviewed]
    return True


def available(work: Work) -> list[str]:
    """The nodes that are open."""
    return [name for name in work.design.graph.tracked if _is(work.found[name], "available")]


def _is(found: Instance, status: str) -> bool:
    return bool(found["status"] == status)


def claim(sandbox: "Sandbox", work: Work, node_id: str | None, who: Contributor) -> str:
    """Take an open node; of two who race for it the second is refused."""
    in_flight = work.task["status"] in tasks.IN_FLIGHT
    open_nodes = available(work) if work.workflow["status"] == "active" and in_flight else []
    wanted = [name for name in open_nodes if node_id in (None, name)]
    if not wanted:
        raise errors.conflict("not_available", "The task has no such node available.")
    chosen = next((name for name in wanted if eligible(work, name, who)), None)
    if chosen is None:
        raise errors.forbidden(f"{who.name} may not take this node.", "not_eligible")
    _check_limit(sandbox, work.workflow, who)
    take(sandbox, work, chosen, who)
    return chosen


def _check_limit(sandbox: "Sandbox", workflow: Workflow, who: Contributor) -> None:
    """At the limit nothing can be claimed until one is submitted or released (fact 5.4)."""
    limit = workflow["settings"]["claim_limits"].get(who.type)
    where = {"workflow_id": workflow["id"], "contributor": who.name}
    if limit is not None and of(sandbox).count(where) >= limit:
        message = f"{who.name} holds {limit} nodes, which is the limit for {who.type}s."
        raise errors.conflict("claim_limit_reached", message)


def take(sandbox: "Sandbox", work: Work, node_id: str, who: Contributor) -> None:
    """Hold a node that is open; the pool of fresh tasks is filled in the same commit."""
    now = sandbox.clock.now()
    timeout = work.workflow["settings"]["claim_timeout_seconds"]
    expires = None if timeout is None or who.kind != "hand" else now + timeout
    claim_id = f"{work.task['id']}/{node_id}"
    of(sandbox).put(
        {
            "id": claim_id,
            "workflow_id": work.workflow["id"],
            "task_id": work.task["id"],
            "node_id": node_id,
            "contributor": who.name,
            "kind": who.kind,
            "claimed_at": rfc3339(now),
            "expires_at": None if expires is None else rfc3339(expires),
        }
    )
    if expires is not None:
        sandbox.jobs.schedule(
            "pipelines.expire_claim",
            {"claim_id": claim_id},
            delay=expires - now,
            resource=resource_of(claim_id),
        )
    before = work.task["work"]
    move(work.found[node_id], "claimed", rfc3339(now), assignee=who.name)
    work.task["status"] = "in_progress"
    flow.settle(sandbox, work.workflow, work.task, work.design, work.found)
    flow.pool_changed(sandbox, work.workflow, before)


def resource_of(claim_id: str) -> str:
    """What the job that ends a claim is about."""
    return f"pipelines/claims/{claim_id}"


def held(sandbox: "Sandbox", work: Work, node_id: str | None, who: Contributor) -> Claim:
    """The claim that a contributor has on the task."""
    for name in work.design.graph.tracked:
        found = of(sandbox).get(f"{work.task['id']}/{name}")
        if found and found["contributor"] == who.name and node_id in (None, name):
            return found
    raise errors.conflict("not_claimed", f"{who.name} holds no such node of this task.")


def drop(sandbox: "Sandbox", claim: Claim) -> None:
    """The node is no longer held."""
    of(sandbox).delete(claim["id"])
    if claim["expires_at"] is not None:
        sandbox.jobs.cancel(resource=resource_of(claim["id"]), kind="pipelines.expire_claim")


def release(sandbox: "Sandbox", work: Work, claim: Claim) -> None:
    """The node goes back to the pool; a task on which nothing was done is pending again."""
    drop(sandbox, claim)
    at = workflows.now(sandbox)
    move(work.found[claim["node_id"]], "available", at, assignee=None)
    touched = [work.found[name]["status"] for name in work.design.graph.tracked]
    rounds = [work.found[name]["round"] for name in work.design.graph.tracked]
    idle = all(status in ("available", "pending", "deferred") for status in touched)
    if idle and max(rounds) == 1 and work.task["status"] == "in_progress":
        work.task["status"] = "pending"
    flow.settle(sandbox, work.workflow, work.task, work.design, work.found)


@runs("expire_claim")
def expire_claim(sandbox: "Sandbox", *, claim_id: str) -> None:
    """An overdue claim returns to the pool (fact 5.4)."""
    claim = of(sandbox).get(claim_id)
    task = tasks.of(sandbox).get(claim["task_id"]) if claim else None
    workflow = workflows.get(sandbox, claim["workflow_id"]) if claim else None
    if claim is not None and task is not None and workflow is not None:
        release(sandbox, load(sandbox, workflow, task), claim)


def submit(
    sandbox: "Sandbox",
    work: Work,
    node_id: str | None,
    who: Contributor,
    given: Mapping[str, Any],
) -> str:
    """Hand in a held subtask: inputs checked, read-only values untouched."""
    claim = held(sandbox, work, node_id, who)
    check_active(work.workflow)
    name: str = claim["node_id"]
    if work.type_of(name) != "subtask":
        raise errors.conflict("review_required", f"{name} is a review; pass or fail it.")
    seeded, answers = _checked(work, name, given)
    drop(sandbox, claim)
    work.task["fields"] = {**work.task["fields"], **seeded}
    hand_in(sandbox, work, name, who, answers)
    work.task["nodes"] = work.found
    flow.settle(sandbox, work.workflow, work.task, work.design, work.found)
    flow.submitted(sandbox, work.task)
    return name


def check_active(workflow: Workflow) -> None:
    """Only in an active pipeline contributors submit (fact 5.1)."""
    if workflow["status"] != "active":
        message = f"The workflow is {workflow['status']}; work goes on once it is active."
        raise errors.conflict("workflow_not_active", message)


def _checked(
    work: Work, node_id: str, given: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Values for dataset fields that came empty, and the node's answers."""
    own = {field["name"]: field for field in fields.of_node(work.design.fields, node_id)}
    fixed = {field["name"]: field for field in work.design.fields if field["name"] not in own}
    details = []
    for name in given:
        # A mapped field is read-only; one that was left empty may be filled in (fact 6.6).
        taken = not fields.is_empty(work.task["fields"].get(name))
        if name in fixed and (fixed[name]["data_source"] != "predefined" or taken):
            details.append(fields.problem(name, "field_read_only", f"{name} is read-only."))
    if details:
        raise errors.refused("field_read_only", details[0]["message"], details)
    seedable = {name: {**field, "required": False} for name, field in fixed.items()}
    asked = {
        name: {**field, "required": field["required"] and field["data_source"] == "user_input"}
        for name, field in own.items()
    }
    values, problems = fields.checked({**seedable, **asked}, given)
    if problems:
        raise errors.refused("validation_error", problems[0]["message"], problems)
    seeded = {name: value for name, value in values.items() if name in fixed}
    return seeded, {name: value for name, value in values.items() if name in own}


def hand_in(
    sandbox: "Sandbox", work: Work, node_id: str, who: Contributor, answers: Mapping[str, Any]
) -> None:
    """Mark a subtask as submitted, with its answers, and remember by whom."""
    at = workflows.now(sandbox)
    missing = [
        field
        for field in fields.of_node(work.design.fields, node_id)
        if field["data_source"] == "llm_response" and field["name"] not in answers
    ]
    written = {**answers, **invented(sandbox, work, node_id, missing)}
    move(work.found[node_id], "submitted", at, fields=written, submitted_by=who.name)
    record(sandbox, work, node_id, who, fields=written)


def record(
    sandbox: "Sandbox",
    work: Work,
    node_id: str,
    who: Contributor,
    *,
    fields: Mapping[str, Any] | None = None,
    outcome: str | None = None,
    reason: str | None = None,
) -> None:
    """Keep what a contributor has submitted."""
    sandbox.collection("pipelines.submissions").put(
        {
            "id": sandbox.ids.number("pipelines.submissions"),
            "workflow_id": work.workflow["id"],
            "task_id": work.task["id"],
            "node_id": node_id,
            "round": work.found[node_id]["round"],
            "contributor": who.name,
            "outcome": outcome,
            "reason": reason,
            "fields": dict(fields or {}),
            "created_at": workflows.now(sandbox),
        }
    )


def invented(
    sandbox: "Sandbox", work: Work, node_id: str, asked: list[fields.Field]
) -> dict[str, Any]:
    """Answers made up from the fields themselves, the same for the same seed."""
    if not asked:
        return {}
    schema = {
        "type": "object",
        "properties": {field["name"]: fields.answer_schema(field) for field in asked},
        "required": [field["name"] for field in asked],
        "additionalProperties": False,
    }
    key = ("pipelines.answers", work.task["id"], node_id, work.found[node_id]["round"])
    found: dict[str, Any] = sandbox.examples.invent(schema, *key)
    return {name: value for name, value in found.items() if value is not None}
