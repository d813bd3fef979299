"""Finished tasks: since a time, and since the last call."""

from typing import Any

from mockserver.engine.service import Call, HandlerTable
from mockserver.services.sama import cursors, selection, wire

handles = HandlerTable()

MOST = 1000


@handles("listDelivered")
def list_delivered(call: Call) -> tuple[int, Any]:
    """One page of deliveries; reading changes nothing (F120)."""
    project = wire.project_of(call)
    found = selection.of_deliveries(call.sandbox, project["id"], call.parameters)
    skip, size = wire.page_of(call, MOST)
    if found.empty:
        return 200, {"tasks": []}
    deliveries = call.sandbox.collection("sama.deliveries").find(
        found.where, ranges=found.ranges, sort=found.sort, skip=skip, limit=size
    )
    return 200, {"tasks": _tasks(call, deliveries)}


@handles("nextDelivered")
def next_delivered(call: Call) -> tuple[int, Any]:
    """What was delivered since this consumer's last call.

    `page` and `page_size` in the query come from the client's pager and count for nothing (T17);
    a null in the body is no filter (T18).
    """
    project = wire.project_of(call)
    body = call.body or {}
    found = selection.of_deliveries(call.sandbox, project["id"], body)
    if found.empty:
        return 200, {"tasks": []}
    limit = min(int(body.get("limit") or MOST), MOST)
    deliveries = cursors.next_deliveries(call.sandbox, found.where, body.get("consumer"), limit)
    return 200, {"tasks": _tasks(call, deliveries)}


def _tasks(call: Call, deliveries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    tasks = map(call.sandbox.collection("sama.tasks").get, (d["task_id"] for d in deliveries))
    return [wire.in_delivery_form(task) for task in tasks if task is not None]
