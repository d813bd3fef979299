"""The contract: every operation answered by code, every example valid, every event described."""

from pathlib import Path
from typing import Any

import pytest

from mockserver.engine.contract import Contract, Operation
from mockserver.services.toloka import service
from mockserver.services.toloka.subscriptions import EVENTS

CONTRACT = Contract.load(Path(__file__).parents[3] / "openapi" / "toloka.yaml")
OPERATIONS = sorted(CONTRACT.operations.values(), key=lambda operation: operation.id)
every_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.id)


def test_every_operation_and_control_has_its_function() -> None:
    CONTRACT.check_handlers(service.handlers, service.controls)
    assert {*CONTRACT.operations} == {*service.handlers}
    assert {*CONTRACT.controls} == {*service.controls}


def test_every_transition_has_its_job() -> None:
    assert {*service.transitions} <= {*service.jobs}
    assert {*service.failing} <= {*service.jobs}


@every_operation
def test_an_example_keeps_its_own_schema(operation: Operation) -> None:
    for media in (operation.request.media_types if operation.request else {}).values():
        for example in media.examples:
            assert not operation.body_violations(media.name, example)
    for status, response in operation.responses.items():
        for media in response.media_types.values():
            for example in media.examples:
                code = int(status) if status.isdecimal() else 500
                headers = {"Content-Disposition": "attachment"}
                found = operation.response_violations(code, headers, example, media.name)
                assert not found, status


@every_operation
def test_an_operation_says_how_it_is_known_and_how_it_fails(operation: Operation) -> None:
    assert operation.evidence in ("documented", "client")
    assert "default" in operation.responses
    assert operation.security == ("token",)


def test_every_event_is_described() -> None:
    assert {*CONTRACT.webhooks} == {*EVENTS, "TEST_EVENT"}
    for event, webhook in CONTRACT.webhooks.items():
        body = CONTRACT.document["webhooks"][event]["post"]["requestBody"]["content"]
        assert not webhook.violations(body["application/json"]["example"])


WRONG: list[tuple[str, Any]] = [
    ("Task", {"overlap": None, "infinite_overlap": False}),
    ("Task", {"overlap": 3, "infinite_overlap": True}),
    ("Task", {"created": "2026-03-01T10:00:00Z"}),
    ("Task", {"id": "5"}),
    ("Operation", {"status": "SUCCESS"}),
    ("Operation", {"started": None}),
    ("WebhookSubscription", {"secret_key": "told"}),
]


@pytest.mark.parametrize(("name", "change"), WRONG)
def test_what_breaks_a_client_breaks_the_contract(name: str, change: dict[str, Any]) -> None:
    ids = {"Task": "getTask", "Operation": "getOperation"}
    operation = CONTRACT.operations[ids.get(name, f"get{name}")]
    success = operation.first_success()
    assert success
    assert success[1]
    (example,) = success[1].examples
    assert not operation.response_violations(200, {}, example)
    assert operation.response_violations(200, {}, {**example, **change})
