"""Tests of kills: whatever the moment, what was acknowledged is there once, all else whole or not.

Load comes over several connections; the server is killed in the middle of it and started again on
the same folder, fifty times over.
"""

import os
import random
import re
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.calls import EXTEND, KINDS, POOL, TOLOKA
from tests.forking import Forge

ROUNDS = 50
CONNECTIONS = 4
LARGEST = 12
"""Items in one call."""
IDLE = 30.0
"""Real seconds that the last server is given to do what is left."""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="nothing is forked there")


@dataclass(slots=True)
class Sent:
    """One call that writes; `answer` is None when none came before the kill."""

    kind: str
    mark: str
    count: int
    answer: httpx.Response | None = None


@dataclass
class Story:
    """All that was sent, and what the risings were last known to be."""

    sent: list[Sent] = field(default_factory=list)
    asked: dict[str, int] = field(default_factory=dict)
    risen: dict[str, int] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)


def client_of(url: str) -> httpx.Client:
    """A client that does not read the certificates of the world first, which takes long."""
    return httpx.Client(base_url=url, timeout=30, verify=False)


def caller(story: Story, url: str, name: str, chance: random.Random) -> None:
    """Write at random over one connection until the server is gone."""
    with client_of(url) as client:
        for number in range(10_000):
            kind = chance.choice([*KINDS, "rising", "file"])
            try:
                if kind == "rising":
                    raise_one(story, client, name)
                elif kind == "file":
                    send_file(story, client, f"{name}-{number}".encode() * chance.randint(1, 99))
                else:
                    count = 1 if kind == "extend, one" else chance.randint(1, LARGEST)
                    sent = Sent(kind, f"{name}x{number}", count)
                    story.sent.append(sent)
                    sent.answer = client.request(**KINDS[kind].request(sent.mark, count))
            except httpx.TransportError:
                return


def raise_one(story: Story, client: httpx.Client, name: str) -> None:
    """Replace a document by one with a greater value."""
    id = name.partition("c")[2]
    value = story.asked[id] = story.asked.get(id, 0) + 1
    answer = client.post("/__admin/state", json={"sama.rising": [{"id": id, "value": value}]})
    assert answer.is_success, answer.text
    story.risen[id] = value


def send_file(story: Story, client: httpx.Client, content: bytes) -> None:
    """Upload a file."""
    headers = {name: value for name, value in EXTEND.items() if name != "Content-Type"}
    files = {"file": ("notes.txt", content, "text/plain")}
    answer = client.post("/extend/files/upload", headers=headers, files=files)
    assert answer.is_success, answer.text
    story.files[answer.json()["id"]] = content


def play(story: Story, url: str, pid: int, round: int) -> None:
    """Load, and a kill in the middle of it."""
    chance = random.Random(round)
    threads = [
        threading.Thread(
            target=caller, args=(story, url, f"r{round}c{line}", random.Random(f"{round}/{line}"))
        )
        for line in range(CONNECTIONS)
    ]
    for thread in threads:
        thread.start()
    time.sleep(chance.uniform(0.0, 0.3))
    end(pid)
    for thread in threads:
        thread.join()


def end(pid: int) -> None:
    """Kill a server; return when it is gone."""
    os.kill(pid, signal.SIGKILL)
    while True:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.001)


def retry(story: Story, client: httpx.Client, sent: list[Sent]) -> None:
    """As a client would: ask again what got no answer, where asking again is safe."""
    for each in sent:
        if each.kind == "toloka, later" and each.answer is None:
            answer = client.request(**KINDS[each.kind].request(each.mark, each.count))
            assert answer.status_code in (202, 409), answer.text
            each.answer = httpx.Response(202)


def check_round(story: Story, client: httpx.Client, sent: list[Sent]) -> None:
    """What was answered in the last round is there after the restart."""
    for each in sent:
        assert each.answer is None or each.answer.is_success, (each.kind, each.answer.text)
    for document in every(client, "sama.rising"):
        id = document["id"]
        assert story.risen.get(id, 0) <= document["value"] <= story.asked[id]
        story.risen[id] = document["value"]
    answered = [each for each in sent if each.answer is not None]
    for each in answered[-10:]:
        if each.kind == "extend, one" and each.answer:
            run = client.get(f"/extend/workflow_runs/{each.answer.json()['id']}", headers=EXTEND)
            assert run.json()["files"][0]["name"] == f"{each.mark}-0.png"
    for id, content in list(story.files.items())[-2:]:
        file = client.get(f"/extend/files/{id}", headers=EXTEND).json()
        assert client.get(file["presignedUrl"]).content == content


def every(client: httpx.Client, collection: str) -> Iterator[dict[str, Any]]:
    """All documents of a collection."""
    after: dict[str, str] = {}
    while True:
        page = client.get(f"/__admin/state/{collection}", params={"limit": 10_000, **after})
        items = page.json().get("items", [])
        yield from items
        if len(items) < 10_000:
            return
        after = {"after": str(items[-1]["id"])}


def found(client: httpx.Client) -> Counter[str]:
    """How often each item is there, whatever service it belongs to."""
    seen = Counter[str]()
    for collection in ("sama.tasks", "sama.marks", "pipelines.tasks"):
        for document in every(client, collection):
            seen.update(set(re.findall(r"r\d+c\d+x\d+-\d+", str(document))))
    page = client.get(
        "/toloka/api/v1/tasks",
        params={"pool_id": POOL, "limit": "100000"},
        headers=TOLOKA,
    ).json()
    assert not page.get("has_more")
    for task in page["items"]:
        seen.update(re.findall(r"r\d+c\d+x\d+-\d+", str(task["input_values"])))
    return seen


def runs(client: httpx.Client) -> Counter[str]:
    """How many runs each of Extend's batches has."""
    seen = Counter[str]()
    token: dict[str, str] = {}
    while True:
        page = client.get(
            "/extend/workflow_runs", params={"maxPageSize": 1000, **token}, headers=EXTEND
        ).json()
        seen.update(run["batchId"] for run in page["data"] if run["batchId"])
        if not page.get("nextPageToken"):
            return seen
        token = {"nextPageToken": page["nextPageToken"]}


def check_all(story: Story, client: httpx.Client) -> None:
    """Nothing is lost, nothing is doubled, nothing is there by half."""
    seen, batches = found(client), runs(client)
    for each in story.sent:
        if each.kind == "extend" and each.answer:
            assert batches.pop(each.answer.json()["batchId"]) == each.count
        elif not each.kind.startswith("extend"):
            times = [seen.pop(f"{each.mark}-{number}", 0) for number in range(each.count)]
            expected = [[1] * each.count]
            if each.answer is None:
                expected.append([0] * each.count)
            assert times in expected, (each.kind, each.mark, times)
    assert not seen
    unanswered = [e.count for e in story.sent if e.kind == "extend" and e.answer is None]
    assert not Counter(batches.values()) - Counter(unanswered)


def rest(client: httpx.Client) -> None:
    """Return once nothing is left to be done."""
    end = time.monotonic() + IDLE
    while client.get("/__admin/clock").json()["pending_jobs"]:
        assert time.monotonic() < end
        time.sleep(0.05)


def test_fifty_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    story, forge = Story(), Forge(tmp_path / "data")
    before, pid = 0, 0
    try:
        for round in range(ROUNDS + 1):
            url, pid = forge.server()
            with client_of(url) as client:
                sent, before = story.sent[before:], len(story.sent)
                retry(story, client, sent)
                check_round(story, client, sent)
                if round == ROUNDS:
                    rest(client)
                    check_all(story, client)
                    break
            play(story, url, pid, round)
    finally:
        if pid:
            end(pid)
        forge.close()
    answered = [each for each in story.sent if each.answer is not None]
    print(f"{len(answered)} of {len(story.sent)} calls answered, {len(story.files)} files")
    assert len(answered) > 5 * ROUNDS
    assert {each.kind for each in answered} == set(KINDS)
