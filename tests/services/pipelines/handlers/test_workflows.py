"""Tests of workflows: metadata, schema, versions, groups."""

import pytest

from tests.services.pipelines.world import World

pytestmark = pytest.mark.anyio


async def test_metadata_counts_tasks_by_status(world: World) -> None:
    """Fact 3.2."""
    ids = await world.create(count=4)
    await world.claim(42, ids[0])
    await world.finish(ids[1])
    await world.force(ids[2], "quarantined")
    found = await world.ask("GET", "/workflows/42")
    assert found["task_counts"] == {
        "total": 4,
        "pending": 1,
        "in_progress": 1,
        "paused": 0,
        "finished": 1,
        "escalated": 0,
        "quarantined": 1,
        "failed": 0,
    }
    assert (found["status"], found["version"], found["project_id"]) == ("active", 1, 7)


@pytest.mark.parametrize(("workflow", "mode"), [(42, "dataset"), (43, "zip"), (44, "blank")])
async def test_the_creation_mode_follows_from_the_dataset_fields(
    world: World, workflow: int, mode: str
) -> None:
    assert (await world.ask("GET", f"/workflows/{workflow}"))["creation_mode"] == mode


async def test_the_schema_lists_the_dataset_fields_only(world: World) -> None:
    """Fact 3.3."""
    found = await world.ask("GET", "/workflows/43/schema")
    assert [field["name"] for field in found["fields"]] == ["caption", "photo"]
    assert found["fields"][1] == {
        "name": "photo",
        "title": "Photo",
        "type": "file_upload",
        "required": True,
        "multiple": False,
        "accepts": ["image/png", "image/jpeg"],
    }
    assert found["limits"] == {"min_tasks": 1, "max_tasks": 5000}
    assert (await world.ask("GET", "/workflows/44/schema"))["fields"] == []


async def test_each_change_is_a_version_of_its_class(world: World) -> None:
    """Fact 5.1, versioning."""
    workflow = await world.make(fields=[{"name": "answer"}])
    path = f"/workflows/{workflow}"
    await world.control("PATCH", path, {"name": "Renamed"})
    await world.control("PATCH", path, {"fields": [{"name": "answer", "required": False}]})
    await world.control("PATCH", path, {"settings": {"claim_timeout_seconds": 60}})
    await world.control("PATCH", path, {"nodes": [{"id": "a", "type": "subtask"}], "fields": []})
    items = (await world.ask("GET", f"{path}/versions"))["items"]
    assert [(each["version"], each["change"]) for each in items] == [
        (5, "structural"),
        (4, "behavioral"),
        (3, "behavioral"),
        (2, "cosmetic"),
        (1, "published"),
    ]
    assert (await world.ask("GET", path))["name"] == "Renamed"


async def test_tasks_in_flight_stay_on_their_version(world: World) -> None:
    workflow = await world.make(fields=[{"name": "answer"}])
    (old,) = await world.create(workflow)
    nodes = [{"id": "label", "type": "subtask"}, {"id": "check", "type": "review"}]
    await world.control("PATCH", f"/workflows/{workflow}", {"nodes": nodes})
    (new,) = await world.create(workflow)
    assert [node["node_id"] for node in (await world.task(workflow, old))["nodes"]] == ["label"]
    assert len((await world.task(workflow, new))["nodes"]) == 2


async def test_a_cosmetic_change_shows_on_tasks_in_flight(world: World) -> None:
    workflow = await world.make()
    (task,) = await world.create(workflow)
    nodes = [{"id": "label", "type": "subtask", "name": "Name it"}]
    await world.control("PATCH", f"/workflows/{workflow}", {"nodes": nodes})
    assert (await world.task(workflow, task))["nodes"][0]["name"] == "Name it"


async def test_each_creation_is_a_group(world: World) -> None:
    """Fact 14, U9."""
    await world.create(count=2)
    await world.create(count=3)
    groups = await world.ask("GET", "/workflows/42/groups")
    assert [(group["source"], group["task_count"]) for group in groups["items"]] == [
        ("api", 2),
        ("api", 3),
    ]
    assert groups["items"][0]["label"] == "api 2026-01-06T10:31:00.000Z"
