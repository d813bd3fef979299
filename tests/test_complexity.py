"""Tests of what a call costs, counted and not timed: the same with many documents as with few."""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import httpx
import orjson
import pytest

from mockserver.app import create_app, declared
from mockserver.engine.sandbox import Sandbox
from mockserver.settings import Settings
from tests.calls import EXTEND, KINDS, PIPELINES, POOL, TOLOKA

pytestmark = pytest.mark.anyio

FEW, MANY = 1_000, 100_000


@dataclass
class Cost:
    """What calls have cost."""

    written: int = 0
    """Bytes that went into the log."""
    decoded: int = 0
    encoded: int = 0
    compared: int = 0
    """Comparisons in sorted lists."""
    steps: int = 0
    """Functions called, which any loop in Python shows up in."""


class Counting:
    """Stands in for orjson in the store, and for bisect in its sorted lists."""

    def __init__(self, patch: pytest.MonkeyPatch, sandbox: Sandbox) -> None:
        self.cost = Cost()
        for room in ("collection", "query", "table"):
            patch.setattr(f"mockserver.engine.store.{room}.orjson.loads", self.loads)
        patch.setattr("mockserver.engine.store.table.pack", self.pack)
        for module in ("sortedcontainers.sortedlist", "mockserver.engine.store.index"):
            patch.setattr(f"{module}.bisect_left", self.bisect_left)
            patch.setattr(f"{module}.bisect_right", self.bisect_right)
        patch.setattr("sortedcontainers.sortedlist.insort", self.insort)
        storage = sandbox.store._storage
        append = storage.append

        def counted(payload: bytes) -> None:
            self.cost.written += len(payload)
            append(payload)

        patch.setattr(storage, "append", counted)

    def loads(self, data: Any) -> Any:
        """Decode a document."""
        self.cost.decoded += 1
        return LOADS(data)

    def pack(self, document: dict[str, Any]) -> bytes:
        """Encode a document."""
        self.cost.encoded += 1
        return orjson.dumps(document)

    def bisect_left(self, items: Any, item: Any, low: int = 0, high: int | None = None) -> int:
        """The first place for an item in a sorted list."""
        high = len(items) if high is None else high
        while low < high:
            middle = (low + high) // 2
            self.cost.compared += 1
            if items[middle] < item:
                low = middle + 1
            else:
                high = middle
        return low

    def bisect_right(self, items: Any, item: Any, low: int = 0, high: int | None = None) -> int:
        """The last place for an item in a sorted list."""
        high = len(items) if high is None else high
        while low < high:
            middle = (low + high) // 2
            self.cost.compared += 1
            if item < items[middle]:
                high = middle
            else:
                low = middle + 1
        return low

    def insort(self, items: Any, item: Any) -> None:
        """Enter an item into a sorted list."""
        items.insert(self.bisect_right(items, item), item)

    @contextmanager
    def stepping(self) -> Iterator[None]:
        """Count the functions that are called."""

        def step(frame: FrameType, event: str, argument: object) -> None:
            if event in ("call", "c_call") and "bisect" not in frame.f_code.co_name:
                self.cost.steps += 1

        sys.setprofile(step)
        try:
            yield
        finally:
            sys.setprofile(None)


LOADS = orjson.loads


class World:
    """The server in process, and what is in its store."""

    def __init__(self, sandbox: Sandbox, client: httpx.AsyncClient) -> None:
        self.sandbox = sandbox
        self.client = client
        self.size = 0
        self.number = 0
        self.patterns: dict[str, dict[str, Any]] = {}

    async def call(self, method: str, path: str, headers: Any, body: Any = None) -> Any:
        """The parsed answer of a call that must succeed."""
        answer = await self.client.request(method, path, headers=dict(headers), json=body)
        assert answer.is_success, answer.text
        return answer.json()

    async def write(self, kind: str, count: int = 1) -> Any:
        """The parsed answer of a call that writes."""
        self.number += 1
        answer = await self.client.request(**KINDS[kind].request(f"m{self.number:06d}", count))
        assert answer.is_success, answer.text
        return answer.json()

    def fill(self, size: int) -> None:
        """Have that many documents of each kind, made after those that the services made."""
        for name, pattern in self.patterns.items():
            self.sandbox.collection(name).put_many(
                {**pattern, "id": self.like(pattern["id"], number)}
                for number in range(self.size, size)
            )
        self.sandbox.commit()
        self.size = size

    @staticmethod
    def like(id: Any, number: int) -> Any:
        """An id that looks like another one."""
        return 5_000_000 + number if isinstance(id, int) else f"{id[:-8]}{number:08d}"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    given = {
        "seed": 0, "clock": "frozen", "clock_start": "2026-01-01", "pace": "manual",
        "data_dir": tmp_path,
    }  # fmt: skip
    app = create_app(Settings.load(given, services=declared()))
    async with app.running():
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            made = World(app.sandboxes["default"], client)
            for kind, name in (
                ("extend, one", "extend.workflow_runs"),
                ("toloka", "toloka.tasks"),
                ("pipelines", "pipelines.tasks"),
            ):
                await made.write(kind)
                made.patterns[name] = made.sandbox.collection(name).find(sort="-", limit=1)[0]
            yield made


async def get(world: World) -> None:
    """One run of Extend."""
    id = world.like(world.patterns["extend.workflow_runs"]["id"], 500)
    await world.call("GET", f"/extend/workflow_runs/{id}", EXTEND)


async def insert(world: World) -> None:
    """One more run."""
    await world.write("extend, one")


async def list_page(world: World) -> None:
    """A page of Toloka's tasks."""
    page = await world.call("GET", f"/toloka/api/v1/tasks?pool_id={POOL}&limit=100", TOLOKA)
    assert len(page["items"]) == 100


async def update(world: World) -> None:
    """Another overlap for one of Toloka's tasks."""
    world.number += 1
    id = world.like(world.patterns["toloka.tasks"]["id"], 500)
    body = {"overlap": 2 + world.number % 2}
    await world.call("PATCH", f"/toloka/api/v1/tasks/{id}", TOLOKA, body)


async def batch(world: World) -> None:
    """A batch of Extend, up to its end."""
    await world.write("extend", 50)
    await world.call("POST", "/__admin/clock/advance", {}, {"seconds": 5})


async def later(world: World) -> None:
    """A slice of an asynchronous batch of Toloka."""
    await world.write("toloka, later", 50)
    await world.call("POST", "/__admin/clock/advance", {}, {"seconds": 5})


async def claim(world: World) -> None:
    """A contributor of Pipelines takes a task and gives it back."""
    id = world.like(world.patterns["pipelines.tasks"]["id"], 500)
    who = {**PIPELINES, "Mockserver-User": "ines"}
    path = f"/pipelines/api/v1/workflows/42/tasks/{id}"
    await world.call("POST", f"{path}/claim", who)
    await world.call("POST", f"{path}/release", who)


CALLS: tuple[Callable[[World], Awaitable[None]], ...] = (
    get, insert, list_page, update, batch, later, claim,
)  # fmt: skip


async def costs(world: World) -> dict[str, Cost]:
    """What each call costs, once everything that is made at first use is there."""
    found = {}
    for call in CALLS:
        await call(world)
        with pytest.MonkeyPatch.context() as patch:
            counting = Counting(patch, world.sandbox)
            with counting.stepping():
                await call(world)
            found[call.__name__] = counting.cost
    return found


async def test_a_call_costs_the_same_whatever_is_stored(world: World) -> None:
    world.fill(FEW)
    few = await costs(world)
    world.fill(MANY)
    many = await costs(world)
    for name, before in few.items():
        after = many[name]
        print(f"{name:10} {before}\n{'':10} {after}")
        assert abs(after.written - before.written) <= 0.01 * before.written + 32, name
        assert after.decoded <= before.decoded + 2, name
        assert after.encoded <= before.encoded + 2, name
        # A hundred times as many are seven doublings more.
        assert after.compared <= 2 * before.compared + 40, name
        assert after.steps <= 1.1 * before.steps + 100, name
