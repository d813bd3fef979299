"""Status: a refusal in the service's own words."""

from collections.abc import Mapping
from dataclasses import dataclass

from mockserver.engine.errors import ServiceError
from mockserver.engine.faults.fields import Fields

# The engine's word for a status, which each service knows how to say in its own.
CODES = {
    400: "invalid",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    409: "conflict",
    413: "too_large",
    422: "unprocessable",
    429: "rate_limited",
    503: "unavailable",
}
MESSAGES = {
    429: "Too many requests.",
    500: "Internal error.",
    502: "Bad gateway.",
    503: "Service unavailable.",
    504: "Gateway timeout.",
}


@dataclass(frozen=True, slots=True)
class Status:
    """An answer of this status in the service's envelope, with headers such as Retry-After."""

    status: int
    headers: Mapping[str, str]
    code: str
    message: str
    type: str = "status"
    phases: tuple[str, ...] = ("before", "after")
    scope: str = "call"

    @classmethod
    def read(cls, fields: Fields) -> "Status":
        """`{"status", "headers", "code", "message"}`, all but the first optional."""
        status = fields.whole("status", low=300, high=599)
        return cls(
            status,
            fields.texts("headers"),
            fields.text("code", CODES.get(status, "internal" if status >= 500 else "invalid")),
            fields.text("message", MESSAGES.get(status, "Refused on purpose.")),
        )

    def error(self) -> ServiceError:
        """What the service is made to say."""
        return ServiceError(self.message, status=self.status, code=self.code, headers=self.headers)
