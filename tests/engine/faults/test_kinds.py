"""Tests of single kinds: what they draw, what they make of a body."""

from random import Random
from statistics import fmean, median, stdev
from typing import Any

import orjson
import pytest

from mockserver.engine.faults.content import Corrupt, Malformed
from mockserver.engine.faults.fields import Fields
from mockserver.engine.faults.latency import Latency
from mockserver.engine.faults.wire import Truncate


def draws(**settings: Any) -> list[float]:
    """A thousand latencies."""
    latency, chance = Latency.read(Fields(settings, "what")), Random(1)
    return [latency.seconds(chance) for _ in range(1000)]


def test_fixed_latency_is_always_the_same() -> None:
    assert set(draws(seconds=0.3)) == {0.3}


def test_uniform_latency_fills_its_range() -> None:
    found = draws(distribution="uniform", min=1, max=3)
    assert 1 <= min(found) < 1.1
    assert 2.9 < max(found) <= 3
    assert fmean(found) == pytest.approx(2, abs=0.1)


def test_normal_latency_has_its_mean_and_spread_and_is_never_negative() -> None:
    found = draws(distribution="normal", mean=5, stddev=1)
    assert (fmean(found), stdev(found)) == pytest.approx((5, 1), abs=0.15)
    assert min(draws(distribution="normal", mean=0.1, stddev=1)) == 0


def test_lognormal_latency_has_its_median_and_a_long_tail() -> None:
    found = draws(distribution="lognormal", median=0.1, sigma=1)
    assert median(found) == pytest.approx(0.1, rel=0.15)
    assert max(found) > 10 * median(found)


@pytest.mark.parametrize("content", [b'{"a": 1}', b"[]", b"[{}]", b"7", b'"x"', b""])
def test_a_malformed_body_is_not_json(content: bytes) -> None:
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(Malformed().mangle(content))


@pytest.mark.parametrize(
    "value", [{"a": 1, "b": "x", "c": None, "d": True, "e": [1], "f": {}}, [{"a": 1}, 2], 7, "x"]
)
def test_a_corrupt_body_is_json_of_other_types(value: Any) -> None:
    found = orjson.loads(Corrupt().mangle(orjson.dumps(value)))
    assert found != value
    if isinstance(value, dict):
        assert found.keys() == value.keys()
        assert all(type(found[name]) is not type(each) for name, each in value.items())


@pytest.mark.parametrize(
    ("settings", "kept"), [({}, 0), ({"bytes": 7}, 7), ({"bytes": 99}, 10), ({"share": 0.5}, 5)]
)
def test_a_body_is_cut_at_bytes_or_at_a_share(settings: dict[str, Any], kept: int) -> None:
    assert Truncate.read(Fields(settings, "what")).kept(10) == kept
