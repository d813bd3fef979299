"""Extend's refusals: the flat error body of 2026-02-09, its codes, and what a violation becomes."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mockserver.engine.errors import Forbidden, Invalid, NotFound, ServiceError, Unprocessable
from mockserver.engine.service import Answer, Call

if TYPE_CHECKING:
    from mockserver.engine.contract import Violation

REQUEST_ID = "x-extend-request-id"

# Facts 1.4; the engine's own words on the left, and what a status means when no code was given.
_CODES = {
    "invalid": "INVALID_REQUEST",
    "malformed": "INVALID_REQUEST",
    "too_large": "INVALID_REQUEST",
    "unsupported_media_type": "INVALID_REQUEST",
    "method_not_allowed": "INVALID_REQUEST",
    "conflict": "INVALID_REQUEST",
    "unauthorized": "UNAUTHORIZED",
    "forbidden": "FORBIDDEN",
    "not_found": "NOT_FOUND",
    "unprocessable": "UNPROCESSABLE",
    "rate_limited": "RATE_LIMIT_EXCEEDED",
    "unavailable": "INTERNAL_ERROR",
    "internal": "INTERNAL_ERROR",
}
# Names of which a request or a file must have just one, or at most one.
_ALTERNATIVES = (
    "url",
    "id",
    "text",
    "file",
    "package",
    "templateId",
    "extractor",
    "classifier",
    "splitter",
    "config",
    "generate",
    "cloneExtractorId",
    "cloneClassifierId",
    "cloneSplitterId",
    "rawText",
    "fileId",
    "fileIds",
)
_RETRYABLE = frozenset({"RATE_LIMIT_EXCEEDED", "INTERNAL_ERROR"})


def invalid(message: str, *, code: str = "INVALID_REQUEST") -> Invalid:
    """400: the request breaks a rule."""
    return Invalid(message, code=code)


def not_found(what: str, id: str) -> NotFound:
    """404: there is nothing of this id."""
    return NotFound(f"{what} {id} was not found.", code="NOT_FOUND")


def forbidden(message: str) -> Forbidden:
    """403: the key may not do this."""
    return Forbidden(message, code="FORBIDDEN")


def usage_blocked() -> ServiceError:
    """402: the workspace has used up its credits."""
    return ServiceError(
        "The workspace has no credits left; add some in the dashboard.",
        status=402,
        code="USAGE_BLOCKED",
    )


def removed(replacement: str) -> ServiceError:
    """410: an endpoint that this version no longer has."""
    return ServiceError(
        f"This endpoint was removed in version 2026-02-09. Use {replacement} instead.",
        status=410,
        code="ENDPOINT_REMOVED",
    )


def unprocessable(reason: str, message: str) -> Unprocessable:
    """422: a synchronous run that failed."""
    return Unprocessable(message, code=reason)


def refuse(call: Call, violations: Sequence["Violation"]) -> ServiceError:
    """The request's violations as one 400; validation messages name the failing path (fact 1.4)."""
    first = violations[0]
    side, _, rest = first.pointer.lstrip("/").partition("/")
    path = rest.replace("/", ".").replace("~1", "/").replace("~0", "~")
    if first.rule in ("oneOf", "not") and side == "body":
        message = f"{path or 'body'}: {_choice(call, first, path)}"
    elif side == "body":
        message = f"{path or 'body'}: {first.message}; Path: {path or 'body'}"
    else:
        message = f"{side} parameter {path}: {first.message}; Path: {path}"
    more = len(violations) - 1
    if more:
        message += f" (and {more} more)"
    return Invalid(message, code="INVALID_REQUEST", details=[v.pointer for v in violations])


def _choice(call: Call, first: "Violation", path: str) -> str:
    """Of what a value must be just one: a file is a URL, an id or a text, never two of them."""
    value = call.body
    for part in path.split(".") if path else ():
        value = value[int(part)] if isinstance(value, list) else value[part]
    given = [name for name in _ALTERNATIVES if isinstance(value, dict) and name in value]
    if len(given) < 2:
        return f"{first.message}; Path: {path or 'body'}"
    return f"only one of {', '.join(given)} can be given; Path: {path or 'body'}"


def render(error: ServiceError, call: Call | None) -> Answer:
    """The flat error body; older versions' is made of it by `versions`.

    `requestId` is the one in the header `x-extend-request-id`, which the official CLI reads.
    """
    code = _CODES.get(error.code, error.code)
    body = {
        "code": code,
        "message": error.message or "The request could not be carried out.",
        "retryable": code in _RETRYABLE,
    }
    if call is not None and REQUEST_ID in call.answer_headers:
        body["requestId"] = call.answer_headers[REQUEST_ID]
    return Answer(error.status, body)
