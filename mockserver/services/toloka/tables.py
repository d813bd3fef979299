"""The assignments of a pool as a table of tab-separated values."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from mockserver.engine.sandbox import Sandbox
from mockserver.engine.store import Range
from mockserver.services.toloka import assignments

STATUSES = {
    "ACTIVE": "ACTIVE",
    "SUBMITTED": "SUBMITTED",
    "APPROVED": "ACCEPTED",
    "REJECTED": "REJECTED",
    "SKIPPED": "SKIPPED",
    "EXPIRED": "EXPIRED",
}
FIELDS = {
    "ASSIGNMENT:link": "link",
    "ASSIGNMENT:assignment_id": "id",
    "ASSIGNMENT:task_id": "task_id",
    "ASSIGNMENT:task_suite_id": "task_suite_id",
    "ASSIGNMENT:worker_id": "user_id",
    "ASSIGNMENT:status": "status",
    "ASSIGNMENT:started": "created",
    "ASSIGNMENT:submitted": "submitted",
    "ASSIGNMENT:accepted": "accepted",
    "ASSIGNMENT:rejected": "rejected",
    "ASSIGNMENT:skipped": "skipped",
    "ASSIGNMENT:expired": "expired",
    "ASSIGNMENT:reward": "reward",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which assignments, and what of them."""

    statuses: tuple[str, ...]
    fields: tuple[str, ...]
    started: Range
    without_banned: bool
    """Leave out Tolokers under a restriction."""
    spaced: bool
    """An empty row after each suite."""


def lines(sandbox: Sandbox, pool: dict[str, Any], wanted: Wanted) -> Iterator[str]:
    """The header, then one line for each task of each assignment (fact f.6)."""
    project = sandbox.collection("toloka.projects").get(pool["project_id"])
    spec = project["task_spec"] if project else {"input_spec": {}, "output_spec": {}}
    inputs, outputs = list(spec["input_spec"]), list(spec["output_spec"])
    columns = [f"INPUT:{name}" for name in inputs]
    columns += [f"OUTPUT:{name}" for name in outputs]
    columns += [f"GOLDEN:{name}" for name in outputs]
    yield "\t".join([*columns, "HINT:text", "HINT:default_language", *wanted.fields])
    restrictions = sandbox.collection("toloka.user_restrictions")
    where = {
        "pool_id": pool["id"],
        "status": tuple(STATUSES[status] for status in wanted.statuses),
    }
    stored = sandbox.collection(assignments.COLLECTION)
    for assignment in stored.each(where, ranges={"created": wanted.started}, sort="id"):
        banned = {"user_id": assignment["user_id"]}
        if wanted.without_banned and restrictions.count(banned):
            continue
        answers = assignment.get("solutions") or ()
        for index, task in enumerate(assignments.tasks_of(sandbox, assignment)):
            values = answers[index]["output_values"] if index < len(answers) else {}
            known = task.get("known_solutions") or [{"output_values": dict[str, Any]()}]
            cells = [_cell(task["input_values"].get(name)) for name in inputs]
            cells += [_cell(values.get(name)) for name in outputs]
            cells += [_cell(known[0]["output_values"].get(name)) for name in outputs]
            cells += [_cell(task.get("message_on_unknown_solution")), ""]
            cells += [_assignment_cell(assignment, task, name) for name in wanted.fields]
            yield "\t".join(cells)
        if wanted.spaced:
            yield ""


def _assignment_cell(assignment: dict[str, Any], task: dict[str, Any], name: str) -> str:
    own = FIELDS[name]
    if own == "link":
        return f"https://toloka.dev/task/{assignment['pool_id']}/{assignment['id']}"
    if own == "task_id":
        return str(task["id"])
    if own == "status" and assignment["status"] == "ACCEPTED":
        return "APPROVED"
    return _cell(assignment.get(own))


def _cell(value: Any) -> str:
    """A value in a table: text without what would break the line, anything else as JSON."""
    if value is None:
        return ""
    if not isinstance(value, str):
        return orjson.dumps(value).decode()
    return value.translate(_ESCAPED)


_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
