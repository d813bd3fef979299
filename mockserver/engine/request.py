"""A request's bytes on their way in: read once, bounded, and parsed by media type."""

from typing import Any

import orjson
from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.types import Receive

from mockserver.engine.errors import Invalid, ServiceError
from mockserver.engine.service import File


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
        form = await MultiPartParser(Headers(headers), stream()).parse()
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
