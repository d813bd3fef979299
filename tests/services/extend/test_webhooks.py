"""Webhook endpoints and subscriptions: strict bodies, who gets what, signatures, retries."""

import hashlib
import hmac
import json
from typing import Any

import httpx
import pytest

from mockserver.engine.sending import Sender
from mockserver.engine.targets import Targets
from mockserver.services.extend import events
from tests.services.extend.world import (
    EXTRACTOR,
    LOST,
    REVIEWED,
    SPLITTER,
    URL,
    VERSION,
    WORKFLOW,
    World,
)

pytestmark = pytest.mark.anyio

COMPLETED = "workflow_run.completed"
STEP = "workflow_run.step_run.processed"


class Receiver:
    """A webhook target in this process."""

    def __init__(self, world: World, *statuses: int) -> None:
        self.requests: list[httpx.Request] = []
        self.statuses = list(statuses)

        async def here(host: str, port: int) -> list[str]:
            return ["127.0.0.1"]

        transport = httpx.MockTransport(self._answer)
        world.sandbox.webhooks._sender = Sender(Targets((), here), transport=transport)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(self.statuses.pop(0) if self.statuses else 200)

    @property
    def events(self) -> list[dict[str, Any]]:
        """The bodies that came, parsed."""
        return [json.loads(request.content) for request in self.requests]

    @property
    def types(self) -> list[str]:
        """The types of the events that came."""
        return [event["eventType"] for event in self.events]


async def test_the_secret_is_shown_once(world: World) -> None:
    endpoint = await world.endpoint("a", ["parse_run.processed"], advancedOptions={"headers": {}})

    shown = await world.ask("GET", f"/webhook_endpoints/{endpoint['id']}")

    assert endpoint["signingSecret"].startswith("wss_")
    assert endpoint["id"].startswith("wh_")
    assert shown == {k: v for k, v in endpoint.items() if k != "signingSecret"}
    assert (await world.ask("GET", "/webhook_endpoints"))["data"] == [shown]


@pytest.mark.parametrize(
    "change",
    [
        {"extra": 1},
        {"apiVersion": None},
        {"enabledEvents": [COMPLETED]},
        {"url": "ftp://example.com"},
        {"advancedOptions": {"payload": {"format": "xml"}}},
        {"status": "sleeping"},
    ],
)
async def test_a_strict_body_is_refused(world: World, change: dict[str, Any]) -> None:
    body = {
        "url": "http://127.0.0.1:9/a",
        "name": "a",
        "enabledEvents": [],
        "apiVersion": VERSION,
        **change,
    }
    body = {name: value for name, value in body.items() if value is not None}

    assert (await world.refused("POST", "/webhook_endpoints", body))[:2] == (400, "INVALID_REQUEST")


async def test_the_version_of_an_endpoint_never_changes(world: World) -> None:
    endpoint = await world.endpoint("a", [])
    path = f"/webhook_endpoints/{endpoint['id']}"

    assert (await world.refused("POST", path, {"apiVersion": VERSION}))[0] == 400


async def test_a_second_subscription_to_the_same_resource_replaces_the_first(world: World) -> None:
    endpoint = await world.endpoint("a", [])
    body = {
        "webhookEndpointId": endpoint["id"],
        "resourceType": "workflow",
        "resourceId": WORKFLOW,
        "enabledEvents": [COMPLETED],
    }
    first = await world.ask("POST", "/webhook_subscriptions", body)

    second = await world.ask("POST", "/webhook_subscriptions", {**body, "enabledEvents": [STEP]})

    assert second == {**first, "enabledEvents": [STEP]}
    listed = await world.ask("GET", "/webhook_subscriptions", webhookEndpointId=endpoint["id"])
    assert listed["data"] == [second]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"resourceType": "splitter", "resourceId": SPLITTER}, 400),
        ({"resourceId": "workflow_none"}, 404),
        ({"webhookEndpointId": "wh_none"}, 404),
        ({"enabledEvents": ["extractor.created"]}, 400),
        ({"extra": True}, 400),
    ],
)
async def test_a_subscription_that_does_not_fit_is_refused(
    world: World, change: dict[str, Any], status: int
) -> None:
    endpoint = await world.endpoint("a", [])
    body = {
        "webhookEndpointId": endpoint["id"],
        "resourceType": "workflow",
        "resourceId": WORKFLOW,
        "enabledEvents": [COMPLETED],
        **change,
    }

    assert (await world.refused("POST", "/webhook_subscriptions", body))[0] == status


async def test_an_endpoint_takes_its_subscriptions_with_it(world: World) -> None:
    endpoint = await world.listen("a", [COMPLETED])

    path = f"/webhook_endpoints/{endpoint['id']}"
    assert await world.ask("DELETE", path) == {"id": endpoint["id"]}

    assert (await world.ask("GET", "/webhook_subscriptions"))["data"] == []
    await world.run()
    world.work()
    assert world.deliveries() == []


async def test_each_attempt_is_signed_anew_and_keeps_the_event_id(world: World) -> None:
    receiver = Receiver(world, 500, 404, 200)
    endpoint = await world.listen("a", [COMPLETED], advancedOptions={"headers": {"x-team": "ops"}})
    run = await world.run(metadata={"customer": 7})

    await world.sandbox.advance(seconds=60)

    assert len(receiver.requests) == 3
    assert len({event["eventId"] for event in receiver.events}) == 1
    times = [int(r.headers["x-extend-request-timestamp"]) for r in receiver.requests]
    assert [later - times[0] for later in times] == [0, 5, 35]
    for request in receiver.requests:
        message = f"v0:{request.headers['x-extend-request-timestamp']}:".encode() + request.content
        secret = endpoint["signingSecret"].encode()
        expected = hmac.new(secret, message, hashlib.sha256).hexdigest()
        assert request.headers["x-extend-request-signature"] == expected
        assert request.headers["x-extend-api-version"] == VERSION
        assert request.headers["x-team"] == "ops"
    assert receiver.events[0]["payload"] == await world.get(run)


async def test_a_delivery_is_given_up_after_six_attempts(world: World) -> None:
    receiver = Receiver(world, *[500] * 10)
    await world.listen("a", [COMPLETED])
    await world.run()

    await world.sandbox.advance(seconds=10_000)

    assert len(receiver.requests) == 6 == len(events.RETRIES) + 1


async def test_runs_tell_their_steps_and_their_end(world: World) -> None:
    receiver = Receiver(world)
    await world.listen("a", [COMPLETED, STEP, "workflow_run.failed"])
    id = await world.batch((URL, {"n": 1}), (LOST, {"n": 2}))

    await world.sandbox.advance(until_idle=True)

    assert sorted(receiver.types) == [COMPLETED, "workflow_run.failed", STEP, STEP]
    ended = [event["payload"] for event in receiver.events if event["eventType"] != STEP]
    assert {(run["metadata"]["n"], run["batchId"]) for run in ended} == {(1, id), (2, id)}


async def test_a_review_tells_its_beginning_and_its_end_but_no_step_twice(by_hand: World) -> None:
    receiver = Receiver(by_hand)
    ends = ["needs_review", "completed", "rejected", "cancelled"]
    names = [f"workflow_run.{end}" for end in ends]
    await by_hand.listen("a", [*names, STEP], resource=REVIEWED)
    runs = [await by_hand.run(REVIEWED) for _ in range(3)]
    await by_hand.ask("POST", f"/workflow_runs/{runs[2]['id']}/cancel")
    by_hand.work()
    await by_hand.control("POST", f"/workflow_runs/{runs[0]['id']}/approve")
    await by_hand.control("POST", f"/workflow_runs/{runs[1]['id']}/reject")

    await by_hand.sandbox.advance(until_idle=True)

    first = runs[0]["id"]
    told = [
        event["eventType"]
        for event in receiver.events
        if first in (event["payload"]["id"], event["payload"].get("workflowRunId"))
    ]
    assert sorted(told) == sorted([STEP] * 4 + names[:2])
    assert receiver.types.count("workflow_run.rejected") == 1
    assert receiver.types.count("workflow_run.cancelled") == 1


async def test_workflow_events_go_to_subscribers_alone(world: World) -> None:
    await world.endpoint("global", ["workflow.created", "extract_run.processed"])
    await world.run()
    world.work()
    assert world.deliveries() == []

    await world.ask("POST", "/workflows", {"name": "Told"})
    await world.ask("POST", "/extract", {"extractor": {"id": EXTRACTOR}, "file": URL})

    assert [each["event"] for each in world.deliveries()] == [
        "workflow.created",
        "extract_run.processed",
    ]
    assert not any(each["violations"] for each in world.deliveries())


async def test_a_disabled_endpoint_and_a_late_subscriber_get_nothing(world: World) -> None:
    endpoint = await world.listen("off", [COMPLETED])
    await world.ask("POST", f"/webhook_endpoints/{endpoint['id']}", {"status": "disabled"})
    await world.run()
    world.sandbox.clock.forward(world.sandbox.clock.now() + 0.001)
    await world.listen("late", [COMPLETED])

    world.work()

    assert world.deliveries() == []


async def test_one_endpoint_gets_an_event_once(world: World) -> None:
    endpoint = await world.endpoint("both", ["extract_run.processed"])
    body = {
        "webhookEndpointId": endpoint["id"],
        "resourceType": "extractor",
        "resourceId": EXTRACTOR,
        "enabledEvents": ["extract_run.processed"],
    }
    await world.ask("POST", "/webhook_subscriptions", body)

    await world.ask("POST", "/extract", {"extractor": {"id": EXTRACTOR}, "file": URL})

    assert len(world.deliveries()) == 1


async def test_parse_runs_tell_their_status_and_batches_their_end(world: World) -> None:
    await world.endpoint("a", ["parse_run.processed", "batch_parse_run.processed"])

    await world.ask("POST", "/parse_runs/batch", {"inputs": [{"file": URL}], "priority": 5})
    world.work()

    run, batch = (json.loads(each["body"]) for each in world.deliveries())
    assert run["payload"]["object"] == "parse_run_status"
    assert "output" not in run["payload"]
    assert (batch["eventType"], batch["payload"]["status"]) == (
        "batch_parse_run.processed",
        "PROCESSED",
    )


async def test_a_long_payload_is_a_link_for_an_hour(world: World) -> None:
    options = {"payload": {"format": "url", "urlThresholdBytes": 500}}
    await world.listen("a", [COMPLETED], advancedOptions=options)
    run = await world.run(metadata={"a": 1})
    world.work()

    payload = json.loads(world.deliveries()[0]["body"])["payload"]

    assert (payload["object"], payload["id"]) == ("signed_data_url", run["id"])
    assert payload["metadata"] == {"a": 1}
    assert (await world.client.get(payload["data"])).json() == await world.get(run)
    world.work(3601)
    assert (await world.client.get(payload["data"])).status_code == 403


async def test_an_endpoint_of_an_older_version_gets_the_older_run(world: World) -> None:
    await world.listen("a", [COMPLETED], apiVersion="2025-04-21")
    await world.run()
    world.work()

    (delivery,) = world.deliveries()

    run = json.loads(delivery["body"])["payload"]
    assert run["outputs"][0]["object"] == "document_processor_run"
    assert run["workflow"]["version"] == "2"
    assert delivery["violations"] == []


async def test_every_change_of_a_processor_is_told(world: World) -> None:
    names = ["created", "updated", "draft.updated", "version.published"]
    await world.endpoint("a", [f"extractor.{name}" for name in names])
    config = {"schema": {"type": "object", "properties": {}}}

    made = await world.ask("POST", "/extractors", {"name": "New", "config": config})
    await world.ask("POST", f"/extractors/{made['id']}", {"config": config})
    await world.ask("POST", f"/extractors/{made['id']}/versions", {"releaseType": "major"})

    found = [each["event"].removeprefix("extractor.") for each in world.deliveries()]
    assert sorted(found) == sorted(names)
    assert not any(each["violations"] for each in world.deliveries())
