"""Tests of work that happens later: when it runs, what a failure leaves, what a restart keeps."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from mockserver.engine.clock import Clock
from mockserver.engine.errors import ContractError
from mockserver.engine.jobs import INDEXES, Jobs
from mockserver.engine.service import JobFunction, JobTable
from mockserver.engine.store import Store

if TYPE_CHECKING:
    from mockserver.engine.sandbox import Sandbox


class World:
    """The parts of a sandbox that jobs touch, with one collection that they write into."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(folder, INDEXES)
        self.clock = Clock(0.0, rate=0)
        self.woken = 0
        self.functions: dict[str, JobFunction] = {
            "x.note": self.note,
            "x.fail": self.fail,
            "x.chain": self.chain,
            "x.look": lambda sandbox: self.note(sandbox, text="look"),
        }
        self.jobs = Jobs(self.store, self.clock, self.functions, self.wake)

    @property
    def notes(self) -> list[str]:
        return [note["id"] for note in self.store.collection("x.notes").find()]

    def run(self, budget: float | None = None) -> int:
        return self.jobs.run_due(cast("Sandbox", self), budget=budget)

    def wake(self) -> None:
        self.woken += 1

    def commit(self) -> None:
        self.store.commit()

    def rollback(self) -> None:
        self.store.rollback()
        self.jobs.forget()

    def note(self, sandbox: Any, *, text: str) -> None:
        self.store.collection("x.notes").put({"id": text})

    def fail(self, sandbox: Any) -> None:
        self.store.collection("x.notes").put({"id": "half-done"})
        raise RuntimeError("on purpose")

    def chain(self, sandbox: Any, *, left: int) -> None:
        self.note(sandbox, text=f"slice-{left}")
        if left:
            self.jobs.schedule("x.chain", {"left": left - 1})


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_job_runs_when_it_is_due_and_only_once(world: World) -> None:
    world.jobs.schedule("x.note", {"text": "a"}, delay=10)
    world.commit()
    assert (world.run(), world.notes) == (0, [])
    world.clock.forward(10)
    assert (world.run(), world.notes) == (1, ["a"])
    assert (world.run(), world.jobs.pending()) == (0, 0)


def test_jobs_run_in_the_order_of_their_due_times_and_ties_in_the_order_made(world: World) -> None:
    for text, delay in (("c", 3), ("a", 1), ("b1", 2), ("b2", 2)):
        world.jobs.schedule("x.note", {"text": text}, delay=delay)
    world.clock.forward(5)
    world.run()
    assert world.notes == ["a", "b1", "b2", "c"]


def test_a_job_that_fails_leaves_nothing_behind_and_stops_nothing(world: World) -> None:
    world.jobs.schedule("x.fail", {})
    world.jobs.schedule("x.note", {"text": "after"})
    world.commit()
    assert world.run() == 2
    assert world.notes == ["after"]
    failed = world.store.collection("engine.jobs").find({"state": "failed"})
    assert [job["error"] for job in failed] == ["RuntimeError: on purpose"]
    assert world.run() == 0


def test_a_long_chain_of_slices_is_left_to_the_ticker_beyond_the_budget(world: World) -> None:
    world.jobs.schedule("x.chain", {"left": 5})
    assert world.run(budget=0) == 1
    assert world.jobs.next_due() == 0
    assert world.run() == 5
    assert len(world.notes) == 6


def test_jobs_outlive_a_restart(tmp_path: Path) -> None:
    before = World(tmp_path)
    before.jobs.schedule("x.note", {"text": "late"}, delay=5)
    before.commit()
    before.store.close()
    after = World(tmp_path)
    after.clock.forward(5)
    assert (after.run(), after.notes) == (1, ["late"])
    after.store.close()


def test_a_rolled_back_job_never_runs(world: World) -> None:
    world.jobs.schedule("x.note", {"text": "never"})
    world.rollback()
    assert (world.run(), world.notes) == (0, [])


def test_cancelled_jobs_do_not_run_and_others_of_the_resource_do(world: World) -> None:
    world.jobs.schedule("x.note", {"text": "a"}, resource="r")
    world.jobs.schedule("x.fail", {}, resource="r")
    assert world.jobs.cancel(resource="r", kind="x.fail") == 1
    assert world.jobs.cancel(resource="none") == 0
    world.run()
    assert world.notes == ["a"]


def test_a_polling_job_runs_after_that_many_looks(world: World) -> None:
    world.jobs.schedule("x.note", {"text": "seen"}, resource="r", state="polling", polls=2)
    for expected in ([], ["seen"]):
        world.jobs.poll("other")
        world.jobs.poll("r")
        world.run()
        assert world.notes == expected


def test_a_held_job_runs_when_released(world: World) -> None:
    world.jobs.schedule("x.note", {"text": "held"}, resource="r", state="held")
    world.clock.forward(1e6)
    assert (world.run(), world.jobs.pending()) == (0, 1)
    assert world.jobs.release(resource="r") == 1
    world.run()
    assert world.notes == ["held"]


def test_scheduling_wakes_the_ticker_and_an_unknown_kind_is_refused(world: World) -> None:
    world.jobs.schedule("x.note", {"text": "a"})
    assert world.woken == 1
    with pytest.raises(ContractError, match=r"x\.typo"):
        world.jobs.schedule("x.typo", {})


def test_a_call_leaves_background_jobs_to_the_ticker_and_time_runs_both_in_order(
    world: World,
) -> None:
    background = JobTable()

    @background("slow", background=True)
    def slow(sandbox: Any, *, text: str) -> None:
        world.note(sandbox, text=text)

    world.functions["x.slow"] = background["slow"]
    world.jobs.schedule("x.slow", {"text": "batch"}, delay=1)
    world.jobs.schedule("x.note", {"text": "small"}, delay=2)
    world.clock.forward(2)
    assert world.jobs.run_due(cast("Sandbox", world), background=False) == 1
    assert world.notes == ["small"]
    assert (world.jobs.pending(), world.jobs.next_due()) == (1, 1)
    assert (world.run(), world.notes) == (1, ["small", "batch"])


def test_however_many_ask_for_a_job_there_is_one_and_it_is_due_for_the_first(world: World) -> None:
    for delay in (5, 9, 5, 7):
        world.jobs.ensure("x.look", delay)
    world.commit()
    assert (world.jobs.pending(), world.jobs.next_due()) == (1, 5)
    world.jobs.ensure("x.look", 3)
    assert world.jobs.next_due() == 3
    world.rollback()
    assert world.jobs.next_due() == 5
    world.clock.forward(5)
    assert (world.run(), world.notes) == (1, ["look"])
    world.jobs.ensure("x.look", 1)
    assert world.jobs.next_due() == 6
