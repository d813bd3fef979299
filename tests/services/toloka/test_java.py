"""Tests of what the Java client insists on, as plain calls: exact statuses, forms, dates."""

import re
from typing import Any

import pytest

from tests.services.toloka.world import (
    CLOSED,
    OPEN,
    POOL_FORM,
    PROJECT,
    PROJECT_FORM,
    TRAINING,
    TRAINING_FORM,
    USER,
    World,
    suite,
    task,
)

pytestmark = pytest.mark.anyio

SUBSCRIPTION = {"event_type": "POOL_CLOSED", "pool_id": OPEN, "webhook_url": "http://127.0.0.1:9"}
VALUE = {"skill_id": "1000001", "user_id": USER, "value": 1}
RESTRICTION = {"scope": "ALL_PROJECTS", "user_id": USER}
BONUS = {"user_id": USER, "amount": 1}
AGGREGATE = {"type": "DAWID_SKENE", "pool_id": OPEN, "fields": [{"name": "result"}]}
COMPOSE = {"recipients_select_type": "ALL", "topic": {"EN": "a"}, "text": {"EN": "b"}}

STATUSES: list[tuple[str, str, Any, dict[str, Any], int]] = [
    ("POST", "/tasks", task(), {}, 201),
    ("POST", "/tasks", [task()], {}, 201),
    ("POST", "/tasks", [task()], {"async_mode": True}, 202),
    ("POST", "/task-suites", suite(1), {}, 201),
    ("POST", "/task-suites", [suite(1)], {"async_mode": True}, 202),
    ("POST", "/user-bonuses", BONUS, {}, 201),
    ("POST", "/user-bonuses", [BONUS], {"async_mode": True}, 202),
    ("POST", "/projects", PROJECT_FORM, {}, 201),
    ("PUT", f"/projects/{PROJECT}", PROJECT_FORM, {}, 200),
    ("POST", "/pools", POOL_FORM, {}, 201),
    ("PUT", f"/pools/{CLOSED}", POOL_FORM, {}, 200),
    ("PATCH", f"/pools/{CLOSED}", {"priority": 1}, {}, 200),
    ("POST", f"/pools/{CLOSED}/open", None, {}, 202),
    ("POST", f"/pools/{OPEN}/open", None, {}, 204),
    ("POST", f"/pools/{OPEN}/close", None, {}, 202),
    ("POST", f"/pools/{CLOSED}/close", None, {}, 204),
    ("POST", f"/pools/{CLOSED}/archive", None, {}, 202),
    ("POST", f"/pools/{CLOSED}/clone", None, {}, 202),
    ("POST", "/trainings", TRAINING_FORM, {}, 201),
    ("POST", f"/trainings/{TRAINING}/open", None, {}, 202),
    ("POST", f"/trainings/{TRAINING}/close", None, {}, 204),
    ("POST", "/skills", {"name": "a"}, {}, 201),
    ("PUT", "/skills/1000001", {"name": "a"}, {}, 200),
    ("PUT", "/user-skills", VALUE, {}, 201),
    ("PUT", "/user-restrictions", RESTRICTION, {}, 201),
    ("PUT", "/webhook-subscriptions/", [SUBSCRIPTION], {}, 200),
    ("PUT", "/webhook-subscriptions/", SUBSCRIPTION, {}, 201),
    ("POST", "/aggregated-solutions/aggregate-by-pool", AGGREGATE, {}, 202),
    ("POST", "/message-threads/compose", COMPOSE, {}, 201),
    ("GET", "/requester", None, {}, 200),
    ("GET", "/operations/none", None, {}, 404),
]


@pytest.mark.parametrize(("method", "path", "body", "query", "status"), STATUSES)
async def test_each_call_has_the_one_status_that_counts(
    world: World, method: str, path: str, body: Any, query: dict[str, Any], status: int
) -> None:
    assert (await world.call(method, path, body, **query)).status_code == status


async def test_an_action_has_a_content_type_but_no_body(world: World) -> None:
    """TransportUtil sends the header with every POST."""
    answer = await world.client.post(
        f"/toloka/api/v1/pools/{CLOSED}/open",
        headers={
            "Authorization": "OAuth token",
            "Content-Type": "application/json; charset=UTF-8",
        },
    )
    assert answer.status_code == 202


def times(value: Any) -> list[str]:
    """Every text in an answer that looks like a time."""
    if isinstance(value, dict):
        return [text for each in value.values() for text in times(each)]
    if isinstance(value, list):
        return [text for each in value for text in times(each)]
    return [value] if isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\dT", value) else []


async def test_every_time_has_three_digits_and_no_zone(world: World) -> None:
    """Any other form is an error or a wrong time (trap J5)."""
    pool_id = await world.opened(task(1), task(2), auto_accept_solutions=True)
    await world.batch([task(3)])
    await world.advance(0.001)
    found: list[str] = []
    for path in ("projects", "pools", "trainings", "skills", "operations"):
        found += times(await world.ask("GET", f"/{path}"))
    for path in ("tasks", "assignments", "task-suites"):
        found += times(await world.ask("GET", f"/{path}", pool_id=pool_id))
    assert len(found) > 20
    assert not [text for text in found if not re.fullmatch(r"[\d-]{10}T[\d:]{8}\.\d{3}", text)]


async def test_items_and_errors_are_maps_by_number(world: World) -> None:
    """BatchCreateResult reads integer keys (trap J6)."""
    answer = await world.ask("POST", "/tasks", [{}, task()], skip_invalid_items=True)
    assert {type(answer[name]) for name in answer} == {dict}
    assert [int(key) for key in (*answer["items"], *answer["validation_errors"])] == [1, 0]
