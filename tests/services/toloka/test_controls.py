"""Tests of the controls: playing Tolokers by hand."""

from typing import Any

import pytest

from tests.services.toloka.world import CLOSED, OPEN, USER, World, task

pytestmark = pytest.mark.anyio


async def take(world: World, **form: Any) -> list[dict[str, Any]]:
    """Assignments of the open pool."""
    found: list[dict[str, Any]] = (
        await world.control("POST", f"/pools/{OPEN}/assignments", form or None)
    )["items"]
    return found


async def test_a_toloker_takes_suites_until_there_are_none(by_hand: World) -> None:
    first = await take(by_hand, user_id=USER, count=1)
    rest = await take(by_hand, user_id=USER, count=5)
    assert (len(first), len(rest)) == (1, 1)
    assert {each["user_id"] for each in first + rest} == {USER}
    assert {each["status"] for each in first + rest} == {"ACTIVE"}
    assert "solutions" not in first[0]
    assert await take(by_hand, user_id=USER) == []
    others = await take(by_hand, count=10)
    assert len({each["user_id"] for each in others}) > 1
    assert USER not in {each["user_id"] for each in others}
    assert len(others) == 4, "an overlap of 3, two suites of 2 tasks"


async def test_answers_are_given_or_invented(by_hand: World) -> None:
    first, second = await take(by_hand, count=2)
    words = [{"output_values": {"result": "cat"}}, {"output_values": {"result": "dog"}}]
    submitted = await by_hand.control(
        "POST", f"/assignments/{first['id']}/submit", {"solutions": words}
    )
    assert (submitted["status"], submitted["solutions"]) == ("SUBMITTED", words)
    assert submitted == await by_hand.ask("GET", f"/assignments/{first['id']}")
    invented = await by_hand.control("POST", f"/assignments/{second['id']}/submit")
    assert len(invented["solutions"]) == 2
    (third,) = await take(by_hand)
    path = f"/assignments/{third['id']}/submit"
    half = await by_hand.control("POST", path, {"solutions": words[1:]})
    assert half["solutions"][0] == words[1]
    assert len(half["solutions"]) == 2


@pytest.mark.parametrize(
    ("solutions", "words"),
    [
        ([{"output_values": {"result": "cat"}}] * 3, "2 tasks, but 3 solutions"),
        ([{"output_values": {"result": "cat"}}, {"output_values": {}}], "VALUE_REQUIRED"),
        ([{"output_values": {"result": "cow"}}] * 2, "solutions.0.output_values.result"),
    ],
)
async def test_answers_that_do_not_fit_the_project_are_refused(
    by_hand: World, solutions: list[Any], words: str
) -> None:
    (first,) = await take(by_hand)
    path = f"/assignments/{first['id']}/submit"
    problem = await by_hand.control("POST", path, {"solutions": solutions}, status=422)
    assert words in problem["detail"]
    assert (await by_hand.ask("GET", f"/assignments/{first['id']}"))["status"] == "ACTIVE"


@pytest.mark.parametrize(("verb", "status"), [("skip", "SKIPPED"), ("expire", "EXPIRED")])
async def test_what_is_not_done_is_free_for_others(by_hand: World, verb: str, status: str) -> None:
    (first,) = await take(by_hand, user_id=USER)
    before = first["tasks"][0]["remaining_overlap"]
    ended = await by_hand.control("POST", f"/assignments/{first['id']}/{verb}")
    assert (ended["status"], ended[status.lower()]) == (status, "2026-03-01T10:00:00.120")
    assert ended["tasks"][0]["remaining_overlap"] == before + 1 == 3
    for again in ("submit", "skip", "expire"):
        problem = await by_hand.control("POST", f"/assignments/{first['id']}/{again}", status=422)
        assert status in problem["detail"]
    again_taken = [each["tasks"][0]["id"] for each in await take(by_hand, user_id=USER)]
    assert first["tasks"][0]["id"] not in again_taken, "nobody gets a task twice"


async def test_an_assignment_runs_out_of_time_by_itself(by_hand: World) -> None:
    (first,) = await take(by_hand)
    await by_hand.advance(599)
    assert (await by_hand.ask("GET", f"/assignments/{first['id']}"))["status"] == "ACTIVE"
    await by_hand.advance(2)
    assert (await by_hand.ask("GET", f"/assignments/{first['id']}"))["status"] == "EXPIRED"


async def test_the_last_answer_closes_the_pool(by_hand: World) -> None:
    pool_id = await by_hand.opened(task(1), task(2))
    (only,) = (await by_hand.control("POST", f"/pools/{pool_id}/assignments"))["items"]
    await by_hand.advance(10)
    assert await by_hand.state(pool_id) == "OPEN"
    await by_hand.control("POST", f"/assignments/{only['id']}/submit")
    await by_hand.advance(5)
    pool = await by_hand.ask("GET", f"/pools/{pool_id}")
    assert (pool["status"], pool["last_close_reason"]) == ("CLOSED", "COMPLETED")


async def test_a_pool_is_closed_for_any_reason(by_hand: World) -> None:
    form = {"reason": "NOT_ENOUGH_BALANCE"}
    pool = await by_hand.control("POST", f"/pools/{OPEN}/close", form)
    assert (pool["status"], pool["last_close_reason"]) == ("CLOSED", "NOT_ENOUGH_BALANCE")
    problem = await by_hand.control("POST", f"/pools/{OPEN}/close", form, status=422)
    assert "CLOSED" in problem["detail"]


async def test_what_is_not_there_or_not_open_is_a_problem(by_hand: World) -> None:
    for path, status in (
        ("/pools/5/assignments", 404),
        (f"/pools/{CLOSED}/assignments", 422),
        ("/assignments/x/submit", 404),
        ("/pools/5/close", 404),
    ):
        problem = await by_hand.control("POST", path, status=status)
        assert problem["status"] == status
    form = {"name": "a", "base64": "?"}
    (first,) = await take(by_hand)
    path = f"/assignments/{first['id']}/attachments"
    assert "base64" in (await by_hand.control("POST", path, form, status=422))["detail"]
    await by_hand.control("POST", "/assignments/x/attachments", form, status=404)
    text = {"text": {"EN": "a"}, "assignment_id": "x"}
    await by_hand.control("POST", "/message-threads", text, status=404)
