"""Tests of message threads."""

from typing import Any

import pytest

from tests.services.toloka.world import USER, World

pytestmark = pytest.mark.anyio

COMPOSE: dict[str, Any] = {
    "recipients_select_type": "DIRECT",
    "recipients_ids": [USER],
    "topic": {"EN": "Thanks"},
    "text": {"EN": "Thank you."},
    "answerable": True,
}


async def test_a_thread_begins_in_the_outbox_with_everyone_in_it(world: World) -> None:
    answer = await world.call("POST", "/message-threads/compose", COMPOSE)
    thread = answer.json()
    assert answer.status_code == 201
    assert thread["folders"] == ["OUTBOX"]
    assert [each["myself"] for each in thread["interlocutors"]] == [False, True]
    assert thread["compose_details"] == {
        "recipients_select_type": "DIRECT",
        "recipients_ids": [USER],
    }
    assert "in" not in thread


async def test_answers_come_first(world: World) -> None:
    thread = await world.ask("POST", "/message-threads/compose", COMPOSE)
    answer = await world.call(
        "POST", f"/message-threads/{thread['id']}/reply", {"text": {"EN": "Again."}}
    )
    assert answer.status_code == 200
    assert [each["text"]["EN"] for each in answer.json()["messages"]] == ["Again.", "Thank you."]


async def test_threads_are_found_by_folders_they_are_in_and_not_in(world: World) -> None:
    sent = await world.ask("POST", "/message-threads/compose", COMPOSE)
    received = await world.control("POST", "/message-threads", {"text": {"EN": "Help!"}})
    assert received["folders"] == ["INBOX", "UNREAD"]
    path = f"/message-threads/{sent['id']}"
    filed = await world.ask("POST", f"{path}/add-to-folders", {"folders": ["IMPORTANT"]})
    assert filed["folders"] == ["OUTBOX", "IMPORTANT"]

    async def ids(**query: str) -> list[str]:
        page = await world.ask("GET", "/message-threads", **query)
        return [each["id"] for each in page["items"]]

    assert await ids() == [sent["id"], received["id"]]
    assert await ids(folder="OUTBOX,IMPORTANT") == [sent["id"]]
    assert await ids(folder="INBOX", folder_ne="IMPORTANT,OUTBOX") == [received["id"]]
    assert await ids(folder_ne="UNREAD") == [sent["id"]]
    await world.ask("POST", f"{path}/remove-from-folders", {"folders": ["IMPORTANT"]})
    assert await ids(folder="IMPORTANT") == []
    found = await world.invalid("GET", "/message-threads", folder="ATTIC")
    assert found == {"folder": "UNKNOWN_ENUM_VALUE"}


async def test_a_message_can_be_about_an_assignment(by_hand: World) -> None:
    given = await by_hand.control("POST", "/pools/1000007/assignments", {"user_id": USER})
    form = {"text": {"EN": "Why?"}, "assignment_id": given["items"][0]["id"]}
    thread = await by_hand.control("POST", "/message-threads", form)
    assert thread["meta"] == {
        "pool_id": "1000007",
        "project_id": "1000001",
        "assignment_id": given["items"][0]["id"],
    }
    assert {each["id"] for each in thread["interlocutors"]} >= {USER}


async def test_someone_must_be_written_to(world: World) -> None:
    form = {**COMPOSE, "recipients_ids": None}
    found = await world.invalid("POST", "/message-threads/compose", form)
    assert found == {"recipients_ids": "VALUE_REQUIRED"}
    form = {**form, "recipients_select_type": "FILTER", "recipients_filter": {"and": []}}
    thread = await world.ask("POST", "/message-threads/compose", form)
    assert thread["compose_details"]["recipients_filter"] == {"and": []}
    assert (await world.refused("POST", "/message-threads/x/reply", {"text": {}}))[0] == 404
