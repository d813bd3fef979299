"""Deliveries of webhooks with their attempts, and one more attempt by hand."""

from typing import Any

from mockserver.admin.pages import page
from mockserver.engine.service import Call, HandlerTable

handles = HandlerTable()

FILTERS = ("service", "event", "url", "state")


@handles("listDeliveries")
def list_deliveries(call: Call) -> tuple[int, Any]:
    """Deliveries that match, oldest first."""
    asked = call.parameters
    where = {name: asked[name] for name in FILTERS if name in asked}
    items, total = call.sandbox.webhooks.find(where, limit=asked["limit"], after=asked.get("after"))
    return 200, page(items, total)


@handles("getDelivery")
def get_delivery(call: Call) -> tuple[int, Any]:
    """One delivery."""
    return 200, call.sandbox.webhooks.get(call.parameters["id"])


@handles("redeliver")
def redeliver(call: Call) -> tuple[int, Any]:
    """One more attempt of the same delivery."""
    call.sandbox.webhooks.redeliver(call.parameters["id"])
    return 202, call.sandbox.webhooks.get(call.parameters["id"])
