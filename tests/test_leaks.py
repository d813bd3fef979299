"""Tests of memory under load: with everything at its limits it stays where it is."""

import gc
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from starlette.types import Message

from mockserver.app import App, create_app, declared
from mockserver.server import GARBAGE_THRESHOLD, _spare_garbage_collector
from mockserver.settings import Settings
from tests.calls import EXTEND, JSON, KINDS, LOOKS, TOLOKA

pytestmark = pytest.mark.anyio

CALLS = 20_000
PORTIONS = 4


@pytest.fixture
def spared() -> Iterator[None]:
    """The garbage collector as it is once a server has started."""
    thresholds = gc.get_threshold()
    gc.collect()
    _spare_garbage_collector()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


class Caller:
    """Calls the app without a client between, so that what grows is the app's."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.number = 0

    async def call(self, method: str, target: str, headers: Any = JSON, body: bytes = b"") -> int:
        """The status of the answer."""
        path, _, query = target.partition("?")
        messages: list[Message] = []
        received = iter([{"type": "http.request", "body": body, "more_body": False}])

        async def receive() -> Message:
            return next(received, {"type": "http.disconnect"})

        async def send(message: Message) -> None:
            messages.append(message)

        pairs = {**headers, "host": "127.0.0.1", "content-length": str(len(body))}
        scope = {
            "type": "http", "method": method, "path": path, "scheme": "http",
            "query_string": query.encode(),
            "headers": [(name.lower().encode(), value.encode()) for name, value in pairs.items()],
        }  # fmt: skip
        await self.app(scope, receive, send)
        return int(messages[0]["status"])

    async def mixed(self, count: int) -> None:
        """Calls that look, that replace, that are refused, that go astray."""
        for _ in range(count):
            self.number += 1
            step = self.number % (len(LOOKS) + 5)
            if step < len(LOOKS):
                path, headers = list(LOOKS.values())[step]
                assert await self.call("GET", path, headers) == 200
            elif step == len(LOOKS):
                request = KINDS["admin"].request("same", 3)
                assert await self.call("POST", request["url"], JSON, request["content"]) == 200
            elif step == len(LOOKS) + 1:
                path = f"/toloka/api/v1/tasks/{self.number}"
                assert await self.call("GET", path, TOLOKA) == 404
            elif step == len(LOOKS) + 2:
                wrong = orjson.dumps({f"wrong{self.number}": self.number})
                assert await self.call("POST", "/extend/workflow_runs", EXTEND, wrong) == 400
            elif step == len(LOOKS) + 3:
                agent = {**JSON, "user-agent": f"client/{self.number}"}
                assert await self.call("GET", f"/sama/nowhere/{self.number}", agent) == 404
            else:
                path = f"/__inbox/box{self.number}"
                assert await self.call("POST", path, JSON, b"x" * 1000) == 200


def resident() -> float:
    """Megabytes of this process, where the system tells as Linux does."""
    told = Path("/proc/self/statm")
    return int(told.read_text().split()[1]) * 4096 / 1e6 if told.exists() else 0.0


async def test_memory_stays_where_it_is_with_everything_at_its_limits(
    tmp_path: Path, spared: None
) -> None:
    given = {
        "seed": 0, "clock": "frozen", "clock_start": "2026-01-01", "data_dir": tmp_path,
        "journal_entries": 300, "inbox_messages": 10,
    }  # fmt: skip
    app = create_app(Settings.load(given, services=declared()))
    async with app.running():
        app.sandboxes["default"].inbox._total = 200_000
        app.sandboxes["default"].store.checkpoint_at = 100_000
        caller = Caller(app)
        for kind in KINDS.values():
            request = kind.request("made", 3)
            status = await caller.call(
                request["method"], request["url"], request["headers"], request["content"]
            )
            assert status < 300
        objects, memory, uncollected = [], [], []
        for _ in range(PORTIONS):
            await caller.mixed(CALLS // PORTIONS)
            uncollected.append(len(gc.get_objects()))
            gc.collect()
            objects.append(len(gc.get_objects()))
            memory.append(resident())
    print(objects, uncollected, memory)
    assert max(objects[1:]) - objects[0] < 500
    assert max(uncollected) - max(objects) < GARBAGE_THRESHOLD
    assert max(memory[1:]) - memory[0] < 4


async def test_cycles_that_calls_leave_behind_are_collected_without_being_asked(
    spared: None,
) -> None:
    class Node:
        def __init__(self) -> None:
            self.self = self
            self.load = [[] for _ in range(100)]  # type: ignore[var-annotated]

    first = weakref.ref(Node())
    for _ in range(20 * GARBAGE_THRESHOLD // 100):
        if first() is None:
            return
        Node()
    raise AssertionError("a cycle outlived a million objects")
