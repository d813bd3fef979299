"""The built-in webhook receiver: what came in, under which name, and how it answers."""

import asyncio
import re
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import orjson
from starlette.types import Receive, Scope, Send

from mockserver.engine.clock import Clock, rfc3339
from mockserver.engine.errors import BadRequest, UnknownName

RawHeaders = Sequence[tuple[bytes, bytes]]

_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")
_FRAMING = frozenset(("connection", "content-length", "transfer-encoding"))
_OVERHEAD = 512
"""What a message takes in memory besides its bytes, roughly."""
LONGEST = 600.0


@dataclass(frozen=True, slots=True)
class Message:
    """One request that came in; the body is as received, up to what is kept of it."""

    id: int
    received_at: float
    method: str
    path: str
    query: str
    headers: RawHeaders
    body: bytes
    size: int

    @property
    def weight(self) -> int:
        """Bytes that keeping it takes, roughly."""
        headers = sum(len(name) + len(value) + 100 for name, value in self.headers)
        return _OVERHEAD + headers + len(self.body)

    def view(self) -> dict[str, Any]:
        """The message as the control API shows it: nothing masked, so signatures can be checked."""
        headers: dict[str, str] = {}
        for raw_name, raw_value in self.headers:
            name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        try:
            parsed = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            parsed = None
        shown = {
            "id": str(self.id),
            "received_at": rfc3339(self.received_at),
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "headers": headers,
            "body": self.body.decode("utf-8", "replace"),
            "json": parsed,
        }
        if self.size > len(self.body):
            shown["truncated"] = {"bytes": self.size, "kept": len(self.body)}
        return shown


@dataclass(frozen=True, slots=True)
class Reply:
    """How an inbox answers: a text goes out as it is, anything else as JSON."""

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    def content(self) -> bytes:
        """The bytes of the body."""
        if self.body is None or self.status in (204, 304):
            return b""
        return self.body.encode() if isinstance(self.body, str) else orjson.dumps(self.body)

    def raw_headers(self) -> list[tuple[bytes, bytes]]:
        """The headers with what the body needs."""
        headers = {name.lower(): value for name, value in self.headers.items()}
        if self.status not in (204, 304):
            if self.body is not None:
                kind = "text/plain; charset=utf-8" if isinstance(self.body, str) else None
                headers.setdefault("content-type", kind or "application/json")
            headers["content-length"] = str(len(self.content()))
        return [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]

    def view(self) -> dict[str, Any]:
        """The answer as the control API shows it."""
        return {
            "status": self.status,
            "body": self.body,
            "headers": dict(self.headers),
            "seconds": self.seconds,
        }


class Inbox:
    """The messages of one sandbox by name, in memory, the newest of each name.

    `messages` bounds their number for each name, `total_bytes` the memory of all together and
    `body_bytes` what is kept of one body.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        messages: int = 10_000,
        total_bytes: int = 512 * 1024 * 1024,
        body_bytes: int = 4 * 1024 * 1024,
    ) -> None:
        self._clock = clock
        self._most = messages
        self._total = total_bytes
        self._body_bytes = body_bytes
        self._messages: dict[str, deque[Message]] = {}
        self._replies: dict[str, Reply] = {}
        self._weight = 0
        self._last = 0

    def __len__(self) -> int:
        return sum(map(len, self._messages.values()))

    @property
    def bytes(self) -> int:
        """Memory that the messages take, roughly."""
        return self._weight

    def names(self) -> list[str]:
        """The inboxes that got something, or were told how to answer."""
        return sorted(self._messages.keys() | self._replies.keys())

    def configure(self, name: str, answer: Mapping[str, Any]) -> None:
        """Say how an inbox answers from now on; what is left out takes its default."""
        _check_name(name)
        self._replies[name] = _reply(answer)

    def configuration(self, name: str) -> dict[str, Any]:
        """How an inbox answers."""
        _check_name(name)
        return self._replies.get(name, Reply()).view()

    def count(self, name: str) -> int:
        """How many messages an inbox holds."""
        return len(self._messages.get(name, ()))

    def messages(
        self, name: str, limit: int = 100, after: str | None = None
    ) -> tuple[list[dict[str, Any]], int]:
        """The oldest messages that came `after` an id, and how many there are in all."""
        _check_name(name)
        held = self._messages.get(name, deque())
        if after is None:
            start = 0
        elif after.isascii() and after.isdigit():
            start = sum(message.id <= int(after) for message in held)
        else:
            raise UnknownName(f"There is no message {after!r} in the inbox {name!r}.")
        return [message.view() for message in islice(held, start, start + limit)], len(held)

    def clear(self, name: str | None = None) -> int:
        """Forget one inbox, or all: messages and answer; answers how many messages there were."""
        names = self.names() if name is None else [name]
        removed = 0
        for each in names:
            self._replies.pop(each, None)
            gone = self._messages.pop(each, ())
            self._weight -= sum(message.weight for message in gone)
            removed += len(gone)
        return removed

    def receive(self, name: str, message: Message) -> Reply:
        """Keep a message; answers what the sender gets."""
        _check_name(name)
        held = self._messages.setdefault(name, deque())
        held.append(message)
        self._weight += message.weight
        if len(held) > self._most:
            self._weight -= held.popleft().weight
        while self._weight > self._total:
            fullest = max(self._messages.values(), key=len)
            if len(fullest) < 2:
                if len(self._messages) < 2:
                    break
                # One message each: the inbox that was first written to goes as a whole.
                fullest = self._messages.pop(next(iter(self._messages)))
            self._weight -= fullest.popleft().weight
        return self._replies.get(name, Reply())

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take a request to `/__inbox/<name>`, whatever its method and the rest of its path."""
        name = scope["path"].partition("/__inbox/")[2].partition("/")[0]
        prefix = scope.get("mockserver.prefix", "")
        path = scope["path"] if scope["path"].startswith(prefix) else prefix + scope["path"]
        body, size = bytearray(), 0
        more = True
        while more:
            event = await receive()
            if event["type"] == "http.disconnect":
                return
            piece = event.get("body", b"")
            size += len(piece)
            body += piece[: max(self._body_bytes - len(body), 0)]
            more = event.get("more_body", False)
        self._last += 1
        message = Message(
            id=self._last,
            received_at=self._clock.now(),
            method=scope["method"],
            path=path,
            query=scope["query_string"].decode("latin-1"),
            headers=tuple(scope["headers"]),
            body=bytes(body),
            size=size,
        )
        try:
            reply = self.receive(name, message)
        except UnknownName as error:
            reply = Reply(404, {"title": "Not found", "status": 404, "detail": str(error)})
        if reply.seconds:
            await asyncio.sleep(reply.seconds)
        headers = reply.raw_headers()
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        content = b"" if scope["method"] == "HEAD" else reply.content()
        await send({"type": "http.response.body", "body": content})


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise UnknownName(
            f"{name!r} cannot be an inbox: its name is 1 to 100 letters, digits, dots, "
            "hyphens and underscores."
        )


def _reply(answer: Mapping[str, Any]) -> Reply:
    """The answer asked for; BadRequest when it could not be sent."""
    strays = answer.keys() - {"status", "body", "headers", "seconds"}
    if strays:
        raise BadRequest(f"An inbox's answer has no {', '.join(sorted(strays))}.")
    reply = Reply(**answer)
    if isinstance(reply.status, bool) or not isinstance(reply.status, int):
        raise BadRequest("The status of an inbox's answer is a number.")
    if not 200 <= reply.status <= 599:
        raise BadRequest("The status of an inbox's answer is 200 to 599.")
    if isinstance(reply.seconds, bool) or not isinstance(reply.seconds, int | float):
        raise BadRequest("The seconds of an inbox's answer are a number.")
    if not 0 <= reply.seconds <= LONGEST:
        raise BadRequest(f"An inbox answers within {LONGEST:g} seconds.")
    if not isinstance(reply.headers, Mapping):
        raise BadRequest("The headers of an inbox's answer are an object of texts.")
    for name, value in reply.headers.items():
        if not isinstance(value, str) or not _HEADER_VALUE.fullmatch(value):
            raise BadRequest(f"The header {name!r} of an inbox's answer cannot be sent.")
        if not _HEADER_NAME.fullmatch(name) or name.lower() in _FRAMING:
            raise BadRequest(f"An inbox's answer cannot set the header {name!r}.")
    return reply
