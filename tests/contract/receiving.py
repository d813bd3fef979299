"""Every webhook that a service can send, caused by calls and received in this process."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx

from mockserver.engine.sending import Sender
from mockserver.engine.targets import Targets
from mockserver.services.sama.callbacks import EVENTS as CALLBACKS
from mockserver.services.toloka.subscriptions import EVENTS
from tests.contract.test_documents import document
from tests.services.extend import world as extend
from tests.services.sama import world as sama
from tests.services.toloka import world as toloka

AUTHS = (
    None,
    {"type": "basic", "username": "ann", "password": "pass:word"},
    {"type": "access_key", "access_key": "k&y"},
    {"type": "token", "token": "t0ken"},
    {"type": "hmac", "id": "me", "secret": "s3cret"},
)
LINKED = {"payload": {"format": "url", "urlThresholdBytes": 10}}
OLD = "2025-04-21"
CONFIGS: dict[str, dict[str, Any]] = {
    "extractor": {"schema": {"type": "object", "properties": {}}},
    "classifier": {"classifications": [{"id": "a", "type": "A", "description": "Any"}]},
    "splitter": {"splitClassifications": [{"id": "a", "type": "A", "description": "Any"}]},
}


@dataclass(frozen=True)
class Message:
    """What an inbox got: the event, and all that came with it."""

    event: str
    inbox: str
    headers: dict[str, str]
    query: dict[str, str]
    body: str
    json: Any
    secrets: tuple[str, ...] = ()
    """Of all endpoints with this inbox."""


def messages(world: Any, inbox: str, key: str | None = None) -> Iterator[Message]:
    """The messages of an inbox; their event is under a key of the body, or is the inbox's name."""
    found, _ = world.sandbox.inbox.messages(inbox, limit=10_000)
    for each in found:
        body = each["json"]
        told = body["events"][0] if key == "type" else body
        event = inbox if key is None else told[key]
        query = dict(parse_qsl(each["query"]))
        yield Message(event, inbox, each["headers"], query, each["body"], body)


async def from_sama(folder: Path) -> list[Message]:
    """The callbacks of tasks that are made, could not be made, are delivered and are deleted."""
    world = sama.World.of(folder, pace="manual")
    async with world.app.running(), world.client:
        for auth in AUTHS:
            await world.callbacks(*CALLBACKS, auth=auth)
            wrong = {"name": "no url", "output_colour": "red"}
            good = sama.urls(2, client_batch_id="b-7", output_quality="good")
            made = (await world.batch(*good, wrong))["task_ids"]
            await world.advance(1)
            await world.control("POST", f"/tasks/{made[0]}/complete")
            await world.control("POST", f"/tasks/{made[0]}/deliver")
            await world.ask("POST", "/tasks/delete_tasks.json", {"task_ids": [made[1]]})
            await world.advance(1)
        await world.callbacks(*CALLBACKS, project=118)
        data = {"video": "https://assets.example/v.mp4", "frames": 30}
        alone = (await world.call("POST", "/tasks.json", {"data": data}, project=118)).json()["id"]
        await world.advance(1)
        await world.control("POST", f"/tasks/{alone}/complete")
        await world.control("POST", f"/tasks/{alone}/deliver")
        await world.advance(1)
        return [message for event in CALLBACKS for message in messages(world, event)]


async def from_toloka(folder: Path) -> list[Message]:
    """The events of a pool whose tasks are done in every way, signed and not."""
    world = toloka.World.of(folder, pace="manual")
    config = {"type": "BASIC", "max_overlap": 5, "min_confidence": 0.7}
    async with world.app.running(), world.client:
        for more in ({"secret_key": "s3cret"}, {}):
            pool_id = await world.opened(
                *(toloka.task(number, overlap=2) for number in range(4)),
                mixer_config={"real_tasks_count": 1},
                dynamic_overlap_config={**config, "fields": [{"name": "result"}]},
            )
            subscriptions = await world.subscribe(pool_id, *EVENTS, **more)
            await world.ask("POST", f"/webhook-subscriptions/{subscriptions[0]['id']}/test")
            await _play(world, pool_id)
            await world.control("POST", f"/pools/{pool_id}/close", {"reason": "BLOCKED"})
            await world.advance(1)
        return [*messages(world, "toloka", "type")]


async def _play(world: toloka.World, pool_id: str) -> None:
    """Two people agree on a task; then one is rejected, one skips and one is too late."""
    path = f"/pools/{pool_id}/assignments"
    taken = []
    for number in range(4):
        body = {"user_id": f"{number:032x}", "count": 2}
        taken += (await world.control("POST", path, body))["items"]
    answer = {"solutions": [{"output_values": {"result": "cat"}}]}
    agreed = taken[0]["tasks"][0]["id"]
    for each in taken:
        if each["tasks"][0]["id"] == agreed:
            await world.control("POST", f"/assignments/{each['id']}/submit", answer)
            await world.ask("PATCH", f"/assignments/{each['id']}", {"status": "ACCEPTED"})
    submitted, skipped, late, *_ = [
        f"/assignments/{each['id']}" for each in taken if each["tasks"][0]["id"] != agreed
    ]
    await world.control("POST", f"{submitted}/submit", answer)
    await world.ask("PATCH", submitted, {"status": "REJECTED"})
    await world.control("POST", f"{skipped}/skip")
    await world.control("POST", f"{late}/expire")
    await world.advance(1)


async def from_extend(folder: Path) -> list[Message]:
    """Runs of every kind that end in every way, batches, and changes of what they run."""
    world = extend.World.of(folder, {}, pace="manual", clock_start=float(int(time.time())))
    async with world.app.running(), world.client:
        _reach(world)
        everywhere = [*document("extend")["webhooks"]]
        runs = [event for event in everywhere if event.startswith("workflow_run.")]
        shared = [event for event in everywhere if event not in runs]
        for inbox, options in (("plain", {}), ("linked", LINKED)):
            await world.endpoint(inbox, shared, **({"advancedOptions": options} if options else {}))
        for workflow in (extend.WORKFLOW, extend.REVIEWED):
            await world.listen("plain", runs, resource=workflow)
            await world.listen("linked", runs, resource=workflow, advancedOptions=LINKED)
            await world.listen("old", runs, resource=workflow, apiVersion=OLD)
        await _run_workflows(world)
        await _run_processors(world)
        await _run_batches(world)
        await _change(world)
        await world.sandbox.advance(seconds=2)
        endpoints = world.sandbox.collection("extend.webhook_endpoints").find()
        return [
            replace(
                message, secrets=tuple(e["signingSecret"] for e in endpoints if e["name"] == name)
            )
            for name in ("plain", "linked", "old")
            for message in messages(world, name, "eventType")
        ]


def _reach(world: extend.World) -> None:
    """Let deliveries reach inboxes in this process."""

    async def here(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    transport = httpx.ASGITransport(app=world.app)
    world.sandbox.webhooks._sender = Sender(Targets((), here), transport=transport)


async def _run_workflows(world: extend.World) -> None:
    await world.batch((extend.URL, {"order": "po-1"}), (extend.LOST, {"order": "po-2"}))
    runs = [await world.run(extend.REVIEWED, metadata={"n": n}) for n in range(3)]
    await world.ask("POST", f"/workflow_runs/{runs[2]['id']}/cancel")
    await world.sandbox.advance(seconds=2)
    for run, verdict in zip(runs, ("approve", "reject"), strict=False):
        answer = await world.control("POST", f"/workflow_runs/{run['id']}/{verdict}")
        assert answer.status_code == 200, answer.text


async def _run_processors(world: extend.World) -> None:
    bodies: dict[str, dict[str, Any]] = {
        "/extract_runs": {"extractor": {"id": extend.EXTRACTOR}, "metadata": {"n": 1}},
        "/classify_runs": {"classifier": {"id": extend.CLASSIFIER}},
        "/split_runs": {"splitter": {"id": extend.SPLITTER}},
        "/parse_runs": {},
        "/edit_runs": {},
        "/form_detection_runs": {},
    }
    for path, body in bodies.items():
        for file in (extend.URL, extend.LOST):
            await world.ask("POST", path, {**body, "file": file})
    await world.sandbox.advance(seconds=2)


async def _run_batches(world: extend.World) -> None:
    """One batch of each kind that is done, and one that fails as a whole."""
    own = {"/extract_runs/batch": {"extractor": {"id": extend.EXTRACTOR}}, "/parse_runs/batch": {}}
    for path, body in own.items():
        for fails in (False, True):
            made = await world.ask("POST", path, {**body, "inputs": [{"file": extend.URL}]})
            if fails:
                answer = await world.control("POST", f"/batch_runs/{made['id']}/fail")
                assert answer.status_code == 200, answer.text
    await world.sandbox.advance(seconds=2)


async def _change(world: extend.World) -> None:
    """A workflow and one processor of each kind: made, changed, published, deleted."""
    workflow = (await world.ask("POST", "/workflows", {"name": "Told"}))["id"]
    await world.ask("POST", f"/workflows/{workflow}/versions", {})
    assert (await world.control("DELETE", f"/workflows/{workflow}")).status_code == 200
    for noun, config in CONFIGS.items():
        made = await world.ask("POST", f"/{noun}s", {"name": "New", "config": config})
        await world.ask("POST", f"/{noun}s/{made['id']}", {"config": config})
        await world.ask("POST", f"/{noun}s/{made['id']}/versions", {"releaseType": "major"})
