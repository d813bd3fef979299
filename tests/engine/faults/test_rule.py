"""Tests of what a rule refuses, with the field's name, before it is kept."""

from typing import Any

import pytest

from mockserver.engine.errors import BadRequest
from mockserver.engine.faults import KINDS
from mockserver.engine.faults.rule import matches
from tests.engine.faults.world import World

RESET = {"type": "reset"}


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ({}, "what"),
        ({"what": []}, "what"),
        ({"what": {"type": "rset"}}, "what.type"),
        ({"what": {"type": "reset", "bytes": 1}}, "what.bytes"),
        ({"what": {"type": "status"}}, "what.status"),
        ({"what": {"type": "status", "status": 42}}, "what.status"),
        ({"what": {"type": "status", "status": True}}, "what.status"),
        ({"what": {"type": "status", "status": 503, "headers": 1}}, "what.headers"),
        ({"what": {"type": "latency"}}, "what.seconds"),
        ({"what": {"type": "latency", "seconds": -1}}, "what.seconds"),
        ({"what": {"type": "latency", "seconds": float("nan")}}, "what.seconds"),
        ({"what": {"type": "latency", "distribution": "zipf"}}, "what.distribution"),
        ({"what": {"type": "latency", "distribution": "uniform", "min": 2, "max": 1}}, "what.min"),
        ({"what": {"type": "latency", "distribution": "lognormal", "median": 0}}, "what.median"),
        ({"what": {"type": "latency", "seconds": 1, "real": "yes"}}, "what.real"),
        ({"what": {"type": "rate_limit", "limit": 0}}, "what.limit"),
        ({"what": {"type": "rate_limit", "limit": 1, "period": 0}}, "what.period"),
        ({"what": {"type": "slow", "bytes_per_second": 0}}, "what.bytes_per_second"),
        ({"what": {"type": "truncate", "bytes": -1}}, "what.bytes"),
        ({"what": {"type": "truncate", "share": 2}}, "what.share"),
        ({"what": {"type": "duplicate", "copies": 1}}, "what.copies"),
        ({"what": {"type": "partial", "share": 1.5}}, "what.share"),
        ({"what": {"type": "stall", "progress": 100}}, "what.progress"),
        ({"what": {"type": "sequence"}}, "what.steps"),
        ({"what": {"type": "sequence", "steps": ["ok"]}}, "what.steps"),
        ({"what": {"type": "sequence", "steps": [{"type": "no"}]}}, "what.steps[0].type"),
        ({"what": {"type": "sequence", "steps": [RESET, {"type": "drop"}]}}, "what.steps"),
        ({"what": RESET, "where": []}, "where"),
        ({"what": RESET, "where": {"operatoin": "buy"}}, "where.operatoin"),
        ({"what": RESET, "where": {"service": "shp"}}, "where.service"),
        ({"what": RESET, "where": {"service": "z*"}}, "where.service"),
        ({"what": RESET, "where": {"operation": "steal"}}, "where.operation"),
        ({"what": RESET, "where": {"service": "bank", "operation": "buy"}}, "where.operation"),
        ({"what": RESET, "where": {"service": "uploads", "operation": "buy"}}, "where.operation"),
        ({"what": RESET, "where": {"method": "post"}}, "where.method"),
        ({"what": RESET, "where": {"path": "shop"}}, "where.path"),
        ({"what": RESET, "where": {"body": {"a": 1}}}, "where.body"),
        ({"what": RESET, "where": {"delivery": "shop.sold"}}, "where.delivery"),
        ({"what": RESET, "where": {"job": "shop.pack"}}, "where.job"),
        ({"what": {"type": "drop"}, "where": {"path": "/a"}}, "where.path"),
        ({"what": {"type": "drop"}, "where": {"delivery": "shop.bought"}}, "where.delivery"),
        ({"what": {"type": "drop"}, "where": {"delivery": "bank.*"}}, "where.delivery"),
        (
            {"what": {"type": "drop"}, "where": {"service": "bank", "delivery": "shop.sold"}},
            "where.delivery",
        ),
        ({"what": {"type": "fail"}, "where": {"job": "shop.burn"}}, "where.job"),
        ({"what": {"type": "fail"}, "where": {"job": "shop.ship"}}, "where.job"),
        ({"what": RESET, "when": 1}, "when"),
        ({"what": RESET, "when": {"probability": 1.01}}, "when.probability"),
        ({"what": RESET, "when": {"probability": -0.1}}, "when.probability"),
        ({"what": RESET, "when": {"probability": "0.5"}}, "when.probability"),
        ({"what": RESET, "when": {"nth": 0}}, "when.nth"),
        ({"what": RESET, "when": {"every": 1.5}}, "when.every"),
        ({"what": RESET, "when": {"times": 0}}, "when.times"),
        ({"what": RESET, "when": {"sometimes": 1}}, "when.sometimes"),
        ({"what": RESET, "when": {"per": "person"}}, "when.per"),
        ({"what": RESET, "when": {"phase": "during"}}, "when.phase"),
        ({"what": {"type": "corrupt"}, "when": {"phase": "before"}}, "when.phase"),
        ({"what": RESET, "when": {"after": "soon"}}, "when.after"),
        ({"what": RESET, "when": {"after": 60, "until": 30}}, "when.until"),
        ({"what": RESET, "when": {"until": "2025-12-31T23:59:59Z"}}, "when.until"),
        ({"what": RESET, "when": {"nth": 3, "first": 2}}, "when.nth"),
        ({"what": RESET, "when": {"nth": 3, "every": 2}}, "when.nth"),
        ({"what": RESET, "colour": "red"}, "colour"),
        ({"what": RESET, "name": 7}, "rule.name"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_name_of_the_field(
    world: World, rule: dict[str, Any], field: str
) -> None:
    with pytest.raises(BadRequest) as refused:
        world.faults.add(rule)
    assert field in str(refused.value)
    assert (world.faults.views(), world.faults.active) == ([], False)


def test_a_misspelt_name_is_answered_with_the_nearest_one(world: World) -> None:
    with pytest.raises(BadRequest, match="did you mean 'sell'"):
        world.add("reset", where={"operation": "sel"})


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_fault_can_be_asked_for(world: World, kind: str) -> None:
    settings: dict[str, dict[str, Any]] = {
        "latency": {"seconds": 1},
        "status": {"status": 500},
        "rate_limit": {"limit": 1},
        "slow": {"bytes_per_second": 10},
        "delay": {"seconds": 1},
        "partial": {"share": 0.5},
    }
    what = {"type": kind, **settings.get(kind, {})}
    assert world.add(what)["what"] == what


def test_a_name_is_taken_once(world: World) -> None:
    world.add("reset", name="one")
    with pytest.raises(BadRequest, match="name 'one' is taken"):
        world.add("empty", name="one")


def test_a_rule_can_be_put_back_as_it_was_shown(world: World) -> None:
    shown = world.add("reset", name="one", where={"service": "shop"}, when={"times": 3})
    world.faults.clear()
    again = world.faults.add(shown)
    assert {**again, "id": ""} == {**shown, "id": ""}


@pytest.mark.parametrize(
    ("pattern", "name", "found"),
    [
        ("a.b", "a.b", True),
        ("a.*", "a.b", True),
        ("*", "a.b", True),
        ("a.?", "a.b", False),
        ("b", "a.b", False),
    ],
)
def test_a_star_stands_for_anything(pattern: str, name: str, found: bool) -> None:
    assert matches(pattern, name) is found
