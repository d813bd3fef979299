"""Bytes under keys, and the presigned URLs through which clients put and get them."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from starlette.types import Receive, Scope, Send

from mockserver.engine.blobs import Part, chunks
from mockserver.engine.clock import Clock
from mockserver.engine.errors import Invalid
from mockserver.engine.ids import Ids
from mockserver.engine.retention import COLLECTION, Retention
from mockserver.engine.s3 import (
    MAX_BYTES,
    Request,
    S3Error,
    Signer,
    announced_length,
    byte_range,
    content_md5,
)
from mockserver.engine.store import Index, StoreFull

if TYPE_CHECKING:
    from mockserver.engine.store import Store

INDEXES = {COLLECTION: (Index("blob"), Index("held", sort="stored_at"))}
log = logging.getLogger("mockserver.uploads")

ROOM = "/__uploads/"
"""What stands before the key in a path."""
METHODS = ("PUT", "GET", "HEAD")
IDLE = 30.0
"""Real seconds that a body may stand still before its upload is given up."""

_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_OVERRIDES = {
    "response-cache-control": b"cache-control",
    "response-content-disposition": b"content-disposition",
    "response-content-type": b"content-type",
}
Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Upload:
    """One stored object and the file that holds its bytes."""

    key: str
    size: int
    etag: str
    content_type: str
    stored_at: float
    path: Path


@dataclass(slots=True)
class UploadResult:
    """How a call to a presigned URL ended, for whoever keeps the record."""

    status: int = 0
    code: str | None = None
    received: int = 0
    sent: int = 0


@dataclass(slots=True)
class _Exchange:
    """One call: its ends, the headers of any answer, and what has happened so far."""

    method: str
    headers: Mapping[str, str]
    receive: Receive
    send: Send
    answer_headers: Headers
    result: UploadResult

    async def answer(self, status: int, headers: Headers, body: Iterable[bytes] = ()) -> None:
        """Send everything; HEAD gets the headers alone."""
        self.result.status = status
        headers = [*self.answer_headers, *headers]
        # Taken at once: while the head is sent, the file may be replaced and removed.
        pieces = iter(() if self.method == "HEAD" else body)
        first = next(pieces, b"")
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        if first:
            for piece in chain((first,), pieces):
                self.result.sent += len(piece)
                await self.send({"type": "http.response.body", "body": piece, "more_body": True})
        await self.send({"type": "http.response.body", "body": b""})


class Uploads:
    """The objects of one sandbox; their documents are in `engine.uploads`.

    What a key means switches with its document, in one commit. The bytes of a replaced or deleted
    object go once that is committed, unless a snapshot needs them.
    """

    def __init__(
        self, store: "Store", clock: Clock, ids: Ids, retention: Retention, *, max_bytes: int
    ) -> None:
        self._store = store
        self._documents = store.collection(COLLECTION)
        self._clock = clock
        self._ids = ids
        self._retention = retention
        self._blobs = retention.blobs
        self._max_bytes = max_bytes
        self._calls = 0

    def presign(
        self,
        method: str,
        key: str,
        *,
        expires: float,
        base_url: str,
        content_type: str | None = None,
        max_bytes: int | None = None,
        **overrides: str,
    ) -> str:
        """A URL that allows `method` (PUT, GET or HEAD) on the key for `expires` seconds.

        With `content_type` the client must send just that one; `max_bytes` bounds what it puts.
        Overrides, such as `response_content_disposition`, set a header of the answer to GET.
        """
        if method not in METHODS:
            raise ValueError(f"a URL is presigned for one of {METHODS}, not for {method!r}")
        query = {name.replace("_", "-"): value for name, value in overrides.items()}
        if max_bytes is not None:
            query[MAX_BYTES] = str(max_bytes)
        headers = {"content-type": content_type} if content_type else {}
        request = Request(method, ROOM + _checked(key), urlencode(query), headers)
        now = self._clock.now()
        return self._signer().presign(request, base_url=base_url, at=now, expires=expires)

    def get(self, key: str) -> Upload | None:
        """What is stored under the key and has not expired."""
        found = self._documents.get(key)
        if found is None or self._retention.expired(found):
            return None
        return Upload(
            key=found["id"],
            size=found["size"],
            etag=found["etag"],
            content_type=found["content_type"],
            stored_at=found["stored_at"],
            path=self._blobs.path(found["blob"]),
        )

    def dropped(self, key: str) -> bool:
        """Whether something was stored under the key that has expired, or had to make room."""
        found = self._documents.get(key)
        return found is not None and self._retention.expired(found)

    def read(self, key: str) -> bytes:
        """The bytes under the key; KeyError when there are none."""
        upload = self.get(key)
        if upload is None:
            raise KeyError(key)
        return upload.path.read_bytes()

    def put(
        self,
        key: str,
        data: bytes,
        *,
        content_type: str = "binary/octet-stream",
        held: bool = False,
    ) -> None:
        """Store bytes; they are kept when the caller's commit is.

        What is `held` never expires: somebody cannot go on without it.
        """
        part = self._blobs.part()
        try:
            part.write(data)
            self._keep(_checked(key), part, content_type, held=held)
        finally:
            part.discard()

    def delete(self, key: str) -> bool:
        """Forget what the key means, with the caller's commit."""
        found = self._documents.get(key)
        if found is not None:
            self._retention.let_go(found)
        return self._documents.delete(key)

    async def handle(
        self, scope: Scope, receive: Receive, send: Send, refusal: S3Error | None = None
    ) -> UploadResult:
        """Answer a call to a presigned URL, as an ASGI application; with the `refusal`, if any."""
        self._calls += 1
        chance = self._ids.derived(COLLECTION, self._calls, self._clock.now())
        request_id, host_id = f"{chance:016X}", f"{chance:064x}"
        headers: Headers = [
            (b"x-amz-request-id", request_id.encode()),
            (b"x-amz-id-2", host_id.encode()),
        ]
        sent = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        result = UploadResult()
        exchange = _Exchange(scope["method"], sent, receive, send, headers, result)
        path: str = scope["path"]
        if not path.startswith(scope.get("mockserver.prefix", "") + ROOM):
            path = scope["mockserver.prefix"] + path
        try:
            if refusal is not None:
                raise refusal
            await self._serve(exchange, path, scope["query_string"].decode("latin-1"))
        except StoreFull as full:
            log.debug("an upload was refused: %s", full)
            self._store.rollback()
            self._retention.settle()
            await self._refuse(exchange, unavailable(), path, (request_id, host_id))
        except S3Error as error:
            await self._refuse(exchange, error, path, (request_id, host_id))
        return result

    async def _refuse(
        self, exchange: _Exchange, error: S3Error, path: str, ids: tuple[str, str]
    ) -> None:
        exchange.result.code = error.code
        body = error.xml(path, *ids)
        kind = [
            (b"content-type", b"application/xml"),
            (b"content-length", str(len(body)).encode()),
        ]
        await exchange.answer(error.status, kind, [body])

    async def _serve(self, exchange: _Exchange, path: str, query: str) -> None:
        request = Request(exchange.method, path, query, exchange.headers)
        parameters = self._signer().check(request, self._clock.now())
        key = path.partition(ROOM)[2]
        if exchange.method == "PUT":
            limit = min(self._max_bytes, int(parameters.get(MAX_BYTES, self._max_bytes)))
            await self._receive(exchange, key, limit)
            return
        upload = self.get(key)
        if upload is None:
            raise S3Error(404, "NoSuchKey", "The specified key does not exist.", Key=key)
        headers: Headers = [
            (b"etag", upload.etag.encode()),
            (b"last-modified", formatdate(upload.stored_at, usegmt=True).encode()),
            (b"accept-ranges", b"bytes"),
        ]
        if _matches(exchange.headers.get("if-none-match", ""), upload.etag):
            await exchange.answer(304, headers)
            return
        shown = {b"content-type": upload.content_type.encode("latin-1", "replace")}
        for name, header in _OVERRIDES.items():
            if name in parameters:
                shown[header] = _one_line(parameters[name])
        headers += shown.items()
        part = byte_range(exchange.headers.get("range", ""), upload.size)
        start, length = part or (0, upload.size)
        headers.append((b"content-length", str(length).encode()))
        if part:
            stretch = f"bytes {start}-{start + length - 1}/{upload.size}"
            headers.append((b"content-range", stretch.encode()))
        if not upload.path.exists():
            raise S3Error(500, "InternalError", "The bytes of this object are gone.", Key=key)
        await exchange.answer(206 if part else 200, headers, chunks(upload.path, start, length))

    async def _receive(self, exchange: _Exchange, key: str, limit: int) -> None:
        """Take the body of a PUT, on disk from its first byte on."""
        length = announced_length(exchange.headers, limit)
        wanted = exchange.headers.get("content-md5")
        digest = None if wanted is None else content_md5(wanted)
        part = self._blobs.part()
        try:
            async for piece in _body(exchange.receive):
                part.write(piece)
                exchange.result.received = part.size
                if part.size > length:
                    break
            if part.size != length:
                message = "You did not provide the number of bytes specified by Content-Length."
                raise S3Error(400, "IncompleteBody", message)
            if digest not in (None, part.md5):
                message = "The Content-MD5 you specified did not match what we received."
                raise S3Error(400, "BadDigest", message, ExpectedDigest=wanted)
            kind = exchange.headers.get("content-type", "binary/octet-stream")
            etag = self._keep(key, part, kind)
            self._store.commit()
            self._retention.settle()
        finally:
            part.discard()
        await exchange.answer(200, [(b"etag", etag.encode()), (b"content-length", b"0")])

    def _keep(self, key: str, part: Part, content_type: str, *, held: bool = False) -> str:
        etag = f'"{part.md5.hex()}"'
        replaced = self._documents.get(key)
        if replaced is not None:
            self._retention.let_go(replaced)
        document = {
            "id": key,
            "blob": part.finish(),
            "size": part.size,
            "etag": etag,
            "content_type": content_type,
            "stored_at": self._clock.now(),
            "held": held,
        }
        # Without a commit it is a blob of nobody.
        self._retention.let_go(document)
        self._documents.put(document)
        self._retention.make_room(key)
        return etag

    def _signer(self) -> Signer:
        """The sandbox's keys, which follow from its seed and so outlive a restart."""
        chance = self._ids.random(COLLECTION, "keys")
        access_key = "AKIA" + "".join(chance.choices(_BASE32, k=16))
        return Signer(access_key, "".join(chance.choices(_BASE64, k=40)))


def unavailable() -> S3Error:
    """What S3 says when it cannot take anything."""
    return S3Error(503, "ServiceUnavailable", "Service is unable to handle request.")


async def _body(receive: Receive) -> AsyncIterator[bytes]:
    """The pieces of a request's body; an S3Error when they stop coming."""
    more = True
    while more:
        try:
            message = await asyncio.wait_for(receive(), IDLE)
        except TimeoutError:
            message = {"type": "http.disconnect"}
        if message["type"] == "http.disconnect":
            raise S3Error(
                400,
                "RequestTimeout",
                "Your socket connection to the server was not read from or written to within the "
                "timeout period. Idle connections will be closed.",
            )
        yield message.get("body", b"")
        more = message.get("more_body", False)


def _matches(header: str, etag: str) -> bool:
    """Whether an If-None-Match header names the object's ETag."""
    named = [each.strip().removeprefix("W/") for each in header.split(",")]
    return "*" in named or etag in named


def _checked(key: str) -> str:
    """The key, when every client sends it as it is written; Invalid otherwise."""
    parts = key.split("/")
    if (
        not key.isprintable()
        or len(key.encode()) > 1024
        or any(p in ("", ".", "..") for p in parts)
    ):
        raise Invalid(f"{key!r} cannot be the key of an upload.")
    return key


def _one_line(text: str) -> bytes:
    """A header's value without what would end it."""
    return " ".join(text.split()).encode("latin-1", "replace")
