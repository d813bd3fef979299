"""Tests of what subscribers are told, and of the signature."""

import hashlib
import hmac
import json
import re
from typing import Any

import orjson
import pytest

from mockserver.engine.clock import parse_rfc3339
from mockserver.services.toloka.subscriptions import EVENTS, signature
from tests.services.toloka.world import OPEN, USER, World, task

pytestmark = pytest.mark.anyio


def test_the_signature_is_that_of_the_documented_example() -> None:
    """Fact 12.2, which the Java client's own test repeats."""
    event = {
        "event_time": "2000-01-01T12:00:00",
        "project_id": "project-1",
        "pool_id": "pool-1",
        "uuid": "00000000-0000-0000-0000-000000000000",
        "task_suite_id": "task-suite-1",
        "assignment_id": "assignment-1",
        "webhook_subscription_id": "subscription-1",
        "type": "ASSIGNMENT_APPROVED",
    }
    body = orjson.dumps({"events": [event]})
    assert len(body) == 273
    assert signature("12345", 946_728_000_000, body) == (
        "{v=1, ts=946728000000, "
        "sign=609af3eefd4c12b6afad30ab456efcd21fe82f4247d3340151a3ca0c97a6cbcb}"
    )


async def test_everything_that_happens_is_told_in_order(by_hand: World) -> None:
    await by_hand.subscribe(OPEN, *EVENTS)
    path = f"/pools/{OPEN}/assignments"
    taken = (await by_hand.control("POST", path, {"user_id": USER, "count": 2}))["items"]
    taken += (await by_hand.control("POST", path))["items"]
    first, second, third = [f"/assignments/{each['id']}" for each in taken]
    await by_hand.control("POST", f"{first}/submit")
    await by_hand.ask("PATCH", first, {"status": "REJECTED"})
    await by_hand.ask("PATCH", first, {"status": "ACCEPTED"})
    await by_hand.control("POST", f"{second}/skip")
    await by_hand.control("POST", f"{third}/expire")
    await by_hand.control("POST", f"/pools/{OPEN}/close", {"reason": "BLOCKED"})
    await by_hand.advance(1)
    assert sorted(event["type"] for event in by_hand.events()) == sorted(
        [*["ASSIGNMENT_CREATED"] * 3, "ASSIGNMENT_SUBMITTED", "ASSIGNMENT_REJECTED",
         "ASSIGNMENT_APPROVED", "ASSIGNMENT_SKIPPED", "ASSIGNMENT_EXPIRED", "POOL_CLOSED"]
    )  # fmt: skip
    closed = next(event for event in by_hand.events() if event["type"] == "POOL_CLOSED")
    assert set(closed) == {
        "uuid", "event_time", "project_id", "pool_id", "close_reason",
        "webhook_subscription_id", "type",
    }  # fmt: skip
    assert closed["close_reason"] == "BLOCKED"
    submitted = next(e for e in by_hand.events() if e["type"] == "ASSIGNMENT_SUBMITTED")
    assert submitted["assignment_id"] == taken[0]["id"]
    assert submitted["task_suite_id"] == taken[0]["task_suite_id"]
    assert not by_hand.inbox()[0]["headers"].get("toloka-signature")
    assert by_hand.inbox()[0]["headers"]["content-type"] == "application/json"


async def test_each_attempt_is_signed_anew_over_the_bytes_sent(by_hand: World) -> None:
    await by_hand.subscribe(OPEN, "POOL_CLOSED", secret_key="s3cret")
    await by_hand.client.put("/__admin/inbox/toloka", json={"status": 500})
    await by_hand.control("POST", f"/pools/{OPEN}/close", {"reason": "MANUAL"})
    await by_hand.advance(60)
    messages = by_hand.inbox()
    assert len(messages) == 4, "three retries"
    seen = set()
    for message in messages:
        header = message["headers"]["toloka-signature"]
        match = re.fullmatch(r"\{v=1, ts=(\d{13}), sign=([0-9a-f]{64})\}", header)
        assert match
        signed = f"{match[1]}.1.{message['body']}".encode()
        assert match[2] == hmac.new(b"s3cret", signed, hashlib.sha256).hexdigest()
        seen.add(int(match[1]))
    assert [moment - min(seen) for moment in sorted(seen)] == [0, 1000, 6000, 31_000]
    (delivery,) = by_hand.sandbox.collection("engine.deliveries").find()
    assert delivery["state"] == "failed"


async def test_the_signed_time_is_that_of_the_attempt(by_hand: World) -> None:
    """To the millisecond, although most of them are no floats."""
    (subscription,) = await by_hand.subscribe(OPEN, "POOL_CLOSED", secret_key="s3cret")
    for _ in range(8):
        await by_hand.advance(0.001)
        await by_hand.ask("POST", f"/webhook-subscriptions/{subscription['id']}/test")
    shown, signed = [], []
    for message in by_hand.inbox():
        shown.append(round(parse_rfc3339(message["received_at"]) * 1000))
        signed.append(int(message["headers"]["toloka-signature"][9:22]))
    assert len(shown) == 8
    assert signed == shown


async def test_many_events_share_a_delivery(world: World) -> None:
    pool_id = await world.opened(*(task(number) for number in range(60)))
    await world.subscribe(pool_id, "ASSIGNMENT_CREATED")
    await world.advance(30)
    assert len(world.events()) == 30
    assert len(world.inbox()) < 3
    assert len({event["uuid"] for event in world.events()}) == 30


async def test_only_the_pools_own_subscribers_are_told(by_hand: World) -> None:
    await by_hand.subscribe("1000006", *EVENTS)
    await by_hand.control("POST", f"/pools/{OPEN}/close", {"reason": "MANUAL"})
    await by_hand.advance(1)
    assert by_hand.inbox() == []


async def test_a_delivery_keeps_its_contract(by_hand: World) -> None:
    await by_hand.subscribe(OPEN, *EVENTS)
    await by_hand.control("POST", f"/pools/{OPEN}/assignments", {"count": 2})
    await by_hand.control("POST", f"/pools/{OPEN}/close", {"reason": "MANUAL"})
    deliveries: list[dict[str, Any]] = by_hand.sandbox.collection("engine.deliveries").find()
    assert len(deliveries) == 2
    assert not any(each["violations"] for each in deliveries)
    assert all(json.loads(each["body"])["events"] for each in deliveries)
