"""Sequences of calls follow links: those of the contracts, and those that follow from the paths."""

import copy
from pathlib import Path
from typing import Any

from tests.contract.conftest import Depth
from tests.contract.exploring import explore, schema_of
from tests.contract.links import add_links, follow, operations
from tests.contract.subjects import SAMA

TINY: dict[str, Any] = {
    "paths": {
        "/ready": {"get": {"operationId": "getReady", "responses": {"200": {}}}},
        "/shops/{shop}/cakes": {
            "post": {
                "operationId": "bake",
                "responses": {"201": {"$ref": "#/components/responses/Cake"}},
            }
        },
        "/shops/{shop}/cakes/{cake}": {
            "get": {"operationId": "getCake", "responses": {}},
            "delete": {"operationId": "eatCake", "responses": {}},
        },
        "/shops/{shop}/cakes/{cake}/candles/{candle}": {
            "get": {"operationId": "getCandle", "responses": {}}
        },
    },
    "components": {
        "responses": {"Cake": {"content": {"application/json": {"example": {"id": "c1"}}}}}
    },
}


def links(found: dict[str, Any], id: str, status: str) -> dict[str, Any]:
    """The links of an operation's answer."""
    (operation,) = [each for _, _, each in operations(found) if each["operationId"] == id]
    linked: dict[str, Any] = follow(found, operation["responses"][status]).get("links", {})
    return linked


def test_what_is_made_leads_to_what_has_its_id_in_the_path() -> None:
    found = copy.deepcopy(TINY)
    add_links(found, {"getReady": ("bake",)})
    path = {"shop": "$request.path.shop", "cake": "$response.body#/id"}
    assert links(found, "bake", "201") == {
        "getCake": {"operationId": "getCake", "parameters": path},
        "eatCake": {"operationId": "eatCake", "parameters": path},
    }
    assert links(found, "getReady", "200") == {"bake": {"operationId": "bake"}}
    assert "links" not in found["components"]["responses"]["Cake"]


def test_an_engine_that_tries_too_little_has_found_something(tmp_path: Path) -> None:
    schema = schema_of(SAMA, SAMA.app(tmp_path), Depth(False, 1, 1), ["examples"], 0)
    (finding,) = explore(schema, 1_000)
    assert finding.startswith("the engine gave up after ")
