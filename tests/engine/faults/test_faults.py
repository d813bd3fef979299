"""Tests of decisions: which calls are hit, that the same ones always are, and what is kept."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockserver.engine.errors import BadRequest, UnknownName
from tests.engine.faults.world import AT, World

BUSY = {"type": "status", "status": 503}


@pytest.mark.parametrize(
    ("when", "hits"),
    [
        ({}, "xxxxxxxx"),
        ({"probability": 1}, "xxxxxxxx"),
        ({"probability": 0}, "........"),
        ({"first": 2}, "xx......"),
        ({"nth": 3}, "..x....."),
        ({"every": 3}, "..x..x.."),
        ({"every": 3, "times": 1}, "..x....."),
        ({"times": 2}, "xx......"),
        ({"every": 2, "first": 4}, ".x.x...."),
    ],
)
def test_the_calls_that_are_meant_are_hit(world: World, when: dict[str, Any], hits: str) -> None:
    world.add(BUSY, when=when)
    assert world.calls(8) == hits


def test_a_sequence_goes_through_its_steps_and_is_well_ever_after(world: World) -> None:
    world.add({"type": "sequence", "steps": [BUSY, "ok", {"type": "reset"}]})
    found = [world.call() for _ in range(5)]
    assert [each and each.view()["type"] for each in found] == [
        "status",
        None,
        "reset",
        None,
        None,
    ]
    assert found[0]
    assert found[0].error
    assert found[0].error.status == 503


def test_matches_and_hits_are_counted(world: World) -> None:
    world.add(BUSY, name="busy", where={"operation": "buy"}, when={"every": 2})
    world.calls(5)
    world.call(operation="sell")
    rule = world.faults.get("busy")
    assert (rule["matched"], rule["fired"]) == (5, 2)


def test_resources_and_credentials_can_be_counted_apart(world: World) -> None:
    world.add(BUSY, name="a", where={"path": "/shop/*"}, when={"first": 1, "per": "resource"})
    assert [world.calls(2, path=f"/shop/{name}") for name in "pq"] == ["x.", "x."]
    world.faults.clear()
    world.add(BUSY, when={"first": 1, "per": "credential"})
    assert [world.calls(2, credential=name) for name in ("p", "q", None)] == ["x.", "x.", "x."]


def test_a_rule_holds_between_its_times(world: World) -> None:
    world.add(BUSY, when={"after": 10, "until": "2026-01-01T00:00:20Z"})
    hits = ""
    for second in (0, 9, 10, 19.9, 20, 60):
        world.clock.set(now=AT + second)
        hits += world.calls(1)
    assert hits == "..xx.."


def test_latencies_add_up_and_the_first_fault_wins(world: World) -> None:
    world.add({"type": "latency", "seconds": 1}, name="slow")
    world.add({"type": "latency", "seconds": 2}, name="slower", when={"phase": "after"})
    world.add(BUSY, name="busy")
    world.add("reset", name="never")
    decision = world.call()
    assert decision
    assert (decision.before, decision.after, decision.rule) == (1, 2, "busy")
    assert decision.view() == {
        "rule": "busy",
        "type": "status",
        "phase": "before",
        "rules": ["slow", "slower", "busy"],
        "latency_seconds": 3,
        "virtual": True,
    }
    assert decision.header() == "slow, slower, busy"
    assert world.faults.get("never")["matched"] == 0


def test_a_rate_limit_is_a_bucket_for_each_credential(world: World) -> None:
    world.add({"type": "rate_limit", "limit": 2, "period": 4})
    assert world.calls(4, credential="a") == "..xx"
    assert world.calls(3, credential="b") == "..x"
    refused = world.call(credential="a")
    assert refused
    assert refused.error
    assert refused.error.headers["Retry-After"] == "2"
    world.clock.set(now=AT + 2)
    assert world.calls(2, credential="a") == ".x"
    world.clock.set(now=AT + 100)
    assert world.calls(3, credential="a") == "..x"


def test_a_call_can_ask_for_its_own_fault(world: World) -> None:
    world.add(BUSY, name="busy", where={"operation": "sell"}, when={"nth": 2})
    assert world.call(asked='{"type": "reset"}')
    assert [bool(world.call(asked="busy")) for _ in range(3)] == [False, True, False]


@pytest.mark.parametrize("asked", ["nobody", "{", '{"type": "no"}', '{"type": "drop"}', "dropper"])
def test_what_a_call_cannot_ask_for_is_refused(world: World, asked: str) -> None:
    world.add("drop", name="dropper")
    with pytest.raises(BadRequest):
        world.call(asked=asked)


def test_rules_and_their_counts_survive_a_restart(world: World) -> None:
    world.add({"type": "sequence", "steps": [BUSY, BUSY]}, name="twice")
    world.add(BUSY, name="third", when={"nth": 3})
    assert world.calls(1) == "x"
    again = world.restarted()
    # A call that one rule has ended is not seen by those behind it.
    assert again.calls(4) == "x..x"
    assert (again.faults.get("twice")["matched"], again.faults.get("third")["matched"]) == (5, 3)
    again.store.close()


def test_a_rule_without_a_name_survives_a_restart(world: World) -> None:
    rule = world.add({"type": "status", "status": 503})
    again = world.restarted()
    assert [each["id"] for each in again.faults.views()] == [rule["id"]]
    assert again.calls(1) == "x"
    again.store.close()


def test_a_rule_that_was_not_committed_is_undone(world: World) -> None:
    world.add(BUSY, name="kept")
    world.commit()
    world.add("reset", name="lost")
    world.faults.delete("kept")
    world.store.rollback()
    world.faults.undo()
    assert [rule["name"] for rule in world.faults.views()] == ["kept"]
    assert world.calls(1) == "x"


def test_a_changed_rule_counts_from_the_start(world: World) -> None:
    world.add(BUSY, name="busy", when={"first": 1})
    assert world.calls(2) == "x."
    changed = world.faults.change("busy", {"when": {"first": 2}})
    assert (changed["matched"], changed["what"]) == (0, BUSY)
    assert world.calls(3) == "xx."


def test_without_rules_nothing_is_asked(world: World) -> None:
    assert not world.faults.active
    rule = world.add("drop")
    assert (world.faults.active, world.faults.delivering, world.faults.working) == (
        True,
        True,
        False,
    )
    world.faults.delete(rule["id"])
    assert not world.faults.active
    with pytest.raises(UnknownName):
        world.faults.get(rule["id"])


def test_rules_of_the_same_name_are_replaced_where_they_are_installed(world: World) -> None:
    rules = [{"name": "a", "what": BUSY}, {"name": "b", "what": {"type": "reset"}}]
    world.faults.install(rules)
    world.calls(1)
    world.faults.install(rules)
    assert [(rule["name"], rule["matched"]) for rule in world.faults.views()] == [
        ("a", 0),
        ("b", 0),
    ]
    with pytest.raises(BadRequest, match="'c'"):
        world.faults.install([{"name": "c", "what": {"type": "no"}}])


def test_the_share_of_a_batch_fails_to_the_item(world: World) -> None:
    world.add({"type": "partial", "share": 0.29}, where={"job": "shop.pack"})
    decision = world.faults.job("shop.pack", "b1")
    for batch in ("b1", "b2", "b3"):
        fails = [world.faults.item_fails(decision, batch, index) for index in range(1000)]
        assert sum(fails) in (290, 291)
        assert sum(fails[:500]) in (145, 146)


@pytest.mark.parametrize(("share", "count"), [(0, 0), (1, 10), (0.2, 2), (0.5, 5)])
def test_a_share_of_none_or_all_is_that(world: World, share: float, count: int) -> None:
    world.add({"type": "partial", "share": share})
    decision = world.faults.job("shop.pack", "b")
    for batch in range(20):
        assert sum(world.faults.item_fails(decision, batch, n) for n in range(10)) == count


def test_work_is_decided_upon_once_and_noted_in_the_journal(world: World) -> None:
    world.add("fail", name="broken", when={"first": 1})
    decisions = [world.faults.job("shop.pack", "b1") for _ in range(3)]
    assert all(each and each.fails for each in decisions)
    assert world.faults.job("shop.pack", "b2") is None
    entries, _ = world.journal.find({})
    assert [(each.kind, each.path, each.fault) for each in entries] == [
        ("job", "shop.pack/b1", {"rule": "broken", "type": "fail", "phase": "before"})
    ]


RULES = st.lists(
    st.fixed_dictionaries(
        {
            "what": st.sampled_from([BUSY, {"type": "reset"}, {"type": "hang"}]),
            "when": st.fixed_dictionaries(
                {"probability": st.floats(0.1, 0.9)},
                optional={
                    "every": st.integers(1, 3),
                    "per": st.sampled_from(["rule", "resource", "credential"]),
                },
            ),
            "where": st.sampled_from([{}, {"path": "/shop/1*"}, {"operation": "buy"}]),
        }
    ),
    min_size=1,
    max_size=3,
)
CALLS = st.lists(
    st.fixed_dictionaries(
        {
            "path": st.sampled_from(["/shop/1", "/shop/12", "/shop/2"]),
            "credential": st.sampled_from(["a", "b"]),
        }
    ),
    min_size=1,
    max_size=12,
)


def outcomes(
    folder: Path, rules: Any, calls: Any, *, strangers: bool = False, seed: int = 7
) -> list[Any]:
    world = World(folder, seed)
    for number, rule in enumerate(rules):
        world.faults.add({"name": f"r{number}", **rule})
    if strangers:
        world.add({"type": "latency", "seconds": 1}, where={"service": "bank"}, name="other")
        world.add("fail", when={"probability": 0.5}, name="work")
    found = []
    for call in calls:
        if strangers:
            world.ids.uuid("anything")
            world.faults.job("shop.pack", "any")
            if all(rule["where"] for rule in rules):
                world.call(path="/elsewhere", operation="sell")
        decision = world.call(**call)
        found.append(decision and decision.view())
    world.store.close()
    return found


@given(rules=RULES, calls=CALLS)
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_same_seed_and_calls_give_the_same_failures_whatever_else_runs(
    tmp_path_factory: pytest.TempPathFactory, rules: Any, calls: Any
) -> None:
    folders = [tmp_path_factory.mktemp("world") for _ in range(2)]
    alone = outcomes(folders[0], rules, calls)
    assert outcomes(folders[1], rules, calls, strangers=True) == alone


def test_another_seed_gives_other_failures(tmp_path: Path) -> None:
    rules = [{"what": BUSY, "when": {"probability": 0.5}}]
    found = [outcomes(tmp_path / str(n), rules, [{}] * 40, seed=n) for n in (1, 2)]
    assert found[0] != found[1]
    assert 8 < sum(each is not None for each in found[0]) < 32
