"""Recorded traffic as HTTP Archive 1.2: the journal written out, and any recording read in."""

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson

from mockserver import __version__
from mockserver.engine.clock import rfc3339
from mockserver.engine.errors import MockserverError
from mockserver.engine.journal import Entry, RawHeaders
from mockserver.engine.masking import masked_headers, masked_query

KINDS = ("call", "upload")
"""Entries that are requests to us; deliveries are not."""


class UnreadableHar(MockserverError):
    """The file is no HTTP Archive."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request of a recording and its answer; header names are lower case.

    A body of None was not recorded as a whole. `status` is 0 where there was no answer.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None
    status: int
    answer_headers: Mapping[str, str]
    answer_body: bytes | None


def export(entries: Iterable[Entry], hosts: Iterable[str]) -> dict[str, Any]:
    """The archive of journal entries, with credentials masked as everywhere else.

    What the journal did not keep of a body is not there; `_truncated` says so.
    """
    known = frozenset(hosts)
    return {
        "log": {
            "version": "1.2",
            "creator": {"name": "mockserver", "version": __version__},
            "entries": [_entry(entry, known) for entry in entries if entry.kind in KINDS],
        }
    }


def _entry(entry: Entry, hosts: frozenset[str]) -> dict[str, Any]:
    milliseconds = round(entry.duration * 1000, 3)
    host = entry.header("host") or "localhost"
    scheme = "https" if host.partition(":")[0].lower() in hosts else "http"
    query = masked_query(entry.query)
    return {
        "startedDateTime": rfc3339(entry.at),
        "time": milliseconds,
        "request": {
            "method": entry.method,
            "url": f"{scheme}://{host}{entry.path}" + (f"?{query}" if query else ""),
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": _headers(entry.request_headers),
            "queryString": [
                {"name": name, "value": value}
                for name, value in parse_qsl(query, keep_blank_values=True)
            ],
            "headersSize": -1,
            "bodySize": entry.request_size,
            **_post_data(entry),
        },
        "response": {
            "status": entry.status or 0,
            "statusText": _phrase(entry.status),
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": _headers(entry.response_headers),
            "content": {
                "size": entry.response_size,
                "mimeType": _header(entry.response_headers, b"content-type"),
                **_text(entry.response_body, entry.response_size),
            },
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": entry.response_size,
        },
        "cache": {},
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
        **({"_fault": entry.fault} if entry.fault else {}),
    }


def _post_data(entry: Entry) -> dict[str, Any]:
    if not entry.request_size:
        return {}
    media_type = _header(entry.request_headers, b"content-type")
    text = _text(entry.request_body, entry.request_size)
    return {"postData": {"mimeType": media_type, **text}}


def _text(body: bytes, size: int) -> dict[str, Any]:
    """A body as text where it is some, else as base64."""
    cut = {"_truncated": True} if len(body) < size else {}
    try:
        return {"text": body.decode(), **cut}
    except UnicodeDecodeError:
        return {"text": base64.b64encode(body).decode(), "encoding": "base64", **cut}


def _headers(headers: RawHeaders) -> list[dict[str, str]]:
    pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
    return [{"name": name, "value": value} for name, value in masked_headers(pairs).items()]


def _header(headers: RawHeaders, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in headers if key.lower() == name), "")


def _phrase(status: int | None) -> str:
    try:
        return HTTPStatus(status or 0).phrase
    except ValueError:
        return ""


def read(content: bytes) -> list[Exchange]:
    """The exchanges of an archive, whoever wrote it; UnreadableHar when it is none."""
    try:
        document = orjson.loads(content.removeprefix(b"\xef\xbb\xbf"))
        return list(_exchanges(document["log"]["entries"]))
    except orjson.JSONDecodeError as error:
        raise UnreadableHar(f"it is not JSON: {error}") from None
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        reason = f"{type(error).__name__} {error}"
        raise UnreadableHar(f"it is no HTTP Archive: {reason}") from None


def _exchanges(entries: list[dict[str, Any]]) -> Iterator[Exchange]:
    for entry in entries:
        request, response = entry["request"], entry["response"]
        urlsplit(request["url"])
        posted = request.get("postData") or {}
        spoiled = bool(entry.get("_fault")) or not response.get("status")
        yield Exchange(
            method=str(request["method"]).upper(),
            url=str(request["url"]),
            headers=_by_name(request.get("headers", [])),
            body=_body(posted, request.get("bodySize", -1)) if posted else b"",
            status=0 if spoiled else int(response["status"]),
            answer_headers=_by_name(response.get("headers", [])),
            answer_body=_body(response.get("content") or {}, -1),
        )


def _by_name(headers: list[dict[str, str]]) -> dict[str, str]:
    # Names such as :authority are HTTP/2's own fields, not headers.
    return {
        str(each["name"]).lower(): str(each["value"])
        for each in headers
        if not str(each["name"]).startswith(":")
    }


def _body(recorded: Mapping[str, Any], size: int) -> bytes | None:
    """The bytes of a body, None where the recording lacks some of them."""
    if recorded.get("_truncated"):
        return None
    text = recorded.get("text")
    if text is None:
        # Browsers give a form as its fields alone, and leave out bodies that they let go.
        return None if recorded.get("params") or recorded.get("size") or size > 0 else b""
    if recorded.get("encoding") == "base64":
        try:
            return base64.b64decode(text, validate=True)
        except binascii.Error:
            return None
    return str(text).encode("utf-8", "surrogatepass")
