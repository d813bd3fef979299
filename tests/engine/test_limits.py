"""Tests of the documented limits on how often a credential may call."""

import pytest

from mockserver.engine.clock import Clock
from mockserver.engine.errors import RateLimited
from mockserver.engine.limits import LONGEST, MOST, Limits
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


def test_credentials_without_number_are_not_counted_without_end() -> None:
    clock = Clock(0.0, rate=0)
    limits = Limits(clock)
    for number in range(MOST - 1):
        limits.check(ONE_A_SECOND, f"k{number}")
    clock.forward(LONGEST)
    limits.check(ONE_A_SECOND, "late")
    limits.check(ONE_A_SECOND, "later")
    with pytest.raises(RateLimited):
        limits.check(ONE_A_SECOND, "late")
    assert len(limits._calls) == 2
    for number in range(MOST):
        limits.check(ONE_A_SECOND, f"again{number}")
    assert len(limits._calls) < MOST
