"""Handlers of user restrictions."""

from typing import Any

from mockserver.engine.service import Call, HandlerTable
from mockserver.services.toloka import errors, pages, pools, wire

handles = HandlerTable()

COLLECTION = "toloka.user_restrictions"
_PLACES = {"PROJECT": ("project_id",), "POOL": ("pool_id",)}


@handles("setUserRestriction")
def set_user_restriction(call: Call) -> tuple[int, Any]:
    """Keep a Toloker away: 201 for a new restriction, 200 where the same scope is set anew.

    Not emulated: a restriction does not lift itself at `will_expire`.
    """
    sandbox = call.sandbox
    form = wire.loosened(call.body, ids=("user_id", "project_id", "pool_id"))
    scope = form["scope"]
    if scope == "SYSTEM":
        raise errors.conflict("SYSTEM_SCOPE_MODIFICATION")
    same = {"user_id": form["user_id"], "scope": scope}
    same |= {name: form[name] for name in _PLACES.get(scope, ())}
    _check_place(call, form, scope)
    restrictions = sandbox.collection(COLLECTION)
    known = restrictions.find(same, limit=1)
    found = known[0] if known else {"id": wire.number(sandbox, "restriction"), **same}
    if not known:
        found["created"] = wire.stamp(sandbox)
    for name in ("private_comment", "will_expire"):
        found.pop(name, None)
    if "private_comment" in form:
        found["private_comment"] = form["private_comment"]
    if "will_expire" in form:
        try:
            found["will_expire"] = wire.normal_time(form["will_expire"])
        except ValueError:
            wrong = errors.field("INVALID_DATE_TIME_SYNTAX")
            raise errors.invalid({"will_expire": wrong}) from None
    restrictions.put(found)
    return 200 if known else 201, found


def _check_place(call: Call, form: dict[str, Any], scope: str) -> None:
    absent = errors.field("ENTITY_DOES_NOT_EXIST", errors.ABSENT)
    projects = call.sandbox.collection("toloka.projects")
    if scope == "PROJECT" and form["project_id"] not in projects:
        raise errors.invalid({"project_id": absent})
    if scope == "POOL" and pools.get(call.sandbox, form["pool_id"]) is None:
        raise errors.invalid({"pool_id": absent})


@handles("getUserRestrictions")
def get_user_restrictions(call: Call) -> tuple[int, Any]:
    """List restrictions."""
    return pages.page(call, COLLECTION, pages.RESTRICTIONS)


@handles("getUserRestriction")
def get_user_restriction(call: Call) -> tuple[int, Any]:
    """Get a restriction."""
    return 200, wire.require(call, COLLECTION)


@handles("deleteUserRestriction")
def delete_user_restriction(call: Call) -> tuple[int, Any]:
    """Lift a restriction."""
    found = wire.require(call, COLLECTION)
    call.sandbox.collection(COLLECTION).delete(found["id"])
    return 204, None
