"""Tests of the HTTP Archive, out of the journal and back in."""

from typing import Any

import orjson
import pytest

from mockserver import har
from mockserver.engine.journal import Entry


def entry(host: str = "127.0.0.1:8080", body: bytes = b"", kept: int = 100) -> Entry:
    """A finished call."""
    headers = [
        (b"host", host.encode()),
        (b"authorization", b"Bearer secret"),
        (b"content-type", b"text/plain"),
    ]
    found = Entry("toy", "POST", "/v1/items", "access_key=secret&page=2", headers)
    found.status = 200
    found.request_body, found.request_size = body[:kept], len(body)
    found.response_headers = [(b"content-type", b"application/json")]
    found.response_body, found.response_size = body[:kept], len(body)
    return found


def there_and_back(*entries: Entry, hosts: tuple[str, ...] = ()) -> list[har.Exchange]:
    """What is read of the archive of these entries."""
    return har.read(orjson.dumps(har.export(entries, hosts)))


def test_an_exchange_survives_the_way_out_and_in() -> None:
    (exchange,) = there_and_back(entry(body=b"[1]"))
    assert exchange == har.Exchange(
        method="POST",
        url="http://127.0.0.1:8080/v1/items?access_key=***&page=2",
        headers={
            "host": "127.0.0.1:8080",
            "authorization": "Bearer ***",
            "content-type": "text/plain",
        },
        body=b"[1]",
        status=200,
        answer_headers={"content-type": "application/json"},
        answer_body=b"[1]",
    )


def test_a_real_host_was_called_by_https() -> None:
    (exchange,) = there_and_back(entry("api.toy.example"), hosts=("api.toy.example",))
    assert exchange.url.startswith("https://api.toy.example/v1/items")


@pytest.mark.parametrize("body", [b"", "é€\0".encode(), bytes(range(256))])
def test_bodies_keep_every_byte(body: bytes) -> None:
    (exchange,) = there_and_back(entry(body=body, kept=1000))
    assert (exchange.body, exchange.answer_body) == (body, body)


def test_a_body_that_was_cut_is_not_taken_for_a_whole_one() -> None:
    (exchange,) = there_and_back(entry(body=b"x" * 10, kept=4))
    assert (exchange.body, exchange.answer_body) == (None, None)


def test_an_answer_that_was_spoiled_on_purpose_counts_as_none() -> None:
    spoiled = entry()
    spoiled.fault = {"rule": None, "type": "corrupt"}
    assert there_and_back(spoiled)[0].status == 0


def test_deliveries_are_not_in_the_archive() -> None:
    ours = entry()
    ours.kind = "delivery"
    assert there_and_back(ours) == []


def recorded(**changes: Any) -> har.Exchange:
    """An exchange as a browser writes it."""
    request = {
        "method": "get",
        "url": "https://api.toy.example/v1",
        "headers": [{"name": ":authority", "value": "x"}, {"name": "Accept", "value": "*/*"}],
    }
    written = {"request": request, "response": {"status": 200, "headers": [], **changes}}
    return har.read(b"\xef\xbb\xbf" + orjson.dumps({"log": {"entries": [written]}}))[0]


def test_archives_of_browsers_are_read() -> None:
    found = recorded(content={"size": 0, "mimeType": "x-unknown"})
    assert (found.method, found.headers, found.answer_body) == ("GET", {"accept": "*/*"}, b"")


@pytest.mark.parametrize(
    "content", [{"size": 5}, {"text": "%", "encoding": "base64"}, {"size": 9, "text": None}]
)
def test_a_body_that_the_archive_lacks_is_unknown(content: dict[str, Any]) -> None:
    assert recorded(content=content).answer_body is None
