"""Operations: what is wrong with the body of a call, and with an answer."""

from collections.abc import Callable
from typing import Any

import pytest

from mockserver.engine.contract import Contract, Operation, Violation

Edit = Callable[[dict[str, Any]], Any]


def places(violations: list[Violation]) -> list[tuple[str, str, str]]:
    """Side, pointer and rule of each violation."""
    return [(one.side, one.pointer, one.rule) for one in violations]


@pytest.fixture
def create(shop: Contract) -> Operation:
    """An operation that takes a body."""
    return shop.operations["createTask"]


@pytest.fixture
def listing(shop: Contract) -> Operation:
    """An operation that answers with one."""
    return shop.operations["listTasks"]


def test_an_operation_knows_what_the_contract_says_of_it(shop: Contract) -> None:
    operation = shop.operations["listTasks"]
    assert (operation.method, operation.path) == ("GET", "/v2/tasks")
    assert (operation.tags, operation.evidence) == (("tasks",), "documented")
    assert (operation.security, shop.operations["createTask"].security) == (("key",), ())
    assert shop.operations["createTask"].request_required
    assert shop.operations["createTask"].request_media_types == (
        "application/json",
        "multipart/form-data",
    )


@pytest.mark.parametrize(
    ("content_type", "found"),
    [
        ("application/json", "application/json"),
        ("Application/JSON; charset=utf-8", "application/json"),
        ("application/merge-patch+json", "application/json"),
        ("multipart/form-data; boundary=x", "multipart/form-data"),
        (None, "application/json"),
        ("text/csv", None),
        ("nonsense", None),
    ],
)
def test_the_content_type_says_which_body_it_is(
    create: Operation, content_type: str | None, found: str | None
) -> None:
    assert create.media_type(content_type) == found


def test_a_content_type_without_a_body_does_not_matter(create: Operation) -> None:
    assert create.media_type("text/csv", given=False) == "application/json"


def test_an_operation_without_a_body_minds_no_content_type(listing: Operation) -> None:
    assert listing.media_type("text/csv; header=present") == "text/csv"
    assert listing.body_violations("text/csv", b"a,b") == []


def test_a_range_of_media_types_takes_what_is_in_it(
    shop_with: Callable[[Edit], Contract],
) -> None:
    def edit(document: dict[str, Any]) -> None:
        document["paths"]["/tasks"]["post"]["requestBody"]["content"] = {"image/*": {}, "*/*": {}}

    create = shop_with(edit).operations["createTask"]
    assert create.media_type("image/png") == "image/*"
    assert create.media_type("text/csv") == "*/*"
    assert create.body_violations("image/png", b"\x89PNG") == []


def test_a_missing_body_is_a_violation_where_one_is_required(create: Operation) -> None:
    assert places(create.body_violations(None, None)) == [("request", "/body", "required")]
    assert places(create.body_violations("application/json", None, given=True)) == [
        ("request", "/body", "type")
    ]


def test_a_body_of_another_media_type_is_a_violation(create: Operation) -> None:
    assert places(create.body_violations("text/csv", b"a")) == [
        ("request", "/header/content-type", "media-type")
    ]


def test_a_body_that_fits_has_no_violations(create: Operation) -> None:
    body = {"name": "a", "price": 19.99, "due": None, "source": {"kind": "file", "id": 1}}
    assert create.body_violations("application/json", body) == []


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"file": "", "count": "3", "tags": "a"}, []),
        ({"file": "", "count": 3, "tags": ["a", "b"]}, []),
        ({"file": "", "tags": '["a", "b"]'}, []),
        ({"file": "", "unknown": "x"}, []),
        ({"count": "3"}, [("request", "/body/file", "required")]),
        ({"file": "", "count": "x"}, [("request", "/body/count", "type")]),
    ],
)
def test_a_form_is_read_by_its_schema(
    create: Operation, fields: dict[str, Any], found: list[tuple[str, str, str]]
) -> None:
    assert places(create.body_violations("multipart/form-data", fields)) == found


def test_a_handler_can_have_the_fields_of_a_form_in_their_types(create: Operation) -> None:
    fields = {"file": "", "count": "3", "tags": ["a", "b"], "more": "text"}
    assert create.read_form("multipart/form-data; boundary=x", fields) == {**fields, "count": 3}


def test_an_answer_that_fits_has_no_violations(listing: Operation) -> None:
    headers = {"X-Total": "1"}
    assert listing.response_violations(200, headers, [{"name": "a"}]) == []
    problem = {"title": "No"}
    assert listing.response_violations(404, {}, problem, "application/problem+json") == []


@pytest.mark.parametrize(
    ("status", "headers", "body", "media_type", "found"),
    [
        (500, {}, {}, "application/json", [("/status", "status")]),
        (200, {"x-total": "1"}, [{"name": 1}], "application/json", [("/body/0/name", "type")]),
        (200, {"x-total": "1"}, None, "application/json", [("/body", "type")]),
        (200, {"x-total": "1"}, None, None, [("/body", "required")]),
        (200, {}, [], "application/json", [("/header/x-total", "required")]),
        (200, {"x-total": "many"}, [], "application/json", [("/header/x-total", "type")]),
        (200, {"x-total": "1"}, "a", "text/plain", [("/header/content-type", "media-type")]),
        (200, {"x-total": "1"}, b"[", "application/json", [("/body", "type")]),
        (200, {"x-total": "1"}, b"[1]", "application/json", [("/body/0", "type")]),
        (422, {}, {}, "application/problem+json", [("/body/title", "required")]),
    ],
)  # fmt: skip
def test_an_answer_that_breaks_the_contract_is_found_out(
    listing: Operation,
    status: int,
    headers: dict[str, str],
    body: Any,
    media_type: str | None,
    found: list[tuple[str, str]],
) -> None:
    violations = listing.response_violations(status, headers, body, media_type)
    assert places(violations) == [("response", *place) for place in found]


def test_a_status_is_declared_by_itself_by_its_class_or_by_default(shop: Contract) -> None:
    listing, create = shop.operations["listTasks"], shop.operations["createTask"]
    declared = [
        found.status if found else None
        for found in (
            listing.response(200),
            listing.response(429),
            listing.response(302),
            create.response(500),
        )
    ]
    assert declared == ["200", "4XX", None, "default"]


def test_an_answer_without_declared_content_may_have_any_body(create: Operation) -> None:
    for body in (None, {"any": "thing"}):
        assert create.response_violations(201, {}, body) == []


@pytest.mark.parametrize("value", [{"name": {1, 2}}, {"name": b"x"}])
def test_an_answer_that_is_no_json_is_a_violation_and_no_crash(
    listing: Operation, value: Any
) -> None:
    violations = listing.response_violations(200, {"x-total": "1"}, [value])
    assert places(violations)[0][2] == "type"


def test_a_webhook_checks_its_payload(shop: Contract) -> None:
    webhook = shop.webhooks["task.done"]
    assert webhook.violations({"name": "a"}) == []
    assert places(webhook.violations({"name": 1})) == [("delivery", "/body/name", "type")]
