"""Tests of the heartbeat: what is due happens though no one calls."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mockserver.engine.sandbox import Sandbox
from mockserver.engine.ticker import Pulse, Ticker
from tests.disk import Disk
from tests.engine import toy

pytestmark = pytest.mark.anyio


class Beating:
    """A sandbox whose ticker runs."""

    def __init__(self, folder: Path) -> None:
        self.ticker = Ticker(lambda name: self.sandbox)
        self.sandbox = Sandbox("default", toy.world(), folder, lambda: self.ticker.wake("default"))

    async def until_done(self, id: str) -> None:
        """Return once the item is done; give up after a number of turns of the loop."""
        for _ in range(100_000):
            if self.sandbox.collection("toy.items").get(id) == {"id": id, "state": "done"}:
                return
            await asyncio.sleep(0)
        raise AssertionError(f"{id} was never done")


@pytest.fixture
async def beating(tmp_path: Path) -> AsyncIterator[Beating]:
    made = Beating(tmp_path)
    running = asyncio.create_task(made.ticker.run())
    yield made
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    await made.sandbox.close()


async def test_what_is_scheduled_for_now_happens_at_once(beating: Beating) -> None:
    await asyncio.sleep(0)
    beating.sandbox.jobs.schedule("toy.finish", {"id": "a"})
    beating.sandbox.commit()
    await beating.until_done("a")


async def test_changing_the_rate_of_a_frozen_clock_starts_what_was_waiting(
    beating: Beating,
) -> None:
    beating.sandbox.jobs.schedule("toy.finish", {"id": "a"}, delay=10)
    beating.sandbox.commit()
    await asyncio.sleep(0)
    beating.sandbox.set_clock(rate=1e6)
    await beating.until_done("a")


async def test_a_sandbox_that_fails_does_not_stop_the_heart(
    beating: Beating, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = 0
    run_due = beating.sandbox.jobs.run_due

    def failing_once(*arguments: object, **options: object) -> int:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise RuntimeError("on purpose")
        return run_due(beating.sandbox)

    monkeypatch.setattr(beating.sandbox.jobs, "run_due", failing_once)
    beating.sandbox.jobs.schedule("toy.finish", {"id": "a"})
    beating.sandbox.commit()
    await asyncio.sleep(0)
    beating.ticker.wake("default")
    await beating.until_done("a")
    assert calls > 1


@pytest.mark.parametrize("turns", range(4))
async def test_a_heartbeat_that_is_woken_while_it_is_stopped_stops(turns: int) -> None:
    """On Python 3.11 `asyncio.wait_for` would go on, and the server with it."""
    ticker = Ticker(lambda name: None)
    running = asyncio.create_task(ticker.run())
    await asyncio.sleep(0.01)
    ticker.wake("default")
    for _ in range(turns):
        await asyncio.sleep(0)
    running.cancel()
    await asyncio.wait({running}, timeout=5)
    assert running.cancelled()


async def test_what_is_due_is_done_once_the_disk_has_room(
    beating: Beating, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    disk = Disk(monkeypatch)
    monkeypatch.setattr("mockserver.engine.ticker.PATIENCE", 0.0)
    await asyncio.sleep(0)
    beating.sandbox.jobs.schedule("toy.finish", {"id": "a"})
    beating.sandbox.commit()
    disk.room = 0
    for _ in range(1_000):
        await asyncio.sleep(0)
    assert disk.refused >= 5
    assert beating.sandbox.collection("toy.items").get("a") is None
    assert len(caplog.records) == 1
    disk.room = None
    await beating.until_done("a")
    assert [record.getMessage() for record in caplog.records][1:] == ["commits are taken again"]


@pytest.mark.parametrize(
    ("served", "crowd"), [(0.0, 0.0), (0.4, 0.0), (0.55, 0.5), (0.7, 1.0), (0.95, 1.0)]
)
def test_background_work_gives_way_as_calls_take_the_time(served: float, crowd: float) -> None:
    sandbox: Any = SimpleNamespace(calls=3, served=5.0)
    pulse = Pulse()
    pulse.look(sandbox, 10.0)
    pulse.leave(sandbox, 10.0, 0.5)
    assert pulse.rested == 10.5
    sandbox.calls, sandbox.served = 10, 5.0 + served
    assert pulse.look(sandbox, 11.0) == 7
    assert pulse.crowd == pytest.approx(crowd)


def test_one_call_between_two_looks_is_no_crowd() -> None:
    sandbox: Any = SimpleNamespace(calls=0, served=0.0)
    pulse, now = Pulse(), 10.0
    pulse.look(sandbox, now)
    for number in range(50):
        # A call of 1.5 ms in every tenth pause of 2 ms between looks of 3 ms.
        sandbox.served += 0.0015 * (number % 10 == 0)
        pulse.look(sandbox, now + 0.002)
        now += 0.005
        pulse.leave(sandbox, now, 0.0)
        assert pulse.crowd == 0
