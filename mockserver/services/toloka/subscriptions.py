"""Webhook subscriptions: who is told of what, and how a delivery is signed."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import Any

from mockserver.engine.sandbox import Sandbox
from mockserver.engine.webhooks import Prepared, WebhookPolicy
from mockserver.services.toloka import errors, wire
from mockserver.services.toloka.errors import ABSENT, URL, Fields, field, required

COLLECTION = "toloka.webhook_subscriptions"

EVENTS = (
    "POOL_CLOSED",
    "DYNAMIC_OVERLAP_COMPLETED",
    "ASSIGNMENT_CREATED",
    "ASSIGNMENT_SUBMITTED",
    "ASSIGNMENT_SKIPPED",
    "ASSIGNMENT_EXPIRED",
    "ASSIGNMENT_APPROVED",
    "ASSIGNMENT_REJECTED",
)
MOST_EVENTS = 100
"""Events in one delivery."""
VERSION = 1

Subscription = dict[str, Any]


def check(sandbox: Sandbox, form: Any) -> Fields:
    """What is wrong with a submitted subscription, by field."""
    if type(form) is not dict:
        return {"webhook_subscription": field("OBJECT_EXPECTED", "Value must be an object")}
    found: Fields = {
        name: required()
        for name in ("event_type", "webhook_url", "pool_id")
        if form.get(name) is None
    }
    if "event_type" not in found and form["event_type"] not in EVENTS:
        found["event_type"] = field("UNKNOWN_ENUM_VALUE", "Value is not an event type")
    url = form.get("webhook_url")
    if "webhook_url" not in found and not str(url).lower().startswith(("http://", "https://")):
        found["webhook_url"] = field("INVALID_URL_SYNTAX", URL)
    pool_id = str(form.get("pool_id"))
    if "pool_id" not in found and not _pool_exists(sandbox, pool_id):
        found["pool_id"] = field("ENTITY_DOES_NOT_EXIST", ABSENT)
    if not isinstance(form.get("secret_key", ""), str | None):
        found["secret_key"] = field("STRING_EXPECTED", "Value must be a string")
    return found


def _pool_exists(sandbox: Sandbox, pool_id: str) -> bool:
    names = ("toloka.pools", "toloka.trainings")
    return any(pool_id in sandbox.collection(name) for name in names)


def upsert(sandbox: Sandbox, form: Mapping[str, Any]) -> tuple[Subscription, bool]:
    """Create a subscription, or replace the key of the one with the same pool, event and URL;
    answers it and whether it is new."""
    subscriptions = sandbox.collection(COLLECTION)
    same = {
        "pool_id": str(form["pool_id"]),
        "event_type": form["event_type"],
        "webhook_url": form["webhook_url"],
    }
    known = subscriptions.find(same, limit=1)
    found = known[0] if known else {"id": wire.next_object_id(sandbox), **same}
    if not known:
        found["created"] = _distinct_time(sandbox)
    found["secret_key"] = form.get("secret_key")
    subscriptions.put(found)
    return found, not known


def _distinct_time(sandbox: Sandbox) -> str:
    """Subscriptions are paged by `created` alone (client/__init__.py:3723), so no two may share
    it (trap B17)."""
    newest = sandbox.collection(COLLECTION).find(sort="-created", limit=1)
    now = wire.stamp(sandbox)
    if newest and newest[0]["created"] >= now:
        return wire.written(wire.moment(newest[0]["created"]) + 0.001)
    return now


def present(subscription: Subscription) -> Subscription:
    """A subscription as the service shows it: the key is never told again."""
    subscription.pop("secret_key", None)
    return subscription


def tell(
    sandbox: Sandbox, pool: Mapping[str, Any], event: str, happened: Sequence[Mapping[str, Any]]
) -> None:
    """Deliver to every subscription of the pool and event what has happened, in few deliveries."""
    where = {"pool_id": pool["id"], "event_type": event}
    subscriptions = sandbox.collection(COLLECTION).find(where) if happened else []
    now = wire.stamp(sandbox)
    for subscription in subscriptions:
        for start in range(0, len(happened), MOST_EVENTS):
            events = [
                {
                    "uuid": sandbox.ids.uuid("toloka.event"),
                    "event_time": now,
                    "project_id": pool["project_id"],
                    "pool_id": pool["id"],
                    **details,
                    "webhook_subscription_id": subscription["id"],
                    "type": event,
                }
                for details in happened[start : start + MOST_EVENTS]
            ]
            _deliver(sandbox, subscription, event, events)


def test(sandbox: Sandbox, subscription: Subscription, pool: Mapping[str, Any]) -> Any:
    """Deliver a test event; answers the delivery's id and the event's."""
    event = {
        "uuid": sandbox.ids.uuid("toloka.event"),
        "event_time": wire.stamp(sandbox),
        "project_id": pool["project_id"],
        "pool_id": pool["id"],
        "type": "TEST_EVENT",
    }
    return _deliver(sandbox, subscription, "TEST_EVENT", [event]), event["uuid"]


def _deliver(
    sandbox: Sandbox, subscription: Subscription, event: str, events: list[dict[str, Any]]
) -> Any:
    context = {"subscription_id": subscription["id"]}
    url = subscription["webhook_url"]
    return sandbox.webhooks.emit("toloka", event, url, {"events": events}, context=context)


def signature(secret: str, milliseconds: int, body: bytes) -> str:
    """The value of `Toloka-Signature`, braces included, over the exact bytes sent."""
    signed = f"{milliseconds}.{VERSION}.".encode() + body
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return f"{{v={VERSION}, ts={milliseconds}, sign={digest}}}"


def prepare(sandbox: Sandbox, delivery: Mapping[str, Any], body: bytes, now: float) -> Prepared:
    """Sign one attempt, if its subscription has a key and still exists."""
    found = sandbox.collection(COLLECTION).get(delivery["context"]["subscription_id"])
    secret = found.get("secret_key") if found else None
    # As times are shown: a float may be a trace below its millisecond.
    milliseconds = round(now * 1e6) // 1000
    headers = {"Toloka-Signature": signature(secret, milliseconds, body)} if secret else {}
    return Prepared(delivery["url"], headers)


POLICY = WebhookPolicy(prepare=prepare, retries=(1.0, 5.0, 25.0), timeout=5.0)
"""Retries and timeout are not documented anywhere; these are the sandbox's own (fact a.2)."""


def require(sandbox: Sandbox, subscription_id: str) -> Subscription:
    """A subscription that must exist."""
    found = sandbox.collection(COLLECTION).get(subscription_id)
    if found is None:
        raise errors.missing()
    return found
