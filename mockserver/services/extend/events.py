"""Events on their way out: who gets which payload, in what form, signed how."""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from mockserver.engine.sandbox import Sandbox
from mockserver.engine.webhooks import Prepared, WebhookPolicy
from mockserver.services.extend import contents, versions, webhooks
from mockserver.services.extend.wire import Document, new_id

LINK_SECONDS = 3600.0
# The real schedule is in a table that could not be read (facts 7.3); this one is a choice.
RETRIES = (5.0, 30.0, 120.0, 600.0, 3600.0)


class Announcer:
    """Announces events, and looks up once who listens to them."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._listeners: dict[tuple[str, str], list[tuple[Document, str]]] = {}

    def listened(self, event: str, resource: str, since: str) -> list[Document]:
        """The endpoints that get this event of what was started at a time.

        A subscription does not deliver events of runs that were started before it.
        """
        key = (event, resource)
        if key not in self._listeners:
            self._listeners[key] = webhooks.listeners(self._sandbox, event, resource)
        return [endpoint for endpoint, after in self._listeners[key] if after <= since]

    def announce(
        self, event: str, resource: str, since: str, payload: Callable[[], Document]
    ) -> None:
        """One delivery for each endpoint that listens, all with the same event id."""
        endpoints = self.listened(event, resource, since)
        if not endpoints:
            return
        body = payload()
        event_id = new_id(self._sandbox, "event_")
        for endpoint in endpoints:
            self._emit(endpoint, event, event_id, body)

    def _emit(self, endpoint: Document, event: str, event_id: str, body: Document) -> None:
        own = versions.payload(endpoint["apiVersion"], event, body)
        options = (endpoint["advancedOptions"] or {}).get("payload") or {"format": "json"}
        envelope = {"eventId": event_id, "eventType": event, "payload": own}
        if options["format"] == "url":
            size = len(orjson.dumps(envelope))
            if size > options.get("urlThresholdBytes", 0):
                envelope["payload"] = self._linked(endpoint, event_id, own)
        self._sandbox.webhooks.emit(
            "extend", event, endpoint["url"], envelope, context={"endpoint": endpoint["id"]}
        )

    def _linked(self, endpoint: Document, event_id: str, body: Document) -> Document:
        """The payload behind a link: both SDKs ask for `object` and `data`, npm's for `id` too."""
        key = f"extend/events/{event_id}"
        url = contents.json_link(
            self._sandbox, key, body, endpoint["baseUrl"], seconds=LINK_SECONDS
        )
        metadata = body.get("metadata")
        return {
            "object": "signed_data_url",
            "id": body["id"],
            "data": url,
            "metadata": metadata if isinstance(metadata, dict) else {},
        }


def prepare(sandbox: Sandbox, delivery: Mapping[str, Any], body: bytes, now: float) -> Prepared:
    """One attempt, signed with its own time: clients refuse a timestamp older than 300 s."""
    endpoint = sandbox.collection(webhooks.ENDPOINTS).get(delivery["context"]["endpoint"]) or {}
    timestamp = str(int(now))
    own = (endpoint.get("advancedOptions") or {}).get("headers") or {}
    headers = {
        **own,
        "x-extend-request-timestamp": timestamp,
        "x-extend-request-signature": signature(endpoint.get("signingSecret", ""), timestamp, body),
        "x-extend-api-version": endpoint.get("apiVersion", versions.CURRENT),
    }
    return Prepared(delivery["url"], headers)


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Lower-case hex: the Python SDK refuses upper case (facts 7.5)."""
    message = b"v0:" + timestamp.encode() + b":" + body
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


policy: WebhookPolicy = WebhookPolicy(retries=RETRIES, timeout=30.0, prepare=prepare)
