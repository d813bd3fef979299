"""Tests of the clock as the control API shows and moves it."""

import pytest

from tests.admin.conftest import Panel

pytestmark = pytest.mark.anyio

START = "2026-01-01T00:00:00.000Z"


async def test_the_clock_shows_now_and_what_is_due_next(panel: Panel) -> None:
    assert await panel.get("/clock") == {
        "now": START,
        "rate": 0.0,
        "pending_jobs": 0,
        "next_due": None,
    }
    await panel.toy("POST", "/items", json={"id": "a"})
    clock = await panel.get("/clock")
    assert (clock["pending_jobs"], clock["next_due"]) == (1, "2026-01-01T00:00:01.000Z")


async def test_time_and_rate_are_set_together_or_alone(panel: Panel) -> None:
    answer = await panel.ask("PUT", "/clock", {"now": "2030-01-01T00:00:00+02:00", "rate": 0})
    assert answer.json()["now"] == "2029-12-31T22:00:00.000Z"
    assert (await panel.ask("PUT", "/clock", {"rate": 60})).json()["rate"] == 60
    frozen = (await panel.ask("PUT", "/clock", {"rate": 0})).json()
    assert frozen["now"] >= "2029-12-31T22:00:00.000Z"
    assert (await panel.ask("PUT", "/clock", {"now": "2026-01-01"})).json()["now"] == START


async def test_advancing_runs_what_is_due_on_the_way(panel: Panel) -> None:
    await panel.toy("POST", "/items", json={"id": "a"})
    answer = await panel.ask("POST", "/clock/advance", {"seconds": 0.5})
    assert answer.json() == {"now": "2026-01-01T00:00:00.500Z", "ran": 0}
    answer = await panel.ask("POST", "/clock/advance", {"seconds": 0.5})
    assert answer.json() == {"now": "2026-01-01T00:00:01.000Z", "ran": 1}
    assert (await panel.toy("GET", "/items/a")).json()["state"] == "done"


async def test_advancing_goes_to_a_time(panel: Panel) -> None:
    answer = await panel.ask("POST", "/clock/advance", {"to": "2026-01-02T00:00:00Z"})
    assert answer.json() == {"now": "2026-01-02T00:00:00.000Z", "ran": 0}


async def test_advancing_until_idle_ends_with_the_last_job(panel: Panel) -> None:
    await panel.toy("POST", "/items", json={"id": "a"})
    answer = await panel.ask("POST", "/clock/advance", {"until_idle": True})
    assert answer.json() == {"now": "2026-01-01T00:00:01.000Z", "ran": 1}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"seconds": -1},
        {"seconds": "1"},
        {"seconds": 1, "until_idle": True},
        {"until_idle": False},
        {"to": "2025-12-31"},
        {"to": "tomorrow"},
        {"minutes": 1},
        None,
    ],
)
async def test_time_moves_by_exactly_one_measure_and_never_back(panel: Panel, body: object) -> None:
    answer = await panel.ask("POST", "/clock/advance", body)
    assert answer.status_code == 422
    assert (await panel.get("/clock"))["now"] == START


@pytest.mark.parametrize("body", [{}, {"rate": -1}, {"now": "noon"}, {"rate": None}])
async def test_a_clock_that_cannot_be_set_stays(panel: Panel, body: object) -> None:
    answer = await panel.ask("PUT", "/clock", body)
    assert answer.status_code == 422
    assert (await panel.get("/clock"))["now"] == START
