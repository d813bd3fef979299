"""Tests of projects."""

from copy import deepcopy
from typing import Any

import pytest

from tests.services.toloka.world import PROJECT, PROJECT_FORM, World

pytestmark = pytest.mark.anyio


async def test_a_project_gets_the_defaults_that_clients_need(world: World) -> None:
    answer = await world.call("POST", "/projects", PROJECT_FORM)
    project = answer.json()
    assert answer.status_code == 201
    assert project == await world.ask("GET", f"/projects/{project['id']}")
    assert (project["status"], project["created"]) == ("ACTIVE", "2026-03-01T10:00:00.120")
    spec = project["task_spec"]
    assert spec["input_spec"] == {"image": {"type": "url", "required": True, "hidden": False}}
    assert spec["view_spec"]["type"] == "classic"


async def test_a_template_is_kept_as_text_and_has_a_lock(world: World) -> None:
    """toloka-kit reads both (trap B16)."""
    form = deepcopy(PROJECT_FORM)
    form["task_spec"]["view_spec"] = {"type": "tb", "config": '{"view": {}}'}
    project = await world.ask("POST", "/projects", form)
    view = project["task_spec"]["view_spec"]
    assert view == {"type": "tb", "config": '{"view": {}}', "lock": {}}


WRONG: list[tuple[str, Any, dict[str, str]]] = [
    ("public_name", None, {"public_name": "VALUE_REQUIRED"}),
    ("task_spec", {}, dict.fromkeys(
        ("task_spec.input_spec", "task_spec.output_spec", "task_spec.view_spec"), "VALUE_REQUIRED"
    )),
    (
        "task_spec",
        {"input_spec": {"a": {"type": "picture"}}, "output_spec": {}, "view_spec": {}},
        {"task_spec.input_spec.a.type": "UNKNOWN_ENUM_VALUE"},
    ),
    ("assignments_issuing_type", "BY_HAND", {"assignments_issuing_type": "UNKNOWN_ENUM_VALUE"}),
    (
        "assignments_issuing_type",
        "MAP_SELECTOR",
        {"assignments_issuing_view_config": "VALUE_REQUIRED"},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "expected"), WRONG)
async def test_a_project_with_a_wrong_field_is_refused(
    world: World, name: str, value: Any, expected: dict[str, str]
) -> None:
    assert await world.invalid("POST", "/projects", {**PROJECT_FORM, name: value}) == expected


async def test_a_project_is_replaced_but_for_what_is_the_services(world: World) -> None:
    project = await world.ask("GET", f"/projects/{PROJECT}")
    form = {**project, "public_name": "New", "status": "ARCHIVED", "owner": {"id": "x"}}
    changed = await world.ask("PUT", f"/projects/{PROJECT}", form)
    assert changed == {**project, "public_name": "New"}


CHANGES: list[tuple[dict[str, Any], str]] = [
    ({}, "EQUAL"),
    ({"public_name": "New"}, "NON_BREAKING_CHANGE"),
    ({"extra": {"type": "string", "required": False}}, "NON_BREAKING_CHANGE"),
    ({"extra": {"type": "string"}}, "BREAKING_CHANGE"),
    ({"image": {"type": "string"}}, "BREAKING_CHANGE"),
    ({"image": None}, "BREAKING_CHANGE"),
]


@pytest.mark.parametrize(("change", "level"), CHANGES)
async def test_a_new_version_is_measured_by_what_it_asks_of_tasks(
    world: World, change: dict[str, Any], level: str
) -> None:
    project = await world.ask("GET", f"/projects/{PROJECT}")
    project |= {key: value for key, value in change.items() if key == "public_name"}
    inputs = project["task_spec"]["input_spec"]
    inputs.update({key: value for key, value in change.items() if key != "public_name"})
    for name in [name for name, field in inputs.items() if field is None]:
        del inputs[name]
    answer = await world.ask("POST", f"//staging/projects/{PROJECT}/check", project)
    assert answer == {"differenceLevel": level}


async def test_a_project_is_archived_after_its_pools_and_again_without_complaint(
    world: World,
) -> None:
    refusal = await world.refused("POST", f"/projects/{PROJECT}/archive")
    assert refusal[:2] == (409, "UNARCHIVED_POOLS_CONFLICT")
    project = await world.ask("POST", "/projects", PROJECT_FORM)
    path = f"/projects/{project['id']}/archive"
    first = await world.call("POST", path)
    assert (first.status_code, first.json()["type"]) == (202, "PROJECT.ARCHIVE")
    assert first.json()["parameters"] == {"project_id": project["id"]}
    await world.advance(1)
    second = await world.call("POST", path)
    assert (second.status_code, second.json()["status"]) == (202, "SUCCESS")
    refusal = await world.refused("PUT", f"/projects/{project['id']}", PROJECT_FORM)
    assert refusal[:2] == (409, "PROJECT_INAPPROPRIATE_STATUS")


async def test_projects_are_listed_in_any_of_their_orders(world: World) -> None:
    for name in ("B", "A", "C"):
        await world.ask("POST", "/projects", {**PROJECT_FORM, "public_name": name})
    found = await world.ask("GET", "/projects", sort="-public_name", created_gte="2026-03-01")
    assert [each["public_name"] for each in found["items"]] == ["C", "B", "A"]
    nobody = await world.ask("GET", "/projects", owner="somebody")
    assert nobody["items"] == []
    assert (await world.ask("GET", "/projects", status="ARCHIVED"))["items"] == []
