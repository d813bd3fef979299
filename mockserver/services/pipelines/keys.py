"""API keys: their form, whose they are, and what they may do."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mockserver.engine.clock import parse_rfc3339
from mockserver.engine.errors import NotFound
from mockserver.engine.service import Call
from mockserver.services.pipelines import errors

if TYPE_CHECKING:
    from mockserver.engine.sandbox import Sandbox

PREFIX = "pk_live_"
DIGITS = "0123456789abcdef"

# 48 characters in all (fact 2.1); the case of the digits is not documented.
_FORM = re.compile(r"pk_live_[0-9a-fA-F]{40}", re.ASCII)

OWNERS = ("org_admin", "project_owner")
"""Roles that may write: creating tasks needs Project Admin (Owner) or above (fact 1.2)."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Whom a key speaks for: an organization, and the role of the user who made the key."""

    organization_id: int
    role: str = "org_admin"
    user: str | None = None
    project_ids: tuple[int, ...] | None = None

    def sees(self, project_id: int) -> bool:
        """Whether the project is one of theirs; access is assigned per project (fact 1.2)."""
        return self.project_ids is None or project_id in self.project_ids


def authenticate(call: Call) -> str | None:
    """The key of the call; its caller goes into the call's notes."""
    if call.sandbox.setting("pipelines.strict_external_api"):
        refuse_undocumented(call)
    if not call.operation.security:
        return None
    key = _sent(call)
    call.notes["caller"] = _caller(call.sandbox, key)
    return key


def refuse_undocumented(call: Call) -> None:
    """Only the External API's ten calls exist, so that nothing else is relied upon by mistake."""
    if call.operation.evidence != "documented":
        raise NotFound(f"There is no {call.path}.", code="not_found")


def _sent(call: Call) -> str:
    """The key in either header; Authorization wins where both are there (a choice, fact 2.1)."""
    authorization = call.headers.get("authorization")
    if authorization:
        scheme, _, key = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise errors.unauthorized("invalid_api_key", "Send the key as a Bearer token.")
        return key.strip()
    key = call.headers.get("x-api-key", "").strip()
    if not key:
        raise errors.unauthorized(
            "missing_api_key", "Send an API key, as Authorization: Bearer or as X-API-Key."
        )
    return key


def _caller(sandbox: "Sandbox", key: str) -> Caller:
    if not _FORM.fullmatch(key):
        raise errors.unauthorized(
            "invalid_api_key", "An API key is pk_live_ and 40 hexadecimal digits."
        )
    found = sandbox.collection("pipelines.keys").find({"key": key}, limit=1)
    if found:
        return _caller_of(sandbox, found[0])
    if sandbox.settings.auth == "listed":
        raise errors.unauthorized("invalid_api_key", "This API key is not known.")
    first = sandbox.collection("pipelines.organizations").find(limit=1)
    return Caller(first[0]["id"] if first else 1)


def _caller_of(sandbox: "Sandbox", key: dict[str, Any]) -> Caller:
    if key.get("revoked_at"):
        raise errors.unauthorized("invalid_api_key", "This API key has been revoked.")
    expires_at = key.get("expires_at")
    if expires_at and parse_rfc3339(expires_at) <= sandbox.clock.now():
        raise errors.unauthorized("invalid_api_key", "This API key has expired.")
    user = sandbox.collection("pipelines.users").get(key["user"]) if key.get("user") else None
    if user is None:
        return Caller(key["organization_id"])
    projects = user.get("project_ids")
    return Caller(
        key["organization_id"], user["role"], user["id"], None if projects is None else (*projects,)
    )


def complete(key: dict[str, Any]) -> dict[str, Any]:
    """A key of the fixtures, which hold its digits alone so that no secret scanner stops at it."""
    digits = key.pop("digits", None)
    found = {"name": "", "user": None, "expires_at": None, "revoked_at": None, **key}
    return found if digits is None else {**found, "key": PREFIX + digits}
