"""Tests that no one reaches another's sandbox, with the real services and with many worlds."""

import gc
import os
import weakref
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from mockserver import MockServer
from mockserver.app import create_world, declared
from mockserver.client import Sandbox
from mockserver.engine.sandboxes import Sandboxes
from mockserver.settings import Settings

BATCHES = "/sama/v2/projects/117/batches.json?access_key=k"
TASKS = [{"data": {"url": "https://assets.example/1.jpg"}}]
MANY = 200


@pytest.fixture(scope="module")
def server() -> Iterator[MockServer]:
    with MockServer("thread", clock="frozen") as started:
        yield started


@pytest.fixture
def pair(server: MockServer) -> Iterator[tuple[Sandbox, Sandbox]]:
    """Two worlds of one seed, so that even their ids are the same."""
    made = server.sandbox("one", seed=1), server.sandbox("two", seed=1)
    yield made
    for sandbox in made:
        sandbox.delete()


@pytest.mark.parametrize("way", ["prefix", "header"])
def test_a_presigned_url_is_good_in_its_own_sandbox_alone(
    server: MockServer, pair: tuple[Sandbox, Sandbox], way: str
) -> None:
    one, two = pair
    root = one if way == "prefix" else server
    headers = {} if way == "prefix" else {"Mockserver-Sandbox": "one"}
    with root.client(headers=headers) as client:
        url = client.post(BATCHES, json={}).raise_for_status().json()["tasks_put_url"]
    assert url.startswith(f"{one.url}/__uploads/")
    for wrong in (url.replace("/@one/", "/@two/"), url.replace("/@one/", "/")):
        with server.client() as client:
            assert client.put(wrong, json=TASKS).status_code >= 400
    with server.client() as client:
        assert client.put(url, json=TASKS).status_code == 200
    assert two.requests.entries(service="sama") == []


def test_what_is_made_in_one_is_unknown_in_the_other(pair: tuple[Sandbox, Sandbox]) -> None:
    one, two = pair
    before = two.counts()
    one.control("sama", "PUT", "/projects/117/callbacks", {"task_creation": {"url": one.inbox.url}})
    one.faults.add({"type": "status", "status": 503}, where={"service": "toloka"})
    with one.client() as client:
        batch = client.post(BATCHES, json={"tasks": TASKS}).json()["batch_id"]
    one.clock.advance(60)
    path = f"/sama/v2/projects/117/batches/{batch}.json?access_key=k"
    with one.client() as mine, two.client() as other:
        assert (mine.get(path).status_code, other.get(path).status_code) == (200, 404)
    assert (len(one.inbox.messages()), two.inbox.messages()) == (1, [])
    assert (len(one.deliveries()), two.deliveries(), two.faults.rules()) == (1, [], [])
    assert two.counts() == before
    assert two.clock.now() < one.clock.now()


def test_a_reset_and_a_snapshot_reach_one_world_only(pair: tuple[Sandbox, Sandbox]) -> None:
    one, two = pair
    for sandbox in pair:
        with sandbox.client() as client:
            client.post(BATCHES, json={"tasks": TASKS}).raise_for_status()
        sandbox.clock.advance(60)
    one.snapshots.save("mine")
    with pytest.raises(Exception, match="no snapshot"):
        two.snapshots.restore("mine")
    one.reset()
    assert (one.counts()["sama.tasks"], two.counts()["sama.tasks"]) == (0, 1)


def test_tokens_are_isolated_for_every_service_when_asked_for() -> None:
    with MockServer("memory", isolation="token", clock="frozen") as server:
        with server.client() as client:
            made = client.post(BATCHES, json={}).json()
            other = client.post(BATCHES.replace("=k", "=other"), json={}).json()
        homes = {urlsplit(each["tasks_put_url"]).path.split("/")[1] for each in (made, other)}
        assert len(homes) == 2
        assert all(home.startswith("@token-") for home in homes)
        with server.client(headers={"Authorization": "OAuth t"}) as client:
            client.get("/toloka/api/v1/projects").raise_for_status()
        assert len(server.sandboxes()) == 4


def test_a_sandbox_that_is_gone_answers_nobody(server: MockServer) -> None:
    gone = server.sandbox("gone")
    gone.delete()
    for path in ("/sama/v2/projects/117.json?access_key=k", "/__inbox/default", "/__uploads/x"):
        assert httpx.post(gone.url + path).status_code == 404


@pytest.mark.no_cover
@pytest.mark.anyio
async def test_two_hundred_come_and_go_without_a_trace(tmp_path: Path) -> None:
    world = create_world(Settings.load({"port": 0}, services=declared()))
    sandboxes = Sandboxes(world, tmp_path, lambda name: None)
    made = [sandboxes.create(f"number-{number}") for number in range(MANY)]
    assert len({sandbox.ids.seed for sandbox in made}) > MANY - 2
    remembered: list[weakref.ref[object]] = [weakref.ref(sandbox) for sandbox in made]
    remembered += [weakref.ref(sandbox.store) for sandbox in made]
    for sandbox in made:
        await sandboxes.delete(sandbox.name)
    made.clear()
    del sandbox
    gc.collect()
    assert not [each for each in remembered if each() is not None]
    assert os.listdir(tmp_path) == ["default"]
    await sandboxes.close()
