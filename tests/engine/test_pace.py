"""Tests of the pace: how long transitions take, and the exceptions made for one of them."""

from pathlib import Path
from typing import Any

import pytest

from mockserver.engine.clock import Clock
from mockserver.engine.errors import BadRequest, UnknownName
from mockserver.engine.ids import Ids
from mockserver.engine.jobs import INDEXES, Jobs
from mockserver.engine.pace import Pace, Transition
from mockserver.engine.store import Store

TRANSITIONS = {
    "x.create": Transition(fast=(1, 2), realistic=(100, 200)),
    "x.work": Transition(fast=(3, 3), realistic=(300, 400), by="people"),
}


class Timed(Pace):
    """A pace whose jobs a test can look at."""

    @property
    def jobs(self) -> Jobs:
        return self._jobs


def pace(folder: Path, name: str) -> Timed:
    store = Store(folder, INDEXES)
    ids = Ids(0, store.collection("engine.counters"))
    functions: dict[str, Any] = {"x.create": print, "x.work": print}
    jobs = Jobs(store, Clock(0.0, rate=0), functions)
    return Timed(name, store, ids, jobs, TRANSITIONS)


def due(made: Timed) -> float | None:
    return made.jobs.next_due()


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("instant", 0, 0), ("fast", 1, 2), ("realistic", 100, 200), ("manual", 1, 2)],
)
def test_the_pace_says_how_long_the_service_itself_takes(
    tmp_path: Path, name: str, low: float, high: float
) -> None:
    made = pace(tmp_path, name)
    assert made.schedule("x.create", {}, resource="r")
    at = due(made)
    assert at is not None
    assert low <= at <= high


def test_at_manual_people_do_nothing(tmp_path: Path) -> None:
    made = pace(tmp_path, "manual")
    assert made.schedule("x.work", {}, resource="r") is None
    assert due(made) is None


def test_durations_are_drawn_from_the_seed_and_the_resource(tmp_path: Path) -> None:
    drawn = []
    for folder in ("a", "b"):
        made = pace(tmp_path / folder, "realistic")
        made.schedule("x.create", {}, resource="r")
        drawn.append(due(made))
    assert drawn[0] == drawn[1]


def test_a_delay_given_replaces_the_paces(tmp_path: Path) -> None:
    made = pace(tmp_path, "realistic")
    made.schedule("x.create", {}, delay=7)
    assert due(made) == 7


def test_an_override_for_one_resource_wins_over_the_one_for_all(tmp_path: Path) -> None:
    made = pace(tmp_path, "manual")
    made.override("x.work", {"seconds": 50})
    made.override("x.work", {"seconds": 5}, "r")
    made.schedule("x.work", {}, resource="r", delay=1)
    assert due(made) == 5
    made.clear("x.work", "r")
    made.jobs.cancel(resource="r")
    made.schedule("x.work", {}, resource="r")
    assert due(made) == 50


def test_polls_and_hands_hold_a_transition_back(tmp_path: Path) -> None:
    made = pace(tmp_path, "fast")
    made.override("x.create", {"polls": 2})
    made.override("x.work", {"by": "hand"})
    made.schedule("x.create", {}, resource="c")
    made.schedule("x.work", {}, resource="w")
    assert due(made) is None
    made.polled("c")
    assert due(made) is None
    made.polled("c")
    assert due(made) == 0
    assert made.release("x.work", "w") == 1
    assert made.release("x.work", "w") == 0


@pytest.mark.parametrize(
    "setting",
    [{}, {"seconds": -1}, {"seconds": True}, {"polls": 0}, {"polls": 1.5}, {"by": "foot"},
     {"seconds": 1, "polls": 1}, {"seconds": float("nan")}],
)  # fmt: skip
def test_an_override_that_makes_no_sense_is_refused(
    tmp_path: Path, setting: dict[str, Any]
) -> None:
    with pytest.raises(BadRequest):
        pace(tmp_path, "fast").override("x.create", setting)


def test_an_unknown_transition_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match=r"x\.create, x\.work"):
        pace(tmp_path, "fast").override("x.typo", {"seconds": 1})


def test_the_list_shows_each_transition_with_its_seconds_and_overrides(tmp_path: Path) -> None:
    made = pace(tmp_path, "fast")
    made.override("x.create", {"seconds": 0}, "r")
    first, second = made.transitions()
    assert (first["name"], first["seconds"]) == ("x.create", [1, 2])
    assert first["overrides"][0]["resource"] == "r"
    assert (second["by"], second["overrides"]) == ("people", [])


def test_the_delay_of_a_step_is_told_unless_it_is_not_for_the_pace_to_say(tmp_path: Path) -> None:
    made = pace(tmp_path, "manual")
    assert made.delay("x.work", "r") is None
    told = made.delay("x.create", "r")
    assert told is not None
    made.schedule("x.create", {}, resource="r")
    assert due(made) == told
    made.override("x.create", {"seconds": 1}, "other")
    assert made.delay("x.create", "r") == told
    made.override("x.create", {"by": "hand"})
    assert made.delay("x.create", "r") is None
