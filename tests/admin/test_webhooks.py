"""Tests of deliveries as the control API lists them and attempts them once more."""

import http.server
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.admin.conftest import Panel

pytestmark = pytest.mark.anyio


class Target(http.server.ThreadingHTTPServer):
    """A webhook target that answers with one status."""

    status = 500


class Answering(http.server.BaseHTTPRequestHandler):
    """Answers every POST as its server says."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *arguments: Any) -> None:
        """Keep quiet."""


@pytest.fixture
def target() -> Iterator[Target]:
    """A target on a free port."""
    with Target(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


async def deliver(panel: Panel, target: Target, *ids: str) -> None:
    """Items that are done are told to the target, which refuses."""
    url = f"http://127.0.0.1:{target.server_port}/hook?token=hush"
    await panel.ask("POST", "/state", {"toy.targets": [{"id": "target", "url": url}]})
    for id in ids:
        await panel.toy("POST", "/items", json={"id": id})
    await panel.ask("POST", "/clock/advance", {"until_idle": True})


async def test_a_delivery_shows_its_attempts_with_request_and_answer(
    panel: Panel, target: Target
) -> None:
    await deliver(panel, target, "a")
    listed = await panel.get("/webhooks/deliveries")
    assert listed["total"] == 1
    delivery = listed["items"][0]
    assert (delivery["service"], delivery["event"]) == ("toy", "item_done")
    assert (delivery["state"], delivery["next_attempt_at"]) == ("failed", None)
    assert "hush" not in delivery["url"]
    assert [(each["at"], each["status"]) for each in delivery["attempts"]] == [
        ("2026-01-01T00:00:01.000Z", 500),
        ("2026-01-01T00:00:06.000Z", 500),
    ]
    assert delivery["attempts"][0]["request"]["body"] == '{"id":"a","state":"done"}'
    assert await panel.get(f"/webhooks/deliveries/{delivery['id']}") == delivery


async def test_deliveries_are_filtered_and_paged(panel: Panel, target: Target) -> None:
    await deliver(panel, target, "a", "b", "c")
    first = await panel.get("/webhooks/deliveries", state="failed", service="toy", limit=2)
    last = first["items"][-1]["id"]
    rest = await panel.get("/webhooks/deliveries", state="failed", after=last)
    assert (len(first["items"]), len(rest["items"]), first["total"]) == (2, 1, 3)
    assert (await panel.get("/webhooks/deliveries", state="delivered"))["total"] == 0
    assert (await panel.get("/webhooks/deliveries", event="other"))["total"] == 0


async def test_a_redelivery_is_one_more_attempt_of_the_same_delivery(
    panel: Panel, target: Target
) -> None:
    await deliver(panel, target, "a")
    id = (await panel.get("/webhooks/deliveries"))["items"][0]["id"]
    target.status = 200
    answer = await panel.ask("POST", f"/webhooks/deliveries/{id}/redeliver")
    assert (answer.status_code, answer.json()["id"]) == (202, id)
    await panel.ask("POST", "/clock/advance", {"seconds": 0})
    listed = await panel.get("/webhooks/deliveries")
    assert listed["total"] == 1
    assert listed["items"][0]["state"] == "delivered"
    assert [each["status"] for each in listed["items"][0]["attempts"]] == [500, 500, 200]


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/webhooks/deliveries/none", 404),
        ("POST", "/webhooks/deliveries/none/redeliver", 404),
        ("GET", "/webhooks/deliveries?after=none", 404),
        ("GET", "/webhooks/deliveries?state=lost", 422),
    ],
)
async def test_a_delivery_that_never_was_is_refused(
    panel: Panel, method: str, path: str, expected: int
) -> None:
    assert (await panel.ask(method, path)).status_code == expected
