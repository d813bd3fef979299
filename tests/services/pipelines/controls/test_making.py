"""Tests of making organizations, users, keys, projects, pipelines and datasets."""

from typing import Any

import pytest

from tests.services.pipelines.world import World

pytestmark = pytest.mark.anyio


async def test_a_world_of_its_own_can_be_made(world: World) -> None:
    """Design 12."""
    organization = await world.control("POST", "/organizations", {"name": "New"})
    key = await world.control("POST", "/keys", {"organization_id": organization["id"]})
    project = await world.control(
        "POST", "/projects", {"organization_id": organization["id"], "name": "First"}
    )
    body = {
        "project_id": project["id"],
        "name": "Colours",
        "status": "active",
        "fields": [
            {"name": "input_text", "data_source": "predefined"},
            {"name": "answer", "data_source": "user_input"},
        ],
        "nodes": [{"id": "label", "type": "subtask"}],
        "settings": {"claim_limits": {"expert": 3}},
    }
    workflow = await world.control("POST", "/workflows", body)
    tasks = {"tasks": [{"fields": {"input_text": "alpha"}}]}
    path = f"/workflows/{workflow['id']}"
    made = await world.ask("POST", f"{path}/tasks", tasks, key=key["key"])
    assert made["created_count"] == 1
    assert (await world.ask("GET", path, key=key["key"]))["organization_id"] == organization["id"]
    assert await world.refused("GET", path) == (404, "workflow_not_found")
    assert (await world.control("GET", path))["settings"]["claim_limits"] == {"expert": 3}


async def test_a_user_may_be_given_a_role_and_a_type(world: World) -> None:
    user = {"id": "zoe", "organization_id": 1, "contributor_type": "reviewer"}
    assert (await world.control("POST", "/users", user))["role"] == "contributor"
    (task,) = await world.create()
    path = f"/workflows/42/tasks/{task}/claim"
    assert await world.refused("POST", path, {}, user="zoe") == (403, "not_eligible")


async def test_a_dataset_may_be_made_from_rows(world: World) -> None:
    rows = [{"text": "alpha", "meta": {"a": 1}}]
    body = {"organization_id": 1, "name": "Words", "rows": rows}
    made = await world.control("POST", "/datasets", body)
    assert [column["type"] for column in made["columns"]] == ["text", "json"]
    assert (await world.ask("GET", f"/datasets/{made['id']}/rows"))["items"] == rows


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/keys", {"organization_id": 77}),
        ("/keys", {"organization_id": 1, "user": "nobody"}),
        ("/projects", {"organization_id": 77, "name": "x"}),
        ("/users", {"organization_id": 77, "id": "x"}),
        ("/workflows", {"project_id": 77, "name": "x"}),
        ("/datasets", {"organization_id": 77, "name": "x", "rows": []}),
        ("/workflows/77/status", {"status": "active"}),
        ("/keys/77/revoke", None),
    ],
)
async def test_what_it_belongs_to_must_be_there(world: World, path: str, body: Any) -> None:
    assert (await world.control_call("POST", path, body)).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"nodes": [{"id": "check", "type": "review"}]},
        {"fields": [{"name": "a"}, {"name": "a"}]},
        {"fields": [{"name": "a", "node_id": "nowhere"}]},
        {"fields": [{"name": "a", "data_source": "static", "multiple": True}]},
        {"fields": [{"name": "a", "type": "colour"}]},
        {"status": "open"},
    ],
)
async def test_a_pipeline_that_breaks_the_rules_is_not_made(world: World, body: Any) -> None:
    before = world.counts()
    answer = await world.control_call("POST", "/workflows", {"project_id": 7, "name": "x", **body})
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"
    assert world.counts() == before


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        (["active", "paused", "active", "archived"], True),
        (["paused", "active"], True),
        (["active", "completed"], True),
        (["active", "active"], True),
        (["completed"], False),
        (["archived"], False),
        (["active", "draft"], False),
        (["active", "archived", "active"], False),
        (["paused", "completed"], False),
    ],
)
async def test_a_status_moves_along_its_edges(world: World, path: list[str], allowed: bool) -> None:
    """Fact 5.1; a pipeline without tasks has none that are unfinished."""
    workflow = await world.make(status="draft")
    codes = [
        (
            await world.control_call("POST", f"/workflows/{workflow}/status", {"status": status})
        ).status_code
        for status in path
    ]
    assert codes[-1] == (200 if allowed else 409)
    assert set(codes[:-1]) <= {200}


async def test_only_a_pipeline_whose_tasks_are_finished_is_completed(world: World) -> None:
    """Fact 5.1."""
    (task,) = await world.create()
    done = {"status": "completed"}
    assert (await world.control_call("POST", "/workflows/42/status", done)).status_code == 409
    await world.finish(task)
    assert (await world.control("POST", "/workflows/42/status", done))["status"] == "completed"
    body = {"tasks": [{"fields": {"input_text": "a"}}]}
    assert await world.refused("POST", "/workflows/42/tasks", body) == (409, "workflow_not_active")


async def test_by_setting_the_last_task_completes_the_pipeline(opened: Any) -> None:
    """Fact 12."""
    world = await opened(pipelines__auto_complete_pipeline=True)
    ids = await world.create(count=2)
    await world.finish(ids[0])
    assert (await world.ask("GET", "/workflows/42"))["status"] == "active"
    await world.finish(ids[1])
    assert (await world.ask("GET", "/workflows/42"))["status"] == "completed"
