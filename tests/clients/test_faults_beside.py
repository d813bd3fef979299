"""Faults beside the calls, over a socket: presigned URLs, deliveries and jobs."""

import hashlib
import hmac
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import requests

from mockserver.server import ServerThread
from tests.clients.test_faults_plain import Server

pytestmark = pytest.mark.client

SAMA = "/sama/v2/projects/117"
KEY = {"access_key": "k"}
TASKS = [{"data": {"url": f"https://a.example/{number}.jpg"}} for number in range(10)]
EXTEND = {"Authorization": "Bearer k", "x-extend-api-version": "2026-02-09"}
TOLOKA = {"Authorization": "OAuth k"}


@pytest.fixture
def server(server: ServerThread) -> Iterator[Server]:
    """One for all tests of this module, as new."""
    found = Server(server)
    found.admin("POST", "/reset")
    yield found
    found.admin("DELETE", "/faults")


def advance(server: Server, seconds: float = 60) -> None:
    server.admin("POST", "/clock/advance", {"seconds": seconds})


# Presigned URLs.


def opened(server: Server) -> str:
    """A presigned URL that waits for a file."""
    answer = httpx.post(f"{server.url}{SAMA}/batches.json", params=KEY, json={})
    url: str = answer.json()["tasks_put_url"]
    return url


@pytest.mark.parametrize(
    ("what", "status", "code", "message"),
    [
        ({"status": 503}, 503, "SlowDown", "Please reduce your request rate."),
        ({"status": 403}, 403, "AccessDenied", "Request has expired"),
        (
            {"status": 403, "code": "SignatureDoesNotMatch"},
            403,
            "SignatureDoesNotMatch",
            "signature",
        ),
        ({"status": 500}, 500, "InternalError", "internal error"),
    ],
)
def test_an_upload_is_refused_in_the_words_of_the_object_store(
    server: Server, what: Any, status: int, code: str, message: str
) -> None:
    url = opened(server)
    server.fault({"type": "status", **what}, where={"service": "uploads"}, when={"first": 1})
    refused = httpx.put(url, json=TASKS)
    assert (refused.status_code, refused.headers["content-type"]) == (status, "application/xml")
    assert f"<Code>{code}</Code>" in refused.text
    assert message in refused.text
    assert refused.headers["mockserver-fault"] == "it"
    assert server.last()["fault"]["rule"] == "it"
    assert httpx.put(url, json=TASKS).status_code == 200


def test_an_upload_that_breaks_off_leaves_nothing(server: Server) -> None:
    url = opened(server)
    server.fault(
        {"type": "truncate", "share": 0.5}, where={"service": "uploads"}, when={"first": 1}
    )
    with pytest.raises(requests.exceptions.ConnectionError):
        requests.put(url, data=b"[" + b" " * 10_000_000 + b"]", timeout=10)
    assert (server.last()["status"], server.last()["fault"]["type"]) == (None, "truncate")
    batch = url.partition("batches/")[2].partition("/")[0]
    go_on = f"{server.url}{SAMA}/batches/{batch}/continue.json"
    assert httpx.post(go_on, params=KEY).status_code == 400
    assert httpx.put(url, json=TASKS).status_code == 200
    assert httpx.post(go_on, params=KEY).is_success


@pytest.mark.parametrize("what", [{"type": "reset"}, {"type": "status", "status": 503}])
def test_after_the_upload_only_the_answer_is_lost(server: Server, what: Any) -> None:
    url = opened(server)
    server.fault(what, where={"service": "uploads"}, when={"phase": "after"})
    try:
        assert httpx.put(url, json=TASKS).status_code == 503
    except httpx.ReadError:
        assert what == {"type": "reset"}
    batch = url.partition("batches/")[2].partition("/")[0]
    go_on = f"{server.url}{SAMA}/batches/{batch}/continue.json"
    assert httpx.post(go_on, params=KEY).is_success


def test_a_download_can_break_off(server: Server) -> None:
    made = httpx.post(
        f"{server.url}/extend/files/upload", headers=EXTEND, files={"file": ("a.txt", b"x" * 1000)}
    ).json()
    url = httpx.get(f"{server.url}/extend/files/{made['id']}", headers=EXTEND).json()[
        "presignedUrl"
    ]
    whole = httpx.get(url).content
    server.fault({"type": "truncate", "share": 0.5}, where={"service": "uploads", "method": "GET"})
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(url)
    server.admin("DELETE", "/faults")
    assert httpx.get(url).content == whole


# Deliveries.


class Hooks:
    """Extend's webhooks into an inbox."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.inbox = f"{server.url}/__inbox/hooks"
        made = httpx.post(
            f"{server.url}/extend/webhook_endpoints",
            headers=EXTEND,
            json={
                "url": self.inbox,
                "name": "hooks",
                "status": "enabled",
                "apiVersion": "2026-02-09",
                "enabledEvents": ["parse_run.processed"],
            },
        )
        assert made.is_success, made.text
        self.secret = made.json()["signingSecret"]

    def runs(self, count: int) -> list[str]:
        """Make parse runs; their ids in the order in which they were made."""
        ids = []
        for number in range(count):
            body = {"file": {"url": f"https://a.example/{number}.pdf"}}
            answer = httpx.post(f"{self.server.url}/extend/parse_runs", headers=EXTEND, json=body)
            assert answer.is_success, answer.text
            ids.append(answer.json()["id"])
            advance(self.server, 2)
        return ids

    def messages(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.server.admin("GET", "/inbox/hooks/messages")["items"]
        return found

    def told(self) -> list[str]:
        return [message["json"]["payload"]["id"] for message in self.messages()]

    def genuine(self, message: dict[str, Any]) -> bool:
        """Whether the signature is that of the body."""
        stamp = message["headers"]["x-extend-request-timestamp"]
        text = f"v0:{stamp}:{message['body']}".encode()
        digest = hmac.new(self.secret.encode(), text, hashlib.sha256).hexdigest()
        return bool(digest == message["headers"]["x-extend-request-signature"])

    def deliveries(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.server.admin("GET", "/webhooks/deliveries")["items"]
        return found


@pytest.fixture
def hooks(server: Server) -> Hooks:
    """An endpoint that listens."""
    return Hooks(server)


ONE = {"where": {"delivery": "extend.parse_run.processed"}, "when": {"first": 1}}


def test_a_delivery_is_dropped(server: Server, hooks: Hooks) -> None:
    server.fault("drop", **ONE)
    ids = hooks.runs(2)
    assert hooks.told() == ids[1:]
    dropped, delivered = hooks.deliveries()
    assert (dropped["state"], dropped["attempts"], delivered["state"]) == (
        "dropped",
        [],
        "delivered",
    )
    assert dropped["fault"]["rule"] == "it"
    entries = server.admin("GET", "/requests")["items"]
    faults = [each["fault"] for each in entries if each["kind"] == "delivery"]
    assert [fault and fault["type"] for fault in faults] == ["drop", None]


def test_a_delivery_comes_more_than_once(server: Server, hooks: Hooks) -> None:
    server.fault({"type": "duplicate", "copies": 3}, **ONE)
    first, second = hooks.runs(2)
    assert sorted(hooks.told()) == sorted([first] * 3 + [second])
    events = {message["json"]["eventId"] for message in hooks.messages()}
    assert len(events) == 2


def test_a_delivery_comes_late(server: Server, hooks: Hooks) -> None:
    server.fault({"type": "delay", "seconds": 30}, **ONE)
    first, second = hooks.runs(2)
    assert hooks.told() == [second]
    advance(server, 30)
    assert hooks.told() == [second, first]


def test_deliveries_change_places(server: Server, hooks: Hooks) -> None:
    server.fault("reorder")
    a, b, c, d, e = hooks.runs(5)
    assert hooks.told() == [b, a, d, c]
    advance(server, 60)
    assert hooks.told() == [b, a, d, c, e]


def test_a_forged_delivery_is_followed_by_a_genuine_one(server: Server, hooks: Hooks) -> None:
    server.fault("bad_signature", **ONE)
    server.admin("PUT", "/inbox/hooks", {"status": 401})
    hooks.runs(1)
    advance(server, 5)
    assert [hooks.genuine(each) for each in hooks.messages()] == [False, True]


def test_a_stale_delivery_is_signed_as_of_long_ago(server: Server, hooks: Hooks) -> None:
    server.fault({"type": "stale_timestamp", "seconds": 900}, **ONE)
    hooks.runs(2)
    stale, fresh = hooks.messages()
    stamps = [int(each["headers"]["x-extend-request-timestamp"]) for each in (stale, fresh)]
    assert 895 <= stamps[1] - stamps[0] <= 905
    assert hooks.genuine(stale)


def test_a_delivery_says_that_it_is_something_else(server: Server, hooks: Hooks) -> None:
    server.fault({"type": "content_type", "media_type": "text/html"}, **ONE)
    hooks.runs(2)
    types = [message["headers"]["content-type"] for message in hooks.messages()]
    assert types == ["text/html", "application/json"]


# Jobs.


def sama_batch(server: Server) -> dict[str, Any]:
    """A batch of ten tasks, a minute after it was made."""
    url = f"{server.url}{SAMA}/batches.json"
    id = httpx.post(url, params=KEY, json={"tasks": TASKS}).json()["batch_id"]
    advance(server)
    return sama_status(server, id)


def sama_status(server: Server, id: int) -> dict[str, Any]:
    answer = httpx.get(f"{server.url}{SAMA}/batches/{id}.json", params=KEY)
    assert "mockserver-violation" not in answer.headers
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize(
    ("what", "outcome"),
    [
        ({"type": "partial", "share": 0.2}, ("completed", 8, 2)),
        ({"type": "partial", "share": 1}, ("failed", 0, 10)),
        ({"type": "partial", "share": 0}, ("completed", 10, 0)),
        ({"type": "fail"}, ("failed", 0, 0)),
    ],
)
def test_a_share_of_a_batch_fails(server: Server, what: Any, outcome: Any) -> None:
    server.fault(what, where={"job": "sama.create_tasks"})
    batch = sama_batch(server)
    assert (batch["state"], batch["created_count"], batch["failed_count"]) == outcome
    entries = server.admin("GET", "/requests")["items"]
    assert [each["fault"]["rule"] for each in entries if each["kind"] == "job"] == ["it"]


def test_a_batch_that_never_ends_goes_on_when_it_is_released(server: Server) -> None:
    server.fault("stall", where={"job": "sama.create_tasks"}, when={"first": 1})
    batch = sama_batch(server)
    assert batch["state"] in ("uploaded", "processing")
    advance(server, 1_000_000)
    assert sama_status(server, batch["batch_id"])["state"] == batch["state"]
    released = {"transition": "sama.create_tasks", "resource": str(batch["batch_id"])}
    server.admin("POST", "/transitions/release", released)
    advance(server)
    assert sama_status(server, batch["batch_id"])["state"] == "completed"


def toloka_operation(server: Server) -> dict[str, Any]:
    """The operation that creates ten tasks, a minute after it was asked for."""
    base = f"{server.url}/toloka/api/v1"
    pool = httpx.get(f"{base}/pools", headers=TOLOKA).json()["items"][0]["id"]
    known = httpx.get(f"{base}/tasks", params={"pool_id": pool}, headers=TOLOKA).json()["items"][0]
    items = [{"pool_id": pool, "input_values": known["input_values"]}] * 10
    params = {"async_mode": "true"}
    made = httpx.post(f"{base}/tasks", params=params, headers=TOLOKA, json=items)
    advance(server)
    answer = httpx.get(f"{base}/operations/{made.json()['id']}", headers=TOLOKA)
    assert "mockserver-violation" not in answer.headers
    found: dict[str, Any] = answer.json()
    return found


def test_an_operation_stalls_at_its_percentage(server: Server) -> None:
    server.fault({"type": "stall", "progress": 40}, where={"job": "toloka.create_tasks"})
    operation = toloka_operation(server)
    assert (operation["status"], operation["progress"]) == ("RUNNING", 40)


def test_an_operation_fails_as_a_whole_or_in_part(server: Server) -> None:
    server.fault("fail", where={"job": "toloka.create_tasks"}, when={"first": 1})
    assert toloka_operation(server)["status"] == "FAIL"
    server.admin("PATCH", "/faults/it", {"when": {}, "what": {"type": "partial", "share": 0.3}})
    operation = toloka_operation(server)
    assert operation["status"] == "SUCCESS"
    counts = operation["details"]
    assert (counts["success_count"], counts["failed_count"]) == (7, 3)
