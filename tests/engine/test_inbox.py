"""Tests of the built-in webhook receiver."""

import asyncio
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from mockserver.engine.clock import Clock
from mockserver.engine.errors import BadRequest, UnknownName
from mockserver.engine.inbox import Inbox, Message

pytestmark = pytest.mark.anyio

AT = 1_767_323_045.0


def inbox(**bounds: Any) -> Inbox:
    return Inbox(clock=Clock(AT, 0), **bounds)


def client(receiver: Inbox) -> httpx.AsyncClient:
    """A client of an inbox without a socket."""
    transport = httpx.ASGITransport(receiver.handle)
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080/__inbox")


async def fill(receiver: Inbox, name: str, count: int, body: bytes = b"{}") -> None:
    async with client(receiver) as sender:
        for _ in range(count):
            await sender.post(f"/{name}", content=body)


async def test_a_message_is_kept_as_it_came() -> None:
    receiver = inbox()
    async with client(receiver) as sender:
        answer = await sender.put(
            "/hooks/deep/er?access_key=s&x=1",
            content=b'{"a": [1,  2]}',
            headers=[("X-Twice", "a"), ("X-Twice", "b"), ("Authorization", "Bearer t")],
        )
    assert (answer.status_code, answer.json()) == (200, {})
    (message,), total = receiver.messages("hooks")
    assert total == 1
    headers = message.pop("headers")
    assert (headers["x-twice"], headers["authorization"]) == ("a, b", "Bearer t")
    assert message == {
        "id": "1",
        "received_at": "2026-01-02T03:04:05.000Z",
        "method": "PUT",
        "path": "/__inbox/hooks/deep/er",
        "query": "access_key=s&x=1",
        "body": '{"a": [1,  2]}',
        "json": {"a": [1, 2]},
    }


async def test_a_body_that_is_not_json_is_text() -> None:
    receiver = inbox()
    await fill(receiver, "a", 1, b"a=1&b=2")
    await fill(receiver, "a", 1, b"\xff\x00")
    await fill(receiver, "a", 1, b"")
    messages, _ = receiver.messages("a")
    assert [(m["body"], m["json"]) for m in messages] == [
        ("a=1&b=2", None),
        ("\ufffd\x00", None),
        ("", None),
    ]


async def test_inboxes_do_not_see_each_other() -> None:
    receiver = inbox()
    await fill(receiver, "a", 2)
    await fill(receiver, "b", 1)
    assert receiver.names() == ["a", "b"]
    assert (receiver.count("a"), receiver.count("b"), receiver.count("c")) == (2, 1, 0)
    assert receiver.messages("c") == ([], 0)


async def test_an_inbox_answers_as_it_was_told() -> None:
    receiver = inbox()
    receiver.configure("a", {"status": 503, "body": {"no": 1}, "headers": {"Retry-After": "5"}})
    async with client(receiver) as sender:
        answer = await sender.post("/a")
        other = await sender.post("/b")
    assert (answer.status_code, answer.json()) == (503, {"no": 1})
    assert answer.headers["retry-after"] == "5"
    assert answer.headers["content-type"] == "application/json"
    assert other.status_code == 200
    assert receiver.configuration("a") == {
        "status": 503,
        "body": {"no": 1},
        "headers": {"Retry-After": "5"},
        "seconds": 0.0,
    }
    receiver.configure("a", {})
    assert receiver.configuration("a")["status"] == 200


@pytest.mark.parametrize(
    ("answer", "content", "kind"),
    [
        ({"body": "plain"}, b"plain", "text/plain; charset=utf-8"),
        ({"body": "<a/>", "headers": {"Content-Type": "text/xml"}}, b"<a/>", "text/xml"),
        ({"body": [1]}, b"[1]", "application/json"),
        ({"body": 0}, b"0", "application/json"),
        ({"body": None}, b"", None),
        ({"status": 204}, b"", None),
    ],
)
async def test_an_answer_has_the_body_asked_for(
    answer: dict[str, Any], content: bytes, kind: str | None
) -> None:
    receiver = inbox()
    receiver.configure("a", answer)
    async with client(receiver) as sender:
        got = await sender.post("/a")
    assert (got.content, got.headers.get("content-type")) == (content, kind)


async def test_an_inbox_can_take_its_time() -> None:
    receiver = inbox()
    receiver.configure("a", {"seconds": 600})
    async with client(receiver) as sender:
        with pytest.raises(TimeoutError):
            # The message is there although the sender has given up.
            await asyncio.wait_for(sender.post("/a"), 0.01)
    assert receiver.count("a") == 1


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 99},
        {"status": 600},
        {"status": "200"},
        {"status": True},
        {"seconds": -1},
        {"seconds": 601},
        {"seconds": "1"},
        {"seconds": float("nan")},
        {"headers": ["a"]},
        {"headers": {"a": 1}},
        {"headers": {"a": "x\r\ny: z"}},
        {"headers": {"a b": "x"}},
        {"headers": {"Content-Length": "5"}},
        {"delay": 1},
    ],
)
def test_an_answer_that_cannot_be_sent_is_refused(answer: dict[str, Any]) -> None:
    receiver = inbox()
    with pytest.raises(BadRequest):
        receiver.configure("a", answer)
    assert receiver.configuration("a")["status"] == 200


@pytest.mark.parametrize("name", ["", "a b", "é", "x" * 101, "a\n"])
async def test_other_names_are_no_inboxes(name: str) -> None:
    receiver = inbox()
    for use in (receiver.configuration, receiver.messages, lambda n: receiver.configure(n, {})):
        with pytest.raises(UnknownName):
            use(name)
    async with client(receiver) as sender:
        answer = await sender.post(f"/{quote(name)}")
    assert (answer.status_code, answer.json()["status"]) == (404, 404)
    assert receiver.names() == []


async def test_the_newest_messages_stay() -> None:
    receiver = inbox(messages=3)
    await fill(receiver, "a", 5)
    messages, total = receiver.messages("a")
    assert ([m["id"] for m in messages], total) == (["3", "4", "5"], 3)


def test_ten_thousand_messages_stay_by_default() -> None:
    receiver = inbox()
    for number in range(10_001):
        receiver.receive("a", Message(number, AT, "POST", "/", "", (), b"x" * 2_000, 2_000))
    messages, total = receiver.messages("a", limit=1)
    assert (messages[0]["id"], total) == ("1", 10_000)


async def test_messages_are_listed_page_by_page() -> None:
    receiver = inbox(messages=4)
    await fill(receiver, "a", 5)
    await fill(receiver, "b", 1)
    first, total = receiver.messages("a", limit=2)
    assert ([m["id"] for m in first], total) == (["2", "3"], 4)
    then, total = receiver.messages("a", limit=2, after="3")
    assert ([m["id"] for m in then], total) == (["4", "5"], 4)
    assert receiver.messages("a", after="5") == ([], 4)
    # An id that has gone, or is another inbox's, still says where to go on.
    assert len(receiver.messages("a", after="1")[0]) == 4
    with pytest.raises(UnknownName):
        receiver.messages("a", after="last")


async def test_memory_is_bounded_over_all_inboxes() -> None:
    receiver = inbox(total_bytes=60_000)
    await fill(receiver, "a", 10, b"x" * 10_000)
    await fill(receiver, "b", 1, b"x" * 10_000)
    assert receiver.count("b") == 1
    assert receiver.count("a") == 4
    for number in range(20):
        await fill(receiver, f"one-{number}", 1, b"x" * 10_000)
    assert receiver.bytes <= 60_000
    assert receiver.names() == [f"one-{number}" for number in range(15, 20)]
    await fill(receiver, "large", 1, b"x" * 100_000)
    assert receiver.names() == ["large"]


async def test_of_a_huge_body_only_the_beginning_is_kept() -> None:
    receiver = inbox(body_bytes=10)
    await fill(receiver, "a", 1, b"x" * 1_000)
    (message,), _ = receiver.messages("a")
    assert message["body"] == "x" * 10
    assert message["truncated"] == {"bytes": 1_000, "kept": 10}


async def test_forgetting_takes_messages_and_answer() -> None:
    receiver = inbox(total_bytes=30_000)
    for name in ("a", "b"):
        await fill(receiver, name, 1, b"x" * 10_000)
        receiver.configure(name, {"status": 500})
    assert receiver.clear("a") == 1
    assert receiver.names() == ["b"]
    assert receiver.configuration("a")["status"] == 200
    assert receiver.clear() == 1
    assert receiver.names() == []
    assert receiver.clear("never") == 0
    # What was forgotten no longer weighs, and ids go on rising.
    await fill(receiver, "a", 2, b"x" * 10_000)
    assert [m["id"] for m in receiver.messages("a")[0]] == ["3", "4"]


async def test_a_named_sandboxs_path_is_shown_as_called() -> None:
    receiver = inbox()

    async def inside(scope: Any, receive: Any, send: Any) -> None:
        await receiver.handle({**scope, "mockserver.prefix": "/@team"}, receive, send)

    transport = httpx.ASGITransport(inside)
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as sender:
        await sender.post("/@team/__inbox/a")
        await sender.post("/__inbox/a")
    assert {m["path"] for m in receiver.messages("a")[0]} == {"/@team/__inbox/a"}
