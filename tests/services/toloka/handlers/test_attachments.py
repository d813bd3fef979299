"""Tests of attachments."""

import base64

import pytest

from tests.services.toloka.world import OPEN, PROJECT_FORM, USER, World, task

pytestmark = pytest.mark.anyio


async def test_a_file_is_attached_found_and_downloaded(by_hand: World) -> None:
    given = await by_hand.control("POST", f"/pools/{OPEN}/assignments", {"user_id": USER})
    assignment_id = given["items"][0]["id"]
    path = f"/assignments/{assignment_id}/attachments"
    data = bytes(range(256))
    made = await by_hand.control(
        "POST", path, {"name": "a b.bin", "media_type": "image/x", "base64": _base64(data)}
    )
    await by_hand.control("POST", path, {"name": "b.txt", "text": "Grüße"})
    assert await by_hand.ask("GET", f"/attachments/{made['id']}") == made
    assert made["attachment_type"] == "ASSIGNMENT_ATTACHMENT"
    assert made["details"] == {"user_id": USER, "assignment_id": assignment_id, "pool_id": OPEN}
    download = await by_hand.call("GET", f"/attachments/{made['id']}/download")
    assert download.content == data
    assert download.headers["content-type"] == "image/x"
    assert download.headers["content-disposition"] == "attachment; filename*=UTF-8''a%20b.bin"
    for query in (
        {"pool_id": OPEN, "name": "a b.bin"},
        {"assignment_id": assignment_id, "sort": "id", "limit": 1},
        {"pool_id": OPEN, "user_id": USER, "owner_id": made["owner"]["id"], "name": "a b.bin"},
    ):
        assert (await by_hand.ask("GET", "/attachments", **query))["items"] == [made]
    assert (await by_hand.ask("GET", "/attachments", pool_id=OPEN, user_id="x"))["items"] == []
    assert await by_hand.invalid("GET", "/attachments") == {"pool_id": "VALUE_REQUIRED"}


async def test_a_field_of_files_is_answered_with_attachments(world: World) -> None:
    form = {**PROJECT_FORM, "task_spec": {**PROJECT_FORM["task_spec"]}}
    form["task_spec"]["output_spec"] = {"photo": {"type": "file"}}
    project = await world.ask("POST", "/projects", form)
    pool_id = await world.opened(task(1), project_id=project["id"])
    await world.advance(60)
    (assignment,) = await world.assignments(pool_id)
    attachment_id = assignment["solutions"][0]["output_values"]["photo"]
    attachment = await world.ask("GET", f"/attachments/{attachment_id}")
    assert (attachment["name"], attachment["media_type"]) == ("photo.png", "image/png")
    download = await world.call("GET", f"/attachments/{attachment_id}/download")
    assert download.content.startswith(b"\x89PNG\r\n")


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
