"""Lists: filters, ranges, sorting, and pages that `<field>_gt` of the last item continues."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mockserver.engine.service import Call
from mockserver.engine.store import Collection, Range
from mockserver.services.toloka import errors, wire

Document = dict[str, Any]

_BOUNDS = ("gt", "gte", "lt", "lte")
_STRETCH = 1000
"""Documents read at a time to complete the last of several equal sort values."""


@dataclass(frozen=True, slots=True)
class Listing:
    """How one kind of resource is listed; limits as toloka-kit's docstrings give them, since its
    streaming relies on them (streaming/cursor.py:268)."""

    exact: tuple[str, ...] = ()
    times: tuple[str, ...] = ("created",)
    texts: tuple[str, ...] = ("id",)
    integers: tuple[str, ...] = ()
    sorts: tuple[str, ...] = ()
    default: int = 50
    maximum: int = 300
    items: str = "items"
    first: str = "id"
    """The field that sorts where no sort is asked for."""


PROJECTS = Listing(("status",), sorts=("public_name", "private_comment"), default=20)
POOLS = Listing(("status", "project_id"), times=("created", "last_started"), default=20)
TRAININGS = Listing(("status", "project_id"), times=("created", "last_started"))
TASKS = Listing(("pool_id", "overlap"), integers=("overlap",), maximum=100_000)
SUITES = Listing(("pool_id", "overlap"), integers=("overlap",), maximum=100_000)
ASSIGNMENTS = Listing(
    ("pool_id", "task_suite_id", "user_id"),
    times=("created", "submitted", "accepted", "rejected", "skipped", "expired"),
    maximum=100_000,
)
OPERATIONS = Listing(("type", "status"), times=("submitted", "finished"), maximum=500)
ATTACHMENTS = Listing(maximum=100)
SUBSCRIPTIONS = Listing(("event_type", "pool_id"))
BONUSES = Listing(("user_id", "assignment_id", "private_comment"))
SKILLS = Listing(("name",), times=("created", "modified"), maximum=100)
USER_SKILLS = Listing(("user_id", "skill_id"), times=("created", "modified"), maximum=1000)
RESTRICTIONS = Listing(("scope", "user_id", "project_id", "pool_id"), maximum=500)
THREADS = Listing()
SOLUTIONS = Listing(times=(), texts=("task_id",), maximum=100_000, first="task_id")
APPS = Listing(times=(), items="content")
APP_PROJECTS = Listing(
    ("app_id", "parent_app_project_id", "status"), texts=("id", "name"), items="content"
)
APP_ITEMS = Listing(
    ("batch_id", "status"),
    times=("created", "finished"),
    sorts=("status",),
    maximum=1000,
    items="content",
)
APP_BATCHES = Listing(("status",), texts=("id", "name"), sorts=("status",), items="content")


def page(
    call: Call,
    collection: str,
    listing: Listing,
    where: Mapping[str, Any] | None = None,
    present: Callable[[Document], Document] | None = None,
) -> tuple[int, dict[str, Any]]:
    """The page that the call asks for, as an answer."""
    limit = min(call.parameters.get("limit") or listing.default, listing.maximum)
    wanted = {**exact(call, listing), **(where or {})}
    sort = _sort(call, listing)
    found = _sorted(
        call.sandbox.collection(collection), wanted, _ranges(call, listing), sort, limit + 1
    )
    more = len(found) > limit
    del found[limit:]
    items = found if present is None else [present(document) for document in found]
    return 200, {listing.items: items, "has_more": more}


def exact(call: Call, listing: Listing) -> dict[str, Any]:
    """The exact filters that the call gives."""
    return {name: call.parameters[name] for name in listing.exact if name in call.parameters}


def listed(text: str) -> tuple[str, ...]:
    """The values of a comma-joined parameter."""
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _ranges(call: Call, listing: Listing) -> dict[str, Range]:
    """All bounds count at once: page 2 of toloka-kit's lookups has `id_gte` and `id_gt`."""
    found: dict[str, Range] = {}
    for name in (*listing.times, *listing.texts, *listing.integers):
        bounds = {
            each: call.parameters[f"{name}_{each}"]
            for each in _BOUNDS
            if f"{name}_{each}" in call.parameters
        }
        if bounds and name in listing.times:
            bounds = {each: _time(f"{name}_{each}", text) for each, text in bounds.items()}
        if bounds:
            found[name] = Range(**bounds)
    if "after_id" in call.parameters:
        found.setdefault("id", Range(gt=call.parameters["after_id"]))
    return found


def _time(name: str, text: str) -> str:
    try:
        return wire.bound(text)
    except ValueError:
        raise errors.invalid({name: errors.field("INVALID_DATE_TIME_SYNTAX")}) from None


def _sort(call: Call, listing: Listing) -> list[str]:
    """The sort fields; fact (a11): an unknown one is a validation error."""
    names = listed(call.parameters.get("sort", "")) or (listing.first,)
    allowed = {*listing.times, *listing.texts, *listing.sorts}
    for name in names:
        if name.lstrip("-") not in allowed:
            raise errors.invalid({"sort": errors.field("UNKNOWN_ENUM_VALUE")})
    unique = listing.first
    plain = [name.lstrip("-") for name in names]
    return list(names[: plain.index(unique) + 1] if unique in plain else names)


def _sorted(
    collection: Collection,
    where: Mapping[str, Any],
    ranges: Mapping[str, Range],
    sort: list[str],
    count: int,
) -> list[Document]:
    """The first `count` documents. The store sorts by one field, and equal values by age; where
    further fields are asked for, the last group of equal values is read to its end."""
    primary, rest = sort[0], sort[1:]
    found = collection.find(where, ranges=ranges, sort=primary, limit=count)
    if not rest or len(found) < 2:
        return found
    name = primary.lstrip("-")
    while len(found) >= count:
        more = collection.find(
            where, ranges=ranges, sort=primary, after=found[-1]["id"], limit=_STRETCH
        )
        ties = [document for document in more if document.get(name) == found[-1].get(name)]
        found += ties
        if len(ties) < _STRETCH:
            break
    for each in reversed(rest):
        field = each.lstrip("-")
        found.sort(key=lambda document: _orderly(document.get(field)), reverse=each[0] == "-")
    found.sort(key=lambda document: _orderly(document.get(name)), reverse=primary[0] == "-")
    return found[:count]


def _orderly(value: Any) -> tuple[int, Any]:
    """Null before anything else."""
    return (0, "") if value is None else (1, value)
