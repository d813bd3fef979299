"""Tests of errors in Sama's envelope, those of the server itself included."""

import pytest

from mockserver.engine.errors import ServiceError
from mockserver.services.sama import errors
from tests.services.sama.conftest import Opening
from tests.services.sama.world import KEY, World, urls

pytestmark = pytest.mark.anyio


async def test_an_unknown_path_and_a_wrong_method_are_in_the_envelope(world: World) -> None:
    assert (await world.refused("GET", "/nowhere.json"))[0] == 404
    answer = await world.call("DELETE", "/tasks.json")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, POST"
    assert answer.json()["errors"][0]["type"] == 405


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/sama/v2/projects/9999.json", "Project not found."),
        ("/sama/v2/projects/nine.json", "Project not found."),
        ("/sama/v2/projects/99999999999999999999.json", "Project not found."),
        ("/sama/v2/projects/117/batches/1.json", "Batch not found."),
        ("/sama/v2/projects/117/batches/x.json", "Batch not found."),
        ("/sama/v2/projects/117/tasks/65f0c0de9b1e4a0001a00001.json", "Task not found."),
        ("/sama/v2/projects/117/tasks/nonsense.json", "Task not found."),
    ],
)
async def test_what_is_not_there_is_named(world: World, path: str, message: str) -> None:
    answer = await world.client.get(path, params={"access_key": KEY})
    assert answer.status_code == 404
    assert answer.json() == {"errors": [{"type": 404, "message": message}]}


@pytest.mark.parametrize("content", [b"{", b'{"tasks": [', b"\xff\xfe", b"[1,]", b'{"a": NaN}'])
async def test_a_body_that_is_no_json_is_refused_and_changes_nothing(
    world: World, content: bytes
) -> None:
    before = world.counts()
    answer = await world.client.post(
        "/sama/v2/projects/117/batches.json",
        params={"access_key": KEY},
        content=content,
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["type"] == 400
    assert world.counts() == before


async def test_other_media_types_and_huge_bodies_are_in_the_envelope(opened: Opening) -> None:
    world = await opened(max_body=1000)
    url, query = "/sama/v2/projects/117/batches.json", {"access_key": KEY}
    wrong = await world.client.post(
        url,
        params=query,
        content=b"a=1",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    huge = await world.call("POST", "/batches.json", {"tasks": [{"data": urls(1)[0]}] * 50})
    assert (wrong.status_code, wrong.json()["errors"][0]["type"]) == (415, 415)
    assert (huge.status_code, huge.json()["errors"][0]["type"]) == (413, 413)
    assert world.documents("batches") == []


async def test_every_violation_has_its_own_message(world: World) -> None:
    body = {"tasks": [{"data": {}, "priority": "high"}], "notification_email": 5}
    answer = await world.call("POST", "/batches.json", body)
    assert answer.status_code == 400
    messages = [error["message"] for error in answer.json()["errors"]]
    assert len(messages) == 2
    assert any(message.startswith("tasks/0/priority: ") for message in messages)
    assert any(message.startswith("notification_email: ") for message in messages)


def test_an_error_without_words_still_has_a_message() -> None:
    answer = errors.render_error(ServiceError(status=503), None)
    assert answer.body == {"errors": [{"type": 503, "message": "Service Unavailable."}]}
    odd = errors.render_error(ServiceError(status=599), None)
    assert odd.body["errors"][0]["message"]
