"""Tests of sandboxes: apart in everything, found again, and gone when deleted."""

import gc
import weakref
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mockserver.engine.errors import BadRequest, UnknownName
from mockserver.engine.journal import Entry
from mockserver.engine.sandbox import Sandbox
from mockserver.engine.sandboxes import Options, Sandboxes, TooManySandboxes
from tests.engine import toy

pytestmark = pytest.mark.anyio


def opened(folder: Path) -> Sandboxes:
    return Sandboxes(toy.world(), folder, lambda name: None)


def ids(sandbox: Sandbox) -> list[str]:
    return [item["id"] for item in sandbox.collection("toy.items").find()]


@pytest.fixture
async def sandboxes(tmp_path: Path) -> AsyncIterator[Sandboxes]:
    made = opened(tmp_path)
    yield made
    await made.close()


async def test_two_sandboxes_never_see_each_other(sandboxes: Sandboxes) -> None:
    one, two = sandboxes.create("one"), sandboxes.create("two")
    one.collection("toy.items").put({"id": "mine", "state": "new"})
    one.commit()
    one.set_clock(now=0)
    assert (ids(one), ids(two), ids(sandboxes["default"])) == (
        ["seeded", "mine"],
        ["seeded"],
        ["seeded"],
    )
    assert two.clock.now() > 0


async def test_a_sandbox_has_the_seed_the_clock_and_the_pace_it_was_made_with(
    sandboxes: Sandboxes,
) -> None:
    made = sandboxes.create("one", Options(seed=9, clock=0.0, clock_start=5.0, pace="manual"))
    assert (made.ids.seed, made.clock.now(), made.pace.pace) == (9, 5.0, "manual")
    assert sandboxes["default"].pace.pace == "fast"


@pytest.mark.parametrize("name", ["", "-a", "A", "a" * 64, "a/b", "..", "ä"])
async def test_a_name_that_could_be_a_path_is_refused(sandboxes: Sandboxes, name: str) -> None:
    with pytest.raises(BadRequest, match="name"):
        sandboxes.create(name)


async def test_a_name_or_a_credential_is_taken_once(sandboxes: Sandboxes) -> None:
    sandboxes.create("one", Options(credentials=("k",)))
    with pytest.raises(BadRequest, match="taken"):
        sandboxes.create("one")
    with pytest.raises(BadRequest, match="bound to sandbox 'one'"):
        sandboxes.create("two", Options(credentials=("k",)))
    assert sandboxes.names() == ["default", "one"]


async def test_a_bound_credential_leads_to_its_sandbox_until_that_is_deleted(
    sandboxes: Sandboxes,
) -> None:
    sandboxes.create("one", Options(credentials=("k",)))
    assert sandboxes.of_credential("k", isolate=False) == "one"
    assert sandboxes.of_credential("other", isolate=False) == "default"
    await sandboxes.delete("one")
    assert sandboxes.of_credential("k", isolate=False) == "default"
    assert not sandboxes.binds


async def test_to_isolate_gives_every_credential_a_sandbox_of_its_own(
    sandboxes: Sandboxes,
) -> None:
    first = sandboxes.of_credential("a", isolate=True)
    assert first == sandboxes.of_credential("a", isolate=True)
    assert first != sandboxes.of_credential("b", isolate=True)
    assert ids(sandboxes[first]) == ["seeded"]


async def test_sandboxes_are_found_again_after_a_restart(tmp_path: Path) -> None:
    before = opened(tmp_path)
    made = before.create("one", Options(credentials=("k",), pace="manual", seed=3))
    made.collection("toy.items").put({"id": "kept", "state": "new"})
    made.commit()
    await before.close()
    after = opened(tmp_path)
    assert after.of_credential("k", isolate=False) == "one"
    assert ids(after["one"]) == ["seeded", "kept"]
    assert (after["one"].pace.pace, after["one"].ids.seed) == ("manual", 3)
    await after.close()


async def test_options_that_cannot_be_read_do_not_stop_the_start(tmp_path: Path) -> None:
    before = opened(tmp_path)
    before.create("one")
    await before.close()
    (tmp_path / "one" / "options.json").write_text("{")
    after = opened(tmp_path)
    assert after.options("one") == Options()
    await after.close()


async def test_a_deleted_sandbox_leaves_no_trace(sandboxes: Sandboxes, tmp_path: Path) -> None:
    gone = weakref.ref(sandboxes.create("one"))
    await sandboxes.delete("one")
    gc.collect()
    assert gone() is None
    assert not (tmp_path / "one").exists()
    with pytest.raises(UnknownName):
        sandboxes["one"]
    with pytest.raises(UnknownName):
        await sandboxes.delete("one")


async def test_the_default_sandbox_cannot_be_deleted(sandboxes: Sandboxes) -> None:
    with pytest.raises(BadRequest, match="always exists"):
        await sandboxes.delete("default")


async def test_there_is_a_bound_on_their_number(
    sandboxes: Sandboxes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mockserver.engine.sandboxes.MOST", 2)
    sandboxes.create("one")
    with pytest.raises(TooManySandboxes):
        sandboxes.create("two")


async def test_what_was_called_in_a_deleted_sandbox_still_counts(sandboxes: Sandboxes) -> None:
    for name in ("one", "two"):
        entry = Entry("toy", "GET", "/v1/items", "", [(b"user-agent", name.encode())])
        entry.operation = "listItems"
        sandboxes.create(name).journal.add(entry)
    await sandboxes.delete("one")
    seen = [set(tally.clients) for tally in sandboxes.tallies()]
    assert sorted(seen, key=len) == [set(), {"one"}, {"two"}]
