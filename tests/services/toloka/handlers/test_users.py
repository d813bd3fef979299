"""Tests of the requester and of Tolokers."""

import pytest

from tests.services.toloka.world import USER, World

pytestmark = pytest.mark.anyio


async def test_the_requester_has_a_balance_and_a_name(world: World) -> None:
    requester = await world.ask("GET", "/requester")
    assert requester["id"] == "a1b2c3d4e5f60718293a4b5c6d7e8f90"
    assert requester["balance"] == 1_000_000.0
    assert requester["public_name"] == {"EN": "Mockserver Requester"}


async def test_a_toloker_is_invented_once(world: World) -> None:
    path = f"/user-metadata/{USER}"
    found = await world.ask("GET", path)
    assert found == await world.ask("GET", path)
    assert found["id"] == USER
    assert found["attributes"]["country_by_phone"] == found["country"]
    others = [await world.ask("GET", f"/user-metadata/{number:032x}") for number in range(20)]
    assert len({each["country"] for each in others}) > 3
    assert (await world.refused("GET", "/user-metadata/me"))[:2] == (404, "DOES_NOT_EXIST")
