"""Tests of deliveries as documents: what attempts add, and what is shown of them."""

from typing import Any

import pytest

from mockserver.engine import deliveries
from mockserver.engine.sending import Outcome

AT = 1_767_323_045.0


def delivery(**more: Any) -> dict[str, Any]:
    made = deliveries.new(
        "dlv-00000001",
        ("sama", "task_delivery", "http://127.0.0.1/hook?access_key=secret&x=1"),
        b'{"task":{"id":"1"}}',
        context={"project_id": 117},
        then=None,
        due=AT,
    )
    return {**made, **more}


def test_a_new_delivery_waits_for_its_first_attempt() -> None:
    shown = deliveries.view(delivery())
    assert shown == {
        "id": "dlv-00000001",
        "service": "sama",
        "event": "task_delivery",
        "url": "http://127.0.0.1/hook?access_key=***&x=1",
        "state": "pending",
        "payload": {"task": {"id": "1"}},
        "violations": [],
        "fault": None,
        "attempts": [],
        "next_attempt_at": "2026-01-02T03:04:05.000Z",
    }


def test_an_attempt_is_shown_with_request_and_answer_but_no_credentials() -> None:
    sent = {"Authorization": "Basic c2VjcmV0", "X-Auth-Token": "secret", "Toloka-Signature": "{v}"}
    outcome = Outcome(200, {"x-a": "b", "set-cookie": "s=secret"}, b"ok", None, 0.0123456)
    done = delivery(attempts=[deliveries.attempt(AT, sent, outcome)])
    (shown,) = deliveries.view(done)["attempts"]
    assert shown == {
        "at": "2026-01-02T03:04:05.000Z",
        "status": 200,
        "error": None,
        "duration_ms": 12.346,
        "request": {
            "headers": {
                "authorization": "Basic ***",
                "x-auth-token": "***",
                "toloka-signature": "{v}",
            },
            "body": '{"task":{"id":"1"}}',
        },
        "response": {"headers": {"x-a": "b", "set-cookie": "***"}, "body": "ok"},
    }


def test_an_attempt_without_an_answer_says_why() -> None:
    failed = deliveries.attempt(AT, {}, Outcome(error="no connection", duration=1))
    (shown,) = deliveries.view(delivery(attempts=[failed]))["attempts"]
    assert (shown["status"], shown["error"], shown["response"]) == (None, "no connection", None)


def test_of_a_large_answer_an_attempt_keeps_the_beginning() -> None:
    headers = {f"h{number}": "x" for number in range(100)}
    kept = deliveries.attempt(AT, {}, Outcome(200, headers, b"x" * 20_000))["response"]
    assert (len(kept["body"]), kept["truncated"]) == (16_384, {"kept": 16_384})
    assert len(kept["headers"]) == 64


def test_a_failed_attempt_is_followed_by_the_next_of_the_schedule() -> None:
    waiting = delivery()
    due = []
    for _ in range(3):
        deliveries.put_off(waiting, (5.0, 60.0), None, AT)
        due.append((waiting["state"], waiting["next_attempt_at"]))
    assert due == [("pending", AT + 5), ("pending", AT + 60), ("failed", None)]


def test_a_receivers_wish_replaces_the_schedules_wait_but_adds_no_attempt() -> None:
    waiting = delivery()
    deliveries.put_off(waiting, (5.0,), 30.0, AT)
    assert waiting["next_attempt_at"] == AT + 30
    deliveries.put_off(waiting, (5.0,), 30.0, AT)
    assert waiting["state"] == "failed"


def test_a_redelivery_of_an_ended_delivery_is_one_attempt() -> None:
    for state in ("delivered", "failed"):
        ended = delivery(state=state, next_attempt_at=None)
        once = deliveries.again(ended, AT)
        assert (once["state"], once["next_attempt_at"]) == ("pending", AT)
        deliveries.put_off(once, (5.0, 60.0), None, AT)
        assert (once["state"], once["next_attempt_at"]) == ("failed", None)


def test_a_redelivery_does_not_use_up_the_schedule() -> None:
    waiting = delivery()
    deliveries.put_off(waiting, (5.0, 60.0), None, AT)
    waiting = deliveries.again(waiting, AT + 1)
    assert waiting["next_attempt_at"] == AT + 1
    deliveries.put_off(waiting, (5.0, 60.0), None, AT + 1)
    assert (waiting["state"], waiting["next_attempt_at"]) == ("pending", AT + 5)
    deliveries.put_off(waiting, (5.0, 60.0), None, AT + 5)
    assert waiting["next_attempt_at"] == AT + 65


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        ("0", 0.0),
        ("Fri, 02 Jan 2026 03:05:05 GMT", 60.0),
        ("Fri, 02 Jan 2026 03:00:00 GMT", 0.0),
        ("9" * 40, deliveries.LONGEST_WAIT),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_retry_after_is_read_in_both_its_forms(value: str, seconds: float | None) -> None:
    assert deliveries.retry_after(Outcome(503, {"retry-after": value}), AT) == seconds
    assert deliveries.retry_after(Outcome(503), AT) is None
