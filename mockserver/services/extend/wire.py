"""What every call of Extend shares: keys, request ids, dates, identities and look-ups."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from mockserver.engine.clock import rfc3339
from mockserver.engine.errors import Unauthorized
from mockserver.engine.ids import Ids, letters
from mockserver.engine.sandbox import Sandbox
from mockserver.engine.service import Call
from mockserver.services.extend import errors

Document = dict[str, Any]

CREDENTIALS = "extend.credentials"
METADATA_BYTES = 10 * 1024
_SPREAD = 0x9E37_79B9_7F4A_7C15

_BEARER = re.compile(r"Bearer[ \t]+(\S+)[ \t]*", re.IGNORECASE)
# Calls that cost credits, which a workspace without any is refused (402).
_STARTS_RUNS = re.compile(
    r"/(?:[a-z_]+_runs(?:/batch)?|parse|extract|classify|split|edit|detect_form|verify"
    r"|edit_schemas/generate)"
)


def authenticate(call: Call) -> str:
    """The caller's key; sets the request id that answers and errors carry.

    401 for a key that is missing, malformed, revoked, or unknown under `auth=listed`. A key's
    document in `extend.credentials` (fixtures, or the control `PUT /credentials/{id}`) says more:
    `usageBlocked` gives 402 on every call that starts a run, `readOnly` 403 on every write,
    `scope: organization` demands `x-extend-workspace-id` (400 without, 403 for a strange one).
    `extend.usage_blocked` gives the 402 to every key.

    Not emulated: the separation of what test keys and production keys see.
    """
    call.answer_headers[errors.REQUEST_ID] = _request_id(call)
    key = _key(call.headers.get("authorization", ""))
    if key is None:
        raise Unauthorized("Send your API key as `Authorization: Bearer <key>`.")
    credential = call.sandbox.collection(CREDENTIALS).get(key)
    if credential is None and call.sandbox.settings.auth == "listed":
        raise Unauthorized("The API key is not valid.")
    if credential is not None or call.method != "GET":
        _check_rights(call, credential or {})
    return key


@lru_cache(maxsize=256)
def _key(header: str) -> str | None:
    """The key in an Authorization header; a caller sends the same again and again."""
    match = _BEARER.fullmatch(header)
    return match[1] if match else None


def _check_rights(call: Call, credential: Mapping[str, Any]) -> None:
    if credential.get("revoked"):
        raise Unauthorized("The API key was revoked.")
    if credential.get("scope") == "organization":
        workspace = call.headers.get("x-extend-workspace-id")
        if not workspace:
            raise errors.invalid("A key of an organization needs the header x-extend-workspace-id.")
        if workspace not in credential.get("workspaces", ()):
            raise errors.forbidden(f"The API key has no access to workspace {workspace}.")
    if call.method == "GET":
        return
    if credential.get("readOnly"):
        raise errors.forbidden("The API key may only read.")
    blocked = credential.get("usageBlocked") or call.sandbox.setting("extend.usage_blocked")
    if blocked and call.method == "POST" and _STARTS_RUNS.fullmatch(call.path.rstrip("/")):
        raise errors.usage_blocked()


def _request_id(call: Call) -> str:
    """Unlike ids, not drawn from a counter: a call that only reads must not write to the store."""
    sandbox = call.sandbox
    # Odd factors keep apart what differs, and far apart what is close, without a hash's time.
    moment = int(sandbox.clock.now() * 1e6) + (sandbox.calls << 20)
    return f"req_{(moment * _SPREAD ^ sandbox.ids.seed) & 0xFFFF_FFFF_FFFF_FFFF:016x}"


def derived_tail(ids: Ids, *key: Any) -> str:
    """21 characters that depend on the seed and the key alone."""
    return letters(ids.derived(*key, 0) << 64 | ids.derived(*key, 1), 21)


def new_id(sandbox: Sandbox, prefix: str) -> str:
    """A fresh id of the real shape: a prefix and 21 characters (fact 1.7)."""
    return prefix + sandbox.ids.token(f"extend.{prefix}", 21)


def now(sandbox: Sandbox) -> str:
    """The sandbox's time as Extend writes it: `2026-03-02T09:15:04.120Z`."""
    return rfc3339(sandbox.clock.now())


def created_by(call: Call) -> Document:
    """Who made a thing through the API."""
    credential = call.sandbox.collection(CREDENTIALS).get(call.credential or "") or {}
    return {"type": "api_key", "name": credential.get("name", "API key")}


def require(sandbox: Sandbox, collection: str, id: str, what: str) -> Document:
    """The document of this id, or 404."""
    found = sandbox.collection(collection).get(id)
    if found is None:
        raise errors.not_found(what, id)
    return found


def picked(document: Mapping[str, Any], keys: tuple[str, ...]) -> Document:
    """Just these keys, null where the document has none."""
    return {key: document.get(key) for key in keys}
