"""Tests of steps that are set apart from the pace."""

from typing import Any

import pytest

from tests.admin.conftest import Panel

pytestmark = pytest.mark.anyio


async def state(panel: Panel, id: str) -> str:
    """The state of an item, without a look that would count."""
    documents = (await panel.get("/state/toy.items", id=id))["items"]
    return str(documents[0]["state"])


async def test_every_step_is_listed_with_its_time(panel: Panel) -> None:
    assert await panel.get("/transitions") == {
        "items": [{"name": "toy.finish", "by": "service", "seconds": [1, 1], "overrides": []}],
        "total": 1,
    }


async def test_a_step_set_apart_takes_its_own_time(panel: Panel) -> None:
    answer = await panel.ask("PUT", "/transitions", {"transition": "toy.finish", "seconds": 90})
    expected = {"transition": "toy.finish", "resource": None, "seconds": 90}
    assert (answer.status_code, answer.json()) == (200, expected)
    assert (await panel.get("/transitions"))["items"][0]["overrides"] == [expected]
    await panel.toy("POST", "/items", json={"id": "a"})
    assert (await panel.get("/clock"))["next_due"] == "2026-01-01T00:01:30.000Z"


async def test_a_step_of_one_resource_waits_for_looks_at_it(panel: Panel) -> None:
    body = {"transition": "toy.finish", "resource": "a", "polls": 2}
    await panel.ask("PUT", "/transitions", body)
    await panel.toy("POST", "/items", json={"id": "a"})
    await panel.toy("POST", "/items", json={"id": "b"})
    await panel.ask("POST", "/clock/advance", {"seconds": 10})
    assert [await state(panel, id) for id in "ab"] == ["new", "done"]
    await panel.toy("GET", "/items/a")
    await panel.toy("GET", "/items/a")
    await panel.ask("POST", "/clock/advance", {"seconds": 0})
    assert await state(panel, "a") == "done"


async def test_a_step_held_back_is_taken_by_hand(panel: Panel) -> None:
    await panel.ask("PUT", "/transitions", {"transition": "toy.finish", "by": "hand"})
    await panel.toy("POST", "/items", json={"id": "a"})
    await panel.ask("POST", "/clock/advance", {"seconds": 3600})
    assert await state(panel, "a") == "new"
    body = {"transition": "toy.finish", "resource": "a"}
    assert (await panel.ask("POST", "/transitions/release", body)).json() == {"released": 1}
    await panel.ask("POST", "/clock/advance", {"seconds": 0})
    assert await state(panel, "a") == "done"


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ({}, []),
        ({"transition": "toy.finish", "resource": "a"}, [None, "b"]),
        ({"resource": "b"}, [None, "a"]),
        ({"transition": "toy.finish"}, []),
    ],
)
async def test_what_was_set_apart_is_cleared_as_far_as_named(
    panel: Panel, query: dict[str, str], left: list[Any]
) -> None:
    for resource in (None, "a", "b"):
        body = {"transition": "toy.finish", "resource": resource, "seconds": 5}
        await panel.ask("PUT", "/transitions", body)
    assert (await panel.ask("DELETE", "/transitions", **query)).status_code == 204
    overrides = (await panel.get("/transitions"))["items"][0]["overrides"]
    assert [override["resource"] for override in overrides] == left


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("PUT", "/transitions", {"transition": "toy.nap", "seconds": 1}, 404),
        ("PUT", "/transitions", {"transition": "toy.finish"}, 422),
        ("PUT", "/transitions", {"transition": "toy.finish", "seconds": 1, "polls": 1}, 422),
        ("PUT", "/transitions", {"transition": "toy.finish", "seconds": -1}, 422),
        ("PUT", "/transitions", {"transition": "toy.finish", "polls": 0}, 422),
        ("PUT", "/transitions", {"transition": "toy.finish", "by": "foot"}, 422),
        ("DELETE", "/transitions?transition=toy.nap", None, 404),
        ("POST", "/transitions/release", {"transition": "toy.nap", "resource": 1}, 404),
    ],
)
async def test_a_step_that_is_unknown_or_set_to_nonsense_is_refused(
    panel: Panel, method: str, path: str, body: Any, expected: int
) -> None:
    answer = await panel.ask(method, path, body)
    assert answer.status_code == expected
    if expected == 404:
        assert "there are: toy.finish" in answer.json()["detail"]
