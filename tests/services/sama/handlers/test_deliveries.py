"""Tests of deliveries since a time, and since the last call."""

from typing import Any

import pytest

from tests.services.sama.world import KEY, World, urls

pytestmark = pytest.mark.anyio

PATH = "/tasks/delivered.json"
NOTHING = {
    "batch_id": None,
    "client_batch_id": None,
    "client_batch_id_match_type": None,
    "consumer": None,
    "limit": 1000,
}


async def delivered(world: World, count: int, **data: Any) -> list[str]:
    """The ids of tasks that have just been delivered."""
    answer = await world.batch(*urls(count, **data))
    await world.advance(30)
    return list(answer["task_ids"])


async def since(world: World, **query: Any) -> list[str]:
    return [task["id"] for task in (await world.ask("GET", PATH, **query))["tasks"]]


async def following(world: World, query: dict[str, Any] | None = None, **body: Any) -> list[str]:
    answer = await world.ask("POST", PATH, {**NOTHING, **body}, **(query or {}))
    return [task["id"] for task in answer["tasks"]]


async def test_get_and_post_on_one_path_are_two_calls(world: World) -> None:
    """T19, T20: neither is taken for a task with the id `delivered`."""
    ids = await delivered(world, 2)
    for _ in range(2):
        assert await since(world) == ids
    assert await following(world) == ids
    assert await following(world) == []
    assert await since(world) == ids


async def test_pages_reach_to_1000_and_end_in_an_empty_one(world: World) -> None:
    """T14, T15, T16."""
    ids = await delivered(world, 1000) + await delivered(world, 1)
    pages = [await since(world, page=page, page_size=1000) for page in (1, 2, 3)]
    assert [len(page) for page in pages] == [1000, 1, 0]
    assert pages[0] + pages[1] == ids
    assert len(await since(world, page_size=5000)) == 1000


async def test_the_earliest_delivery_comes_first_and_from_is_inclusive(world: World) -> None:
    first = await delivered(world, 2)
    second = await delivered(world, 2)
    at = (await world.task(second[0]))["delivered_at"]
    assert await since(world) == first + second
    assert await since(world, **{"from": at}) == second
    assert await since(world, **{"from": at.replace("Z", "000001Z")}) == []
    # F110: a bare date.
    assert await since(world, **{"from": at[:10]}) == first + second
    soon: dict[str, Any] = {"from": "soon"}
    assert (await world.refused("GET", PATH, **soon))[0] == 400


async def test_filters_take_lists(world: World) -> None:
    """F109, F111."""
    first = await delivered(world, 2, client_batch_id="north-1")
    second = await delivered(world, 2, client_batch_id="north-2")
    batches = [str(batch["id"]) for batch in world.documents("batches")]
    assert await since(world, batch_id=batches[1]) == second
    assert await since(world, batch_id=",".join(batches)) == first + second
    assert await since(world, client_batch_id="north-1,north-2") == first + second
    assert await since(world, client_batch_id="1", client_batch_id_match_type="contains") == first
    assert await since(world, client_batch_id="x", client_batch_id_match_type="contains") == []
    assert await since(world, task_id=f"{second[1]},{first[0]}") == [first[0], second[1]]
    assert await since(world, task_id="unknown") == []
    refused = await world.refused("GET", PATH, client_batch_id_match_type="fuzzy")
    assert refused[0] == 400


async def test_tasks_that_are_not_delivered_are_absent(by_hand: World) -> None:
    answer = await by_hand.batch(*urls(2))
    await by_hand.advance(10)
    assert await since(by_hand) == []
    id = answer["task_ids"][1]
    await by_hand.control("POST", f"/tasks/{id}/deliver")
    assert await since(by_hand) == [id]


async def test_a_rejected_task_leaves_and_comes_back_with_a_new_time(world: World) -> None:
    """U18."""
    (id,) = await delivered(world, 1)
    before = (await world.task(id))["delivered_at"]
    assert await following(world) == [id]
    await world.ask("PUT", f"/tasks/{id}/reject.json", {"reasons": ["no"]})
    assert await since(world) == []
    await world.advance(30)
    assert await since(world) == [id]
    assert await following(world) == [id]
    assert (await world.task(id))["delivered_at"] > before


async def test_every_consumer_has_a_place_of_its_own(world: World) -> None:
    """F117, F119: no consumer is one too, and not the one that is called `null`."""
    ids = await delivered(world, 3)
    assert await following(world, limit=2) == ids[:2]
    assert await following(world, limit=2) == ids[2:]
    for consumer in ("ann", "bob", "null", ""):
        assert await following(world, consumer=consumer, limit=1) == ids[:1]
    assert await following(world, consumer="ann") == ids[1:]
    more = await delivered(world, 1)
    assert await following(world, consumer="ann") == more
    assert await following(world) == more


async def test_the_place_is_the_servers_whatever_page_the_query_says(world: World) -> None:
    """T17: a page in the query, applied on top of the place, would lose deliveries."""
    ids = await delivered(world, 5)
    found = []
    for page in (1, 2, 3):
        query = {"page": page, "page_size": 2}
        found += await following(world, query, limit=2)
    assert found == ids
    assert await following(world, {"page": "none", "page_size": 0}) == []


async def test_a_filter_passes_over_what_it_does_not_return(world: World) -> None:
    """U17: only what was returned is seen."""
    first = await delivered(world, 2, client_batch_id="a")
    second = await delivered(world, 2, client_batch_id="b")
    third = await delivered(world, 2, client_batch_id="a")
    batch = world.documents("batches")[1]["id"]
    assert await following(world, batch_id=batch, limit=1) == second[:1]
    assert await following(world, batch_id=str(batch)) == second[1:]
    assert await following(world, client_batch_id="a", limit=3) == first + third[:1]
    assert await following(world) == third[1:]
    assert await following(world, client_batch_id="a") == []
    again = await delivered(world, 1, client_batch_id="b")
    assert await following(world, client_batch_id="zzz") == []
    assert await following(world) == again


async def test_a_body_of_nulls_an_empty_one_and_none_at_all_mean_no_filter(world: World) -> None:
    """T18."""
    ids = await delivered(world, 1)
    nothing = dict.fromkeys(NOTHING)
    assert await following(world, **nothing) == ids
    await world.control("DELETE", "/projects/117/cursors")
    answer = await world.ask("POST", PATH, {})
    assert [task["id"] for task in answer["tasks"]] == ids
    await world.control("DELETE", "/projects/117/cursors")
    bare = await world.client.post(f"/sama/v2/projects/117{PATH}?access_key={KEY}")
    assert [task["id"] for task in bare.json()["tasks"]] == ids


@pytest.mark.parametrize(
    "body",
    [
        {"limit": 0},
        {"limit": "all"},
        {"consumer": 5},
        {"batch_id": "north"},
        {"batch_id": [1]},
        {"client_batch_id_match_type": "fuzzy"},
        [],
    ],
)
async def test_a_body_that_means_nothing_is_refused(world: World, body: Any) -> None:
    assert (await world.refused("POST", PATH, body))[0] == 400
