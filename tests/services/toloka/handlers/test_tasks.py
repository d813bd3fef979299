"""Tests of tasks: creating them in every mode, listing, changing."""

from typing import Any

import orjson
import pytest

from tests.services.toloka.conftest import Opening
from tests.services.toloka.world import CLOSED, OPERATION, REQUIRED, TRAINING, USER, World, task

pytestmark = pytest.mark.anyio

UNKNOWN = {"code": "VALUE_NOT_ALLOWED", "message": "Unknown field name"}


def bad(number: int = 1) -> dict[str, Any]:
    """A task without its required value and with one that is not known."""
    return task(number) | {"input_values": {"imagis": "y"}}


async def test_one_task_is_answered_as_it_is_kept(world: World) -> None:
    form = task(
        known_solutions=[{"output_values": {"result": "cat"}}],
        baseline_solutions=[{"output_values": {"result": "dog"}, "confidence_weight": 0.8}],
        message_on_unknown_solution="It says miaow.",
        reserved_for=[USER],
        unavailable_for=[17],
        origin_task_id="000--1",
        __item_idx="0",
    )
    answer = await world.call("POST", "/tasks", form)
    created = answer.json()
    assert answer.status_code == 201
    assert created == await world.ask("GET", f"/tasks/{created['id']}")
    assert created["id"].startswith("00000f4246--69a40e20")
    del created["id"]
    assert created == {
        "pool_id": CLOSED,
        "input_values": form["input_values"],
        "known_solutions": [{"output_values": {"result": "cat"}, "correctness_weight": 1}],
        "baseline_solutions": [{"output_values": {"result": "dog"}, "confidence_weight": 0.8}],
        "message_on_unknown_solution": "It says miaow.",
        "origin_task_id": "000--1",
        "overlap": 1,
        "infinite_overlap": False,
        "remaining_overlap": 1,
        "reserved_for": [USER],
        "unavailable_for": ["17"],
        "created": "2026-03-01T10:00:00.120",
    }


async def test_many_tasks_are_answered_by_place(world: World) -> None:
    answer = await world.call("POST", "/tasks", [task(1), bad(), task(2)], skip_invalid_items=True)
    assert answer.status_code == 201
    assert sorted(answer.json()["items"]) == ["0", "2"]
    assert answer.json()["validation_errors"] == {
        "1": {"input_values.image": REQUIRED, "input_values.imagis": UNKNOWN}
    }


async def test_one_invalid_task_stops_all_unless_it_is_skipped(world: World) -> None:
    wrong = {"input_values.image": "VALUE_REQUIRED", "input_values.imagis": "VALUE_NOT_ALLOWED"}
    assert await world.invalid("POST", "/tasks", [task(), bad()]) == {"1": wrong}
    assert await world.invalid("POST", "/tasks", bad()) == wrong
    skipped = await world.invalid("POST", "/tasks", [bad(), bad()], skip_invalid_items=True)
    assert skipped == {"0": wrong, "1": wrong}


async def test_five_thousand_tasks_at_once_are_the_most(world: World) -> None:
    answer = await world.ask("POST", "/tasks", [task(number) for number in range(5000)])
    assert len(answer["items"]) == 5000
    refusal = await world.refused("POST", "/tasks", [task()] * 5001)
    assert refusal[:2] == (413, "ENTITY_TOO_LARGE")
    operation = await world.batch([task()] * 5001)
    assert operation["details"]["success_count"] == 5001


@pytest.mark.parametrize("query", [{}, {"async_mode": True}], ids=["sync", "async"])
async def test_an_empty_body_is_refused_in_the_services_words(
    world: World, query: dict[str, Any]
) -> None:
    bodies: tuple[Any, ...] = (None, [], {})
    for body in bodies:
        found = await world.invalid("POST", "/tasks", body, **query)
        assert found == {"__body": "NOT_NULL_BODY"}
    assert await world.invalid("POST", "/tasks", "text", **query) == {"__body": "OBJECT_EXPECTED"}


async def test_an_archived_pool_takes_no_tasks(world: World) -> None:
    pool_id = await world.pool()
    await world.ask("POST", f"/pools/{pool_id}/archive")
    await world.advance(1)
    for query in ({}, {"async_mode": True, "operation_id": OPERATION}):
        refusal = await world.refused("POST", "/tasks", [task(pool_id=pool_id)], **query)
        assert refusal[:2] == (409, "POOL_INAPPROPRIATE_STATUS")
    assert (await world.refused("GET", f"/operations/{OPERATION}"))[0] == 404


FIELDS: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({"pool_id": None}, {"pool_id": "VALUE_REQUIRED"}),
    ({"pool_id": "9999999"}, {"pool_id": "ENTITY_DOES_NOT_EXIST"}),
    ({"pool_id": {}}, {"pool_id": "STRING_EXPECTED"}),
    ({"input_values": None}, {"input_values": "VALUE_REQUIRED"}),
    ({"input_values": []}, {"input_values": "OBJECT_EXPECTED"}),
    ({"overlap": 0}, {"overlap": "VALUE_LESS_THAN_MIN"}),
    ({"overlap": 30_001}, {"overlap": "VALUE_GREATER_THAN_MAX"}),
    ({"overlap": "many"}, {"overlap": "INTEGER_EXPECTED"}),
    ({"overlap": True}, {"overlap": "INTEGER_EXPECTED"}),
    ({"infinite_overlap": "perhaps"}, {"infinite_overlap": "BOOLEAN_EXPECTED"}),
    ({"infinite_overlap": True}, {"overlap": "VALUE_NOT_ALLOWED"}),
    ({"known_solutions": {}}, {"known_solutions": "ARRAY_EXPECTED"}),
    ({"known_solutions": [1]}, {"known_solutions.0": "OBJECT_EXPECTED"}),
    (
        {"known_solutions": [{"output_values": {"result": "bird"}}]},
        {"known_solutions.0.output_values.result": "VALUE_NOT_ALLOWED"},
    ),
    (
        {"baseline_solutions": [{"output_values": {}}]},
        {"baseline_solutions.0.output_values.result": "VALUE_REQUIRED"},
    ),
    (
        {"known_solutions": [{"output_values": {"result": "cat"}, "correctness_weight": 2}]},
        {"known_solutions.0.correctness_weight": "VALUE_GREATER_THAN_MAX"},
    ),
    (
        {"baseline_solutions": [{"output_values": {"result": "cat"}, "confidence_weight": -1}]},
        {"baseline_solutions.0.confidence_weight": "VALUE_LESS_THAN_MIN"},
    ),
    (
        {"baseline_solutions": [{"output_values": {"result": "cat"}, "confidence_weight": "x"}]},
        {"baseline_solutions.0.confidence_weight": "FLOAT_EXPECTED"},
    ),
    ({"message_on_unknown_solution": 1}, {"message_on_unknown_solution": "STRING_EXPECTED"}),
    ({"reserved_for": "me"}, {"reserved_for": "ARRAY_EXPECTED"}),
    ({"unavailable_for": [{}]}, {"unavailable_for.0": "STRING_EXPECTED"}),
]


@pytest.mark.parametrize(("change", "expected"), FIELDS)
async def test_a_field_that_is_wrong_is_named_with_its_code(
    world: World, change: dict[str, Any], expected: dict[str, str]
) -> None:
    assert await world.invalid("POST", "/tasks", task() | change) == expected
    assert await world.invalid("POST", "/tasks", [task(), task() | change]) == {"1": expected}
    operation = await world.batch([task(), task() | change])
    (entry,) = await world.log(operation["id"])
    assert {path: one["code"] for path, one in entry["output"].items()} == expected


async def test_what_is_not_an_object_is_told_by_its_place(world: World) -> None:
    assert await world.invalid("POST", "/tasks", [task(), 5]) == {"1": {"task": "OBJECT_EXPECTED"}}


OVERLAPS: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any], Any]] = [
    ({"overlap": 5}, {}, {"default_overlap_for_new_tasks": 2}, (5, False)),
    ({"overlap": "5"}, {}, {}, (5, False)),
    ({"overlap": 5}, {"allow_defaults": True}, {"default_overlap_for_new_tasks": 2}, (5, False)),
    ({}, {"allow_defaults": True}, {"default_overlap_for_new_tasks": 2}, (2, False)),
    ({}, {}, {"default_overlap_for_new_tasks": 2}, (2, False)),
    ({}, {"allow_defaults": True}, {"default_overlap_for_new_task_suites": 3}, (3, False)),
    ({}, {}, {"default_overlap_for_new_task_suites": 3}, None),
    ({"overlap": None, "infinite_overlap": True}, {}, {}, (None, True)),
    ({"infinite_overlap": "true"}, {}, {}, (None, True)),
    ({"overlap": 4, "infinite_overlap": False}, {}, {}, (4, False)),
]


@pytest.mark.parametrize(("form", "query", "defaults", "expected"), OVERLAPS)
async def test_overlap_comes_from_the_task_else_from_the_pool(
    world: World,
    form: dict[str, Any],
    query: dict[str, Any],
    defaults: dict[str, Any],
    expected: Any,
) -> None:
    pool_id = await world.pool(defaults=defaults)
    item = {key: value for key, value in task(pool_id=pool_id).items() if key != "overlap"} | form
    if expected is None:
        found = await world.invalid("POST", "/tasks", item, **query)
        assert found == {"overlap": "VALUE_REQUIRED"}
        return
    created = await world.ask("POST", "/tasks", item, **query)
    assert (created["overlap"], created["infinite_overlap"]) == expected
    assert created["remaining_overlap"] == expected[0]


async def test_training_tasks_without_overlap_are_for_everybody(world: World) -> None:
    item = {key: value for key, value in task(pool_id=TRAINING).items() if key != "overlap"}
    created = await world.ask("POST", "/tasks", item, allow_defaults=True, open_pool=True)
    assert created["infinite_overlap"] is True
    training = await world.ask("GET", f"/trainings/{TRAINING}")
    assert training["status"] == "OPEN"


async def test_python_spells_booleans_in_its_own_way(world: World) -> None:
    answer = await world.call("POST", "/tasks", task(), async_mode="True")
    assert answer.status_code == 202
    answer = await world.call("POST", "/tasks", task(), async_mode="0")
    assert answer.status_code == 201


async def test_the_pool_of_a_synchronous_call_is_opened_by_it(world: World) -> None:
    await world.ask("POST", "/tasks", task(), open_pool=True)
    assert await world.state(CLOSED) == "OPEN"


async def test_a_strict_pool_takes_no_tasks_without_a_mixer_configuration(
    opened: Opening,
) -> None:
    world = await opened(toloka_require_mixer_config=True)
    pool_id = await world.pool(mixer_config=None)
    refusal = await world.refused("POST", "/tasks", task(pool_id=pool_id))
    assert refusal[:2] == (409, "MIXER_CONFIG_REQUIRED")


async def test_a_body_over_the_cap_is_too_large(opened: Opening) -> None:
    world = await opened(toloka_max_body_bytes=1000)
    await world.ask("POST", "/tasks", task())
    refusal = await world.refused("POST", "/tasks", [task()] * 20)
    assert refusal[:2] == (413, "ENTITY_TOO_LARGE")


async def test_a_pool_is_locked_while_a_batch_is_written_if_that_is_asked_for(
    opened: Opening,
) -> None:
    world = await opened(toloka_lock_pools=True)
    await world.ask("POST", "/tasks", [task()], async_mode=True)
    for method, path, body in (
        ("POST", "/tasks", task()),
        ("POST", f"/pools/{CLOSED}/open", None),
        ("PATCH", f"/tasks/{world.documents('tasks')[0]['id']}", {"overlap": 5}),
    ):
        refusal = await world.refused(method, path, body)
        assert refusal[:2] == (409, "POOL_LOCKED_BY_ANOTHER_OPERATION")
    await world.advance(1)
    await world.ask("POST", "/tasks", task())


async def test_tasks_are_listed_by_pool_alone(world: World) -> None:
    assert await world.invalid("GET", "/tasks") == {"pool_id": "VALUE_REQUIRED"}
    found = await world.ask("GET", "/tasks", pool_id=CLOSED)
    assert len(found["items"]) == 4
    assert "role" not in found["items"][0]
    assert (await world.ask("GET", "/tasks", pool_id="9999999"))["items"] == []


async def test_ids_rise_as_text_and_bounds_are_anded(world: World) -> None:
    """toloka-kit asks for the range between its smallest and largest id as text (trap B1)."""
    pool_id = await world.pool()
    made = []
    for second in range(12):
        created = await world.ask("POST", "/tasks", task(second, pool_id))
        made.append(created["id"])
        await world.advance(1)
    assert made == sorted(made)
    query = {"pool_id": pool_id, "id_gte": made[2], "id_lte": made[9], "sort": "id"}
    first = await world.ask("GET", "/tasks", limit=5, **query)
    assert ([each["id"] for each in first["items"]], first["has_more"]) == (made[2:7], True)
    last = await world.ask("GET", "/tasks", limit=5, id_gt=made[6], **query)
    assert ([each["id"] for each in last["items"]], last["has_more"]) == (made[7:10], False)


async def test_overlap_is_raised_and_lowered_but_not_below_what_is_given_out(
    by_hand: World,
) -> None:
    pool_id = await by_hand.opened(task(1, overlap=4))
    (found,) = (await by_hand.ask("GET", "/tasks", pool_id=pool_id))["items"]
    path = f"/tasks/{found['id']}"
    await by_hand.control("POST", f"/pools/{pool_id}/assignments", {"count": 2})
    assert (await by_hand.ask("GET", path))["remaining_overlap"] == 2
    raised = await by_hand.ask("PATCH", path, {"overlap": 6, "infinite_overlap": False})
    assert (raised["overlap"], raised["remaining_overlap"]) == (6, 4)
    refusal = await by_hand.refused("PATCH", path, {"overlap": 1})
    assert refusal[:2] == (409, "ASSIGNMENTS_COUNT_CONFLICT")
    least = await by_hand.ask("PATCH", f"{path}/set-overlap-or-min", {"overlap": 0})
    assert (least["overlap"], least["remaining_overlap"]) == (2, 0)
    endless = await by_hand.ask("PATCH", path, {"overlap": None, "infinite_overlap": True})
    assert (endless["overlap"], endless["infinite_overlap"]) == (None, True)
    ended = await by_hand.ask("PATCH", f"{path}/set-overlap-or-min", {"infinite_overlap": False})
    assert (ended["overlap"], ended["remaining_overlap"]) == (2, 0)


async def test_a_patch_changes_solutions_and_hint(world: World) -> None:
    created = await world.ask("POST", "/tasks", task())
    path = f"/tasks/{created['id']}"
    form = {
        "known_solutions": [{"output_values": {"result": "dog"}}],
        "baseline_solutions": [{"output_values": {"result": "dog"}}],
        "message_on_unknown_solution": "Woof",
    }
    changed = await world.ask("PATCH", path, form, open_pool=True)
    assert changed["known_solutions"][0]["correctness_weight"] == 1
    assert changed["baseline_solutions"][0]["confidence_weight"] == 1
    assert changed["message_on_unknown_solution"] == "Woof"
    assert await world.state(CLOSED) == "OPEN"
    wrong = {"known_solutions": [{"output_values": {"result": "bird"}}]}
    found = await world.invalid("PATCH", path, wrong)
    assert found == {"known_solutions.0.output_values.result": "VALUE_NOT_ALLOWED"}
    both = await world.invalid("PATCH", path, {"overlap": 3, "infinite_overlap": True})
    assert both == {"overlap": "VALUE_NOT_ALLOWED"}


async def test_a_body_of_unknown_length_is_read(world: World) -> None:
    """The Java client sends its batches in chunks, with a charset (trap J3)."""

    async def chunks() -> Any:
        body = orjson.dumps([task(1), task(2)])
        for start in range(0, len(body), 10):
            yield body[start : start + 10]

    answer = await world.client.post(
        "/toloka/api/v1/tasks?async_mode=true",
        content=chunks(),
        headers={
            "Authorization": "OAuth token",
            "Content-Type": "application/json; charset=UTF-8",
        },
    )
    assert (answer.status_code, answer.json()["type"]) == (202, "TASK.BATCH_CREATE")
