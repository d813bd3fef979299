"""What calls have in common on the wire: credentials, ids, times, owners and loose spellings."""

from typing import Any

from mockserver.engine.clock import parse_rfc3339, rfc3339
from mockserver.engine.errors import Unauthorized
from mockserver.engine.sandbox import Sandbox
from mockserver.engine.service import Call
from mockserver.services.toloka import errors, quotas

REQUESTER = "a1b2c3d4e5f60718293a4b5c6d7e8f90"
"""The requester of the fixtures, to whom everything belongs."""

FIRST = 1_000_101
"""Ids below are the fixtures'. Ids are compared as text, so they must not change in width
(toloka-kit asks for ranges between text minimum and maximum: trap B1)."""

_TRUE = ("true", "True", "TRUE", "1")


def authenticate(call: Call) -> str:
    """`OAuth <token>`, or `ApiKey <token>` which both clients send for tokens of newer form."""
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() not in ("oauth", "apikey") or not token:
        raise Unauthorized("Authentication failed", code="AUTHENTICATION_ERROR")
    sandbox = call.sandbox
    if sandbox.settings.auth == "listed" and token not in sandbox.collection("toloka.credentials"):
        raise Unauthorized("Authentication failed", code="AUTHENTICATION_ERROR")
    quotas.spend_call(sandbox, token, call.operation.id)
    return token


def stamp(sandbox: Sandbox) -> str:
    """The present time; always three digits, since the Java client misreads others (trap J5)."""
    return written(sandbox.clock.now())


def written(seconds: float) -> str:
    """A time as the service writes it: UTC, no zone."""
    return rfc3339(seconds)[:-1]


def moment(text: str) -> float:
    """Epoch seconds of a time as clients write it; ValueError when it is none.

    The plus of a zone is a space in a query string that was not escaped.
    """
    zone = text[11:]
    if " " in zone and zone[-1] not in "Zz":
        text = text[:11] + zone.replace(" ", "+")
    return parse_rfc3339(text)


def normal_time(text: str) -> str:
    """A client's time as the service writes it; microseconds are cut off."""
    return written(moment(text))


def bound(text: str) -> str:
    """A client's time as text that compares with stored times, microseconds kept if it has any."""
    full = rfc3339(moment(text), 6)[:-1]
    return full[:-3] if full.endswith("000") else full


def number(sandbox: Sandbox, kind: str) -> str:
    """The next id of a kind of resource that has numbers."""
    return str(sandbox.ids.number(f"toloka.{kind}", FIRST))


def machine(sandbox: Sandbox) -> str:
    """The part of object ids that is the sandbox's own."""
    return f"{sandbox.ids.derived('toloka.machine') & 0xFFFFFFFF:08x}"


def pool_object_id(pool_id: Any, second: int, machine: str, count: int) -> str:
    """The id of a task, a suite or an assignment: the pool, then the second, the sandbox and a
    rising count; within one pool text order is age."""
    return f"{int(pool_id):010x}--{second:08x}{machine}{count:08x}"


def next_object_id(sandbox: Sandbox, pool_id: str | None = None) -> str:
    """The next id of this form, with or without a pool."""
    second = int(sandbox.clock.now())
    count = sandbox.ids.number("toloka.object")
    made = pool_object_id(pool_id or 0, second, machine(sandbox), count)
    return made[12:] if pool_id is None else made


def owner() -> dict[str, Any]:
    """Everything belongs to the one requester."""
    return {"id": REQUESTER, "myself": True}


def truth(value: Any) -> bool:
    """A boolean in any of its accepted spellings; absent is false."""
    return value is True or value in _TRUE


def flag(call: Call, name: str) -> bool:
    """A boolean query parameter."""
    return truth(call.parameters.get(name))


def without_nulls(form: dict[str, Any]) -> dict[str, Any]:
    """A form whose keys of value null count as absent."""
    return {key: value for key, value in form.items() if value is not None}


def loosened(
    form: dict[str, Any],
    *,
    ids: tuple[str, ...] = (),
    booleans: tuple[str, ...] = (),
    integers: tuple[str, ...] = (),
    numbers: tuple[str, ...] = (),
) -> dict[str, Any]:
    """A form without nulls, its loosely spelt values in their own types: clients and documented
    samples write booleans and numbers as text, and ids as numbers (fact f.3)."""
    found = without_nulls(form)
    for name in ids:
        if name in found:
            found[name] = str(found[name])
    for name in booleans:
        if name in found:
            found[name] = truth(found[name])
    for name in integers:
        if name in found:
            found[name] = int(found[name])
    for name in numbers:
        if name in found:
            found[name] = amount(found[name])
    return found


def check_again(call: Call, form: dict[str, Any]) -> dict[str, Any]:
    """Refuse a form whose numbers, which came as text, are out of bounds; answers the form."""
    violations = call.operation.body_violations("application/json", form)
    if violations:
        raise errors.refuse(call, violations)
    return form


def amount(value: Any) -> int | float:
    """Money as a JSON number (trap B23)."""
    return value if isinstance(value, int | float) else float(value)


def require(call: Call, collection: str, name: str = "id") -> dict[str, Any]:
    """The document of a path parameter, or the service's 404."""
    found = call.sandbox.collection(collection).get(call.parameters[name])
    if found is None:
        raise errors.missing()
    return found
