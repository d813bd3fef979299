"""Tests of the documented limits on how often a credential may call."""

import pytest

from mockserver.engine.clock import Clock
from mockserver.engine.errors import RateLimited
from mockserver.engine.limits import Limits
from mockserver.engine.service import Limit

ONE_A_SECOND = Limit("sama.status_limit", ("listTasks",), calls=1, period=1.0)


def test_a_call_is_let_through_after_exactly_the_period_though_refused_ones_came_between() -> None:
    clock = Clock(0.0, rate=0)
    limits = Limits(clock)
    limits.check(ONE_A_SECOND, "k")
    clock.forward(0.5)
    with pytest.raises(RateLimited) as refused:
        limits.check(ONE_A_SECOND, "k")
    assert refused.value.headers == {"Retry-After": "1"}
    clock.forward(1.0)
    limits.check(ONE_A_SECOND, "k")


def test_credentials_are_counted_apart() -> None:
    limits = Limits(Clock(0.0, rate=0))
    limits.check(ONE_A_SECOND, "k")
    limits.check(ONE_A_SECOND, "other")
    limits.clear()
    limits.check(ONE_A_SECOND, "k")
