"""Handlers of assignments."""

from typing import Any

from mockserver.engine.service import Answer, Call, HandlerTable
from mockserver.engine.store import Range
from mockserver.services.toloka import assignments, crowd, errors, pages, pools, tables, wire
from mockserver.services.toloka.assignments import COLLECTION, LINKS

handles = HandlerTable()

STATUSES = tuple(assignments.EVENTS)


@handles("getAssignments")
def get_assignments(call: Call) -> tuple[int, Any]:
    """List the assignments of a pool, a suite or a task; one of them must be given."""
    where: dict[str, Any] = {}
    if "status" in call.parameters:
        where["status"] = pages.listed(call.parameters["status"])
        if any(status not in STATUSES for status in where["status"]):
            raise errors.invalid({"status": errors.field("UNKNOWN_ENUM_VALUE")})
    task_id = call.parameters.get("task_id")
    if task_id:
        links = call.sandbox.collection(LINKS).find({"task_id": task_id})
        where["id"] = tuple(link["assignment_id"] for link in links)
    elif not (call.parameters.get("pool_id") or call.parameters.get("task_suite_id")):
        raise errors.invalid({"pool_id": errors.required()})
    return pages.page(
        call,
        COLLECTION,
        pages.ASSIGNMENTS,
        where,
        lambda assignment: assignments.present(call.sandbox, assignment),
    )


@handles("getAssignment")
def get_assignment(call: Call) -> tuple[int, Any]:
    """Get an assignment."""
    found = assignments.require(call.sandbox, call.parameters["id"])
    return 200, assignments.present(call.sandbox, found)


@handles("patchAssignment")
def patch_assignment(call: Call) -> tuple[int, Any]:
    """Accept or reject; the whole assignment is answered, as both clients want it."""
    found = assignments.require(call.sandbox, call.parameters["id"])
    form = call.body or {}
    assignments.decide(call.sandbox, found, form.get("status"), form.get("public_comment"))
    crowd.settle(call.sandbox, pools.require(call.sandbox, found["pool_id"]))
    return 200, assignments.present(call.sandbox, found)


@handles("getAssignmentsTable")
def get_assignments_table(call: Call) -> Answer:
    """The assignments of a pool as tab-separated values, as the web pages offer them."""
    pool = pools.require(call.sandbox, call.parameters["id"])
    statuses = pages.listed(call.parameters.get("status", "APPROVED"))
    if any(status not in tables.STATUSES for status in statuses):
        raise errors.invalid({"status": errors.field("UNKNOWN_ENUM_VALUE")})
    fields = pages.listed(call.parameters.get("field", ""))
    if any(field not in tables.FIELDS for field in fields):
        raise errors.invalid({"field": errors.field("UNKNOWN_ENUM_VALUE")})
    wanted = tables.Wanted(
        statuses,
        fields,
        Range(gte=_time(call, "startTimeFrom"), lte=_time(call, "startTimeTo")),
        without_banned=wire.flag(call, "excludeBanned"),
        spaced=wire.truth(call.parameters.get("addRowDelimiter", True)),
    )
    text = "".join(f"{line}\n" for line in tables.lines(call.sandbox, pool, wanted))
    return Answer(200, text.encode(), media_type="text/tsv; charset=utf-8")


def _time(call: Call, name: str) -> str | None:
    if name not in call.parameters:
        return None
    try:
        return wire.bound(call.parameters[name])
    except ValueError:
        raise errors.invalid({name: errors.field("INVALID_DATE_TIME_SYNTAX")}) from None
