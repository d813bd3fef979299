"""Overlap: how often a task is to be done, is still to be done, and when that is enough."""

from typing import Any

from mockserver.engine.sandbox import Sandbox
from mockserver.services.toloka import aggregation, errors, ledger, pools, subscriptions, wire
from mockserver.services.toloka.assignments import LINKS
from mockserver.services.toloka.forms import MOST_OVERLAP, check_number, whole

GIVEN_BACK = ("SKIPPED", "EXPIRED")

Document = dict[str, Any]
"""A task or a suite as it is kept."""


def issued(sandbox: Sandbox, document: Document) -> int:
    """How often it has been given out and not given back."""
    if not document["infinite_overlap"]:
        return int(document["overlap"] - document["remaining_overlap"])
    assignments = sandbox.collection("toloka.assignments")
    if document["role"] == "suite":
        found = assignments.find({"task_suite_id": document["id"]})
    else:
        links = sandbox.collection(LINKS).find({"task_id": document["id"]})
        kept = (assignments.get(link["assignment_id"]) for link in links)
        found = [each for each in kept if each is not None]
    return sum(each["status"] not in GIVEN_BACK for each in found)


def change(sandbox: Sandbox, document: Document, form: Document, *, or_min: bool = False) -> None:
    """Set the overlap that a patch asks for; with `or_min` at least what has been given out."""
    infinite = form.get("infinite_overlap")
    overlap = whole(form.get("overlap"))
    if infinite is None and overlap is None:
        return
    if wire.truth(infinite):
        if overlap is not None:
            detail = "Value must be null with infinite overlap"
            raise errors.invalid({"overlap": errors.field("VALUE_NOT_ALLOWED", detail)})
        _set(sandbox, document, None)
        return
    used = issued(sandbox, document)
    found: errors.Fields = {}
    check_number(overlap, (0, MOST_OVERLAP), "overlap", found)
    if found:
        raise errors.invalid(found)
    if overlap is None:
        if not or_min or not document["infinite_overlap"]:
            raise errors.invalid({"overlap": errors.required()})
        overlap = used
    if overlap < used:
        if not or_min:
            raise errors.conflict("ASSIGNMENTS_COUNT_CONFLICT")
        overlap = used
    _set(sandbox, document, overlap, used)


def _set(sandbox: Sandbox, document: Document, overlap: int | None, used: int = 0) -> None:
    before = (document["overlap"] or 0, document["remaining_overlap"] or 0)
    was_infinite = document["infinite_overlap"]
    document["overlap"] = overlap
    document["infinite_overlap"] = overlap is None
    document["remaining_overlap"] = None if overlap is None else overlap - used
    if document["role"] in ("real", "suite"):
        ledger.add(
            sandbox,
            document["pool_id"],
            overlap=(document["overlap"] or 0) - before[0],
            left=(document["remaining_overlap"] or 0) - before[1],
            endless=int(overlap is None) - int(was_infinite),
        )


def complete(sandbox: Sandbox, pool: Document) -> bool:
    """Whether everything in the pool that has an end has been done."""
    if pool["status"] != "OPEN" or pools.is_training(pool):
        return False
    books = ledger.read(sandbox, pool["id"])
    if books["left"] or not books["overlap"]:
        return False
    active = {"pool_id": pool["id"], "status": "ACTIVE"}
    return not sandbox.collection("toloka.assignments").count(active)


def extend(sandbox: Sandbox, pool: Document, task_ids: set[str]) -> None:
    """Dynamic overlap: ask once more where the answers do not agree enough, and tell subscribers
    where they do, or where the most that is allowed has been asked.

    Not emulated: the service's own confidence formula; this is the share of the weighted votes.
    """
    config = pool.get("dynamic_overlap_config")
    if not config:
        return
    tasks = sandbox.collection("toloka.tasks")
    most = whole(config.get("max_overlap")) or 0
    least = float(config.get("min_confidence") or 0)
    finished = []
    for task_id in sorted(task_ids):
        task = tasks.get(task_id)
        if task is None or task["infinite_overlap"] or task["remaining_overlap"]:
            continue
        votes = aggregation.votes(sandbox, task, _fields(config), _skill(config))
        if len(votes.assignment_ids) < task["overlap"]:
            continue
        if votes.confidence < least and task["overlap"] < most:
            used = issued(sandbox, task)
            _set(sandbox, task, task["overlap"] + 1, used)
            tasks.put(task)
            continue
        finished.append(
            {
                "task_id": task_id,
                "confidence": votes.confidence,
                "assignment_ids": votes.assignment_ids,
                "output_values": votes.output_values,
            }
        )
    subscriptions.tell(sandbox, pool, "DYNAMIC_OVERLAP_COMPLETED", finished)


def _fields(config: Document) -> list[str]:
    return [each["name"] for each in config.get("fields") or []]


def _skill(config: Document) -> str | None:
    skill = config.get("answer_weight_skill_id")
    return None if skill is None else str(skill)
