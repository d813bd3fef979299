"""Tests of the control API's fault rules, over a socket."""

from collections.abc import Iterator

import httpx
import pytest

from mockserver.app import declared
from mockserver.server import ServerThread
from mockserver.settings import Settings

RESET = {"name": "broken", "where": {"service": "sama"}, "what": {"type": "reset"}}


@pytest.fixture(scope="module")
def server() -> Iterator[ServerThread]:
    settings = Settings.load(
        {"port": 0, "seed": 0, "clock": 0.0, "strict": True}, services=declared()
    )
    with ServerThread(settings) as running:
        yield running


@pytest.fixture
def admin(server: ServerThread) -> Iterator[httpx.Client]:
    """The control API of a server without rules."""
    with httpx.Client(base_url=f"{server.url}/__admin") as client:
        client.delete("/faults")
        yield client


def test_a_rule_is_made_shown_changed_and_removed(admin: httpx.Client) -> None:
    made = admin.post("/faults", json=RESET)
    assert made.status_code == 201
    rule = made.json()
    assert {**RESET, "id": rule["id"], "when": {}, "matched": 0, "fired": 0} == rule
    assert admin.get(f"/faults/{rule['id']}").json() == admin.get("/faults/broken").json() == rule
    changed = admin.patch("/faults/broken", json={"when": {"times": 2}}).json()
    assert changed == {**rule, "when": {"times": 2}}
    assert admin.delete("/faults/broken").status_code == 204
    for gone in (admin.get("/faults/broken"), admin.delete("/faults/broken")):
        assert (gone.status_code, "broken" in gone.json()["detail"]) == (404, True)


def test_rules_are_listed_page_by_page(admin: httpx.Client) -> None:
    for number in range(5):
        admin.post("/faults", json={**RESET, "name": f"r{number}"})
    first = admin.get("/faults", params={"limit": 2}).json()
    last = first["items"][-1]["id"]
    rest = admin.get("/faults", params={"after": last}).json()
    names = [rule["name"] for rule in first["items"] + rest["items"]]
    assert (names, first["total"], rest["total"]) == ([f"r{n}" for n in range(5)], 5, 5)
    assert admin.get("/faults", params={"after": "rule-0"}).status_code == 404
    assert admin.delete("/faults").status_code == 204
    assert admin.get("/faults").json() == {"items": [], "total": 0}


def test_what_is_refused_is_a_422_that_names_the_field(admin: httpx.Client) -> None:
    admin.post("/faults", json=RESET)
    wrong = {"what": {"type": "reset"}, "when": {"probability": 2}}
    for refused in (
        admin.post("/faults", json=wrong),
        admin.patch("/faults/broken", json={"when": {"probability": 2}}),
    ):
        assert refused.status_code == 422
        assert refused.headers["content-type"] == "application/problem+json"
        assert "when.probability" in refused.json()["detail"]
    assert [rule["when"] for rule in admin.get("/faults").json()["items"]] == [{}]


def test_rules_are_part_of_a_snapshot_and_go_with_a_reset(admin: httpx.Client) -> None:
    admin.post("/faults", json=RESET)
    admin.post("/snapshots", json={"name": "broken"})
    admin.post("/reset")
    assert admin.get("/faults").json()["total"] == 0
    admin.post("/snapshots/broken/restore")
    assert [rule["name"] for rule in admin.get("/faults").json()["items"]] == ["broken"]
