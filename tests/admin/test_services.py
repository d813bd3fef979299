"""Tests of what the control API tells about the services."""

import pytest

from tests.admin.conftest import Panel

pytestmark = pytest.mark.anyio


async def test_services_are_listed_with_urls_operations_and_controls(panel: Panel) -> None:
    listed = await panel.get("/services")
    assert listed["total"] == 1
    toy = listed["items"][0]
    assert (toy["name"], toy["title"]) == ("toy", "Toy")
    assert toy["url"] == "http://127.0.0.1:8080/toy"
    assert toy["hosts"] == ["toy.example"]
    modes = {route["operation"]: route["mode"] for route in toy["operations"]}
    assert (modes["createItem"], modes["getExample"]) == ("emulated", "example")
    create = next(route for route in toy["operations"] if route["operation"] == "createItem")
    assert (create["method"], create["path"]) == ("POST", "/toy/v1/items")
    assert [(route["mode"], route["path"]) for route in toy["controls"]] == [
        ("control", "/__admin/services/toy/items/{id}/finish")
    ]
