"""Tests of the schemas that a project hands out."""

import json
from typing import Any

import jsonschema
import pytest

from mockserver.data import data_folder
from mockserver.services.sama import schemas

PROJECTS = json.loads((data_folder("fixtures") / "sama" / "projects.json").read_text())


@pytest.mark.parametrize("project", PROJECTS, ids=lambda project: project["id"])
def test_both_schemas_are_valid_draft_7(project: dict[str, Any]) -> None:
    for schema in (schemas.creation_schema(project), schemas.delivery_schema(project)):
        assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
        jsonschema.Draft7Validator.check_schema(schema)


@pytest.mark.parametrize("project", PROJECTS, ids=lambda project: project["id"])
def test_both_schemas_describe_the_inputs_alike(project: dict[str, Any]) -> None:
    creation, delivery = schemas.creation_schema(project), schemas.delivery_schema(project)
    names = {each["name"] for each in project["inputs"]}
    created = creation["properties"]["data"]
    delivered = delivery["properties"]["data"]
    assert created["required"] == delivered["required"]
    assert {name: created["properties"][name] for name in names} == delivered["properties"]


@pytest.mark.parametrize("project", PROJECTS, ids=lambda project: project["id"])
def test_the_delivery_schema_has_an_example_for_each_output(project: dict[str, Any]) -> None:
    answers = schemas.delivery_schema(project)["properties"]["answers"]["properties"]
    assert answers.keys() == {output["name"] for output in project["outputs"]}
    for schema in answers.values():
        for example in schema["examples"]:
            jsonschema.Draft7Validator(schema).validate(example)


def test_custom_metadata_is_described() -> None:
    metadata = schemas.delivery_schema(PROJECTS[1])["properties"]["metadata"]
    assert metadata["properties"]["vendor"]["examples"] == ["north"]
