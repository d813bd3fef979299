"""Tests of credentials, ids and times as Sama spells them."""

import pytest

from mockserver.engine.errors import Invalid
from mockserver.services.sama import wire
from tests.services.sama.conftest import Opening
from tests.services.sama.world import KEY, World, urls

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("query", ["", "?access_key=", "?access_key", "?key=x"])
async def test_a_missing_key_is_answered_like_a_bad_one(world: World, query: str) -> None:
    for method, path in (("GET", ".json"), ("POST", "/batches.json")):
        answer = await world.client.request(method, f"/sama/v2/projects/117{path}{query}")
        assert answer.status_code == 401
        assert answer.json() == {"errors": [{"type": 401, "message": "Not authorized."}]}


async def test_any_key_will_do_unless_keys_are_listed(world: World, opened: Opening) -> None:
    assert (await world.call("GET", ".json", access_key="whatever")).status_code == 200
    strict = await opened("listed", auth="listed")
    assert (await strict.call("GET", ".json")).status_code == 200
    assert (await strict.call("GET", ".json", access_key="whatever")).status_code == 401


async def test_with_listed_keys_a_project_of_another_client_is_not_found(opened: Opening) -> None:
    world = await opened(auth="listed")
    assert (await world.call("GET", ".json", access_key="sama-other-key")).status_code == 404


async def test_a_project_without_api_access_is_unauthorized(world: World) -> None:
    projects = world.sandbox.collection("sama.projects")
    projects.put({**(projects.get(117) or {}), "api_access": False})
    assert await world.refused("GET", ".json") == (401, "Not authorized.")


async def test_a_key_in_a_header_or_in_the_body_does_not_count(world: World) -> None:
    answer = await world.client.post(
        "/sama/v2/projects/117/batches.json",
        json={"access_key": KEY},
        headers={"Authorization": f"Bearer {KEY}"},
    )
    assert answer.status_code == 401


async def test_the_same_seed_gives_the_same_ids_and_another_seed_others(opened: Opening) -> None:
    worlds = [await opened(name, seed=seed) for name, seed in (("a", 1), ("b", 1), ("c", 2))]
    first, again, other = [await world.batch(*urls(2)) for world in worlds]
    assert first == again
    assert first["task_ids"] != other["task_ids"]


async def test_ids_of_different_batches_never_meet(world: World) -> None:
    answers = [await world.batch(*urls(3)) for _ in range(20)]
    ids = {id for answer in answers for id in answer["task_ids"]}
    assert len(ids) == 60


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # T24: the client's own example has nine digits, and offsets arrive as %2B00:00.
        ("2024-03-12T20:50:36.536167366Z", "2024-03-12T20:50:36.537Z"),
        ("2024-03-12T20:50:36.536Z", "2024-03-12T20:50:36.536Z"),
        ("2024-03-12T22:50:36.536+02:00", "2024-03-12T20:50:36.536Z"),
        ("2024-03-12", "2024-03-12T00:00:00.000Z"),
    ],
)
async def test_times_are_read_in_every_documented_form(text: str, expected: str) -> None:
    assert wire.moment(text, "from") == expected


@pytest.mark.parametrize("text", ["", "yesterday", "2024-02-30", "1710276601", "99999-01-01"])
async def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="from must be"):
        wire.moment(text, "from")
