"""Tests of a task's way through forks, gates and models."""

from typing import Any

import pytest

from mockserver.services.pipelines import nodes
from tests.services.pipelines.world import World

pytestmark = pytest.mark.anyio

GATED = {
    "fields": [
        {"name": "colour", "type": "short_text"},
        {"name": "shade", "node_id": "deep"},
        {"name": "reason", "node_id": "plain"},
    ],
    "nodes": [
        {"id": "start", "type": "start", "next": ["name"]},
        {"id": "name", "type": "subtask", "next": ["gate"]},
        {
            "id": "gate",
            "type": "logic_gate",
            "next": [{"to": "deep", "when": {"field": "colour", "value": "red"}}, "plain"],
        },
        {"id": "deep", "type": "subtask", "next": ["end"]},
        {"id": "plain", "type": "subtask", "next": ["end"]},
        {"id": "end", "type": "end"},
    ],
}


async def states(world: World, workflow: int, task: int) -> dict[str, str]:
    """Each node's status."""
    found = await world.task(workflow, task)
    return {node["node_id"]: node["status"] for node in found["nodes"]}


@pytest.mark.parametrize(
    ("colour", "taken", "skipped"), [("red", "deep", "plain"), ("x", "plain", "deep")]
)
async def test_a_gate_opens_the_path_whose_condition_holds(
    world: World, colour: str, taken: str, skipped: str
) -> None:
    """Fact 5.3: a path not taken is n_a."""
    workflow = await world.make(**GATED)
    (task,) = await world.create(workflow)
    await world.claim(workflow, task)
    await world.submit(workflow, task, colour=colour)
    assert await states(world, workflow, task) == {
        "name": "finished",
        "gate": "finished",
        taken: "available",
        skipped: "n_a",
    }
    found = await world.task(workflow, task)
    assert found["progress"] == {"finished": 2, "total": 3}
    await world.claim(workflow, task)
    await world.submit(workflow, task, **{"shade" if taken == "deep" else "reason": "x"})
    assert (await world.task(workflow, task))["status"] == "finished"


async def test_a_node_behind_two_waits_for_both(world: World) -> None:
    """Fact 5.3: deferred."""
    workflow = await world.make(
        fields=[],
        nodes=[
            {"id": "start", "type": "start", "next": ["a", "b"]},
            {"id": "a", "type": "subtask", "next": ["c"]},
            {"id": "b", "type": "subtask", "next": ["c"]},
            {"id": "c", "type": "subtask", "next": ["end"]},
            {"id": "end", "type": "end"},
        ],
    )
    (task,) = await world.create(workflow)
    assert await states(world, workflow, task) == {
        "a": "available",
        "b": "available",
        "c": "pending",
    }
    await world.claim(workflow, task, node_id="b")
    await world.submit(workflow, task)
    assert await states(world, workflow, task) == {
        "a": "available",
        "b": "finished",
        "c": "deferred",
    }
    await world.claim(workflow, task)
    await world.submit(workflow, task)
    assert (await states(world, workflow, task))["c"] == "available"


async def test_a_node_that_asks_a_model_alone_is_done_by_one(world: World) -> None:
    """Fact 5.3: claimed may mean that a model is generating, which it does at any pace."""
    workflow = await world.make(
        fields=[
            {
                "name": "draft",
                "type": "long_text",
                "data_source": "llm_response",
                "node_id": "write",
            },
            {"name": "final", "node_id": "edit"},
        ],
        nodes=[{"id": "write", "type": "subtask"}, {"id": "edit", "type": "subtask"}],
    )
    (task,) = await world.create(workflow)
    assert (await world.task(workflow, task))["status"] == "in_progress"
    assert await states(world, workflow, task) == {"write": "claimed", "edit": "pending"}
    await world.advance()
    assert await states(world, workflow, task) == {"write": "finished", "edit": "available"}
    (found,) = world.documents("tasks")
    assert isinstance(found["nodes"]["write"]["fields"]["draft"], str)


@pytest.mark.parametrize(
    ("operator", "wanted", "value", "holds"),
    [
        ("equals", "x", "x", True),
        ("equals", "x", None, False),
        ("not_equals", "x", None, True),
        ("contains", "x", ["x"], True),
        ("contains", "ed", "red", True),
        ("contains", 5, "red", False),
        ("greater_than", 1, 2, True),
        ("greater_than", 1, "2", False),
        ("less_than", 1, None, False),
        ("less_than", 1, 0.5, True),
        ("is_empty", None, [], True),
        ("is_not_empty", None, "x", True),
    ],
)
async def test_conditions(operator: str, wanted: Any, value: Any, holds: bool) -> None:
    condition = {"field": "f", "operator": operator, "value": wanted}
    assert nodes.holds(condition, {"f": value}) is holds


async def test_every_word_for_open_work_is_found_by_its_kinds() -> None:
    assert "fresh" in nodes.FRESH
    assert "fresh" in nodes.SUBTASKS
    assert "fresh+review+llm" in nodes.MODELS
    assert not set(nodes.words_with("fresh")) & {"subtask", "review", "llm"}
