"""Workflows: drafts, versions, step graphs."""

from typing import Any

import pytest

from tests.services.extend.world import EXTRACTOR, WORKFLOW, World

pytestmark = pytest.mark.anyio

START: dict[str, Any] = {"type": "TRIGGER", "name": "start", "next": [{"step": "parse"}]}
PARSE: dict[str, Any] = {"type": "PARSE", "name": "parse"}
EXTRACT: dict[str, Any] = {
    "type": "EXTRACT",
    "name": "extract",
    "config": {"extractor": {"id": EXTRACTOR, "version": "1.0"}},
}


async def test_a_workflow_without_steps_parses(world: World) -> None:
    workflow = await world.ask("POST", "/workflows", {"name": "New"})

    steps = workflow["draftVersion"]["steps"]
    assert [step["type"] for step in steps] == ["TRIGGER", "PARSE"]
    assert workflow["createdBy"] == {"type": "api_key", "name": "Test key"}
    assert await world.ask("GET", f"/workflows/{workflow['id']}") == workflow


async def test_steps_replace_the_whole_draft(world: World) -> None:
    workflow = await world.ask("POST", "/workflows", {"name": "New"})
    steps = [START, {**PARSE, "next": [{"step": "extract"}]}, EXTRACT]

    changed = await world.ask("POST", f"/workflows/{workflow['id']}", {"steps": steps})

    assert changed["draftVersion"]["steps"] == steps
    assert changed["draftVersion"]["id"] == workflow["draftVersion"]["id"]


async def test_versions_are_numbered_and_found_by_every_name(world: World) -> None:
    workflow = await world.ask("POST", "/workflows", {"name": "New"})
    path = f"/workflows/{workflow['id']}/versions"
    draft = workflow["draftVersion"]
    assert (await world.ask("GET", f"{path}/latest")) == draft

    first = await world.ask("POST", path, {"name": "First"})
    second = await world.ask("POST", path, {"steps": [START, {**PARSE, "name": "parse"}]})

    assert (first["version"], first["name"], second["version"]) == ("1", "First", "2")
    for name, expected in (
        ("draft", draft),
        ("latest", second),
        ("1", first),
        (second["id"], second),
    ):
        assert await world.ask("GET", f"{path}/{name}") == expected
    listed = await world.ask("GET", path)
    assert [version["version"] for version in listed["data"]] == ["draft", "2", "1"]
    assert "steps" not in listed["data"][0]
    assert (await world.refused("GET", f"{path}/7"))[0] == 404


async def test_runs_take_the_newest_version_unless_they_name_one(world: World) -> None:
    usual = await world.run()
    first = await world.ask(
        "POST",
        "/workflow_runs",
        {"workflow": {"id": WORKFLOW, "version": "1"}, "file": {"text": "Order"}},
    )

    assert usual["workflowVersion"]["version"] == "2"
    assert first["workflowVersion"]["version"] == "1"


async def test_a_step_without_the_config_it_needs_is_not_deployed(world: World) -> None:
    steps = [START, {**PARSE, "next": [{"step": "e"}]}, {"type": "EXTRACT", "name": "e"}]
    workflow = await world.ask("POST", "/workflows", {"name": "New", "steps": steps})

    path = f"/workflows/{workflow['id']}/versions"
    status, _, message = await world.refused("POST", path)

    assert status == 400
    assert "steps.2.config" in message


@pytest.mark.parametrize(
    ("steps", "status"),
    [
        ([PARSE], 400),
        ([START], 400),
        ([START, START, PARSE], 400),
        ([START, PARSE, PARSE], 400),
        ([{**START, "next": [{"step": "extract"}]}, PARSE, EXTRACT], 400),
        ([START, {**PARSE, "next": [{"step": "nowhere"}]}], 400),
        ([START, {"type": "DANCE", "name": "parse"}], 400),
        ([START, PARSE, {"type": "EXTRACT", "name": "e", "config": {}}], 200),
        (
            [START, PARSE, {**EXTRACT, "config": {"extractor": {"id": "ex_0", "version": "1.0"}}}],
            404,
        ),
        (
            [
                START,
                PARSE,
                {**EXTRACT, "config": {"extractor": {"id": EXTRACTOR, "version": "9.0"}}},
            ],
            404,
        ),
        ([], 400),
    ],
)
async def test_a_graph_is_checked(world: World, steps: list[Any], status: int) -> None:
    body = {"name": "New", "steps": steps}
    if status == 200:
        await world.ask("POST", "/workflows", body)
    else:
        assert (await world.refused("POST", "/workflows", body))[0] == status


async def test_every_type_of_step_shows_its_result(world: World) -> None:
    def then(name: str, **more: Any) -> dict[str, Any]:
        return {"next": [{"step": name, **more}]}

    rules = [{"name": "positive", "formula": "total > 0"}]
    block = {"blockType": "semantic", "name": "sane", "semantic": {"promptText": "Sane?"}}
    both = [{"step": "route", "result": "pass"}, {"step": "route", "result": "fail"}]
    steps: list[dict[str, Any]] = [
        START,
        {**PARSE, **then("inline")},
        {
            "type": "EXTRACT",
            "name": "inline",
            "config": {"extractorConfig": {"schema": {"type": "object", "properties": {}}}},
            **then("pick"),
        },
        {
            "type": "CONDITIONAL_EXTRACT",
            "name": "pick",
            "config": {"rules": [{"formula": "TRUE", "extractor": EXTRACT["config"]["extractor"]}]},
            **then("merge"),
        },
        {"type": "MERGE_EXTRACT", "name": "merge", **then("collect")},
        {"type": "COLLECT", "name": "collect", **then("convert")},
        {"type": "FILE_CONVERSION", "name": "convert", **then("ask")},
        {
            "type": "EXTERNAL_DATA_VALIDATION",
            "name": "ask",
            "config": {"requestOptions": {"url": "https://api.example.com", "method": "GET"}},
            **then("check"),
        },
        {
            "type": "CONDITIONAL",
            "name": "check",
            "config": {"conditions": [{"id": "c1", "type": "ELSE"}]},
            **then("rules", conditionId="c1"),
        },
        {
            "type": "RULE_VALIDATION",
            "name": "rules",
            "config": {"rules": rules},
            "next": [{"step": "valid", "result": "pass"}, {"step": "valid", "result": "fail"}],
        },
        {"type": "VALIDATION", "name": "valid", "config": {"blocks": [block]}, "next": both},
        {
            "type": "ROUTER",
            "name": "route",
            "config": {"branches": [{"id": "b1", "name": "Only"}]},
            **then("answer", branchId="b1"),
        },
        {"type": "WEBHOOK_RESPONSE", "name": "answer"},
    ]
    workflow = await world.ask("POST", "/workflows", {"name": "All", "steps": steps})
    await world.ask("POST", f"/workflows/{workflow['id']}/versions")
    run = await world.run(workflow["id"])
    world.work()

    done = await world.get(run)

    assert done["status"] == "PROCESSED"
    results = {step["stepType"]: step["result"] for step in done["stepRuns"]}
    assert [*results] == [
        "PARSE",
        "EXTRACT",
        "CONDITIONAL_EXTRACT",
        "MERGE_EXTRACT",
        "EXTERNAL_DATA_VALIDATION",
        "RULE_VALIDATION",
        "VALIDATION",
        "ROUTER",
    ]
    assert results["RULE_VALIDATION"]["rules"][0]["name"] == "positive"
    assert results["ROUTER"]["matchedBranch"] == {"id": "b1", "name": "Only"}
    assert results["EXTERNAL_DATA_VALIDATION"]["response"]["status"] == 200


async def test_a_deleted_workflow_is_told_and_its_runs_stay(world: World) -> None:
    await world.endpoint("a", ["workflow.deleted"])
    run = await world.run()

    answer = await world.control("DELETE", f"/workflows/{WORKFLOW}")
    world.work()

    assert answer.json() == {"id": WORKFLOW}
    assert [each["event"] for each in world.deliveries()] == ["workflow.deleted"]
    assert (await world.refused("GET", f"/workflows/{WORKFLOW}"))[0] == 404
    assert (await world.get(run))["status"] == "PROCESSED"
