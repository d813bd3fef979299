"""Tests of the errors of the control API."""

import pytest

from mockserver.admin.problems import render_error
from mockserver.engine.errors import ServiceError
from tests.admin.conftest import Panel

pytestmark = pytest.mark.anyio


async def test_a_breach_of_the_contract_lists_what_is_wrong(panel: Panel) -> None:
    answer = await panel.ask("PUT", "/clock", {"rate": -1, "nwo": "x"})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["title"] == "Unprocessable Entity"
    assert problem["instance"] == "/__admin/clock"
    assert {error["pointer"] for error in problem["errors"]} == {"/body/rate", "/body/nwo"}
    assert "(and 1 more)" in problem["detail"]


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [("GET", "/nowhere", 404), ("DELETE", "/clock", 405), ("GET", "/requests/999", 404)],
)
async def test_every_refusal_is_a_problem(
    panel: Panel, method: str, path: str, expected: int
) -> None:
    answer = await panel.ask(method, path)
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, problem["status"]) == (expected, expected)
    assert problem["type"] == "about:blank"
    assert problem["instance"] == f"/__admin{path}"
    assert problem["detail"]


async def test_a_problem_of_a_services_control_names_the_whole_path(panel: Panel) -> None:
    answer = await panel.ask("GET", "/services/toy/items/a/finish")
    assert (answer.status_code, answer.json()["title"]) == (405, "Method Not Allowed")
    answer = await panel.client.post(
        "/services/toy/items/a/finish", headers={"origin": "http://evil.example"}
    )
    assert answer.status_code == 403
    assert answer.json()["instance"] == "/__admin/services/toy/items/a/finish"


async def test_a_body_that_is_no_json_is_a_problem(panel: Panel) -> None:
    answer = await panel.client.put(
        "/clock", content=b"{", headers={"content-type": "application/json"}
    )
    assert (answer.status_code, answer.json()["title"]) == (400, "Bad Request")


def test_a_status_without_a_name_is_still_a_problem() -> None:
    assert render_error(ServiceError("odd", status=599), None).body == {
        "type": "about:blank",
        "title": "Error",
        "status": 599,
        "detail": "odd",
        "instance": "",
    }
