"""Deliveries as documents: how one is made, what an attempt adds to it, how it is shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import orjson

from mockserver.engine.clock import rfc3339
from mockserver.engine.journal import Entry
from mockserver.engine.masking import masked_headers, masked_query
from mockserver.engine.sending import Outcome
from mockserver.engine.store import Index

if TYPE_CHECKING:
    from mockserver.engine.contract import Violation

COLLECTION = "engine.deliveries"
INDEXES: dict[str, tuple[Index, ...]] = {
    COLLECTION: (
        Index("state", sort="next_attempt_at"),
        Index("service"),
        Index("event"),
        Index("url"),
    )
}
PENDING, DELIVERED, FAILED, DROPPED = "pending", "delivered", "failed", "dropped"

KEPT_BODY = 16 * 1024
"""Bytes of an answer's body that an attempt keeps."""
KEPT_HEADERS = 64
LONGEST_WAIT = 7 * 24 * 3600.0
"""Seconds that a Retry-After is obeyed at most."""


@dataclass(frozen=True, slots=True)
class Finished:
    """An attempt that is over, not yet written down."""

    id: str
    at: float
    url: str
    headers: Mapping[str, str]
    outcome: Outcome
    succeeded: bool


def new(
    id: str,
    address: tuple[str, str, str],
    body: bytes,
    *,
    context: Mapping[str, Any],
    then: str | None,
    due: float,
) -> dict[str, Any]:
    """A delivery that waits for its first attempt; `address` is service, event and URL.

    The body is kept as text, so that each attempt sends the same bytes.
    """
    service, event, url = address
    return {
        "id": id,
        "service": service,
        "event": event,
        "url": url,
        "state": PENDING,
        "body": body.decode(),
        "context": dict(context),
        "then": then,
        "told": None,
        "attempts": [],
        "tries": 0,
        "redelivery": False,
        "resumes_at": None,
        "violations": [],
        "next_attempt_at": due,
    }


def attempt(at: float, headers: Mapping[str, str], outcome: Outcome) -> dict[str, Any]:
    """What is kept of an attempt; the request's body is the delivery's own."""
    answered = None
    if outcome.status is not None:
        answered = {
            "headers": dict(list(outcome.headers.items())[:KEPT_HEADERS]),
            "body": outcome.body[:KEPT_BODY].decode("utf-8", "replace"),
        }
        if len(outcome.body) > KEPT_BODY:
            answered["truncated"] = {"kept": KEPT_BODY}
    return {
        "at": at,
        "status": outcome.status,
        "error": outcome.error,
        "duration_ms": round(outcome.duration * 1000, 3),
        "request": {"headers": dict(headers)},
        "response": answered,
    }


def end(delivery: dict[str, Any], state: str) -> None:
    """No further attempt is planned."""
    delivery.update(state=state, next_attempt_at=None, redelivery=False, resumes_at=None)


def put_off(
    delivery: dict[str, Any], retries: Sequence[float], wish: float | None, now: float
) -> None:
    """After a failure: wait for the next attempt of the schedule, or end.

    A redelivery is beside the schedule, which goes on where it was. `wish` are the seconds that
    the receiver asked for, instead of the schedule's.
    """
    if delivery["redelivery"]:
        due = delivery["resumes_at"]
    else:
        made = delivery["tries"] = delivery["tries"] + 1
        wait = retries[made - 1] if made <= len(retries) else None
        due = None if wait is None else now + (wait if wish is None else wish)
    if due is None:
        end(delivery, FAILED)
    else:
        delivery.update(state=PENDING, next_attempt_at=due, redelivery=False, resumes_at=None)


def again(delivery: Mapping[str, Any], now: float) -> dict[str, Any]:
    """The delivery with one more attempt planned for now."""
    return {
        **delivery,
        "state": PENDING,
        "next_attempt_at": now,
        "redelivery": True,
        "resumes_at": delivery["resumes_at"] or delivery["next_attempt_at"],
    }


def breaches(violations: "Sequence[Violation]") -> list[dict[str, Any]]:
    """Violations as a delivery keeps them."""
    return [
        {"side": each.side, "pointer": each.pointer, "rule": each.rule, "message": each.message}
        for each in violations
    ]


def retry_after(outcome: Outcome, now: float) -> float | None:
    """Seconds that the receiver asks to be left alone, if it does."""
    value = next((v for k, v in outcome.headers.items() if k.lower() == "retry-after"), "").strip()
    if value.isascii() and value.isdigit():
        seconds = float(value[:12])
    else:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - now
        except ValueError:
            return None
    return min(max(seconds, 0.0), LONGEST_WAIT)


def view(delivery: Mapping[str, Any]) -> dict[str, Any]:
    """A delivery as the control API shows it: times as text, credentials masked."""
    due = delivery["next_attempt_at"]
    return {
        "id": delivery["id"],
        "service": delivery["service"],
        "event": delivery["event"],
        "url": masked_query(delivery["url"]),
        "state": delivery["state"],
        "payload": orjson.loads(delivery["body"]),
        "violations": delivery["violations"],
        "fault": delivery["fault"]["shown"] if delivery.get("fault") else None,
        "attempts": [_shown(each, delivery["body"]) for each in delivery["attempts"]],
        "next_attempt_at": None if due is None else rfc3339(due),
    }


def _shown(each: Mapping[str, Any], body: str) -> dict[str, Any]:
    answered = each["response"]
    if answered is not None:
        answered = {**answered, "headers": masked_headers(answered["headers"])}
    return {
        **each,
        "at": rfc3339(each["at"]),
        "request": {"headers": masked_headers(each["request"]["headers"]), "body": body},
        "response": answered,
    }


def entry(delivery: Mapping[str, Any], finished: Finished) -> Entry:
    """The attempt as the journal keeps it; its path is the whole URL, without the query."""
    parts = urlsplit(finished.url)
    path = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    headers = [(name.encode(), value.encode()) for name, value in finished.headers.items()]
    entry = Entry(delivery["service"], "POST", path, parts.query, headers, kind="delivery")
    entry.operation = delivery["event"]
    entry.at = finished.at
    entry.request_body = delivery["body"].encode()[:KEPT_BODY]
    entry.request_size = len(delivery["body"])
    if delivery.get("fault") and len(delivery["attempts"]) < 2:
        entry.fault = delivery["fault"]["shown"]
    outcome = finished.outcome
    entry.status = outcome.status
    entry.duration = outcome.duration
    entry.response_headers = [(n.encode(), v.encode()) for n, v in outcome.headers.items()]
    entry.response_body = outcome.body[:KEPT_BODY]
    entry.response_size = len(outcome.body)
    return entry
