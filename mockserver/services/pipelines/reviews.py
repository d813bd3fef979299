"""Reviews: passing work on, sending it back, and what happens when it is sent back too often."""

from typing import TYPE_CHECKING, Any

from mockserver.services.pipelines import claims, errors, fields, flow, workflows
from mockserver.services.pipelines.claims import Contributor, Work
from mockserver.services.pipelines.nodes import move

if TYPE_CHECKING:
    from mockserver.engine.sandbox import Sandbox

_ENDS = {"quarantine": "quarantined", "escalate": "escalated"}


def review(
    sandbox: "Sandbox", work: Work, node_id: str | None, who: Contributor, verdict: dict[str, Any]
) -> str:
    """Give the verdict of a held review."""
    claim = claims.held(sandbox, work, node_id, who)
    claims.check_active(work.workflow)
    name: str = claim["node_id"]
    if work.type_of(name) != "review":
        raise errors.conflict("not_a_review", f"{name} is a subtask; submit it.")
    reason = (verdict.get("reason") or "").strip()
    if verdict["outcome"] == "fail" and not reason:
        finding = fields.problem("reason", "missing_field", "A rejection needs a reason.")
        raise errors.refused("validation_error", finding["message"], [finding])
    claims.drop(sandbox, claim)
    judge(sandbox, work, name, who, verdict["outcome"], reason or None)
    flow.settle(sandbox, work.workflow, work.task, work.design, work.found)
    if verdict["outcome"] == "pass":
        flow.submitted(sandbox, work.task)
    return name


def judge(
    sandbox: "Sandbox",
    work: Work,
    node_id: str,
    who: Contributor,
    outcome: str,
    reason: str | None,
) -> None:
    """Apply a verdict to the node instances."""
    claims.record(sandbox, work, node_id, who, outcome=outcome, reason=reason)
    at = workflows.now(sandbox)
    review_node = work.found[node_id]
    review_node["submitted_by"] = who.name
    if outcome == "pass":
        move(review_node, "submitted", at)
        _assign_next(work, node_id)
        return
    settings = work.design.graph.nodes[node_id]["settings"]
    failures = review_node.get("failures", 0) + 1
    review_node["failures"] = failures
    limit = settings["max_re_reviews"]
    if limit is not None and failures > limit:
        status = _ENDS[settings["on_max_re_reviews"]]
        move(review_node, status, at)
        work.task["status"] = status
        return
    send_back(work, node_id, who.name, reason or "", at)


def _assign_next(work: Work, node_id: str) -> None:
    """With the pass assignment mode Same Person, whose work passed also gets the next subtask.

    What the mode refers to is not documented beyond its name and default (fact 5.4).
    """
    graph = work.design.graph
    if graph.nodes[node_id]["settings"]["pass_assignment_mode"] != "same_person":
        return
    people = {work.found[name].get("submitted_by") for name in graph.reviewed(node_id)}
    if len(people) != 1:
        return
    person = people.pop()
    stack, seen = [path["to"] for path in graph.nodes[node_id]["next"]], set[str]()
    while stack:
        name = stack.pop()
        if name in seen:
            continue
        seen.add(name)
        if graph.nodes[name]["type"] == "subtask":
            work.found[name]["reserved_for"] = person
        elif graph.nodes[name]["type"] == "logic_gate":
            stack.extend(path["to"] for path in graph.nodes[name]["next"])


def send_back(work: Work, node_id: str, reviewer: str, reason: str, at: str) -> None:
    """Open the reviewed work for another round, for whom the routing mode says (fact 5.4)."""
    graph = work.design.graph
    settings = graph.nodes[node_id]["settings"]
    reworked = graph.reviewed(node_id)
    for name in graph.between(reworked, node_id):
        found = work.found[name]
        if found["status"] != "pending":
            found["round"] += 1
        for key in ("taken", "reserved_for", "excluded", "rejection"):
            found.pop(key, None)
        move(found, "pending", at, assignee=None)
    for name in reworked:
        found = work.found[name]
        original = found.get("submitted_by")
        excluded = [reviewer] if settings["prevent_self_review"] else []
        mode = settings["routing_mode"]
        if mode == "same_person":
            found["reserved_for"] = original
            excluded = []
        elif mode == "pool_exclude_original":
            excluded.append(str(original))
        found["excluded"] = excluded
        found["rejection"] = {"reason": reason, "reviewer": reviewer}


def reopen(sandbox: "Sandbox", work: Work) -> None:
    """An admin resolves a quarantine or an escalation: the review is open again, uncounted."""
    at = workflows.now(sandbox)
    for name in work.design.graph.tracked:
        found = work.found[name]
        if found["status"] in _ENDS.values():
            found["failures"] = 0
            found["round"] += 1
            move(found, "available", at, assignee=None)
