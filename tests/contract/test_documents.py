"""The OpenAPI documents: valid to an independent reader, and every example in them valid too."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from mockserver.data import data_folder

NAMES = ("sama", "toloka", "pipelines", "extend", "admin")
ROOT = "urn:document"


def document(name: str) -> dict[str, Any]:
    """The OpenAPI document of a service, read by nothing of ours."""
    text = (data_folder("openapi") / f"{name}.yaml").read_text()
    found: dict[str, Any] = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return found


def places(value: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every place with a schema and examples: media types, parameters and headers."""
    if isinstance(value, dict):
        if "schema" in value and ("example" in value or "examples" in value):
            yield path, value
        for key, item in value.items():
            if key not in ("example", "examples", "schema"):
                yield from places(item, f"{path}/{str(key).replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from places(item, f"{path}/{index}")


@pytest.mark.parametrize("name", NAMES)
def test_an_independent_validator_accepts_the_document(name: str) -> None:
    found = list(OpenAPIV31SpecValidator(copy.deepcopy(document(name))).iter_errors())
    assert not found, [error.message for error in found[:5]]


@pytest.mark.parametrize("name", NAMES)
def test_every_example_is_valid(name: str) -> None:
    root = document(name)
    resource = DRAFT202012.create_resource(root)
    registry: Registry[Any] = Registry().with_resource(ROOT, resource)
    wrong, count = [], 0
    for path, place in places(root):
        validator = Draft202012Validator({"$ref": f"{ROOT}#{path}/schema"}, registry=registry)
        examples = [place["example"]] if "example" in place else []
        examples += [each["value"] for each in place.get("examples", {}).values()]
        for example in examples:
            count += 1
            wrong += [f"{path}: {error.message[:200]}" for error in validator.iter_errors(example)]
    assert not wrong, wrong[:10]
    assert count > 5


@pytest.mark.parametrize("name", NAMES[:-1])
def test_every_link_leads_to_an_operation_and_its_parameters(name: str) -> None:
    root = document(name)
    operations = {
        operation["operationId"]: (item, operation)
        for item in root["paths"].values()
        for operation in item.values()
        if isinstance(operation, dict) and "operationId" in operation
    }
    found = list(links(root))
    assert found
    for link in found:
        item, operation = operations[link["operationId"]]
        declared = {
            named(root, each)
            for each in [*item.get("parameters", ()), *operation.get("parameters", ())]
        }
        assert {*link["parameters"]} <= declared


def links(value: Any) -> Iterator[dict[str, Any]]:
    """All links of a document."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "links" and isinstance(item, dict):
                yield from item.values()
            else:
                yield from links(item)


def named(root: dict[str, Any], parameter: dict[str, Any]) -> str:
    """The name of a parameter or of what it refers to."""
    if "$ref" in parameter:
        parameter = root["components"]["parameters"][parameter["$ref"].rpartition("/")[2]]
    return str(parameter["name"])
