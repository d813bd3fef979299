"""Tests of worlds put aside and put back."""

import pytest

from tests.admin.conftest import Panel

pytestmark = pytest.mark.anyio


async def test_a_restored_world_is_as_it_was_its_time_included(panel: Panel) -> None:
    await panel.toy("POST", "/items", json={"id": "a"})
    taken = await panel.ask("POST", "/snapshots", {"name": "one"})
    assert (taken.status_code, taken.json()["name"]) == (201, "one")
    await panel.ask("POST", "/clock/advance", {"seconds": 60})
    await panel.toy("POST", "/items", json={"id": "b"})
    assert (await panel.ask("POST", "/snapshots/one/restore")).status_code == 200
    assert (await panel.get("/clock"))["now"] == "2026-01-01T00:00:00.000Z"
    assert (await panel.get("/state/toy.items"))["total"] == 2
    assert (await panel.ask("POST", "/clock/advance", {"seconds": 1})).json()["ran"] == 1


async def test_snapshots_are_listed_by_name_and_forgotten(panel: Panel) -> None:
    for name in ("two", "one"):
        await panel.ask("POST", "/snapshots", {"name": name})
    listed = await panel.get("/snapshots")
    assert [item["name"] for item in listed["items"]] == ["one", "two"]
    assert all(item["bytes"] > 0 for item in listed["items"])
    assert (await panel.ask("DELETE", "/snapshots/one")).status_code == 204
    assert (await panel.get("/snapshots"))["total"] == 1


async def test_snapshots_outlive_a_reset(panel: Panel) -> None:
    await panel.toy("POST", "/items", json={"id": "a"})
    await panel.ask("POST", "/snapshots", {"name": "one"})
    await panel.ask("POST", "/reset")
    await panel.ask("POST", "/snapshots/one/restore")
    assert (await panel.get("/state/toy.items"))["total"] == 2


@pytest.mark.parametrize("method_and_path", ["DELETE /snapshots/no", "POST /snapshots/no/restore"])
async def test_a_snapshot_that_was_not_taken_is_not_found(
    panel: Panel, method_and_path: str
) -> None:
    method, path = method_and_path.split()
    assert (await panel.ask(method, path)).status_code == 404


@pytest.mark.parametrize("name", ["", "../x", "A", "a" * 64, 5])
async def test_a_snapshots_name_is_plain(panel: Panel, name: object) -> None:
    assert (await panel.ask("POST", "/snapshots", {"name": name})).status_code == 422
