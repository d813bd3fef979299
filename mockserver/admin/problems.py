"""Errors of the control API as problem+json."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from mockserver.engine.contract import Violation
from mockserver.engine.errors import ServiceError, Unprocessable
from mockserver.engine.service import Answer, Call

MEDIA_TYPE = "application/problem+json"


def refuse(call: Call, violations: Sequence[Violation]) -> ServiceError:
    """What breaks the contract, one by one."""
    first = violations[0]
    more = f" (and {len(violations) - 1} more)" if len(violations) > 1 else ""
    return Unprocessable(
        f"{first.pointer}: {first.message}{more}",
        details={
            "errors": [
                {"pointer": each.pointer, "rule": each.rule, "message": each.message}
                for each in violations
            ]
        },
    )


def render_error(error: ServiceError, call: Call | None) -> Answer:
    """A problem after RFC 9457; `instance` is the path that was called."""
    details = error.details if isinstance(error.details, dict) else {}
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": _title(error.status),
        "status": error.status,
        "detail": error.message,
        "instance": _called(call) if call else details.get("path", ""),
    }
    if "errors" in details:
        body["errors"] = details["errors"]
    return Answer(error.status, body, media_type=MEDIA_TYPE)


def _called(call: Call) -> str:
    """The path from the root; that of a service's control is relative to the service's own."""
    own = call.service.name == "admin"
    return call.path if own else f"/__admin/services/{call.service.name}{call.path}"


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
