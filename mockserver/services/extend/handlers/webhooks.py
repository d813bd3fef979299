"""Calls about webhook endpoints and subscriptions; their bodies are strict (facts 7.1)."""

from typing import Any

from mockserver.engine.service import Call, HandlerTable
from mockserver.services.extend import pages, webhooks
from mockserver.services.extend.wire import Document, created_by, require

handles: HandlerTable = HandlerTable()


@handles("listWebhookEndpoints")
def list_webhook_endpoints(call: Call) -> tuple[int, Any]:
    """Endpoints, without their secrets."""
    found, token = _page(call, webhooks.ENDPOINTS, ("status",))
    return 200, pages.envelope([webhooks.endpoint_view(each) for each in found], token)


@handles("createWebhookEndpoint")
def create_webhook_endpoint(call: Call) -> tuple[int, Any]:
    """A new endpoint with its signing secret, which is shown here alone."""
    endpoint = webhooks.create_endpoint(call.sandbox, call.body, created_by(call), call.base_url)
    secret = endpoint["signingSecret"]
    return 200, {**webhooks.endpoint_view(endpoint), "signingSecret": secret}


@handles("getWebhookEndpoint")
def get_webhook_endpoint(call: Call) -> tuple[int, Any]:
    """One endpoint, without its secret."""
    return 200, webhooks.endpoint_view(_endpoint(call))


@handles("updateWebhookEndpoint")
def update_webhook_endpoint(call: Call) -> tuple[int, Any]:
    """Change an endpoint; its `apiVersion` never changes."""
    changed = webhooks.change_endpoint(call.sandbox, _endpoint(call), call.body)
    return 200, webhooks.endpoint_view(changed)


@handles("deleteWebhookEndpoint")
def delete_webhook_endpoint(call: Call) -> tuple[int, Any]:
    """Delete an endpoint and its subscriptions."""
    endpoint = _endpoint(call)
    webhooks.delete_endpoint(call.sandbox, endpoint)
    return 200, {"id": endpoint["id"]}


@handles("listWebhookSubscriptions")
def list_webhook_subscriptions(call: Call) -> tuple[int, Any]:
    """Subscriptions, of an endpoint or to a resource."""
    found, token = _page(call, webhooks.SUBSCRIPTIONS, ("webhookEndpointId", "resourceId"))
    return 200, pages.envelope([webhooks.subscription_view(each) for each in found], token)


@handles("createWebhookSubscription")
def create_webhook_subscription(call: Call) -> tuple[int, Any]:
    """Subscribe an endpoint to a resource; done twice, the events are replaced."""
    webhooks.check_resource(call.sandbox, call.body)
    subscription = webhooks.subscribe(call.sandbox, call.body, call.body["enabledEvents"])
    return 200, webhooks.subscription_view(subscription)


@handles("getWebhookSubscription")
def get_webhook_subscription(call: Call) -> tuple[int, Any]:
    """One subscription."""
    return 200, webhooks.subscription_view(_subscription(call))


@handles("updateWebhookSubscription")
def update_webhook_subscription(call: Call) -> tuple[int, Any]:
    """The same subscription for other events."""
    events = call.body["enabledEvents"]
    changed = webhooks.change_subscription(call.sandbox, _subscription(call), events)
    return 200, webhooks.subscription_view(changed)


@handles("deleteWebhookSubscription")
def delete_webhook_subscription(call: Call) -> tuple[int, Any]:
    """End a subscription."""
    subscription = _subscription(call)
    webhooks.delete_subscription(call.sandbox, subscription)
    return 200, {"id": subscription["id"]}


def _page(
    call: Call, collection: str, fields: tuple[str, ...]
) -> tuple[list[Document], str | None]:
    where = {field: call.parameters[field] for field in fields if field in call.parameters}
    falling = call.parameters["sortDir"] == "desc"
    return pages.of_call(call, pages.Listing(collection, where=where, falling=falling))


def _endpoint(call: Call) -> Document:
    return require(call.sandbox, webhooks.ENDPOINTS, call.parameters["id"], "Webhook endpoint")


def _subscription(call: Call) -> Document:
    id = call.parameters["id"]
    return require(call.sandbox, webhooks.SUBSCRIPTIONS, id, "Webhook subscription")
