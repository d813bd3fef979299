"""Tests of trainings."""

import pytest

from tests.services.toloka.world import POOL_FORM, TRAINING, TRAINING_FORM, World, task

pytestmark = pytest.mark.anyio


async def test_a_training_goes_through_its_states(by_hand: World) -> None:
    path = f"/trainings/{TRAINING}"
    opening = await by_hand.call("POST", f"{path}/open")
    assert (opening.status_code, opening.json()["type"]) == (202, "TRAINING.OPEN")
    assert opening.json()["parameters"] == {"training_id": TRAINING}
    await by_hand.advance(1)
    assert (await by_hand.call("POST", f"{path}/open")).status_code == 204
    assert (await by_hand.refused("PUT", path, TRAINING_FORM))[1] == "INAPPROPRIATE_STATUS"
    for verb, reason in (("close-for-update", "FOR_UPDATE"), ("close", "MANUAL")):
        if reason == "MANUAL":
            await by_hand.advance(900)
        assert (await by_hand.ask("POST", f"{path}/{verb}"))["type"] == "TRAINING.CLOSE"
        await by_hand.advance(1)
        training = await by_hand.ask("GET", path)
        assert (training["status"], training["last_close_reason"]) == ("CLOSED", reason)
    assert (await by_hand.call("POST", f"{path}/close")).status_code == 204
    assert (await by_hand.ask("POST", f"{path}/archive"))["type"] == "TRAINING.ARCHIVE"
    await by_hand.advance(1)
    assert (await by_hand.call("POST", f"{path}/archive")).status_code == 204


async def test_a_new_training_is_closed_empty_and_in_one_row_with_pools(world: World) -> None:
    pool_id = await world.pool()
    answer = await world.call("POST", "/trainings", TRAINING_FORM)
    training = answer.json()
    assert answer.status_code == 201
    assert training["status"] == "CLOSED"
    assert int(training["id"]) == int(pool_id) + 1
    path = f"/trainings/{training['id']}"
    assert (await world.refused("POST", f"{path}/open"))[1] == "EMPTY_POOL"
    changed = await world.ask("PUT", path, {**training, "private_name": "New"})
    assert changed == {**training, "private_name": "New"}
    assert await world.invalid("POST", "/trainings", {**TRAINING_FORM, "project_id": "5"}) == {
        "project_id": "ENTITY_DOES_NOT_EXIST"
    }


async def test_a_pool_is_no_training(world: World) -> None:
    pool_id = await world.pool()
    for method, path in (("GET", ""), ("POST", "/open"), ("POST", "/clone")):
        refusal = await world.refused(method, f"/trainings/{pool_id}{path}")
        assert refusal[:2] == (404, "DOES_NOT_EXIST")


async def test_a_training_goes_after_the_pools_that_require_it(world: World) -> None:
    requirement = {"training_pool_id": TRAINING, "training_passing_skill_value": 80}
    control = {"configs": [], "training_requirement": requirement}
    pool = await world.ask("POST", "/pools", {**POOL_FORM, "quality_control": control})
    path = f"/trainings/{TRAINING}/archive"
    assert (await world.refused("POST", path))[1] == "TRAINING_ARCHIVE_CONFLICT"
    await world.ask("POST", f"/pools/{pool['id']}/archive")
    await world.advance(1)
    assert (await world.call("POST", path)).status_code == 202


async def test_a_clone_has_its_id_in_the_details(world: World) -> None:
    operation = await world.ask("POST", f"/trainings/{TRAINING}/clone")
    await world.advance(1)
    operation = await world.ask("GET", f"/operations/{operation['id']}")
    clone = await world.ask("GET", f"/trainings/{operation['details']['training_id']}")
    assert (clone["private_name"], clone["status"]) == ("Cats and dogs, training", "CLOSED")
    listed = await world.ask("GET", "/trainings", status="CLOSED", sort="-id")
    assert [each["id"] for each in listed["items"]] == [clone["id"], TRAINING]


async def test_every_toloker_of_the_crowd_does_a_training_once(world: World) -> None:
    await world.ask("POST", "/tasks", task(11, TRAINING, overlap=None, infinite_overlap=True))
    await world.ask("POST", f"/trainings/{TRAINING}/open")
    await world.advance(60)
    found = await world.assignments(TRAINING)
    assert len({each["user_id"] for each in found}) == len(found) == 24
    assert {each["status"] for each in found} == {"ACCEPTED"}
    assert {len(each["tasks"]) for each in found} == {2}
    assert (await world.ask("GET", f"/trainings/{TRAINING}"))["status"] == "OPEN"


@pytest.mark.parametrize("given", [2**31, 2**67, str(2**67)])
async def test_a_count_beyond_32_bits_is_too_large(world: World, given: object) -> None:
    form = {**TRAINING_FORM, "task_suites_required_to_pass": given}
    found = await world.invalid("POST", "/trainings", form)
    assert found == {"task_suites_required_to_pass": "VALUE_GREATER_THAN_MAX"}
