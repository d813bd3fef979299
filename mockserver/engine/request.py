"""A request's bytes on their way in: read once, bounded, and parsed by media type."""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

import orjson
from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers as MultipartHeaders
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.types import Receive

from mockserver.engine.errors import Invalid, ServiceError
from mockserver.engine.service import File

SHORT = 1024
"""Characters of a query string whose parameters are worth remembering."""


class Headers(Mapping[str, str]):
    """A call's headers under names in small letters, decoded when asked for.

    `raw` holds them as bytes; of one that came twice the last counts.
    """

    __slots__ = ("raw",)

    def __init__(self, headers: Iterable[tuple[bytes, bytes]]) -> None:
        self.raw = dict(headers)

    def __getitem__(self, name: str) -> str:
        return self.raw[name.encode("latin-1")].decode("latin-1")

    def get(self, name: str, default: Any = None) -> Any:
        """The header's value, or the default."""
        value = self.raw.get(name.encode("latin-1"))
        return default if value is None else value.decode("latin-1")

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.encode("latin-1") in self.raw

    def __iter__(self) -> Iterator[str]:
        return (name.decode("latin-1") for name in self.raw)

    def __len__(self) -> int:
        return len(self.raw)


def query_pairs(query_string: str) -> tuple[tuple[str, str], ...]:
    """Names and values of a query string, empty ones too; those who poll ask for the same."""
    return (_short_pairs if len(query_string) <= SHORT else _pairs)(query_string)


def _pairs(query_string: str) -> tuple[tuple[str, str], ...]:
    return tuple(parse_qsl(query_string, keep_blank_values=True)) if query_string else ()


_short_pairs = lru_cache(maxsize=256)(_pairs)


class Disconnected(Exception):
    """The client went away before its request was complete; there is no one to answer."""


async def read_body(receive: Receive, limit: int) -> bytes:
    """The whole body; a ServiceError 413 beyond `limit` bytes, Disconnected when cut off."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise Disconnected
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return _within(body, limit)
    chunks, size = [body], len(body)
    while message.get("more_body"):
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > limit:
            break
    return _within(b"".join(chunks), limit)


def _within(body: bytes, limit: int) -> bytes:
    if len(body) > limit:
        raise ServiceError(
            f"The request's body is larger than {limit} bytes.", status=413, code="too_large"
        )
    return body


def parse_json(raw: bytes) -> Any:
    """The body as JSON, None when it is empty; Invalid says where it breaks."""
    if not raw or raw.isspace():
        return None
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Invalid(f"The request's body is not valid JSON: {error}.", code="malformed") from None


async def parse_multipart(
    headers: dict[str, str], raw: bytes
) -> tuple[dict[str, str], dict[str, File]]:
    """The text fields and the files of a multipart body; Invalid when it cannot be read."""

    async def stream() -> Any:
        yield raw

    _, options = parse_options_header(headers.get("content-type"))
    boundary = options.get(b"boundary", b"")
    if not boundary or b"--%b--" % boundary not in raw:
        # The parser would take a body that was cut off for a complete one.
        raise Invalid("The multipart body has no closing boundary.", code="malformed")
    try:
        form = await MultiPartParser(MultipartHeaders(headers), stream()).parse()
    except (MultiPartException, ValueError) as error:
        raise Invalid(f"The multipart body cannot be read: {error}.", code="malformed") from None
    fields: dict[str, str] = {}
    files: dict[str, File] = {}
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            files[name] = File(
                value.filename or "",
                value.content_type or "application/octet-stream",
                await value.read(),
            )
        else:
            fields[name] = value
    await form.close()
    return fields, files
