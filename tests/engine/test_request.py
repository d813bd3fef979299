"""Tests of how a request's bytes come in."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from mockserver.engine.errors import Invalid, ServiceError
from mockserver.engine.request import (
    Disconnected,
    Headers,
    parse_json,
    parse_multipart,
    query_pairs,
    read_body,
)

pytestmark = pytest.mark.anyio


def receiving(*messages: dict[str, Any]) -> Callable[[], Awaitable[dict[str, Any]]]:
    left = list(messages)

    async def receive() -> dict[str, Any]:
        return left.pop(0)

    return receive


def chunk(body: bytes, *, more: bool = False) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


async def test_a_body_in_pieces_is_read_whole() -> None:
    receive = receiving(chunk(b"a", more=True), chunk(b"b", more=True), chunk(b"c"))
    assert await read_body(receive, 3) == b"abc"


@pytest.mark.parametrize(
    "messages", [[chunk(b"abcd")], [chunk(b"ab", more=True), chunk(b"cd", more=True)]]
)
async def test_a_body_beyond_the_limit_is_refused_before_it_is_read_whole(
    messages: list[dict[str, Any]],
) -> None:
    with pytest.raises(ServiceError) as refused:
        await read_body(receiving(*messages), 3)
    assert (refused.value.status, refused.value.code) == (413, "too_large")


@pytest.mark.parametrize("before", [[], [chunk(b"a", more=True)]])
async def test_a_client_that_goes_away_is_noticed(before: list[dict[str, Any]]) -> None:
    with pytest.raises(Disconnected):
        await read_body(receiving(*before, {"type": "http.disconnect"}), 100)


def test_an_empty_body_is_none_and_a_broken_one_says_where() -> None:
    assert parse_json(b"") is None
    assert parse_json(b" \n") is None
    assert parse_json(b'{"a":[1]}') == {"a": [1]}
    with pytest.raises(Invalid, match="line 1 column 6"):
        parse_json(b'{"a":}')


BOUNDARY = {"content-type": "multipart/form-data; boundary=b"}


async def test_fields_and_files_of_a_multipart_body_are_told_apart() -> None:
    body = (
        b'--b\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n'
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n'
        b"Content-Type: text/plain\r\n\r\n\x00\xff\r\n--b--\r\n"
    )
    fields, files = await parse_multipart(BOUNDARY, body)
    assert fields == {"note": "hello"}
    assert (files["file"].filename, files["file"].content_type) == ("a.txt", "text/plain")
    assert files["file"].data == b"\x00\xff"


@pytest.mark.parametrize(
    ("headers", "body"),
    [({"content-type": "multipart/form-data"}, b"x"), (BOUNDARY, b"no boundary here")],
)
async def test_a_multipart_body_that_cannot_be_read_is_refused(
    headers: dict[str, str], body: bytes
) -> None:
    with pytest.raises(Invalid, match="multipart"):
        await parse_multipart(headers, body)


async def test_a_multipart_body_that_ends_too_early_is_refused() -> None:
    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nhalf'
    with pytest.raises(Invalid, match="multipart"):
        await parse_multipart(BOUNDARY, body)


def test_headers_are_found_by_small_letters_and_the_last_of_two_counts() -> None:
    headers = Headers([(b"host", b"here"), (b"x", b"1"), (b"x", b"\xe9")])
    assert headers["x"] == headers.get("x") == "\xe9"
    assert dict(headers) == {"host": "here", "x": "\xe9"}
    assert len(headers) == 2
    assert ("host" in headers, "accept" in headers) == (True, False)
    assert (headers.get("accept"), headers.get("accept", "*/*")) == (None, "*/*")
    with pytest.raises(KeyError):
        headers["accept"]


@pytest.mark.parametrize("long", ["", "x" * 2_000], ids=["short", "long"])
def test_a_query_string_has_all_its_pairs_empty_ones_too(long: str) -> None:
    pairs = query_pairs(f"a=1&b=&a=%202&c={long}")
    assert pairs == (("a", "1"), ("b", ""), ("a", " 2"), ("c", long))
    assert query_pairs("") == ()
