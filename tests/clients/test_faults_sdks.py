"""The retries of the official clients when a service fails: how often, how long, what is raised."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import requests
from extend_ai import Extend
from extend_ai.core.api_error import ApiError
from sama.client import RetriableHTTPExceptions

from mockserver.server import ServerThread
from tests.clients.test_faults_plain import Server
from tests.clients.test_sama import PROJECT, Traffic, traffic
from tests.clients.toloka_kit import environment

pytestmark = pytest.mark.client

__all__ = ["traffic"]


def status(code: int, **more: Any) -> dict[str, Any]:
    return {"type": "status", "status": code, **more}


@pytest.fixture
def server(server: ServerThread) -> Iterator[Server]:
    """One for all tests of this module, as new."""
    found = Server(server)
    found.admin("POST", "/reset")
    yield found
    found.admin("DELETE", "/faults")


def seen(server: Server) -> list[int | None]:
    """The statuses of the calls in the journal."""
    found = server.admin("GET", "/requests?limit=1000")["items"]
    return [each["status"] for each in found if each["kind"] == "call"]


class Sleeper:
    """Keeps what a client would have slept."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@pytest.fixture
def sleeper(monkeypatch: pytest.MonkeyPatch) -> Sleeper:
    """No client of this process really sleeps."""
    found = Sleeper()
    monkeypatch.setattr("time.sleep", found.sleep)
    return found


# Sama (facts F29 to F33).


@pytest.mark.parametrize("code", [429, 502, 503, 504])
def test_sama_tries_five_times_and_then_raises(
    server: Server, traffic: Traffic, sleeper: Sleeper, code: int
) -> None:
    server.fault(status(code), where={"service": "sama"})
    with pytest.raises(RetriableHTTPExceptions, match=str(code)):
        traffic.towards(server.url).get_project_information(PROJECT)
    assert seen(server) == [code] * 5
    assert sleeper.slept == [1, 2, 4, 8]


def test_sama_gets_through_when_the_service_recovers(
    server: Server, traffic: Traffic, sleeper: Sleeper
) -> None:
    steps = [status(503), status(503), status(429)]
    server.fault({"type": "sequence", "steps": steps}, where={"service": "sama"})
    found = traffic.towards(server.url).get_project_information(PROJECT)
    assert (found["id"], seen(server)) == (117, [503, 503, 429, 200])
    assert sleeper.slept == [1, 2, 4]


def test_sama_gives_up_at_once_after_a_500(
    server: Server, traffic: Traffic, sleeper: Sleeper
) -> None:
    server.fault(status(500))
    with pytest.raises(requests.HTTPError):
        traffic.towards(server.url).get_project_information(PROJECT)
    assert (seen(server), sleeper.slept) == ([500], [])


@pytest.mark.parametrize("what", ["reset", "empty"])
def test_sama_gives_up_at_once_when_the_connection_breaks(
    server: Server, traffic: Traffic, sleeper: Sleeper, what: str
) -> None:
    server.fault(what)
    with pytest.raises(requests.exceptions.ConnectionError):
        traffic.towards(server.url).get_project_information(PROJECT)
    assert (seen(server), sleeper.slept) == ([None], [])


def test_sama_takes_what_is_not_json_for_nothing(server: Server, traffic: Traffic) -> None:
    server.fault("malformed")
    assert traffic.towards(server.url).get_project_information(PROJECT) is None


def test_sama_uploads_again_when_the_store_asks_it_to_slow_down(
    server: Server, traffic: Traffic, sleeper: Sleeper
) -> None:
    server.fault(status(503), where={"service": "uploads"}, when={"first": 2})
    batch = traffic.towards(server.url).create_task_batch(PROJECT, [{"url": "https://a.example/1"}])
    server.admin("POST", "/clock/advance", {"seconds": 60})
    found = list(
        traffic.towards(server.url).get_status_batch_creation_job(PROJECT, batch["batch_id"])
    )
    assert [each["state"] for each in found] == ["created"]
    assert sleeper.slept == [1, 2]


def test_sama_doubles_a_batch_whose_answer_was_lost(
    server: Server, traffic: Traffic, sleeper: Sleeper
) -> None:
    """There is no idempotency key (F32): the real service would double it too."""
    answer_lost = {"first": 1, "phase": "after"}
    server.fault(status(503), where={"operation": "createBatch"}, when=answer_lost)
    traffic.towards(server.url).create_task_batch(PROJECT, [{"url": "https://a.example/1"}])
    assert server.batches() == 2


# Extend (facts 9, traps T3 and T4).


@pytest.fixture
def extend(server: Server) -> Iterator[Extend]:
    """A client of the server, whose connections are closed after the test."""
    with httpx.Client() as connections:
        yield Extend(token="k", base_url=f"{server.url}/extend", httpx_client=connections)


@pytest.mark.parametrize("code", [408, 409, 429, 500, 503])
def test_extend_tries_three_times_and_then_raises(
    server: Server, extend: Extend, sleeper: Sleeper, code: int
) -> None:
    server.fault(status(code), where={"service": "extend"})
    with pytest.raises(ApiError) as raised:
        extend.workflows.list()
    assert raised.value.status_code == code
    assert seen(server) == [code] * 3
    assert sleeper.slept == pytest.approx([1, 2], rel=0.25)


def test_extend_gets_through_when_the_service_recovers(
    server: Server, extend: Extend, sleeper: Sleeper
) -> None:
    server.fault(status(503), when={"first": 2})
    assert extend.workflows.list().data
    assert seen(server) == [503, 503, 200]


def test_extend_waits_as_long_as_it_is_told(
    server: Server, extend: Extend, sleeper: Sleeper
) -> None:
    server.fault(status(503, headers={"Retry-After": "7"}), when={"first": 1})
    extend.workflows.list()
    assert sleeper.slept == [7]


def test_extend_does_not_repeat_what_is_wrong(
    server: Server, extend: Extend, sleeper: Sleeper
) -> None:
    server.fault(status(400))
    with pytest.raises(ApiError):
        extend.workflows.list()
    assert (seen(server), sleeper.slept) == ([400], [])


def test_extend_does_not_repeat_after_a_broken_connection(
    server: Server, extend: Extend, sleeper: Sleeper
) -> None:
    server.fault("reset")
    with pytest.raises(httpx.TransportError):
        extend.workflows.list()


# Toloka (facts 2.3): in its own environment, where its pins do not clash with ours.


@pytest.mark.parametrize(
    ("what", "raised", "calls"),
    [
        (status(503), "RemoteServiceUnavailableApiError", [503] * 4),
        (status(500), "InternalApiError", [500] * 4),
        ({"type": "rate_limit", "limit": 1, "period": 1e6}, None, [200]),
        (status(409), "ConflictStateApiError", [409]),
        ({"type": "reset"}, "ReadError", [None] * 4),
        ({"type": "sequence", "steps": [status(503)] * 2}, None, [503, 503, 200]),
        (status(503, headers={"Retry-After": "1"}), "TypeError", [503]),
    ],
)
def test_toloka_kit_tries_three_times_more(
    server: Server, what: Any, raised: str | None, calls: list[int | None]
) -> None:
    """The last is a bug of its own: it dies of Retry-After (fact 2.3)."""
    server.fault(what, where={"service": "toloka"})
    found = environment.run("retrying", f"{server.url}/toloka")
    assert (found["raised"], seen(server)) == (raised, calls)
