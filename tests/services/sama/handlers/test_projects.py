"""Tests of calls about a project as a whole."""

from typing import Any

import pytest

from mockserver.engine.clock import parse_rfc3339
from tests.services.sama.world import START, World, urls

pytestmark = pytest.mark.anyio


async def test_a_project_shows_what_the_tutorial_lists(world: World) -> None:
    """T20: the id does not swallow `.json`."""
    project = await world.ask("GET", ".json")
    assert project["id"] == 117
    assert project.keys() == {
        *("id", "name", "state", "type", "asset_country_code", "asset_s3_url"),
        *("project_group", "client"),
    }


async def test_stats_count_the_tasks_of_a_span_by_state(world: World) -> None:
    await world.batch(*urls(2))
    await world.advance(30)
    await world.batch(*urls(3))
    await world.advance(0.16)
    everything = await world.ask("GET", "/stats.json")
    assert everything["tasks"]["delivered"] == 2
    assert sum(everything["tasks"].values()) == 5
    assert (everything["from"], everything["to"]) == (None, None)
    start = "2024-03-12T20:50:20Z"
    query: dict[str, Any] = {"from": start}
    later = await world.ask("GET", "/stats.json", **query)
    assert (sum(later["tasks"].values()), later["from"]) == (3, start)
    assert sum((await world.ask("GET", "/stats.json", to=start))["tasks"].values()) == 2
    assert (await world.refused("GET", "/stats.json", to="never"))[0] == 400


async def test_credentials_last_an_hour(world: World) -> None:
    found = await world.ask("GET", "/credentials.json")
    assert parse_rfc3339(found["expiration"]) == pytest.approx(START + 3600)
    assert found != await world.ask("GET", "/credentials.json")


async def test_the_schemas_are_those_of_the_project(world: World) -> None:
    creation = await world.ask("GET", "/schemas/create_task.json")
    assert creation["properties"]["data"]["required"] == ["url"]
    assert "output_quality" in creation["properties"]["data"]["properties"]
    delivery = await world.ask("GET", "/schemas/deliver_task.json", project=118)
    assert "traffic" in delivery["properties"]["answers"]["properties"]
    assert (await world.refused("GET", "/schemas/create_task.json", project=1))[0] == 404
