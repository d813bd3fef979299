"""Handlers of webhook subscriptions."""

import asyncio
from typing import Any

from mockserver.engine.service import Answer, Call, HandlerTable
from mockserver.services.toloka import errors, pages, pools, subscriptions, wire
from mockserver.services.toloka.subscriptions import COLLECTION

handles = HandlerTable()

TEST_TIMEOUT = 6.0
"""Real seconds that a call waits for the answer to its test event; an attempt takes 5 at most."""
_LOOK = 0.01


@handles("upsertWebhookSubscriptions")
def upsert_webhook_subscriptions(call: Call) -> tuple[int, Any]:
    """Create or replace; of many, each for itself, and some may fail."""
    sandbox = call.sandbox
    if call.body is None or call.body in ([], {}):
        empty = errors.field("NOT_NULL_BODY", "Body must not be empty")
        raise errors.invalid({"__body": empty})
    if not isinstance(call.body, list):
        found = subscriptions.check(sandbox, call.body)
        if found:
            raise errors.invalid(found)
        subscription, is_new = subscriptions.upsert(sandbox, call.body)
        return 201 if is_new else 200, subscriptions.present(subscription)
    items, faults = {}, {}
    for index, form in enumerate(call.body):
        found = subscriptions.check(sandbox, form)
        if found:
            faults[str(index)] = found
        else:
            subscription, _ = subscriptions.upsert(sandbox, form)
            items[str(index)] = subscriptions.present(subscription)
    return 200, {"items": items, "validation_errors": faults}


@handles("getWebhookSubscriptions")
def get_webhook_subscriptions(call: Call) -> tuple[int, Any]:
    """List subscriptions."""
    return pages.page(call, COLLECTION, pages.SUBSCRIPTIONS, present=subscriptions.present)


@handles("getWebhookSubscription")
def get_webhook_subscription(call: Call) -> tuple[int, Any]:
    """Get a subscription."""
    return 200, subscriptions.present(wire.require(call, COLLECTION))


@handles("deleteWebhookSubscription")
def delete_webhook_subscription(call: Call) -> tuple[int, Any]:
    """Delete a subscription."""
    subscription = wire.require(call, COLLECTION)
    call.sandbox.collection(COLLECTION).delete(subscription["id"])
    return 204, None


@handles("testWebhookSubscription")
async def test_webhook_subscription(call: Call) -> Answer:
    """Send a test event and tell how the target took it.

    The one call that waits for a delivery, since the answer is about it. The delivery is
    committed first, so nothing is half done while others are served.
    """
    sandbox = call.sandbox
    subscription = wire.require(call, COLLECTION)
    pool = pools.require(sandbox, subscription["pool_id"])
    delivery_id, uuid = subscriptions.test(sandbox, subscription, pool)
    sandbox.commit()
    attempts: list[dict[str, Any]] = []
    for _ in range(int(TEST_TIMEOUT / _LOOK)):
        attempts = sandbox.webhooks.get(delivery_id)["attempts"]
        if attempts:
            break
        await asyncio.sleep(_LOOK)
    return Answer(
        200, {**_verdict(attempts), "responseReceivedAt": wire.stamp(sandbox), "uuids": [uuid]}
    )


def _verdict(attempts: list[dict[str, Any]]) -> dict[str, Any]:
    """What came of the first attempt, in the Java client's closed list of words (trap J10)."""
    if not attempts:
        return {"success": False, "errorType": "REQUEST_TIMEOUT"}
    status, error = attempts[0]["status"], attempts[0]["error"] or ""
    if status is None:
        timed_out = "within" in error
        return {
            "success": False,
            "errorType": "REQUEST_TIMEOUT" if timed_out else "CONNECTION_ERROR",
        }
    if 200 <= status < 300:
        return {"success": True, "originalStatusCode": status}
    return {"success": False, "errorType": "WRONG_STATUS_CODE", "originalStatusCode": status}
