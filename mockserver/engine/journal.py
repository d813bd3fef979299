"""What was asked and answered, and why: kept in bounded memory, shown with credentials masked."""

import asyncio
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import orjson

from mockserver.engine.clock import monotonic, rfc3339
from mockserver.engine.errors import BadRequest, UnknownName
from mockserver.engine.masking import masked_headers, masked_query
from mockserver.engine.tally import Tally
from mockserver.engine.where import Where

if TYPE_CHECKING:
    from mockserver.engine.contract import Violation

BOUNDS = ("exactly", "at_least", "at_most", "never")
RawHeaders = Sequence[tuple[bytes, bytes]]


class Entry:
    """One call to a service, one upload or one delivery attempt.

    Filled stage by stage while the call runs; everything that costs time, such as masking or
    parsing, is left until someone looks.
    """

    __slots__ = (
        "at", "duration", "fault", "id", "kind", "method", "operation", "path", "query",
        "request_body", "request_headers", "request_size", "response_body", "response_headers",
        "response_size", "service", "status", "violations",
    )  # fmt: skip

    def __init__(
        self,
        service: str,
        method: str,
        path: str,
        query: str = "",
        headers: RawHeaders = (),
        *,
        kind: str = "call",
    ) -> None:
        self.id = 0
        self.at = 0.0
        self.kind = kind
        self.service = service
        self.operation: str | None = None
        self.method = method
        self.path = path
        self.query = query
        self.status: int | None = None
        self.duration = 0.0
        self.fault: dict[str, Any] | None = None
        self.violations: Sequence[Violation] = ()
        self.request_headers = headers
        self.request_body: bytes = b""
        self.request_size = 0
        self.response_headers: RawHeaders = ()
        self.response_body: bytes = b""
        self.response_size = 0

    @property
    def client(self) -> str:
        """The caller's User-Agent."""
        return self.header("user-agent") or ""

    def header(self, name: str) -> str | None:
        """A request header by lower-case name."""
        wanted = name.encode("latin-1", "replace")
        for key, value in self.request_headers:
            if key.lower() == wanted:
                return value.decode("latin-1")
        return None

    def query_value(self, name: str) -> str | None:
        """A query parameter's last value."""
        return dict(parse_qsl(self.query, keep_blank_values=True)).get(name)

    def json(self) -> Any:
        """The request's body as JSON, or None when it is none (or was too long to be kept)."""
        try:
            return orjson.loads(self.request_body)
        except orjson.JSONDecodeError:
            return None

    def size(self) -> int:
        """Bytes that keeping this entry takes, roughly."""
        return 1024 + len(self.request_body) + len(self.response_body)

    def view(self, *, bodies: bool = True) -> dict[str, Any]:
        """The entry as the control API shows it."""
        shown: dict[str, Any] = {
            "id": str(self.id),
            "at": rfc3339(self.at),
            "kind": self.kind,
            "service": self.service,
            "operation": self.operation,
            "method": self.method,
            "path": self.path,
            "query": masked_query(self.query),
            "client": self.client,
            "status": self.status,
            "duration_ms": round(self.duration * 1000, 3),
            "fault": self.fault,
            "violations": [
                {"side": v.side, "pointer": v.pointer, "rule": v.rule, "message": v.message}
                for v in self.violations
            ],
        }
        if bodies:
            shown["request"] = _view(self.request_headers, self.request_body, self.request_size)
            shown["response"] = _view(self.response_headers, self.response_body, self.response_size)
        return shown


class Journal:
    """The newest entries of one sandbox, bounded in number, in bytes and in age.

    `body_bytes` is how much of a body is kept at most. The `tally` counts every entry, also those
    that were let go; it is cleared by itself alone.
    """

    def __init__(
        self, *, entries: int, total_bytes: int, body_bytes: int, age: float | None = None
    ) -> None:
        self._limit = entries
        self._total = total_bytes
        self.body_bytes = body_bytes
        # Ids follow each other, and the oldest go first.
        self._entries: deque[Entry] = deque()
        self._sizes: deque[int] = deque()
        self._bytes = 0
        self._last = 0
        self._next: asyncio.Future[None] | None = None
        self._age = age
        self._kept_since: deque[float] = deque()
        self.tally = Tally()

    def __len__(self) -> int:
        self._expire()
        return len(self._entries)

    @property
    def bytes(self) -> int:
        """Memory that the entries take, roughly."""
        return self._bytes

    def add(self, entry: Entry) -> None:
        """Keep a finished entry and let go of the oldest beyond the bounds."""
        self._last += 1
        entry.id = self._last
        size = entry.size()
        self._entries.append(entry)
        self._sizes.append(size)
        self._bytes += size
        if self._age is not None:
            self._kept_since.append(monotonic())
        while len(self._entries) > self._limit or self._bytes > self._total:
            self._let_go()
        self._expire()
        self.tally.add(entry)
        if self._next is not None:
            if not self._next.done():
                self._next.set_result(None)
            self._next = None

    async def next_entry(self) -> None:
        """Return once another entry has been added."""
        if self._next is None or self._next.done():
            self._next = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._next)

    def get(self, id: str) -> Entry:
        """One entry; UnknownName when there is none or it was let go."""
        self._expire()
        place = self._place(id)
        if not 0 <= place < len(self._entries):
            raise UnknownName(f"The journal has no request {id!r}; it keeps the newest ones only.")
        return self._entries[place]

    def find(
        self, conditions: Mapping[str, Any], *, limit: int = 100, after: str | None = None
    ) -> tuple[list[Entry], int]:
        """Entries that match, oldest first, after the entry `after`; and how many match in all."""
        where = Where.read(conditions)
        self._expire()
        found = [entry for entry in self._entries if where.matches(entry)]
        if after is None:
            return found[:limit], len(found)
        start = int(after) if after.isascii() and after.isdecimal() else 0
        return [entry for entry in found if entry.id > start][:limit], len(found)

    def clear(self) -> int:
        """Forget every entry; answers how many there were."""
        count = len(self._entries)
        self._entries.clear()
        self._kept_since.clear()
        self._sizes.clear()
        self._bytes = 0
        return count

    async def verify_within(self, expectation: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        """As `verify`, but what does not hold yet may come true with a call in these seconds."""
        verdict = self.verify(expectation)
        try:
            async with asyncio.timeout(seconds):
                while not verdict["passed"]:
                    await self.next_entry()
                    verdict = self.verify(expectation, explain=False)
        except TimeoutError:
            return self.verify(expectation)
        return verdict

    def verify(self, expectation: Mapping[str, Any], *, explain: bool = True) -> dict[str, Any]:
        """Whether what was expected was called: `{"passed", "count", "nearest"}`.

        `{"match": conditions, "exactly" | "at_least" | "at_most": n}` or with `"never": true`,
        where none of the four means at least once, or `{"in_order": [conditions, …]}`, which
        allows other calls between.
        """
        self._expire()
        if "in_order" in expectation:
            order = [Where.read(given) for given in expectation["in_order"]]
            return self._verify_order(order, explain)
        where = Where.read(expectation.get("match", {}))
        count = sum(where.matches(entry) for entry in self._entries)
        bounds = [name for name in BOUNDS if name in expectation]
        if len(bounds) > 1:
            raise BadRequest(f"Give one of {', '.join(BOUNDS)}, not {len(bounds)}.")
        bound = bounds[0] if bounds else "at_least"
        number = 0 if bound == "never" else expectation.get(bound, 1)
        passed = {
            "never": count == 0,
            "exactly": count == number,
            "at_least": count >= number,
            "at_most": count <= number,
        }[bound]
        return self._verdict(passed, count, where, explain)

    def _place(self, id: str) -> int:
        """Where the entry of this id is, or would be."""
        if not self._entries or not (id.isascii() and id.isdecimal()):
            return -1
        return int(id) - self._entries[0].id

    def _let_go(self) -> None:
        self._entries.popleft()
        self._bytes -= self._sizes.popleft()
        if self._age is not None:
            self._kept_since.popleft()

    def _expire(self) -> None:
        """Let go of what is too old; whoever looks must not see it."""
        if self._age is None:
            return
        oldest = monotonic() - self._age
        while self._kept_since and self._kept_since[0] <= oldest:
            self._let_go()

    def _verify_order(self, wanted: list[Where], explain: bool) -> dict[str, Any]:
        entries: Iterator[Entry] = iter(self._entries)
        for position, where in enumerate(wanted):
            if not any(where.matches(entry) for entry in entries):
                return self._verdict(False, position, where, explain)
        return self._verdict(True, len(wanted), Where(), explain)

    def _verdict(self, passed: bool, count: int, where: Where, explain: bool) -> dict[str, Any]:
        if passed or not explain:
            return {"passed": passed, "count": count}
        ranked = sorted(
            ((where.differences(entry), entry) for entry in self._entries),
            key=lambda pair: (len(pair[0]), -pair[1].id),
        )
        nearest = [
            {**entry.view(bodies=False), "differences": differences}
            for differences, entry in ranked[:3]
        ]
        return {"passed": False, "count": count, "nearest": nearest}


def _view(headers: RawHeaders, body: bytes, size: int) -> dict[str, Any]:
    pairs = [(key.decode("latin-1"), value.decode("latin-1")) for key, value in headers]
    shown: dict[str, Any] = {
        "headers": masked_headers(pairs),
        "body": body.decode("utf-8", "replace"),
    }
    if size > len(body):
        shown["truncated"] = {"bytes": size, "kept": len(body)}
    return shown
