"""Which tasks and deliveries a call asks for: its filters as questions to the store."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mockserver.engine.sandbox import Sandbox
from mockserver.engine.store import Index, Range
from mockserver.services.sama import wire

# Every list has an index, so that a page costs the same however many tasks there are. Tasks are
# stored in order of creation, which is also the order of lists.
TASK_INDEXES = (
    Index("project_id", sort="created_at"),
    Index("project_id", sort="completed_at"),
    Index("project_id", sort="delivered_at"),
    Index("project_id", "state", sort="created_at"),
    Index("project_id", "state", sort="priority"),
    Index("project_id", "priority"),
    Index("project_id", "client_batch_id"),
    Index("project_id", "batch_id"),
    Index("project_id", "batch_id", "state"),
)
DELIVERY_INDEXES = (
    Index("project_id", "task_id"),
    *(
        Index(*fields, sort=sort)
        for fields in (
            ("project_id",),
            ("project_id", "batch_id"),
            ("project_id", "client_batch_id"),
        )
        for sort in ("delivered_at", "id")
    ),
)

# The last two are the names in the client's own documentation (U11, sama/client.py:297).
_DATES = {
    "created_at": "created_at",
    "creation_date": "created_at",
    "delivered_at": "delivered_at",
    "completion_date": "completed_at",
}


@dataclass(frozen=True, slots=True)
class Selection:
    """Conditions, ranges and order for `Collection.find`; nothing matches when `empty`."""

    where: dict[str, Any]
    ranges: dict[str, Range] = field(default_factory=dict)
    sort: str | None = None
    empty: bool = False


def of_tasks(sandbox: Sandbox, project_id: int, parameters: Mapping[str, Any]) -> Selection:
    """The tasks that pass every filter of multi-task status (F99)."""
    where = _shared(sandbox, project_id, parameters)
    if where is None:
        return Selection({}, empty=True)
    # The name of this filter is unknown, so both likely ones are taken (U12).
    if ids := wire.comma_list(parameters.get("task_id")) + wire.comma_list(parameters.get("ids")):
        where["id"] = ids
    for name in ("state", "priority"):
        if name in parameters:
            where[name] = parameters[name]
    span = between(parameters)
    if span is None:
        # Some index has to bring the order of creation, for a project alone or with a state.
        plain = where.keys() <= {"project_id", "state"}
        return Selection(where, sort="created_at" if plain else None)
    date = _DATES[parameters.get("date_type", "created_at")]
    indexed = where.keys() == {"project_id"} or (
        where.keys() == {"project_id", "state"} and date == "created_at"
    )
    return Selection(where, {date: span}, sort=date if indexed else None)


def of_deliveries(sandbox: Sandbox, project_id: int, filters: Mapping[str, Any]) -> Selection:
    """The deliveries that pass every filter, the earliest first (F112)."""
    where = _shared(sandbox, project_id, filters)
    if where is None:
        return Selection({}, empty=True)
    if ids := wire.comma_list(filters.get("task_id")):
        where["task_id"] = ids
    span = between({"from": filters.get("from")})
    return Selection(where, {"delivered_at": span} if span else {}, sort="delivered_at")


def between(parameters: Mapping[str, Any]) -> Range | None:
    """The span of `from`, inclusive, and `to`, exclusive (U13)."""
    start = wire.moment(parameters.get("from"), "from")
    end = wire.moment(parameters.get("to"), "to")
    return Range(gte=start, lt=end) if start or end else None


def _shared(sandbox: Sandbox, project_id: int, filters: Mapping[str, Any]) -> dict[str, Any] | None:
    """The conditions that lists of tasks and of deliveries share; None when nothing can match."""
    where: dict[str, Any] = {"project_id": project_id}
    if batches := wire.comma_list(filters.get("batch_id")):
        where["batch_id"] = tuple(int(batch) for batch in batches)
    if names := wire.comma_list(filters.get("client_batch_id")):
        if filters.get("client_batch_id_match_type") == "contains":
            names = _containing(sandbox, project_id, names)
            if not names:
                return None
        where["client_batch_id"] = names
    return where


def _containing(sandbox: Sandbox, project_id: int, parts: tuple[str, ...]) -> tuple[str, ...]:
    """The client batch ids in use that contain one of the parts."""
    known = sandbox.collection("sama.client_batches").each({"project_id": project_id})
    return tuple(each["name"] for each in known if any(part in each["name"] for part in parts))
