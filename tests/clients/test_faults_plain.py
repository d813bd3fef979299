"""Faults of calls as plain clients see them over a socket: requests, httpx and Node's fetch."""

import asyncio
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from statistics import median
from typing import Any

import httpx
import pytest
import requests

from mockserver.server import ServerThread
from tests.clients.conftest import Starting

pytestmark = pytest.mark.client

PROJECT = "/sama/v2/projects/117.json?access_key=k"
BATCHES = "/sama/v2/projects/117/batches.json?access_key=k"
ONE_TASK = {"tasks": [{"data": {"url": "https://a.example/1.jpg"}}]}
BUSY = {"type": "status", "status": 503, "headers": {"Retry-After": "1"}}
LEAST = {"toloka": "/toloka/api/v1/pools", "extend": "/extend/workflows", "sama": PROJECT}


class Server:
    """A server and its control API."""

    def __init__(self, thread: ServerThread) -> None:
        self.url = thread.url

    def admin(self, method: str, path: str, body: Any = None) -> Any:
        answer = httpx.request(method, f"{self.url}/__admin{path}", json=body, timeout=60)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def fault(self, what: Any, /, **more: Any) -> None:
        what = {"type": what} if isinstance(what, str) else what
        self.admin("POST", "/faults", {"name": "it", "what": what, **more})

    def last(self) -> dict[str, Any]:
        found: dict[str, Any] = self.admin("GET", "/requests?limit=10000")["items"][-1]
        return found

    def batches(self) -> int:
        return int(self.admin("GET", "/state").get("sama.batches", 0))


@pytest.fixture
def server(server: ServerThread) -> Iterator[Server]:
    """One for all tests of this module, as new."""
    found = Server(server)
    found.admin("POST", "/reset")
    yield found
    found.admin("DELETE", "/faults")


BROKEN = [
    ("reset", requests.exceptions.ConnectionError, httpx.ReadError, "ECONNRESET"),
    ("empty", requests.exceptions.ConnectionError, httpx.RemoteProtocolError, "UND_ERR_SOCKET"),
    (
        {"type": "truncate", "bytes": 10},
        requests.exceptions.ChunkedEncodingError,
        httpx.RemoteProtocolError,
        "UND_ERR_SOCKET",
    ),
    ("hang", requests.exceptions.ReadTimeout, httpx.ReadTimeout, "TimeoutError"),
    ("malformed", requests.exceptions.JSONDecodeError, json.JSONDecodeError, "SyntaxError"),
]


@pytest.mark.parametrize(("what", "of_requests", "of_httpx", "of_node"), BROKEN)
def test_a_broken_answer_is_the_error_that_the_client_has_for_it(
    server: Server, what: Any, of_requests: Any, of_httpx: Any, of_node: str
) -> None:
    server.fault(what)
    with pytest.raises(of_requests):
        requests.get(server.url + PROJECT, timeout=0.5).json()
    with pytest.raises(of_httpx):
        httpx.get(server.url + PROJECT, timeout=0.5).json()
    fault = server.last()["fault"]
    kind = what if isinstance(what, str) else what["type"]
    assert (fault["rule"], fault["type"]) == ("it", kind)
    if shutil.which("node"):
        assert of_node in node(server.url + PROJECT)


def node(url: str) -> str:
    """What Node's fetch makes of a GET: the name of the error and of its cause."""
    program = f"""
        fetch({url!r}, {{signal: AbortSignal.timeout(1000)}}).then(r => r.json())
          .then(() => console.log("fine"))
          .catch(e => console.log(e.name, e.cause?.code ?? "", e.cause?.message ?? ""))
    """
    done = subprocess.run(
        ["node", "-e", program], capture_output=True, text=True, timeout=30, check=True
    )
    return done.stdout


def test_a_call_that_got_no_answer_has_no_status_in_the_journal(server: Server) -> None:
    server.fault("reset")
    with pytest.raises(httpx.ReadError):
        httpx.get(server.url + PROJECT)
    assert (server.last()["status"], server.last()["response"]["body"]) == (None, "")


def test_a_truncated_answer_promises_its_whole_length(server: Server) -> None:
    whole = httpx.get(server.url + PROJECT).content
    server.fault({"type": "truncate", "share": 0.5})
    got: list[bytes] = []
    with httpx.stream("GET", server.url + PROJECT) as answer:
        assert int(answer.headers["content-length"]) == len(whole)
        with pytest.raises(httpx.RemoteProtocolError):
            got.extend(answer.iter_raw())
    assert b"".join(got) == whole[: len(whole) // 2]


def test_a_corrupt_answer_is_json_that_its_contract_does_not_know(server: Server) -> None:
    plain = httpx.get(server.url + PROJECT).json()
    server.fault("corrupt")
    spoiled = httpx.get(server.url + PROJECT)
    assert spoiled.status_code == 200
    assert spoiled.json().keys() == plain.keys()
    assert all(type(spoiled.json()[name]) is not type(plain[name]) for name in plain)


def test_a_slow_answer_takes_the_time_of_its_bytes(server: Server) -> None:
    size = len(httpx.get(server.url + PROJECT).content)
    server.fault({"type": "slow", "bytes_per_second": size * 4})
    started = time.monotonic()
    assert len(httpx.get(server.url + PROJECT).content) == size
    assert 0.2 < time.monotonic() - started < 5


@pytest.mark.parametrize("service", LEAST)
def test_a_status_comes_in_the_service_s_own_words(server: Server, service: str) -> None:
    server.fault(BUSY, where={"service": service})
    answer = httpx.get(server.url + LEAST[service])
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.headers["mockserver-fault"] == "it"
    assert "mockserver-violation" not in answer.headers
    body = answer.json()
    said = body["errors"][0]["type"] if service == "sama" else body["code"]
    words = {"sama": 503, "toloka": "REMOTE_SERVICE_UNAVAILABLE", "extend": "INTERNAL_ERROR"}
    assert said == words[service]
    other = next(each for each in LEAST if each != service)
    assert httpx.get(server.url + LEAST[other]).status_code != 503


def test_a_quota_is_told_as_toloka_tells_it(server: Server) -> None:
    details = {"interval": "HOUR"}
    quota = {"type": "status", "status": 429, "code": "TOO_MANY_REQUESTS", "details": details}
    server.fault(quota)
    body = httpx.get(server.url + LEAST["toloka"]).json()
    assert (body["code"], body["message"]) == ("TOO_MANY_REQUESTS", "Too many requests")
    assert body["payload"] == details


@pytest.mark.parametrize("what", [BUSY, {"type": "reset"}, {"type": "empty"}])
def test_before_the_side_effect_nothing_is_done_and_after_it_everything(
    server: Server, what: Any
) -> None:
    for phase, count in (("before", 0), ("after", 1)):
        server.fault(what, when={"phase": phase})
        with httpx.Client() as client:
            try:
                assert client.post(server.url + BATCHES, json=ONE_TASK).status_code == 503
            except httpx.TransportError:
                assert what != BUSY
        assert server.batches() == count
        assert server.last()["fault"]["phase"] == phase
        server.admin("DELETE", "/faults")


@pytest.mark.parametrize("phase", ["before", "after"])
def test_latency_on_a_frozen_clock_is_virtual_unless_it_is_real(server: Server, phase: str) -> None:
    latency = {"type": "latency", "seconds": 3600}
    server.fault(latency, when={"phase": phase})
    assert httpx.get(server.url + PROJECT, timeout=5).status_code == 200
    assert server.last()["fault"] == {
        "rule": "it",
        "type": "latency",
        "latency_seconds": 3600,
        "virtual": True,
    }
    server.admin("PATCH", "/faults/it", {"what": {"type": "latency", "seconds": 0.3, "real": True}})
    started = time.monotonic()
    assert httpx.get(server.url + PROJECT).status_code == 200
    assert 0.3 <= time.monotonic() - started < 5


def test_latency_is_of_the_sandbox_s_seconds(starting: Starting) -> None:
    server = Server(starting(clock=10.0))
    server.fault({"type": "latency", "seconds": 4})
    started = time.monotonic()
    httpx.get(server.url + PROJECT)
    assert 0.4 <= time.monotonic() - started < 3


def test_one_call_can_ask_for_a_fault_of_its_own(server: Server) -> None:
    asking = {"Mockserver-Fault": json.dumps(BUSY)}
    answer = httpx.get(server.url + PROJECT, headers=asking)
    assert (answer.status_code, answer.headers["mockserver-fault"]) == (503, "header")
    assert httpx.get(server.url + PROJECT).status_code == 200
    server.fault("reset", where={"operation": "createBatch"})
    with pytest.raises(httpx.ReadError):
        httpx.get(server.url + PROJECT, headers={"Mockserver-Fault": "it"})
    wrong = httpx.get(server.url + PROJECT, headers={"Mockserver-Fault": "nobody"})
    assert (wrong.status_code, "nobody" in wrong.text) == (422, True)


def test_the_control_api_has_no_faults(server: Server) -> None:
    server.fault("reset")
    asking = {"Mockserver-Fault": '{"type": "reset"}'}
    assert httpx.get(f"{server.url}/__admin/health", headers=asking).status_code == 200
    path = f"{server.url}/__admin/services/sama/projects/117/callbacks"
    assert httpx.put(path, json={"no": "such"}, headers=asking).status_code == 422


def test_conditions_look_at_the_whole_body_and_at_headers(server: Server) -> None:
    long = {"data": {"url": f"https://a.example/{'x' * 200}.jpg"}}
    marked = {"tasks": [long] * 500 + [{"data": {"url": "https://bad.example/"}}]}
    where = {"body": {"/tasks/500/data/url": "https://bad.example/"}, "headers": {"x-try": "1"}}
    server.fault(BUSY, where=where)
    url, head = server.url + BATCHES, {"X-Try": "1"}
    assert httpx.post(url, json=marked, headers=head).status_code == 503
    assert httpx.post(url, json=marked).status_code == 202
    assert httpx.post(url, json=ONE_TASK, headers=head).status_code == 202


@pytest.mark.parametrize(
    ("service", "headers"),
    [("sama", {"retry-after"}), ("toloka", set()), ("extend", {"retry-after"})],
)
def test_a_rate_limit_refuses_as_the_service_does(
    server: Server, service: str, headers: set[str]
) -> None:
    """A Retry-After from Toloka would be the end of toloka-kit (fact 2.3)."""
    server.fault({"type": "rate_limit", "limit": 1, "period": 2})
    url = server.url + LEAST[service]
    statuses = [httpx.get(url).status_code for _ in range(2)]
    refused = httpx.get(url)
    assert (statuses[0] == 429, statuses[1], refused.status_code) == (False, 429, 429)
    assert {"retry-after", "x-ratelimit-reset"} & refused.headers.keys() == headers
    other = {"Authorization": "Bearer other" if service == "extend" else "ApiKey other"}
    assert httpx.get(url.replace("=k", "=other"), headers=other).status_code != 429
    server.admin("POST", "/clock/advance", {"seconds": 2})
    assert httpx.get(url).status_code != 429


def test_after_a_restart_the_rules_are_there(tmp_path: Any) -> None:
    from mockserver.app import declared
    from mockserver.settings import Settings

    def running() -> ServerThread:
        return ServerThread(
            Settings.load({"port": 0, "clock": 0.0, "data_dir": tmp_path}, services=declared())
        )

    with running() as thread:
        Server(thread).fault(BUSY, when={"nth": 2})
        assert httpx.get(thread.url + PROJECT).status_code == 200
    with running() as thread:
        assert [httpx.get(thread.url + PROJECT).status_code for _ in range(2)] == [503, 200]


def test_a_thousand_that_hang_do_not_slow_the_others(server: Server) -> None:
    with ExitStack() as stack:
        client = stack.enter_context(httpx.Client())
        alone = typical(client, server)
        server.fault("hang", where={"operation": "getStats"})
        asyncio.run(beside(server, client, alone))
    assert httpx.get(server.url + PROJECT).status_code == 200


async def beside(server: Server, client: httpx.Client, alone: float) -> None:
    port = int(server.url.rpartition(":")[2])
    ask = b"GET /sama/v2/projects/117/stats.json?access_key=k HTTP/1.1\r\nhost: x\r\n\r\n"
    hanging = []
    for _ in range(1000):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(ask)
        await writer.drain()
        hanging.append((reader, writer))
    fired = 0
    while fired < 1000:
        fired = server.admin("GET", "/faults/it")["fired"]
    ratio = min(typical(client, server) / alone for _ in range(3))
    assert ratio < 2, ratio
    for _, writer in hanging:
        writer.close()


def typical(client: httpx.Client, server: Server) -> float:
    """The median of a hundred calls, the best of three times."""
    found = []
    for _ in range(3):
        times = []
        for _ in range(100):
            started = time.perf_counter()
            assert client.get(server.url + PROJECT).status_code == 200
            times.append(time.perf_counter() - started)
        found.append(median(times))
    return min(found)
