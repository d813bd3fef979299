"""Tests of the client of the control API, against a server in memory and one that is not there."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from mockserver import MockServer
from mockserver.client import Refused, Sandbox, Server, Unreachable

PROJECT = "/sama/v2/projects/117.json"
START = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def server() -> Iterator[MockServer]:
    with MockServer("memory", clock="frozen", clock_start=START.isoformat()) as started:
        yield started


@pytest.fixture
def sandbox(server: MockServer) -> Iterator[Sandbox]:
    made = server.sandbox("one", seed=5, pace="manual")
    yield made
    made.delete()


def called(sandbox: Sandbox, url: str = PROJECT) -> int:
    with sandbox.client(params={"access_key": "k"}) as client:
        return client.get(url).status_code


def test_addresses_lead_into_the_sandbox(server: MockServer, sandbox: Sandbox) -> None:
    assert sandbox.url == f"{server.url}/@one"
    assert [sandbox.sama_url, sandbox.toloka_url, sandbox.pipelines_url, sandbox.extend_url] == [
        f"{server.url}/@one/{name}" for name in ("sama", "toloka", "pipelines", "extend")
    ]
    assert (server.sama_url, server.name) == (f"{server.url}/sama", "default")


def test_a_sandbox_is_made_with_its_settings_listed_found_and_deleted(server: MockServer) -> None:
    server.sandbox("two", seed=8, clock="real")
    shown = {each["name"]: each for each in server.sandboxes()}
    assert (shown["two"]["seed"], shown["two"]["clock"]["rate"]) == (8, 1)
    server.existing("two").delete()
    assert [each["name"] for each in server.sandboxes()] == ["default"]


def test_a_refusal_says_what_was_asked_and_why(server: MockServer) -> None:
    with pytest.raises(Refused, match=r"GET .*/@none/__admin/clock .* 404: There is no sandbox"):
        server.existing("none").clock.view()
    with pytest.raises(Refused, match="pace") as caught:
        server.sandbox("three", pace="slow")
    assert caught.value.status in (400, 422)


def test_a_server_that_is_not_there_is_named() -> None:
    with (
        Server("http://127.0.0.1:9/") as server,
        pytest.raises(Unreachable, match=r"No server answers at http://127\.0\.0\.1:9 "),
    ):
        server.health()


def test_a_token_opens_a_guarded_control_api() -> None:
    with MockServer("thread", admin_token="secret") as server:
        assert server.health()["version"]
        with Server(server.url, "wrong") as stranger, pytest.raises(Refused, match="401"):
            stranger.counts()


def test_time_is_looked_at_advanced_and_set(sandbox: Sandbox) -> None:
    clock = sandbox.clock
    assert clock.now() == START
    assert clock.advance(0.5) == 0
    clock.advance(to=START + timedelta(hours=1))
    assert clock.now() == START + timedelta(hours=1)
    clock.set(now="2031-01-01T00:00:00Z", rate=60)
    assert clock.view()["rate"] == 60
    clock.freeze()
    assert (clock.view()["rate"], clock.now().year) == (0, 2031)
    clock.advance(until_idle=True)


def test_a_webhook_is_awaited_in_an_inbox_that_answers_as_told(server: MockServer) -> None:
    sandbox = server.sandbox("hooks")
    inbox = sandbox.inbox_named("mine")
    inbox.answer(503, {"later": True}, headers={"Retry-After": "1"})
    with sandbox.client() as client:
        answer = client.post(inbox.url, json={"n": 1})
    assert (answer.status_code, answer.json()) == (503, {"later": True})
    (message,) = inbox.wait()
    assert (message["method"], message["json"]) == ("POST", {"n": 1})
    with pytest.raises(TimeoutError, match="got 1 messages, not 2"):
        inbox.wait(2, timeout=0)
    inbox.clear()
    assert inbox.messages() == sandbox.inbox.messages() == []
    sandbox.delete()


def test_faults_are_added_counted_and_removed(sandbox: Sandbox) -> None:
    sandbox.faults.add({"type": "status", "status": 503}, where={"service": "sama"}, name="down")
    assert called(sandbox) == 503
    (rule,) = sandbox.faults.rules()
    assert (rule["name"], rule["fired"]) == ("down", 1)
    sandbox.faults.delete("down")
    assert called(sandbox) == 200
    sandbox.faults.apply("outage-and-recovery")
    assert sandbox.faults.rules()
    sandbox.faults.clear()
    assert sandbox.faults.rules() == []


def test_calls_are_listed_and_verified(sandbox: Sandbox) -> None:
    called(sandbox)
    called(sandbox, "/sama/v2/projects/1.json")
    requests = sandbox.requests
    assert [entry["status"] for entry in requests.entries(service="sama")] == [200, 404]
    assert len(requests.entries(status=404)) == 1
    assert requests.verify(match={"operation": "getProject"}, exactly=2)["passed"]
    verdict = requests.verify(match={"service": "toloka"})
    assert (verdict["passed"], verdict["count"], len(verdict["nearest"])) == (False, 0, 2)
    requests.clear()
    assert requests.entries() == []
    with pytest.raises(Refused):
        requests.verify(exactly="many")


def test_an_expectation_that_fails_shows_the_nearest_calls(sandbox: Sandbox) -> None:
    called(sandbox)
    sandbox.requests.expect(match={"operation": "getProject"})
    with pytest.raises(AssertionError, match=r"found 0; .*\n  GET  .*117\.json.*200  sama\."):
        sandbox.requests.expect(match={"service": "toloka"}, at_least=1)


def test_the_world_is_counted_read_saved_and_reset(sandbox: Sandbox) -> None:
    before = sandbox.counts()["sama.tasks"]
    sandbox.snapshots.save("early")
    tasks = [{"data": {"url": f"https://assets.example/{n}.jpg"}} for n in range(3)]
    with sandbox.client(params={"access_key": "k"}) as client:
        client.post("/sama/v2/projects/117/batches.json", json={"tasks": tasks}).raise_for_status()
    sandbox.clock.advance(60)
    assert sandbox.counts()["sama.tasks"] == before + 3
    assert len(sandbox.state("sama.projects", id=117)) == 1
    sandbox.snapshots.restore("early")
    assert sandbox.counts()["sama.tasks"] == before
    sandbox.snapshots.delete("early")
    sandbox.reset()
    assert sandbox.deliveries() == []


def test_long_lists_come_whole(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mockserver.client.connection.PAGE", 2)
    for _ in range(5):
        called(sandbox)
    assert len(sandbox.requests.entries()) == 5


def test_people_are_played_by_hand(sandbox: Sandbox) -> None:
    tasks = [{"data": {"url": "https://assets.example/1.jpg"}}]
    with sandbox.client(params={"access_key": "k"}) as client:
        client.post("/sama/v2/projects/117/batches.json", json={"tasks": tasks}).raise_for_status()
    sandbox.clock.advance(60)
    (task,) = sandbox.state("sama.tasks")
    sandbox.control("sama", "POST", f"/tasks/{task['id']}/start")
    (started,) = sandbox.state("sama.tasks")
    assert started["state"] != task["state"]


def test_a_call_to_a_violated_contract_is_in_its_line(sandbox: Sandbox) -> None:
    with sandbox.client(headers={"Authorization": "OAuth t"}) as client:
        client.post("/toloka/api/v1/projects", json={})
    with pytest.raises(AssertionError, match="request /body/"):
        sandbox.requests.expect(match={"service": "sama"})
