"""The service's errors: their codes, their envelope, and what the engine's own findings become."""

from collections.abc import Mapping, Sequence
from typing import Any

from mockserver.engine.contract import Violation
from mockserver.engine.errors import Conflict, Invalid, NotFound, RateLimited, ServiceError
from mockserver.engine.ids import fresh_token
from mockserver.engine.service import Answer, Call

Field = dict[str, Any]
"""What is wrong with one field: code, message, and the limits that it broke as params."""
Fields = dict[str, Field]

REQUIRED = "Value must be present and not equal to null"
UNKNOWN = "Unknown field name"
ABSENT = "Entity does not exist"
URL = "Value must be in valid url format"

_STATUS_MESSAGE = "This or related resource is in inappropriate status, operation is not allowed"
_ENGINE_CODES = {
    "not_found": "NOT_FOUND",
    "method_not_allowed": "METHOD_NOT_ALLOWED",
    "too_large": "ENTITY_TOO_LARGE",
    "unsupported_media_type": "UNSUPPORTED_MEDIA_TYPE",
    "malformed": "VALIDATION_ERROR",
    "invalid": "VALIDATION_ERROR",
    "unauthorized": "AUTHENTICATION_ERROR",
    "forbidden": "ACCESS_DENIED",
    "conflict": "CONFLICT_STATE",
    "unprocessable": "VALIDATION_ERROR",
    "rate_limited": "TOO_MANY_REQUESTS",
    "unavailable": "REMOTE_SERVICE_UNAVAILABLE",
    "internal": "INTERNAL_ERROR",
}
_STATUS_CODES = {
    400: "VALIDATION_ERROR",
    401: "AUTHENTICATION_ERROR",
    403: "ACCESS_DENIED",
    404: "DOES_NOT_EXIST",
    405: "METHOD_NOT_ALLOWED",
    406: "NOT_ACCEPTABLE",
    409: "CONFLICT_STATE",
    413: "ENTITY_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    422: "VALIDATION_ERROR",
    429: "TOO_MANY_REQUESTS",
    503: "REMOTE_SERVICE_UNAVAILABLE",
}
_MESSAGES = {
    "VALIDATION_ERROR": "Validation failed",
    "ACCESS_DENIED": "Access denied",
    "DOES_NOT_EXIST": "There are no results for such parameters",
    "TOO_MANY_REQUESTS": "Too many requests",
    "INTERNAL_ERROR": "Internal Error",
    "REMOTE_SERVICE_UNAVAILABLE": "Service is temporary unavailable",
    "CONFLICT_STATE": "Conflict state",
}
_TYPE_CODES = (
    ("an object", "OBJECT_EXPECTED"),
    ("a list", "ARRAY_EXPECTED"),
    ("an integer", "INTEGER_EXPECTED"),
    ("a number", "FLOAT_EXPECTED"),
    ("true or false", "BOOLEAN_EXPECTED"),
    ("a string", "STRING_EXPECTED"),
)
_RULE_CODES = {
    "required": "VALUE_REQUIRED",
    "minimum": "VALUE_LESS_THAN_MIN",
    "exclusiveMinimum": "VALUE_LESS_THAN_MIN",
    "maximum": "VALUE_GREATER_THAN_MAX",
    "exclusiveMaximum": "VALUE_GREATER_THAN_MAX",
    "minLength": "STRING_LENGTH_LESS_THAN_MIN",
    "maxLength": "STRING_LENGTH_GREATER_THAN_MAX",
    "minItems": "ARRAY_SIZE_LESS_THAN_MIN",
    "maxItems": "ARRAY_SIZE_GREATER_THAN_MAX",
    "enum": "UNKNOWN_ENUM_VALUE",
    "const": "UNKNOWN_ENUM_VALUE",
    "uniqueItems": "DUPLICATE_VALUE_IN_ARRAY",
    "additionalProperties": "VALUE_NOT_ALLOWED",
}


def field(code: str, message: str = "", *params: Any) -> Field:
    """What is wrong with one field."""
    found: Field = {"code": code, "message": message or _plain(code)}
    if params:
        found["params"] = list(params)
    return found


def required() -> Field:
    """A field that has no value."""
    return field("VALUE_REQUIRED", REQUIRED)


def invalid(fields: Mapping[str, Any], message: str = "Validation failed") -> ServiceError:
    """A request with invalid fields, by dotted path."""
    return Invalid(message, code="VALIDATION_ERROR", details=dict(fields))


def missing() -> ServiceError:
    """Nothing has this id."""
    return NotFound(_MESSAGES["DOES_NOT_EXIST"], code="DOES_NOT_EXIST")


def conflict(code: str, message: str = "", payload: Any = None) -> ServiceError:
    """The state of things does not allow this; to toloka-kit an IncorrectActionsApiError."""
    return Conflict(message or _plain(code), code=code, details=payload)


def inappropriate(*statuses: str) -> ServiceError:
    """A resource is not in one of the statuses that allow this."""
    payload = {"appropriate_statuses": list(statuses)}
    return conflict("INAPPROPRIATE_STATUS", _STATUS_MESSAGE, payload)


def too_many(interval: str | None) -> ServiceError:
    """A quota is used up.

    toloka-kit dies of `Retry-After`, and of the interval MIN which it would sleep through
    (client/primitives/retry.py:240-242), so neither is sent unless asked for.
    """
    payload = {"interval": interval} if interval else None
    return RateLimited(_MESSAGES["TOO_MANY_REQUESTS"], code="TOO_MANY_REQUESTS", details=payload)


def refuse(call: Call, violations: Sequence[Violation]) -> ServiceError:
    """What breaks the contract, as the service would say it."""
    found: Fields = {}
    for violation in violations:
        found.setdefault(_path(violation.pointer), _as_field(violation))
    return invalid(found)


def render(error: ServiceError, call: Call | None) -> Answer:
    """The envelope: `request_id`, `code` and `message` always, or the Python client raises
    KeyError (client/exceptions.py:171) and the Java client NullPointerException (trap J7)."""
    code = error.code if error.code.isupper() else _ENGINE_CODES.get(error.code)
    if code is None or (code == "INTERNAL_ERROR" and error.status != 500):
        code = _STATUS_CODES.get(error.status, "INTERNAL_ERROR")
    body: dict[str, Any] = {
        "request_id": _request_id(call),
        "code": code,
        "message": error.message or _MESSAGES.get(code) or _plain(code),
    }
    if error.code == code and error.details is not None:
        body["payload"] = error.details
    return Answer(error.status, body)


def _request_id(call: Call | None) -> str:
    """A new id, from the sandbox's own chance where the call has reached one."""
    return fresh_token() if call is None else call.sandbox.ids.hex("toloka.request", 32)


def _as_field(violation: Violation) -> Field:
    if violation.rule == "required":
        return required()
    code = _RULE_CODES.get(violation.rule)
    if violation.rule == "pattern":
        date = "date" in violation.pointer or _is_time(violation.pointer)
        code = "INVALID_DATE_TIME_SYNTAX" if date else "PATTERN_MISMATCH"
    elif violation.rule == "type":
        code = next((code for words, code in _TYPE_CODES if words in violation.message), None)
        if violation.value is None:
            return required()
    return field(code or "INVALID_VALUE", f"Value {violation.message}")


def _is_time(pointer: str) -> bool:
    name = pointer.rsplit("/", 1)[-1]
    stem = name.rsplit("_", 1)[0] if name.endswith(("_gt", "_gte", "_lt", "_lte")) else name
    times = ("created", "submitted", "finished", "last_started", "modified", "will_expire")
    ends = ("accepted", "rejected", "skipped", "expired", "startTimeFrom", "startTimeTo")
    return stem in times or stem in ends


def _path(pointer: str) -> str:
    """`/body/filter/and/0` is `filter.and.0` to the service."""
    parts = pointer.split("/")[2:]
    return ".".join(parts) or "__body"


def _plain(code: str) -> str:
    return code.replace("_", " ").capitalize()
