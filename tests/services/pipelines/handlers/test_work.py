"""Tests of contributors' work: what they see, claim, release, submit and review."""

import asyncio
from typing import Any

import pytest

from tests.services.pipelines.world import KEY, World

pytestmark = pytest.mark.anyio

REVIEWED = [{"id": "label", "type": "subtask"}, {"id": "check", "type": "review"}]
ANSWER = [{"name": "answer"}]


async def not_done(
    world: World, verb: str, task: int, body: Any = None, user: str = "u1", workflow: int = 42
) -> tuple[int, str]:
    """Status and code of an act that is refused."""
    path = f"/workflows/{workflow}/tasks/{task}/{verb}"
    return await world.refused("POST", path, body or {}, user=user)


async def reviewed(world: World, **settings: Any) -> tuple[int, int]:
    """A workflow with a review, and a task in it that u1 has submitted."""
    nodes = [REVIEWED[0], {**REVIEWED[1], "settings": settings}]
    workflow = await world.make(fields=ANSWER, nodes=nodes)
    (task,) = await world.create(workflow)
    await world.claim(workflow, task)
    await world.submit(workflow, task, answer="red")
    return workflow, task


async def states(world: World, workflow: int, task: int) -> list[tuple[str, str, int]]:
    """Each node with its status and round."""
    found = await world.task(workflow, task)
    return [(node["node_id"], node["status"], node["round"]) for node in found["nodes"]]


async def test_a_claimed_node_is_the_claimants_alone(world: World) -> None:
    """Fact 5.4."""
    (task,) = await world.create(category="demo")
    claimed = await world.claim(42, task)
    assert (claimed["status"], claimed["assignee"]) == ("claimed", "u1")
    assert claimed["fields"] == {"input_text": "alpha", "category": "demo"}
    assert [field["name"] for field in claimed["inputs"]] == ["label", "confidence"]
    assert (await world.task(42, task))["status"] == "in_progress"
    assert await not_done(world, "claim", task, user="u2") == (409, "not_available")
    assert await not_done(world, "claim", task) == (409, "not_available")


async def test_of_two_who_race_for_the_last_task_one_wins_and_one_task_is_seeded(
    world: World,
) -> None:
    """Acceptance case 10."""
    await world.ask("PUT", "/workflows/44/infinite-seeding", {})
    (task,) = await world.tasks(44)
    path = f"/workflows/44/tasks/{task['id']}/claim"
    answers = await asyncio.gather(
        *(world.call("POST", path, {}, user=f"u{number}") for number in range(20))
    )
    codes = sorted(answer.status_code for answer in answers)
    assert codes == [200] + [409] * 19
    assert len(await world.tasks(44)) == 2


async def test_a_released_node_is_available_to_all(world: World) -> None:
    (task,) = await world.create()
    await world.claim(42, task)
    released = await world.ask("POST", f"/workflows/42/tasks/{task}/release", {}, user="u1")
    assert (released["status"], released["assignee"]) == ("available", None)
    assert (await world.task(42, task))["status"] == "pending"
    assert (await world.claim(42, task, "u2"))["assignee"] == "u2"


async def test_a_claim_ends_with_its_time(world: World) -> None:
    """Fact 5.4: overdue claims return to the pool."""
    (task,) = await world.create()
    claimed = await world.claim(42, task)
    assert claimed["expires_at"] == "2026-01-06T11:31:00.000Z"
    await world.advance(3599)
    assert await not_done(world, "claim", task, user="u2") == (409, "not_available")
    await world.advance(1)
    assert await not_done(world, "submit", task, {"fields": {"label": "x"}}) == (409, "not_claimed")
    assert (await world.claim(42, task, "u2"))["assignee"] == "u2"


async def test_a_submitted_task_is_not_taken_back_by_the_timeout(world: World) -> None:
    (task,) = await world.create()
    await world.claim(42, task)
    await world.submit(42, task, label="x")
    await world.advance(7200)
    assert [state for _, state, _ in await states(world, 42, task)] == ["finished", "available"]


async def test_a_claim_limit_holds_until_one_is_given_back(world: World) -> None:
    """Fact 5.4."""
    workflow = await world.make(fields=ANSWER, settings={"claim_limits": {"expert": 2}})
    ids = await world.create(workflow, 4)
    for id in ids[:2]:
        await world.claim(workflow, id)
    refusal = (409, "claim_limit_reached")
    assert await not_done(world, "claim", ids[2], workflow=workflow) == refusal
    await world.claim(workflow, ids[2], "u2")
    await world.submit(workflow, ids[0], answer="red")
    await world.claim(workflow, ids[3])


async def test_the_page_of_a_contributor_lists_what_is_open_and_what_they_hold(
    world: World,
) -> None:
    ids = await world.create(count=3)
    await world.claim(42, ids[0], "ines")
    page = await world.ask("GET", "/workflows/42/work", user="ines")
    assert [item["task_id"] for item in page["available"]] == ids[1:]
    assert [item["task_id"] for item in page["held"]] == ids[:1]
    assert (await world.ask("GET", "/workflows/42/work?limit=1"))["available"][0]["task_id"] == ids[
        1
    ]


async def test_experts_do_subtasks_and_reviewers_reviews(world: World) -> None:
    """Fact 1.2."""
    (task,) = await world.create()
    assert await not_done(world, "claim", task, user="rosa") == (403, "not_eligible")
    assert (await world.ask("GET", "/workflows/42/work", user="rosa"))["available"] == []
    await world.claim(42, task, "ines")
    await world.submit(42, task, "ines", label="x")
    assert await not_done(world, "claim", task, user="milo") == (403, "not_eligible")
    (item,) = (await world.ask("GET", "/workflows/42/work", user="rosa"))["available"]
    assert (item["type"], item["node_id"]) == ("review", "check")
    await world.claim(42, task, "rosa")


@pytest.mark.parametrize("user", ["otto", "vic"])
async def test_strangers_and_viewers_do_not_work_here(world: World, user: str) -> None:
    """Fact 1.2."""
    (task,) = await world.create()
    assert await not_done(world, "claim", task, user=user) == (403, "not_eligible")


async def test_without_the_header_somebody_works(world: World) -> None:
    (task,) = await world.create()
    claimed = await world.ask("POST", f"/workflows/42/tasks/{task}/claim")
    assert claimed["assignee"] == "contributor"


async def test_an_unknown_node_is_not_found(world: World) -> None:
    (task,) = await world.create()
    assert await not_done(world, "claim", task, {"node_id": "x"}) == (404, "node_not_found")
    assert await not_done(world, "claim", task, {"node_id": "check"}) == (409, "not_available")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "validation_error"),
        ({"label": ""}, "validation_error"),
        ({"label": 5}, "validation_error"),
        ({"label": "x", "confidence": 6}, "validation_error"),
        ({"label": "x", "colour": "red"}, "validation_error"),
        ({"label": "x", "input_text": "mine"}, "field_read_only"),
    ],
)
async def test_a_submission_is_checked(world: World, fields: Any, code: str) -> None:
    """Fact 5.4."""
    (task,) = await world.create()
    await world.claim(42, task)
    assert await not_done(world, "submit", task, {"fields": fields}) == (422, code)


async def test_what_was_submitted_shows_as_submitted_until_it_goes_on(world: World) -> None:
    """Fact 5.3."""
    (task,) = await world.create()
    await world.claim(42, task)
    answer = await world.submit(42, task, label="kettle", confidence=5)
    assert (answer["status"], answer["task_status"]) == ("submitted", "in_progress")
    assert await states(world, 42, task) == [("label", "finished", 1), ("check", "available", 1)]


async def test_only_the_holder_submits(world: World) -> None:
    (task,) = await world.create()
    await world.claim(42, task)
    body = {"fields": {"label": "x"}}
    assert await not_done(world, "submit", task, body, "u2") == (409, "not_claimed")
    assert await not_done(world, "release", task, {}, "u2") == (409, "not_claimed")
    assert await not_done(world, "review", task, {"outcome": "pass"}) == (409, "not_a_review")


async def test_a_passed_review_ends_the_task(world: World) -> None:
    workflow, task = await reviewed(world)
    claimed = await world.claim(workflow, task, "r1")
    assert claimed["answers"] == {"answer": "red"}
    path = f"/workflows/{workflow}/tasks/{task}/review"
    await world.ask("POST", path, {"outcome": "pass"}, user="r1")
    found = await world.task(workflow, task)
    assert (found["status"], found["progress"]) == ("finished", {"finished": 2, "total": 2})
    assert found["finished_at"] is not None


async def test_a_rejection_needs_a_reason(world: World) -> None:
    """Fact 5.4."""
    workflow, task = await reviewed(world)
    await world.claim(workflow, task, "r1")
    for reason in (None, "", "  "):
        body = {"outcome": "fail", "reason": reason}
        refusal = await not_done(world, "review", task, body, "r1", workflow)
        assert refusal == (422, "validation_error")


async def test_rejected_work_is_open_for_another_round(world: World) -> None:
    """Facts 5.3 and 5.4."""
    workflow, task = await reviewed(world)
    await world.review(workflow, task, "fail", reason="Not a colour")
    assert await states(world, workflow, task) == [
        ("label", "available", 2),
        ("check", "pending", 2),
    ]
    claimed = await world.claim(workflow, task)
    assert claimed["rejection"] == {"reason": "Not a colour", "reviewer": "r1"}
    assert claimed["answers"] == {"answer": "red"}
    await world.submit(workflow, task, answer="blue")
    await world.review(workflow, task, "pass")
    assert (await world.task(workflow, task))["status"] == "finished"


@pytest.mark.parametrize(
    ("mode", "who"),
    [
        ("same_person", {"u1"}),
        ("pool_include_original", {"u1", "u2"}),
        ("pool_exclude_original", {"u2"}),
    ],
)
async def test_the_routing_mode_says_who_does_it_again(
    world: World, mode: str, who: set[str]
) -> None:
    """Fact 5.4; the reviewer who rejected it is not given it."""
    workflow, task = await reviewed(world, routing_mode=mode)
    await world.review(workflow, task, "fail")
    may = set()
    for user in ("u1", "u2", "r1"):
        page = await world.ask("GET", f"/workflows/{workflow}/work", user=user)
        if page["available"]:
            may.add(user)
        else:
            refusal = await not_done(world, "claim", task, user=user, workflow=workflow)
            assert refusal == (403, "not_eligible")
    assert may == who


@pytest.mark.parametrize("prevented", [True, False])
async def test_nobody_reviews_their_own_work_unless_they_may(world: World, prevented: bool) -> None:
    """Fact 5.4, Prevent Self-Review."""
    workflow, task = await reviewed(world, prevent_self_review=prevented)
    if prevented:
        refusal = await not_done(world, "claim", task, workflow=workflow)
        assert refusal == (403, "not_eligible")
    else:
        await world.claim(workflow, task)


@pytest.mark.parametrize(
    ("action", "status"), [("quarantine", "quarantined"), ("escalate", "escalated")]
)
async def test_too_many_rejections_take_the_task_out(
    world: World, action: str, status: str
) -> None:
    """Acceptance case 12."""
    workflow, task = await reviewed(world, max_re_reviews=1, on_max_re_reviews=action)
    await world.review(workflow, task, "fail")
    await world.claim(workflow, task)
    await world.submit(workflow, task, answer="blue")
    await world.review(workflow, task, "fail")
    found = await world.task(workflow, task)
    assert (found["status"], found["nodes"][1]["status"]) == (status, status)
    assert await not_done(world, "claim", task, workflow=workflow) == (409, "not_available")
    resolved = await world.force(task, "in_progress")
    assert resolved["nodes"][1]["status"] == "available"
    await world.review(workflow, task, "pass")
    assert (await world.task(workflow, task))["status"] == "finished"


async def test_quarantine_is_what_happens_by_default(world: World) -> None:
    """Acceptance case 12."""
    workflow, task = await reviewed(world, max_re_reviews=0)
    await world.review(workflow, task, "fail")
    assert (await world.task(workflow, task))["status"] == "quarantined"


@pytest.mark.parametrize(("mode", "free"), [("same_person", False), ("pool", True)])
async def test_who_passed_also_gets_the_next_subtask(world: World, mode: str, free: bool) -> None:
    """Fact 5.4, Pass Assignment Mode."""
    workflow = await world.make(
        fields=[{"name": "answer"}, {"name": "more", "node_id": "finish"}],
        nodes=[
            {"id": "label", "type": "subtask"},
            {"id": "check", "type": "review", "settings": {"pass_assignment_mode": mode}},
            {"id": "finish", "type": "subtask"},
        ],
    )
    (task,) = await world.create(workflow)
    await world.claim(workflow, task)
    await world.submit(workflow, task, answer="red")
    await world.review(workflow, task, "pass")
    answer = await world.call("POST", f"/workflows/{workflow}/tasks/{task}/claim", {}, user="u2")
    assert answer.status_code == (200 if free else 403)
    if not free:
        await world.claim(workflow, task)


async def test_a_paused_pipeline_hides_its_work_and_keeps_it(world: World) -> None:
    """Acceptance case 11."""
    ids = await world.create(count=2)
    await world.claim(42, ids[0])
    await world.control("POST", "/workflows/42/status", {"status": "paused"})
    assert {task["status"] for task in await world.tasks(42)} == {"paused"}
    counts = (await world.ask("GET", "/workflows/42"))["task_counts"]
    assert (counts["paused"], counts["pending"], counts["in_progress"]) == (2, 0, 0)
    assert len(await world.tasks(42, status="paused")) == 2
    assert await world.tasks(42, status="pending") == []
    page = await world.ask("GET", "/workflows/42/work", user="u1")
    assert (page["available"], page["held"]) == ([], [])
    assert await not_done(world, "claim", ids[1]) == (409, "not_available")
    body = {"fields": {"label": "x"}}
    assert await not_done(world, "submit", ids[0], body) == (409, "workflow_not_active")
    await world.control("POST", "/workflows/42/status", {"status": "active"})
    assert [task["status"] for task in await world.tasks(42)] == ["in_progress", "pending"]
    await world.submit(42, ids[0], label="x")


async def test_what_was_submitted_is_listed_newest_first(world: World) -> None:
    workflow, task = await reviewed(world)
    await world.review(workflow, task, "fail", reason="No")
    await world.claim(workflow, task)
    await world.submit(workflow, task, answer="blue")
    path = f"/workflows/{workflow}/work/submitted"
    mine = (await world.ask("GET", path, user="u1"))["items"]
    assert [(each["round"], each["fields"]) for each in mine] == [
        (2, {"answer": "blue"}),
        (1, {"answer": "red"}),
    ]
    (verdict,) = (await world.ask("GET", path, user="r1"))["items"]
    assert (verdict["outcome"], verdict["reason"]) == ("fail", "No")


async def test_a_claim_leaves_the_workflow_to_hand_play(peopled: World) -> None:
    ids = await peopled.create(count=3)
    await peopled.claim(42, ids[0])
    await peopled.advance(3600 - 1)
    assert [task["status"] for task in await peopled.tasks(42)] == [
        "in_progress",
        "pending",
        "pending",
    ]


async def test_the_header_of_a_contributor_is_no_key(world: World) -> None:
    headers = {"Mockserver-User": "u1"}
    answer = await world.call("GET", "/workflows/42/work", key=None, headers=headers)
    assert answer.json()["error"]["code"] == "missing_api_key"
    assert (await world.ask("GET", "/workflows/42/work", key=KEY))["contributor"] == "contributor"
