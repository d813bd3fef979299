"""Outputs: legacy fields, signatures, insights, and those that were given instead of invented."""

from typing import Any

import pytest

from tests.services.extend.world import CLASSIFIER, MIXED, SPLITTER, URL, World

pytestmark = pytest.mark.anyio


async def extracted(world: World, config: dict[str, Any]) -> dict[str, Any]:
    run = await world.ask("POST", "/extract", {"config": config, "file": URL})
    return run["output"]  # type: ignore[no-any-return]


async def test_a_legacy_extractor_has_a_result_for_each_field(world: World) -> None:
    fields = [
        {"id": "f1", "name": "total", "type": "number", "description": "Sum"},
        {"id": "f2", "name": "buyer", "type": "string", "description": "Who pays"},
    ]
    config = {"type": "EXTRACT", "fields": fields}
    body = {"name": "Old", "type": "EXTRACT", "config": config}
    made = (await world.ask("POST", "/processors", body))["processor"]

    run = await world.ask("POST", "/extract", {"extractor": {"id": made["id"]}, "file": URL})

    assert {name: found["id"] for name, found in run["output"].items()} == {
        "total": "f1",
        "buyer": "f2",
    }
    assert isinstance(run["output"]["total"]["value"], int | float)
    assert run["config"]["fields"] == fields


async def test_an_output_is_an_object_whatever_the_root_of_the_schema_is(world: World) -> None:
    for schema in ({"type": "string"}, {"anything": [1]}, {"enum": ["training"]}):
        output = await extracted(world, {"schema": schema})
        assert isinstance(output["value"], dict)


async def test_a_signature_says_who_signed_and_when(world: World) -> None:
    signature = {"type": "object", "extend:type": "signature", "properties": {}}
    schema = {"type": "object", "properties": {"signed": signature}}

    output = await extracted(world, {"schema": schema})

    assert {*output["value"]["signed"]} == {
        "printed_name",
        "signature_date",
        "is_signed",
        "title_or_role",
    }


async def test_options_decide_what_goes_with_a_value(world: World) -> None:
    schema = {"type": "object", "properties": {"total": {"type": "number"}}}
    options = {
        "citationsEnabled": False,
        "modelReasoningInsightsEnabled": True,
        "reviewAgent": {"enabled": True},
    }

    found = (await extracted(world, {"schema": schema, "advancedOptions": options}))["metadata"]

    assert found["total"]["citations"] == []
    assert found["total"]["insights"][0]["type"] == "reasoning"
    assert 1 <= found["total"]["reviewAgentScore"] <= 5


async def test_given_outputs_decide_the_way_of_a_run(world: World) -> None:
    kind = {"id": "other", "type": "other"}
    part = {"classificationId": "invoice", "type": "invoice", "startPage": 1, "endPage": 1}
    run = await world.run(
        MIXED,
        outputs=[
            {"processorId": CLASSIFIER, "output": kind},
            {"processorId": SPLITTER, "output": {"splits": [part]}},
        ],
    )
    world.work()

    _, classify, split = (step["result"] for step in (await world.get(run))["stepRuns"])

    assert classify["classifyRun"]["output"] | kind == classify["classifyRun"]["output"]
    (found,) = split["splitRun"]["output"]["splits"]
    assert found | part == found
    assert found["fileId"].startswith("file_")


@pytest.mark.parametrize(
    ("output", "status"),
    [
        ({"value": {"a": 1}}, 404),
        ({"id": "invoice", "type": "invoice"}, 200),
    ],
)
async def test_only_a_step_that_was_taken_can_be_corrected(
    world: World, output: dict[str, Any], status: int
) -> None:
    kind = {"id": "other", "type": "other"}
    run = await world.run(MIXED, outputs=[{"processorId": CLASSIFIER, "output": kind}])
    path = f"/workflow_runs/{run['id']}/output"
    assert (await world.control("POST", path, {"output": output})).status_code == 409
    world.work()

    answer = await world.control("POST", path, {"output": output})

    assert answer.status_code == status


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/workflow_runs/workflow_run_none/approve"),
        ("POST", "/workflow_runs/workflow_run_none/fail"),
        ("POST", "/runs/exr_none/fail"),
        ("POST", "/runs/strange/fail"),
        ("POST", "/batch_runs/bpr_none/fail"),
        ("DELETE", "/workflows/workflow_none"),
    ],
)
async def test_a_control_of_what_does_not_exist_is_not_found(
    world: World, method: str, path: str
) -> None:
    answer = await world.control(method, path)

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
