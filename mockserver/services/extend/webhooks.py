"""Webhook endpoints and subscriptions: which event goes to whom."""

from collections.abc import Mapping, Sequence

from mockserver.engine.sandbox import Sandbox
from mockserver.services.extend import errors, workflows
from mockserver.services.extend.kinds import NOUNS
from mockserver.services.extend.wire import Document, new_id, now, picked

ENDPOINTS = "extend.webhook_endpoints"
SUBSCRIPTIONS = "extend.webhook_subscriptions"
ROUTES = "extend.webhook_routes"
EVERYWHERE = "*"

_RUN = ("extract_run", "classify_run", "split_run")
_PROCESSED = ("processed", "failed")
_BATCH = tuple(f"batch_processor_run.{end}" for end in _PROCESSED)
_ENDS = ("completed", "failed", "needs_review", "rejected", "cancelled", "step_run.processed")
# Facts 7.2: workflow_run.* is never global, and each resource has its own.
ALLOWED: dict[str, frozenset[str]] = {
    "workflow": frozenset(f"workflow_run.{end}" for end in _ENDS),
    **{
        noun: frozenset((*_BATCH, *(f"{run}.{end}" for end in _PROCESSED)))
        for noun, run in zip(NOUNS, _RUN, strict=True)
    },
}
_RESOURCES = {
    "workflow": workflows.COLLECTION,
    **{name: noun.collection for name, noun in NOUNS.items()},
}
_ENDPOINT = (
    "object", "id", "url", "name", "status", "enabledEvents", "apiVersion", "advancedOptions",
    "createdAt", "createdBy",
)  # fmt: skip
_SUBSCRIPTION = (
    "object", "id", "webhookEndpointId", "resourceType", "resourceId", "enabledEvents", "createdAt"
)  # fmt: skip


def create_endpoint(
    sandbox: Sandbox, given: Mapping[str, object], created_by: Document, base_url: str
) -> Document:
    """A new endpoint, stored; it remembers how it was called, for links in its events."""
    endpoint: Document = {
        "object": "webhook_endpoint",
        "id": new_id(sandbox, "wh_"),
        "url": given["url"],
        "name": given["name"],
        "status": given.get("status", "enabled"),
        "enabledEvents": given["enabledEvents"],
        "apiVersion": given["apiVersion"],
        "advancedOptions": given.get("advancedOptions"),
        "createdAt": now(sandbox),
        "createdBy": created_by,
        "signingSecret": new_id(sandbox, "wss_"),
        "baseUrl": base_url,
    }
    sandbox.collection(ENDPOINTS).put(endpoint)
    _route_endpoint(sandbox, endpoint)
    return endpoint


def change_endpoint(
    sandbox: Sandbox, endpoint: Document, changes: Mapping[str, object]
) -> Document:
    """Change an endpoint; `headers` within `advancedOptions` replace the whole map."""
    changed = {**endpoint, **changes}
    if changes.get("advancedOptions") and endpoint["advancedOptions"]:
        changed["advancedOptions"] = {**endpoint["advancedOptions"], **changed["advancedOptions"]}
    sandbox.collection(ENDPOINTS).put(changed)
    _route_endpoint(sandbox, changed)
    return changed


def delete_endpoint(sandbox: Sandbox, endpoint: Document) -> None:
    """Delete an endpoint and its subscriptions."""
    subscriptions = sandbox.collection(SUBSCRIPTIONS)
    for subscription in list(subscriptions.each({"webhookEndpointId": endpoint["id"]})):
        delete_subscription(sandbox, subscription)
    _route(sandbox, endpoint["id"], endpoint["id"], EVERYWHERE, (), "")
    sandbox.collection(ENDPOINTS).delete(endpoint["id"])


def subscribe(sandbox: Sandbox, given: Mapping[str, str], events: Sequence[str]) -> Document:
    """The subscription of an endpoint to a resource: a new one, or the old one with new events."""
    check_events(given["resourceType"], events)
    known = sandbox.collection(SUBSCRIPTIONS).find(
        {"webhookEndpointId": given["webhookEndpointId"], "resourceId": given["resourceId"]},
        limit=1,
    )
    if known:
        return change_subscription(sandbox, known[0], events)
    subscription: Document = {
        "object": "webhook_subscription",
        "id": new_id(sandbox, "whes_"),
        **picked(given, ("webhookEndpointId", "resourceType", "resourceId")),
        "enabledEvents": list(events),
        "createdAt": now(sandbox),
    }
    return _kept(sandbox, subscription)


def change_subscription(
    sandbox: Sandbox, subscription: Document, events: Sequence[str]
) -> Document:
    """The same subscription for other events."""
    check_events(subscription["resourceType"], events)
    return _kept(sandbox, {**subscription, "enabledEvents": list(events)})


def delete_subscription(sandbox: Sandbox, subscription: Document) -> None:
    """End a subscription."""
    endpoint, resource = subscription["webhookEndpointId"], subscription["resourceId"]
    _route(sandbox, subscription["id"], endpoint, resource, (), "")
    sandbox.collection(SUBSCRIPTIONS).delete(subscription["id"])


def check_resource(sandbox: Sandbox, given: Mapping[str, str]) -> None:
    """Refuse a subscription to what does not exist (404)."""
    if given["webhookEndpointId"] not in sandbox.collection(ENDPOINTS):
        raise errors.not_found("Webhook endpoint", given["webhookEndpointId"])
    if given["resourceId"] not in sandbox.collection(_RESOURCES[given["resourceType"]]):
        raise errors.not_found(given["resourceType"].capitalize(), given["resourceId"])


def check_events(resource_type: str, events: Sequence[str]) -> None:
    """Refuse events that this type of resource does not have."""
    for number, event in enumerate(events):
        if event not in ALLOWED[resource_type]:
            path = f"enabledEvents.{number}"
            raise errors.invalid(f"{path}: a {resource_type} has no event {event}; Path: {path}")


def endpoint_view(endpoint: Mapping[str, object]) -> Document:
    """An endpoint as it is shown ever after, without its secret."""
    return picked(endpoint, _ENDPOINT)


def subscription_view(subscription: Mapping[str, object]) -> Document:
    """A subscription as it is shown."""
    return picked(subscription, _SUBSCRIPTION)


def listeners(sandbox: Sandbox, event: str, resource: str) -> list[tuple[Document, str]]:
    """The enabled endpoints that get an event of a resource, each once, with since when."""
    routes = sandbox.collection(ROUTES)
    found: dict[str, tuple[Document, str]] = {}
    for route in routes.find({"event": event, "resource": (EVERYWHERE, resource)}):
        endpoint = sandbox.collection(ENDPOINTS).get(route["endpointId"])
        if endpoint is None or endpoint["status"] != "enabled":
            continue
        since = min(route["since"], found.get(endpoint["id"], (None, route["since"]))[1])
        found[endpoint["id"]] = (endpoint, since)
    return list(found.values())


def _kept(sandbox: Sandbox, subscription: Document) -> Document:
    sandbox.collection(SUBSCRIPTIONS).put(subscription)
    _route(
        sandbox,
        subscription["id"],
        subscription["webhookEndpointId"],
        subscription["resourceId"],
        subscription["enabledEvents"],
        subscription["createdAt"],
    )
    return subscription


def _route_endpoint(sandbox: Sandbox, endpoint: Document) -> None:
    _route(sandbox, endpoint["id"], endpoint["id"], EVERYWHERE, endpoint["enabledEvents"], "")


def _route(
    sandbox: Sandbox, owner: str, endpoint: str, resource: str, events: Sequence[str], since: str
) -> None:
    """Let these events of a resource, and no others, go to an endpoint for this owner's sake."""
    routes = sandbox.collection(ROUTES)
    for route in list(routes.each({"owner": owner})):
        routes.delete(route["id"])
    routes.put_many(
        {
            "id": f"{owner}:{event}",
            "owner": owner,
            "endpointId": endpoint,
            "resource": resource,
            "event": event,
            "since": since,
        }
        for event in events
    )
