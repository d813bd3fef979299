"""Tests of Apps."""

from typing import Any

import pytest

from tests.services.toloka.world import World

pytestmark = pytest.mark.anyio

APP = "app-image-classification"
ROOT = "//app/v0"


def items(count: int) -> list[dict[str, Any]]:
    """Good items of the first solution."""
    return [{"image": f"https://example.com/{number}.jpg"} for number in range(count)]


async def project(world: World) -> str:
    """The path of a new project."""
    form = {"app_id": APP, "name": "Cats", "parameters": {}}
    answer = await world.call("POST", f"{ROOT}/app-projects", form)
    assert (answer.status_code, answer.json()["status"]) == (201, "READY")
    return f"{ROOT}/app-projects/{answer.json()['id']}"


async def test_solutions_are_listed_as_content(world: World) -> None:
    page = await world.ask("GET", f"{ROOT}/apps", limit=1)
    assert ([each["id"] for each in page["content"]], page["has_more"]) == ([APP], True)
    page = await world.ask("GET", f"{ROOT}/apps", after_id=APP)
    assert [each["id"] for each in page["content"]] == ["app-text-moderation"]
    assert (await world.ask("GET", f"{ROOT}/apps/{APP}", lang="EN"))["name"]
    assert (await world.refused("GET", f"{ROOT}/apps/x"))[:2] == (404, "DOES_NOT_EXIST")


async def test_the_items_of_a_started_batch_are_worked_on(world: World) -> None:
    path = await project(world)
    form = {"name": "Monday", "items": items(450)}
    batch = await world.ask("POST", f"{path}/batches", form)
    assert (batch["status"], batch["items_count"], batch["cost"]) == ("NEW", 450, 22.5)
    here = f"{path}/batches/{batch['id']}"
    assert (await world.call("POST", f"{here}/start")).status_code == 204
    assert (await world.refused("POST", f"{here}/start"))[1] == "INAPPROPRIATE_STATUS"
    await world.advance(5)
    batch = await world.ask("GET", here)
    assert (batch["status"], batch["items_per_state"]) == ("COMPLETED", {"COMPLETED": 450})
    page = await world.ask("GET", f"{path}/items", batch_id=batch["id"], status="COMPLETED")
    found = page["content"][0]
    assert found["output_data"]["result"] in ("cat", "dog", "none")
    assert 0 <= found["output_data"]["confidence"] <= 1
    assert found == await world.ask("GET", f"{path}/items/{found['id']}")


async def test_a_stopped_batch_rests_until_it_is_resumed(world: World) -> None:
    path = await project(world)
    batch = await world.ask("POST", f"{path}/batches/sync", {"name": "A", "items": items(2)})
    here = f"{path}/batches/{batch['id']}"
    assert batch["status"] == "PROCESSING"
    await world.ask("POST", f"{here}/stop")
    await world.advance(60)
    assert (await world.ask("GET", here))["status"] == "STOPPED"
    await world.ask("POST", f"{here}/resume")
    await world.advance(60)
    assert (await world.ask("GET", here))["status"] == "COMPLETED"
    await world.ask("POST", f"{here}/archive")
    assert (await world.ask("GET", here))["status"] == "ARCHIVE"
    await world.ask("POST", f"{here}/unarchive")
    assert (await world.ask("GET", here))["status"] == "COMPLETED"
    for verb in ("stop", "resume", "unarchive"):
        assert (await world.refused("POST", f"{here}/{verb}"))[1] == "INAPPROPRIATE_STATUS"
    assert (await world.ask("PATCH", here, {"name": "B", "priority_order": "ONE"}))["name"] == "B"
    page = await world.ask("GET", f"{path}/batches", status="COMPLETED", sort="-name")
    assert [each["priority_order"] for each in page["content"]] == ["ONE"]


async def test_items_are_added_to_a_batch_or_to_one_of_their_own(world: World) -> None:
    path = await project(world)
    batch = await world.ask("POST", f"{path}/batches", {"name": "A", "items": items(1)})
    form = {"batch_id": batch["id"], "input_data": items(1)[0]}
    item = await world.call("POST", f"{path}/items", form)
    assert (item.status_code, item.json()["batch_id"]) == (201, batch["id"])
    ids = await world.ask("POST", f"{path}/items/bulk", {"items": items(3)})
    assert len(ids) == 3
    own = (await world.ask("GET", f"{path}/items/{ids[0]}"))["batch_id"]
    assert own != batch["id"]
    found = await world.invalid("POST", f"{path}/items", {"input_data": {"image": 5}})
    assert found == {"0": {"input_data.image": "STRING_EXPECTED"}}
    mixed = {"items": [*items(1), {}]}
    assert await world.invalid("POST", f"{path}/items/bulk", mixed) == {
        "1": {"input_data.image": "VALUE_REQUIRED"}
    }
    assert len(await world.ask("POST", f"{path}/items/bulk", {**mixed, "ignore_errors": True})) == 1


async def test_an_archived_project_takes_nothing_new(world: World) -> None:
    path = await project(world)
    assert (await world.call("POST", f"{path}/archive")).status_code == 204
    form = {"name": "A", "items": items(1)}
    refusal = await world.refused("POST", f"{path}/batches", form)
    assert refusal[:2] == (409, "PROJECT_INAPPROPRIATE_STATUS")
    assert (await world.refused("POST", f"{path}/archive"))[1] == "INAPPROPRIATE_STATUS"
    page = await world.ask("GET", f"{ROOT}/app-projects", status="ARCHIVED", app_id=APP)
    assert len(page["content"]) == 1
    await world.ask("POST", f"{path}/unarchive")
    await world.ask("POST", f"{path}/batches", form)
    unknown = {"app_id": "x", "name": "A"}
    assert await world.invalid("POST", f"{ROOT}/app-projects", unknown) == {
        "app_id": "ENTITY_DOES_NOT_EXIST"
    }
