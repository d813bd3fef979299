"""Tests of one POST on its way out: what is sent, how long is waited, what is never done."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from mockserver.engine.connections import MOST_BODY
from mockserver.engine.sending import Outcome, Sender
from mockserver.engine.targets import Targets

pytestmark = pytest.mark.anyio

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx-a: b\r\n\r\nok"
LONG = b"HTTP/1.1 200 OK\r\ncontent-length: 200000\r\n\r\n" + b"x" * 200_000
ENDLESS = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + b"3\r\nabc\r\n" * 50_000


class Receiver:
    """A server that notes what it gets and answers with the bytes it was given."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self.requests: list[bytes] = []
        self.connections = 0
        self.port = 0
        self.hang = asyncio.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
                self.requests.append(head + await reader.readexactly(length))
                writer.write(self.answer)
                await writer.drain()
                if not self.answer.endswith(b"ok"):
                    await self.hang.wait()
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def receiving(answer: bytes = OK) -> AsyncIterator[Receiver]:
    receiver = Receiver(answer)
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        receiver.hang.set()
        server.close()
        await server.wait_closed()


@pytest.fixture
async def sender() -> AsyncIterator[Sender]:
    made = Sender(Targets())
    yield made
    await made.close()


def to(*addresses: str) -> Targets:
    async def answer(host: str, port: int) -> Sequence[str]:
        return addresses

    return Targets(resolve=answer)


async def test_the_bytes_and_headers_given_are_what_is_sent(sender: Sender) -> None:
    async with receiving() as receiver:
        outcome = await sender.post(
            f"{receiver.url}/a%20b?x=1&access_key=k#part", {"X-Sign": "{v=1}"}, b'{"a":1}', 5
        )
        await sender.close()
    assert (outcome.status, outcome.body, outcome.error) == (200, b"ok", None)
    assert outcome.headers["x-a"] == "b"
    assert 0 < outcome.duration < 5
    (request,) = receiver.requests
    head, _, body = request.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert (lines[0], body) == (b"POST /a%20b?x=1&access_key=k HTTP/1.1", b'{"a":1}')
    assert b"X-Sign: {v=1}" in lines
    assert f"host: 127.0.0.1:{receiver.port}".encode() in lines
    assert b"user-agent: mockserver" in lines


async def test_a_header_is_sent_once_however_it_is_spelled(sender: Sender) -> None:
    """Twice, `Content-Type` reaches the receiver as `application/json, application/json`."""
    headers = {"content-type": "application/json", "Content-Type": "text/x", "User-Agent": "me"}
    async with receiving() as receiver:
        await sender.post(receiver.url, headers, b"{}", 5)
        await sender.close()
    head = receiver.requests[0].partition(b"\r\n\r\n")[0].lower().split(b"\r\n")
    assert [line for line in head if line.startswith((b"content-type", b"user-agent"))] == [
        b"user-agent: me",
        b"content-type: text/x",
    ]


async def test_a_connection_is_used_again(sender: Sender) -> None:
    async with receiving() as receiver:
        for _ in range(3):
            await sender.post(receiver.url, {}, b"{}", 5)
        await sender.close()
    assert (len(receiver.requests), receiver.connections) == (3, 1)


async def test_a_name_is_connected_to_at_the_address_that_was_judged() -> None:
    asked: list[str] = []

    async def once(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

    sender = Sender(Targets(resolve=once))
    async with receiving() as receiver:
        url = f"http://hooks.test:{receiver.port}/"
        assert (await sender.post(url, {}, b"{}", 5)).status == 200
        # The name leads elsewhere now; it is judged again, kept connection or not.
        again = await sender.post(url, {}, b"{}", 5)
        await sender.close()
    assert (again.status, again.refused) == (None, True)
    assert asked == ["hooks.test", "hooks.test"]
    assert f"host: hooks.test:{receiver.port}".encode() in receiver.requests[0]


async def test_the_next_address_is_tried_when_the_first_does_not_listen() -> None:
    async with receiving() as receiver:
        sender = Sender(to("127.0.0.2", "127.0.0.1"))
        outcome = await sender.post(f"http://hooks.test:{receiver.port}/", {}, b"{}", 5)
        await sender.close()
    assert outcome.status == 200


async def test_a_refused_target_gets_nothing(sender: Sender) -> None:
    outcome = await sender.post("http://203.0.113.7/", {}, b"{}", 5)
    assert outcome.refused
    assert "--webhook-allow 203.0.113.7" in str(outcome.error)


async def test_a_redirect_is_an_answer_and_not_followed(sender: Sender) -> None:
    found = b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 2\r\n\r\nok"
    async with receiving(found) as receiver:
        outcome = await sender.post(receiver.url, {}, b"{}", 5)
        await sender.close()
    assert (outcome.status, len(receiver.requests)) == (302, 1)


async def test_a_proxy_of_the_environment_is_not_used(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with receiving() as receiver:
        outcome = await sender.post(receiver.url, {}, b"{}", 5)
        await sender.close()
    assert outcome.status == 200


async def test_a_target_that_does_not_answer_is_given_up(sender: Sender) -> None:
    async with receiving(b"") as receiver:
        outcome = await sender.post(receiver.url, {}, b"{}", 0.05)
    assert (outcome.status, outcome.refused) == (None, False)
    assert outcome.error == "no complete answer within 0.05 seconds"
    assert outcome.duration >= 0.05


async def test_an_answer_that_never_ends_is_given_up_too(sender: Sender) -> None:
    async with receiving(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nslow") as receiver:
        outcome = await sender.post(receiver.url, {}, b"{}", 0.05)
    assert outcome.error == "no complete answer within 0.05 seconds"


@pytest.mark.parametrize("answer", [LONG, ENDLESS], ids=["long", "endless"])
async def test_of_a_long_answer_only_the_beginning_is_read(sender: Sender, answer: bytes) -> None:
    async with receiving(answer) as receiver:
        outcome = await sender.post(receiver.url, {}, b"{}", 5)
    assert (outcome.status, len(outcome.body)) == (200, MOST_BODY)


async def test_an_answer_is_taken_as_it_comes(sender: Sender) -> None:
    # Nobody asked for gzip; a small answer cannot unpack to a large one here.
    packed = gzip.compress(b"x" * 1_000_000)
    head = f"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {len(packed)}\r\n\r\n"
    async with receiving(head.encode() + packed) as receiver:
        outcome = await sender.post(receiver.url, {}, b"{}", 5)
    assert outcome.body == packed
    assert b"accept-encoding" not in receiver.requests[0]


@pytest.mark.parametrize(
    ("answer", "error"),
    [(b"what?\r\n\r\n", "no valid answer"), (b"HTTP/1.1 200 OK\r\ncontent-le", "no complete")],
)
async def test_an_answer_that_is_none_is_an_error(
    sender: Sender, answer: bytes, error: str
) -> None:
    async with receiving(answer) as receiver:
        outcome = await sender.post(receiver.url, {}, b"{}", 0.05)
    assert str(outcome.error).startswith(error)


async def test_a_port_where_nobody_listens_is_an_error(sender: Sender) -> None:
    async with receiving() as receiver:
        pass
    outcome = await sender.post(receiver.url, {}, b"{}", 5)
    assert str(outcome.error).startswith("no connection: ")
    assert not outcome.refused


async def test_a_name_that_nobody_knows_is_an_error(sender: Sender) -> None:
    outcome = await sender.post("http://nothing.invalid/", {}, b"{}", 5)
    assert outcome.error
    assert not outcome.refused


async def test_a_password_in_the_url_becomes_a_header(sender: Sender) -> None:
    async with receiving() as receiver:
        url = f"http://us%40er:pass@127.0.0.1:{receiver.port}/"
        await sender.post(url, {}, b"{}", 5)
        await sender.post(url, {"Authorization": "Own"}, b"{}", 5)
        await sender.close()
    first, second = receiver.requests
    assert b"authorization: Basic dXNAZXI6cGFzcw==" in first
    assert b"Authorization: Own" in second
    assert b"Basic" not in second


async def test_a_header_that_cannot_be_sent_is_an_error(sender: Sender) -> None:
    async with receiving() as receiver:
        outcome = await sender.post(receiver.url, {"X-A": "a\r\nX-B: b"}, b"{}", 5)
        await sender.close()
    assert outcome.status is None
    assert outcome.error
    assert receiver.requests == []


def test_a_sender_works_in_one_loop_after_another() -> None:
    sender = Sender(Targets())

    async def once() -> Outcome:
        async with receiving() as receiver:
            return await sender.post(receiver.url, {"connection": "close"}, b"{}", 5)

    assert [asyncio.run(once()).status for _ in range(2)] == [200, 200]
