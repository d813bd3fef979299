"""Aggregation: one answer to a task out of many, with the confidence that it deserves."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from mockserver.engine.sandbox import Sandbox
from mockserver.services.toloka.assignments import LINKS

SOLUTIONS = "toloka.aggregated_solutions"
COUNTED = ("SUBMITTED", "ACCEPTED")

UNSKILLED = 50
"""The skill of a Toloker who has no value of the one that weighs answers."""


@dataclass(frozen=True, slots=True)
class Votes:
    """The answers to one task, put together."""

    output_values: dict[str, Any]
    confidence: float
    assignment_ids: list[str]


def votes(
    sandbox: Sandbox, task: dict[str, Any], fields: Sequence[str], skill_id: str | None = None
) -> Votes:
    """The weighted majority of the answers to a task, baseline solutions included.

    Not emulated: the Dawid-Skene model and the service's formula for skills; both are a majority
    here, weighted with the skill where one is named.
    """
    answers: list[tuple[dict[str, Any], float]] = [
        (solution["output_values"], float(solution.get("confidence_weight") or 0))
        for solution in task.get("baseline_solutions", ())
    ]
    counted = []
    assignments = sandbox.collection("toloka.assignments")
    for link in sandbox.collection(LINKS).find({"task_id": task["id"]}):
        assignment = assignments.get(link["assignment_id"])
        if assignment is None or assignment["status"] not in COUNTED:
            continue
        counted.append(assignment["id"])
        values = assignment["solutions"][link["position"]]["output_values"]
        answers.append((values, _weight(sandbox, link["user_id"], skill_id)))
    chosen: dict[str, Any] = {}
    confidence = 1.0 if answers else 0.0
    for name in fields:
        value, share = _majority([(values.get(name), weight) for values, weight in answers])
        if value is not None:
            chosen[name] = value
        confidence = min(confidence, share)
    return Votes(chosen, round(confidence, 4), counted)


def _weight(sandbox: Sandbox, user_id: str, skill_id: str | None) -> float:
    if skill_id is None:
        return 1.0
    where = {"user_id": user_id, "skill_id": skill_id}
    found = sandbox.collection("toloka.user_skills").find(where, limit=1)
    skill = found[0]["exact_value"] if found else UNSKILLED
    return max(0.01, float(skill) / 100)


def _majority(answers: list[tuple[Any, float]]) -> tuple[Any, float]:
    """The value with the most weight, and its share of all."""
    weights: dict[bytes, float] = defaultdict(float)
    values: dict[bytes, Any] = {}
    for value, weight in answers:
        if value is None:
            continue
        key = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
        weights[key] += weight
        values[key] = value
    if not weights:
        return None, 0.0
    best = max(weights, key=lambda key: (weights[key], key))
    total = sum(weights.values())
    return values[best], weights[best] / total if total else 0.0
