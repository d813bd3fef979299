"""Tests of what Sama supplies: a contract that keeps its own rules, fixtures that fit."""

from typing import Any

import orjson
import pytest

from mockserver.app import load_contract
from mockserver.data import data_folder
from mockserver.engine.contract import Contract
from mockserver.services.sama import inputs, service
from tests.services.sama.conftest import Opening
from tests.services.sama.world import World

METHODS = ("get", "put", "post", "delete")
PAYLOADS = data_folder("fixtures") / "payloads"


@pytest.fixture(scope="module")
def contract() -> Contract:
    return load_contract(service)


def test_every_operation_and_every_control_has_a_handler(contract: Contract) -> None:
    assert contract.operations.keys() == service.handlers.keys()
    assert contract.controls.keys() == service.controls.keys()


def test_every_operation_says_how_sure_it_is_and_has_the_error_envelope(
    contract: Contract,
) -> None:
    envelope = {"errors": [{"type": 404, "message": "Not found."}]}
    for operation in contract.operations.values():
        assert operation.evidence in ("documented", "client", "inferred"), operation.id
        for status in (400, 401, 404, 405, 413, 415, 429, 500, 503):
            assert not operation.response_violations(status, {}, envelope), operation.id
            assert operation.response_violations(status, {}, {"error": "x"}), operation.id


def test_every_example_of_the_contract_is_valid(contract: Contract) -> None:
    count = 0
    for operation in [*contract.operations.values(), *contract.controls.values()]:
        parts = [response.media_types for response in operation.responses.values()]
        if operation.request:
            parts.append(operation.request.media_types)
        for media in (media for part in parts for media in part.values()):
            for example in media.examples:
                assert media.schema
                assert not media.schema.violations(example, "request", "/body"), operation.id
                count += 1
    assert count > 40


@pytest.mark.parametrize(
    ("file", "operation"),
    [("sama-batch.json", "createBatch"), ("sama-callbacks.json", "putCallbacks")],
)
def test_payloads_are_taken(contract: Contract, file: str, operation: str) -> None:
    found = {**contract.operations, **contract.controls}[operation]
    body = orjson.loads((PAYLOADS / file).read_bytes())
    assert found.body_violations("application/json", body) == []


@pytest.mark.anyio
async def test_the_payloads_do_what_they_are_for(world: World, opened: Opening) -> None:
    batch = orjson.loads((PAYLOADS / "sama-batch.json").read_bytes())
    answer = await world.ask("POST", "/batches.json", batch)
    number, url = await world.waiting()
    await world.upload(url, (PAYLOADS / "sama-tasks-file.json").read_bytes())
    await world.ask("POST", f"/batches/{number}/continue.json")
    await world.advance(60)
    states = [
        [item["state"] for item in (await world.ask("GET", f"/batches/{id}.json"))["tasks"]]
        for id in (answer["batch_id"], number)
    ]
    assert states == [["created", "created", "created", "failed"], ["created", "created"]]


def test_every_kind_of_input_and_output_is_in_the_fixtures() -> None:
    projects = orjson.loads((data_folder("fixtures") / "sama" / "projects.json").read_bytes())
    kinds: dict[str, set[Any]] = {"inputs": set(), "outputs": set()}
    for project in projects:
        for part, found in kinds.items():
            found.update(each["type"] for each in project[part])
    assert kinds["inputs"] == set(inputs._KINDS)
    assert kinds["outputs"] == {
        *("dropdown", "radio", "menu", "checkbox", "date", "text"),
        *("image_vector", "image_raster", "video_vector", "3d_vector"),
    }
