"""How Sama spells credentials, ids, times, lists and tasks on the wire."""

import re
from typing import Any

from mockserver.engine.clock import parse_rfc3339, rfc3339
from mockserver.engine.errors import Invalid, NotFound, Unauthorized
from mockserver.engine.ids import Ids
from mockserver.engine.request import query_pairs
from mockserver.engine.sandbox import Sandbox
from mockserver.engine.service import Call

FIRST_BATCH = 612_584
"""Batch numbers have six digits in the tutorials (F12)."""

CREDENTIALS = "sama.credentials"
PROJECTS = "sama.projects"

MOST_INLINE = 1000
"""Tasks in an inline batch (F44)."""

# Spelled once, since an answer to an inline batch may hold all of them.
_FIRST_ENDINGS = tuple(f"{position:06x}" for position in range(MOST_INLINE))

# What a fraction of a second says beyond milliseconds.
_FINER = re.compile(r"([.,]\d{3})(\d+)", re.ASCII)

DELIVERY_KEYS = (
    "id",
    "project_id",
    "created_at",
    "delivered_at",
    "state",
    "batch_id",
    "client_batch_id",
    "data",
    "answers",
    "submitter_ids_by_step",
)


def authenticate(call: Call) -> str:
    """The access key, which every call has in its query, POST and PUT included (F3)."""
    key = dict(query_pairs(call.query_string)).get("access_key")
    # A missing key is answered like a bad one (U26).
    if not key or (
        call.sandbox.settings.auth == "listed" and key not in call.sandbox.collection(CREDENTIALS)
    ):
        raise Unauthorized("Not authorized.")
    return key


def project_of(call: Call) -> dict[str, Any]:
    """The project in the path, shared with other calls.

    404 when it is missing or belongs to another client (F18).
    """
    sandbox, id = call.sandbox, call.parameters["project_id"]
    projects = sandbox.collection(PROJECTS)
    project = sandbox.memo.of((PROJECTS,), (PROJECTS, id), lambda: projects.get(id))
    if project is None or _is_of_another_client(call, project):
        raise NotFound("Project not found.")
    if not project.get("api_access", True):
        raise Unauthorized("Not authorized.")
    return project


def _is_of_another_client(call: Call, project: dict[str, Any]) -> bool:
    """Keys belong to clients only where they are listed; any other key sees every project."""
    if call.sandbox.settings.auth != "listed":
        return False
    owner = call.sandbox.collection(CREDENTIALS).get(call.credential or "")
    return owner is None or owner["client_id"] != project["client"]["id"]


def task_of(call: Call) -> dict[str, Any]:
    """The task in the path, under its own project only (U23)."""
    project = project_of(call)
    task = call.sandbox.collection("sama.tasks").get(call.parameters["task_id"])
    if task is None or task["project_id"] != project["id"]:
        raise NotFound("Task not found.")
    return task


def batch_of(call: Call) -> dict[str, Any]:
    """The batch in the path, under its own project only."""
    project = project_of(call)
    batch = call.sandbox.collection("sama.batches").get(call.parameters["batch_id"])
    if batch is None or batch["project_id"] != project["id"]:
        raise NotFound("Batch not found.")
    return batch


def stem(ids: Ids, at: float, batch_id: int) -> str:
    """The first 18 digits of the task ids of one batch: the second, then the batch in disguise.

    Ids look like MongoDB's (F11), and as they follow from the batch and the place in it, a slice
    of work that runs twice makes the same tasks.
    """
    mask = ids.derived("sama.tasks") & 0xFF_FFFF_FFFF
    return f"{int(at) & 0xFFFF_FFFF:08x}{(batch_id ^ mask) & 0xFF_FFFF_FFFF:010x}"


def task_id(stem: str, position: int) -> str:
    """The id of the task at a position of its batch, counted from 0."""
    return f"{stem}{position & 0xFF_FFFF:06x}"


def first_task_ids(stem: str, count: int) -> list[str]:
    """The ids of the first tasks of a batch, at most as many as an inline batch holds."""
    return [stem + ending for ending in _FIRST_ENDINGS[:count]]


def now(sandbox: Sandbox) -> str:
    """The sandbox's time as Sama writes it: UTC with milliseconds (F13)."""
    return rfc3339(sandbox.clock.now())


def moment(text: str | None, name: str) -> str | None:
    """A `from` or `to` as Sama writes times, so that it compares with stored ones.

    Bare dates and nine fractional digits are read too (F15, F110). What lies between two
    milliseconds moves up, which keeps both `>= from` and `< to` as they were.
    """
    if text is None:
        return None
    finer = _FINER.search(text)
    try:
        seconds = parse_rfc3339(_FINER.sub(r"\1", text, count=1))
        milliseconds = round(seconds * 1000) + bool(finer and finer[2].strip("0"))
        return rfc3339(milliseconds / 1000)
    except (ValueError, OverflowError):
        raise Invalid(f"{name} must be an RFC 3339 time, such as 2024-03-12T20:50:01Z.") from None


def comma_list(text: Any) -> tuple[str, ...]:
    """The values in a comma-separated list, without empty ones."""
    if text is None:
        return ()
    return tuple(dict.fromkeys(part for part in str(text).split(",") if part))


def page_of(call: Call, most: int) -> tuple[int, int]:
    """How many items to skip, and how many to answer: a larger page counts as `most` (U14)."""
    size = min(call.parameters["page_size"], most)
    return (call.parameters["page"] - 1) * size, size


def in_delivery_form(task: dict[str, Any]) -> dict[str, Any]:
    """A task as deliveries and the delivery callback show it (F150-F153)."""
    shown = {key: task[key] for key in DELIVERY_KEYS}
    shown["answers"] = latest_answers(task)
    shown["_extras"] = {}
    return shown


def in_status_form(task: dict[str, Any], *, omit_answers: bool = False) -> dict[str, Any]:
    """A task as status calls show it: no submitters, but its priority (F97)."""
    shown = in_delivery_form(task)
    del shown["submitter_ids_by_step"], shown["_extras"]
    if omit_answers:
        del shown["answers"]
    return {**shown, "priority": task["priority"]}


def latest_answers(task: dict[str, Any]) -> dict[str, Any]:
    """The answers as they are now; those of a rejected task are its default ones (F101)."""
    if task["state"] == "rejected" or task["answers"] is None:
        return dict(task["default_answers"])
    return dict(task["answers"])
