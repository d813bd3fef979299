"""Status: a refusal in the service's own words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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


@dataclass(frozen=True, slots=True)
class Status:
    """An answer of this status in the service's envelope, with headers such as Retry-After."""

    status: int
    headers: Mapping[str, str]
    code: str
    message: str
    details: Any = None
    type: str = "status"
    phases: tuple[str, ...] = ("before", "after")
    scope: str = "call"

    @classmethod
    def read(cls, fields: Fields) -> "Status":
        """`{"status", "headers", "code", "message", "details"}`, all but the first optional.

        Without a message the service uses its own words. Details are as the service has them, such
        as the payload of Toloka's quotas.
        """
        status = fields.whole("status", low=300, high=599)
        return cls(
            status,
            fields.texts("headers"),
            fields.text("code", CODES.get(status, "internal" if status >= 500 else "invalid")),
            fields.text("message", ""),
            fields.anything("details"),
        )

    def error(self) -> ServiceError:
        """What the service is made to say."""
        return ServiceError(
            self.message,
            status=self.status,
            code=self.code,
            details=self.details,
            headers=self.headers,
        )
