"""Tests of time: rates, jumps, restarts, and the formats."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.engine.clock import Clock, parse_rfc3339, rfc3339


class Wall:
    """A wall clock that a test moves by hand."""

    def __init__(self) -> None:
        self.time = 1_000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def wall() -> Wall:
    return Wall()


def test_a_real_clock_goes_with_the_wall(wall: Wall) -> None:
    clock = Clock(real=wall)
    wall.time += 5
    assert clock.now() == 1_005


def test_a_frozen_clock_never_reaches_a_deadline(wall: Wall) -> None:
    clock = Clock(50.0, rate=0, real=wall)
    wall.time += 3_600
    assert clock.now() == 50
    assert clock.real_delay(51) is None
    assert clock.real_delay(50) == 0


def test_a_rate_of_sixty_is_a_minute_a_second(wall: Wall) -> None:
    clock = Clock(0.0, rate=60, real=wall)
    wall.time += 2
    assert clock.now() == 120
    assert clock.real_delay(180) == 1


def test_changing_the_rate_does_not_make_time_jump(wall: Wall) -> None:
    clock = Clock(0.0, rate=60, real=wall)
    wall.time += 1
    clock.set(rate=1)
    assert clock.now() == 60
    wall.time += 1
    assert clock.now() == 61


def test_going_forward_to_a_time_that_has_passed_changes_nothing(wall: Wall) -> None:
    clock = Clock(100.0, rate=0, real=wall)
    clock.forward(90)
    assert clock.now() == 100
    clock.forward(110)
    assert clock.now() == 110


def test_setting_the_clock_may_go_back(wall: Wall) -> None:
    clock = Clock(100.0, rate=0, real=wall)
    clock.set(now=7)
    assert clock.now() == 7


def test_a_running_clock_goes_on_while_the_server_rests(wall: Wall) -> None:
    state = Clock(0.0, rate=2, real=wall).state()
    wall.time += 10
    later = Clock(real=wall)
    later.resume(state)
    assert later.now() == 20


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01", 0),
        ("1970-01-01T00:00:01Z", 1),
        ("1970-01-01T00:01", 60),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1970-01-01T00:00:00-0130", 5_400),
        ("1970-01-01T00:00:00.5Z", 0.5),
        ("1970-01-01t00:00:00.536167366z", 0.536167366),
        ("1970-01-01 00:00:02", 2),
    ],
)
def test_times_are_read_in_every_spelling_that_clients_send(text: str, seconds: float) -> None:
    assert parse_rfc3339(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text", ["", "now", "2024-13-01", "2024-02-30", "24-01-01", "2024-01-01T25:00:00Z",
             "2024-01-01T00:00:00+99:00", "2024-01-01T", "٢٠٢٤-01-01"],
)  # fmt: skip
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_rfc3339(text)


def test_times_are_written_in_utc_with_the_digits_asked_for() -> None:
    assert rfc3339(0.5) == "1970-01-01T00:00:00.500Z"
    assert rfc3339(1.0, 0) == "1970-01-01T00:00:01Z"
    assert rfc3339(0.123456, 6) == "1970-01-01T00:00:00.123456Z"


@given(st.floats(0, 4e9))
def test_a_written_time_reads_as_the_same_millisecond(seconds: float) -> None:
    assert abs(parse_rfc3339(rfc3339(seconds)) - seconds) < 0.001_001
