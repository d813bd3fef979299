"""Deliveries of webhooks with their attempts, and one more attempt by hand."""

from typing import Any

from mockserver.admin.pages import page
from mockserver.engine.deliveries import COLLECTION, view
from mockserver.engine.errors import UnknownName
from mockserver.engine.service import Call, HandlerTable

handles = HandlerTable()

FILTERS = ("service", "event", "url", "state")


@handles("listDeliveries")
def list_deliveries(call: Call) -> tuple[int, Any]:
    """Deliveries that match, oldest first."""
    asked = call.parameters
    where = {name: asked[name] for name in FILTERS if name in asked}
    deliveries = call.sandbox.collection(COLLECTION)
    after = asked.get("after")
    if after is not None and after not in deliveries:
        raise UnknownName(f"There is no delivery {after!r} to go on after.")
    found = deliveries.find(where, limit=asked["limit"], after=after)
    return 200, page([view(each) for each in found], deliveries.count(where))


@handles("getDelivery")
def get_delivery(call: Call) -> tuple[int, Any]:
    """One delivery."""
    return 200, view(call.sandbox.webhooks.get(call.parameters["id"]))


@handles("redeliver")
def redeliver(call: Call) -> tuple[int, Any]:
    """One more attempt of the same delivery, whatever became of it."""
    call.sandbox.webhooks.redeliver(call.parameters["id"])
    return 202, view(call.sandbox.webhooks.get(call.parameters["id"]))
