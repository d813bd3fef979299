"""What Pipelines says when it refuses: one envelope, a code, and findings one by one."""

from collections.abc import Sequence
from typing import Any

from mockserver.engine.contract import Violation
from mockserver.engine.errors import (
    Conflict,
    Forbidden,
    NotFound,
    ServiceError,
    Unauthorized,
    Unprocessable,
)
from mockserver.engine.service import Answer, Call

MOST_DETAILS = 100
"""Findings told at once; whoever has more mends those first."""

# The engine's own findings in the service's words. Of the codes only `missing_api_key` has been
# seen in the documentation (fact 2.1); the others are the fact sheet's proposals (section 9).
_CODES = {
    "too_large": "payload_too_large",
    "internal": "internal_error",
    "unauthorized": "invalid_api_key",
    "unprocessable": "validation_error",
    "invalid": "validation_error",
}


def refused(
    code: str, message: str, details: Sequence[dict[str, Any]] = (), *, status: int = 422
) -> ServiceError:
    """The content cannot be used; 422 like the app's own API (fact 2.2)."""
    return Unprocessable(message, code=code, details=list(details[:MOST_DETAILS]), status=status)


def conflict(code: str, message: str) -> ServiceError:
    """The state does not allow it."""
    return Conflict(message, code=code)


def not_found(resource: str, id: Any) -> ServiceError:
    """There is none in the key's organization; `resource` is the code's first part."""
    name = resource.replace("_", " ")
    return NotFound(f"There is no {name} {str(id)[:100]}.", code=f"{resource}_not_found")


def forbidden(message: str, code: str = "forbidden") -> ServiceError:
    """The key's user, or the contributor, may not do this."""
    return Forbidden(message, code=code)


def unauthorized(code: str, message: str) -> ServiceError:
    """No key, or not a valid one."""
    return Unauthorized(message, code=code, headers={"WWW-Authenticate": "Bearer"})


def refusal(violations: Sequence[Violation], *, batch_too_large_status: int) -> ServiceError:
    """What breaks the contract, in the service's words."""
    for violation in violations:
        if violation.pointer == "/body/tasks" and violation.rule == "minItems":
            return refused("empty_batch", "A batch has 1 to 5000 tasks.")
        if (violation.pointer, violation.rule) in (
            ("/body/tasks", "maxItems"),
            ("/body/count", "maximum"),
        ):
            return too_large(batch_too_large_status)
    details = [_finding(violation) for violation in violations]
    first = details[0]
    return refused("validation_error", f"{first['field']} {first['message']}.", details)


def too_large(status: int) -> ServiceError:
    """More tasks than one call may create (fact 2, E4: 5,000)."""
    return refused("batch_too_large", "A batch has 1 to 5000 tasks.", status=status)


def _finding(violation: Violation) -> dict[str, Any]:
    parts = violation.pointer.split("/")[1:]
    found: dict[str, Any] = {
        "code": violation.rule,
        "field": ".".join(parts[1:]) or parts[0],
        "message": violation.message,
    }
    if parts[:2] == ["body", "tasks"] and len(parts) > 2 and parts[2].isdigit():
        found["task_index"] = int(parts[2])
    return found


def render_error(error: ServiceError, call: Call | None) -> Answer:
    """Any error in the envelope; the id is derived, so that the same calls give the same ids."""
    code = _CODES.get(error.code, error.code)
    if code == "malformed":
        media_type = (call.headers.get("content-type") or "") if call else ""
        code = "invalid_multipart" if media_type.startswith("multipart/") else "invalid_json"
    body = {
        "code": code,
        "message": error.message or f"The call was refused with status {error.status}.",
        "details": error.details if isinstance(error.details, list) else [],
        "request_id": _request_id(call),
    }
    return Answer(error.status, {"error": body}, error.headers)


def _request_id(call: Call | None) -> str:
    if call is None:
        return "req_000000000000"
    sandbox = call.sandbox
    drawn = sandbox.ids.derived(
        "pipelines.requests", sandbox.clock.now(), call.method, call.path, len(sandbox.journal)
    )
    return f"req_{drawn % 16**12:012x}"
