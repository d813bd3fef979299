"""The OpenAPI documents: valid to an independent reader, and every example in them valid too."""

import copy
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from mockserver.data import data_folder
from tests.contract.schemas import Place, at, examples, places, step, within

NAMES = ("sama", "toloka", "pipelines", "extend", "admin")
ROOT = "urn:document"


def document(name: str) -> dict[str, Any]:
    """The OpenAPI document of a service, read by nothing of ours."""
    text = (data_folder("openapi") / f"{name}.yaml").read_text()
    found: dict[str, Any] = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_an_independent_validator_accepts_the_document(name: str) -> None:
    found = list(OpenAPIV31SpecValidator(copy.deepcopy(document(name))).iter_errors())
    assert not found, [error.message for error in found[:5]]


@pytest.mark.parametrize("name", NAMES)
def test_every_example_and_every_default_is_valid(name: str) -> None:
    root = document(name)
    resource = DRAFT202012.create_resource(root)
    registry: Registry[Any] = Registry().with_resource(ROOT, resource)
    wrong, count = [], 0
    for pointer, schema, value in examples(root):
        count += 1
        validator = Draft202012Validator(
            {"$ref": ROOT + "#" + quote(schema, safe="/~")},
            registry=registry,
            format_checker=Draft202012Validator.FORMAT_CHECKER,
        )
        wrong += [f"{pointer}: {error.message[:200]}" for error in validator.iter_errors(value)]
    assert not wrong, wrong[:10]
    assert count > 10


@pytest.mark.parametrize("name", NAMES)
def test_no_example_is_overlooked(name: str) -> None:
    """What a search for the words finds, without knowing where they may stand, is checked above."""
    root = document(name)
    checked = {pointer for pointer, _, _ in examples(root)}
    found = {*written(root)}
    assert found == checked


def written(value: Any, pointer: str = "", parent: str = "") -> Iterator[str]:
    """Pointers to whatever is called an example or a default."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from written(item, f"{pointer}/{index}")
        return
    for key, item in value.items() if isinstance(value, dict) else ():
        here = step(pointer, key)
        # There these words are names of fields and of answers.
        if parent in ("properties", "responses"):
            yield from written(item, here)
        elif key in ("example", "default"):
            yield here
        elif key == "examples":
            yield from (
                step(here, each)
                for each in (item if isinstance(item, dict) else [*range(len(item))])
            )
        elif key not in ("enum", "const"):
            yield from written(item, here, key)


@pytest.mark.parametrize("name", NAMES)
def test_every_number_of_a_parameter_says_how_far_it_goes(name: str) -> None:
    """A path or a query has no room for more than 64 bits: beyond them it is refused."""
    root = document(name)
    bare = [
        f"{pointer}{inner}"
        for pointer, place in places(root)
        if place.get("in") in ("path", "query", "header", "cookie") and "schema" in place
        for inner, schema in followed(root, place["schema"])
        if "integer" in ([kind] if isinstance(kind := schema.get("type"), str) else kind or ())
        if not -(2**63) <= schema.get("minimum", -(2**64)) <= schema.get("maximum", 2**64) < 2**63
    ]
    assert bare == []


def followed(root: dict[str, Any], schema: Any) -> Iterator[Place]:
    """A schema and the schemas in it, with references followed."""
    for pointer, part in within("", schema):
        yield pointer, part
        if "$ref" in part:
            yield from followed(root, at(root, part["$ref"]))


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


def test_the_id_of_extends_workflow_batch_leads_to_its_runs() -> None:
    """`GET /batch_runs/{id}` knows the batches of processors alone."""
    root = document("extend")
    answers = root["paths"]["/workflow_runs/batch"]["post"]["responses"]
    assert at(root, answers["200"]["$ref"])["links"] == {
        "listWorkflowRuns": {
            "operationId": "listWorkflowRuns",
            "parameters": {"batchId": "$response.body#/batchId"},
        }
    }


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
