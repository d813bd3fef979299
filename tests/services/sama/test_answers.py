"""Tests of invented answers, and of the checks on given ones."""

from typing import Any

import jsonschema
import pytest

from mockserver.services.sama import answers, schemas
from tests.services.sama.conftest import Opening
from tests.services.sama.world import World

pytestmark = pytest.mark.anyio

TASK: dict[str, Any] = {"id": "65f0c0de9b1e4a0001a00001", "round": 1, "default_answers": {}}


def project_of(world: World, id: int) -> dict[str, Any]:
    found = world.sandbox.collection("sama.projects").get(id)
    assert found
    return found


@pytest.mark.parametrize("project_id", [117, 118])
async def test_invented_answers_have_the_shapes_of_the_delivery_schema(
    world: World, project_id: int
) -> None:
    project = project_of(world, project_id)
    schema = schemas.delivery_schema(project)["properties"]["answers"]
    for number in range(40):
        found = answers.invented(world.sandbox, project, {**TASK, "round": number})
        assert found.keys() == {output["name"] for output in project["outputs"]}
        jsonschema.Draft7Validator(schema).validate(found)
        assert answers.problems(project, found) == []


async def test_the_same_seed_and_task_give_the_same_answers(opened: Opening) -> None:
    first, second, other = await opened("a"), await opened("b"), await opened("c", seed=8)
    project = project_of(first, 118)
    found = answers.invented(first.sandbox, project, TASK)
    assert found == answers.invented(second.sandbox, project, TASK)
    assert found != answers.invented(other.sandbox, project, TASK)
    assert found != answers.invented(first.sandbox, project, {**TASK, "id": "6" * 24})


async def test_a_default_answer_is_kept(world: World) -> None:
    task = {**TASK, "default_answers": {"quality": "dark"}}
    for number in range(10):
        found = answers.invented(world.sandbox, project_of(world, 117), {**task, "round": number})
        assert found["quality"] == "dark"


async def test_given_answers_that_do_not_fit_are_named(world: World) -> None:
    found = answers.problems(project_of(world, 117), {"quality": "superb", "mood": "x"})
    assert found == ["Invalid answer for output: quality", "Unknown output: mood"]
