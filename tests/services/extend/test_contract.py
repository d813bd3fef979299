"""The contract: every operation answered, every example valid, every event described."""

from pathlib import Path
from typing import Any, get_args

import pytest
from extend_ai.types.webhook_event import WebhookEvent

from mockserver.engine.contract import Contract, Operation
from mockserver.services.extend import service, webhooks

DOCUMENT = Path(__file__).parents[3] / "openapi" / "extend.yaml"
CONTRACT = Contract.load(DOCUMENT)
OPERATIONS = sorted(CONTRACT.operations.values(), key=lambda operation: operation.id)
every_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.id)


def written(operation: Operation) -> dict[str, Any]:
    """The operation as the document writes it."""
    item = CONTRACT.document["paths"][operation.path]
    return item[operation.method.lower()]  # type: ignore[no-any-return]


def test_every_operation_and_control_has_its_function() -> None:
    CONTRACT.check_handlers(service.handlers, service.controls)
    assert {*CONTRACT.operations} == {*service.handlers}
    assert {*CONTRACT.controls} == {*service.controls}


@every_operation
def test_an_example_keeps_its_own_schema(operation: Operation) -> None:
    body = written(operation).get("requestBody", {}).get("content", {}).get("application/json", {})
    if "example" in body:
        assert not operation.body_violations("application/json", body["example"])
    found = operation.first_success()
    assert found
    for example in found[1].examples if found[1] else ():
        assert not operation.response_violations(200, {}, example, "application/json")


@every_operation
def test_an_operation_says_how_it_is_known_and_how_it_fails(operation: Operation) -> None:
    document = written(operation)

    assert document["x-evidence"] in ("documented", "client", "inferred", "proposed")
    assert {"400", "401", "403", "404", "429", "500", "default"} <= {*document["responses"]}


def test_every_event_of_the_sdk_is_described() -> None:
    kinds = get_args(get_args(WebhookEvent)[0]) or get_args(WebhookEvent)
    known = {kind.model_fields["event_type"].default for kind in kinds}

    assert known == {*CONTRACT.webhooks}
    assert set().union(*webhooks.ALLOWED.values()) <= known
