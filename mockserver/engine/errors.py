"""The two families of errors: what a service says, and what the sandbox says of itself."""

from collections.abc import Mapping
from typing import Any


class ServiceError(Exception):
    """Said by the emulated service; rendered by that service's `errors.render`.

    `code` is the service's own word where a handler raises it. The engine's own findings use
    `not_found`, `method_not_allowed`, `too_large`, `unsupported_media_type`, `malformed`,
    `rate_limited`, `unavailable` and `internal`.
    """

    status = 500
    code = "internal"

    def __init__(
        self,
        message: str = "",
        *,
        status: int | None = None,
        code: str | None = None,
        details: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = self.status if status is None else status
        self.code = self.code if code is None else code
        self.details = details
        self.headers = dict(headers or {})


class Invalid(ServiceError):
    """The request is malformed or breaks a rule."""

    status = 400
    code = "invalid"


class Unauthorized(ServiceError):
    """No credential, or not an acceptable one."""

    status = 401
    code = "unauthorized"


class Forbidden(ServiceError):
    """The credential may not do this."""

    status = 403
    code = "forbidden"


class NotFound(ServiceError):
    """The resource does not exist, or is not the caller's."""

    status = 404
    code = "not_found"


class Conflict(ServiceError):
    """The resource is not in a state that allows this."""

    status = 409
    code = "conflict"


class Unprocessable(ServiceError):
    """The request is well formed but cannot be carried out."""

    status = 422
    code = "unprocessable"


class RateLimited(ServiceError):
    """Too many calls."""

    status = 429
    code = "rate_limited"


class MockserverError(Exception):
    """Something is wrong with the sandbox itself."""

    status = 500

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.__doc__)


class ConfigError(MockserverError):
    """A setting, a file or an argument cannot be used as it is."""


class ContractError(MockserverError):
    """An OpenAPI document, or what is registered for it, is not valid."""


class StoreError(MockserverError):
    """The data folder cannot be used."""


class UnknownName(MockserverError):
    """There is nothing of that name."""

    status = 404


class BadRequest(MockserverError):
    """The control API cannot do what was asked."""

    status = 422
