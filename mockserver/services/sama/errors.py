"""Sama's errors: an `errors` array of types and messages."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from mockserver.engine.contract import Violation
from mockserver.engine.errors import Invalid, NotFound, ServiceError
from mockserver.engine.service import Answer, Call

INVALID_INPUT = "InvalidInputSchema"
"""The type of errors about a task's data; general errors have their status as type (F21)."""

# What stands in the path of an operation, by the name of the parameter.
_RESOURCES = {"project_id": "Project", "batch_id": "Batch", "task_id": "Task"}


def error_item(type: int | str, message: str) -> dict[str, Any]:
    """One element of the `errors` array."""
    return {"type": type, "message": message}


class RefusedData(Invalid):
    """A task's data does not fit its project."""

    def __init__(self, items: list[dict[str, Any]]) -> None:
        super().__init__(items[0]["message"], code=INVALID_INPUT, details=items)


def refuse(call: Call, violations: Sequence[Violation]) -> ServiceError:
    """400 with a message for each violation; an id that cannot be one is a resource not found."""
    for violation in violations:
        part, _, name = violation.pointer.lstrip("/").partition("/")
        if part == "path":
            return NotFound(f"{_RESOURCES.get(name, 'Resource')} not found.")
    items = [error_item(400, f"{_place(each.pointer)}: {each.message}") for each in violations]
    return Invalid(items[0]["message"], details=items)


def render_error(error: ServiceError, call: Call | None) -> Answer:
    """Any error in Sama's envelope (F21)."""
    items = error.details
    if not (isinstance(items, list) and items and all(_is_item(item) for item in items)):
        items = [error_item(error.status, error.message or _phrase(error.status))]
    return Answer(error.status, {"errors": items}, error.headers)


def _is_item(item: Any) -> bool:
    return isinstance(item, dict) and item.keys() == {"type", "message"}


def _place(pointer: str) -> str:
    """A pointer without the part of the request where that goes without saying."""
    part, _, rest = pointer.lstrip("/").partition("/")
    return rest or part


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase + "."
    except ValueError:
        return "The request could not be served."
