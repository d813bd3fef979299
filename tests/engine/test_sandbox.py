"""Tests of one world: time that moves from due job to due job, reset, snapshots, restarts."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from mockserver.engine.errors import BadRequest
from mockserver.engine.sandbox import Sandbox
from tests.engine import toy

pytestmark = pytest.mark.anyio


def create(sandbox: Sandbox, id: str) -> None:
    sandbox.collection("toy.items").put({"id": id, "state": "new"})
    sandbox.pace.schedule("toy.finish", {"id": id}, resource=id)
    sandbox.commit()


def states(sandbox: Sandbox) -> dict[str, str]:
    return {item["id"]: item["state"] for item in sandbox.collection("toy.items").find()}


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    made = Sandbox("default", toy.world(), tmp_path)
    yield made
    await made.close()


async def test_a_new_sandbox_holds_the_seed(sandbox: Sandbox) -> None:
    assert states(sandbox) == {"seeded": "new"}


async def test_advancing_runs_what_falls_due_and_tells_how_much(sandbox: Sandbox) -> None:
    start = sandbox.clock.now()
    create(sandbox, "a")
    assert sandbox.next_due() == start + 1
    assert await sandbox.advance(seconds=0.5) == 0
    assert states(sandbox)["a"] == "new"
    assert await sandbox.advance(seconds=0.5) == 1
    assert states(sandbox)["a"] == "done"
    assert sandbox.clock.now() == start + 1


async def test_advancing_to_a_time_or_until_idle(sandbox: Sandbox) -> None:
    start = sandbox.clock.now()
    create(sandbox, "a")
    assert await sandbox.advance(to=start + 100) == 1
    assert sandbox.clock.now() == start + 100
    create(sandbox, "b")
    assert await sandbox.advance(until_idle=True) == 1
    assert sandbox.clock.now() == start + 101
    with pytest.raises(BadRequest):
        await sandbox.advance(seconds=-1)


async def test_a_refused_delivery_is_tried_again_at_its_own_time(sandbox: Sandbox) -> None:
    start = sandbox.clock.now()
    # Nothing listens on port 9, the discard service.
    sandbox.collection("toy.targets").put({"id": "target", "url": "http://127.0.0.1:9/"})
    create(sandbox, "a")
    await sandbox.advance(seconds=3_600)
    delivery = sandbox.collection("engine.deliveries").find()[0]
    assert delivery["state"] == "failed"
    assert [attempt["at"] - start for attempt in delivery["attempts"]] == [1, 6]


async def test_a_reset_brings_back_the_seed_and_the_start_of_time(sandbox: Sandbox) -> None:
    start = sandbox.clock.now()
    create(sandbox, "a")
    await sandbox.advance(seconds=10)
    first = sandbox.ids.uuid("x")
    await sandbox.reset()
    assert states(sandbox) == {"seeded": "new"}
    assert sandbox.clock.now() == start
    assert sandbox.ids.uuid("x") == first
    assert sandbox.next_due() is None


async def test_a_snapshot_keeps_documents_jobs_and_time(sandbox: Sandbox) -> None:
    create(sandbox, "a")
    at = sandbox.clock.now()
    sandbox.snapshot("before")
    await sandbox.advance(seconds=10)
    sandbox.restore("before")
    assert (states(sandbox)["a"], sandbox.clock.now()) == ("new", at)
    await sandbox.advance(seconds=1)
    assert states(sandbox)["a"] == "done"


async def test_a_restart_goes_on_where_it_left_off(tmp_path: Path) -> None:
    before = Sandbox("default", toy.world(seed=7), tmp_path)
    create(before, "a")
    await before.advance(seconds=0.25)
    at, drawn = before.clock.now(), before.ids.number("x")
    before.commit()
    await before.close()
    after = Sandbox("default", toy.world(seed=8), tmp_path)
    assert (after.clock.now(), after.ids.seed, after.ids.number("x")) == (at, 7, drawn + 1)
    await after.advance(seconds=1)
    assert states(after) == {"seeded": "new", "a": "done"}
    await after.close()


async def test_settings_of_the_clock_given_at_a_restart_win_over_the_folders(
    tmp_path: Path,
) -> None:
    before = Sandbox("default", toy.world(clock="real"), tmp_path)
    await before.close()
    after = Sandbox("default", toy.world(clock="frozen"), tmp_path)
    assert after.clock.rate == 0
    await after.close()


@pytest.mark.parametrize("setting", [{"seconds": 5}, {"polls": 1}, {"by": "hand"}])
async def test_a_transition_set_apart_outlives_a_restart(
    tmp_path: Path, setting: dict[str, Any]
) -> None:
    before = Sandbox("default", toy.world(), tmp_path)
    before.pace.override("toy.finish", setting)
    before.commit()
    await before.close()
    after = Sandbox("default", toy.world(), tmp_path)
    create(after, "a")
    assert await after.advance(seconds=4) == 0
    await after.close()
