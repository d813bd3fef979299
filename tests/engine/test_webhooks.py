"""Tests of deliveries on their way: signed attempts, retries on the clock, restarts."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import httpx
import pytest

from mockserver.engine import deliveries, jobs
from mockserver.engine.clock import Clock
from mockserver.engine.contract import Violation
from mockserver.engine.errors import ContractError, UnknownName
from mockserver.engine.ids import Ids
from mockserver.engine.jobs import Jobs
from mockserver.engine.journal import Journal
from mockserver.engine.store import Store, StoreFull
from mockserver.engine.webhooks import Prepared, WebhookPolicy, Webhooks
from tests.disk import Disk

if TYPE_CHECKING:
    from mockserver.engine.sandbox import Sandbox

pytestmark = pytest.mark.anyio

AT = 1_767_323_045.0
URL = "http://hooks.test/in?x=1"
Answer = Callable[[httpx.Request], httpx.Response | Awaitable[httpx.Response]]


def sign(sandbox: "Sandbox", delivery: Any, body: bytes, now: float) -> Prepared:
    """Signs with the time, and with what the delivery's context brings."""
    return Prepared(delivery["url"], {"X-Sign": f"{now - AT:g}/{delivery['context'].get('key')}"})


def broken(sandbox: "Sandbox", delivery: Any, body: bytes, now: float) -> Prepared:
    """The endpoint that the delivery belonged to has gone."""
    raise UnknownName("There is no endpoint.")


def doubtful(status: int, body: bytes) -> bool:
    """A service whose receivers have to say yes."""
    return body == b"yes"


POLICIES = {
    "toy": WebhookPolicy(retries=(5.0, 60.0), prepare=sign),
    "patient": WebhookPolicy(retries=(5.0,), retry_after=True),
    "doubtful": WebhookPolicy(succeeded=doubtful),
    "broken": WebhookPolicy(retries=(5.0,), prepare=broken),
    "hasty": WebhookPolicy(timeout=0.05),
}


def check(service: str, event: str, payload: Any) -> list[Violation]:
    """The contract of the toy: a payload is an object."""
    if isinstance(payload, dict):
        return []
    return [Violation("delivery", "/body", "type", "is not an object", payload)]


class World:
    """Webhooks with a store, a clock that stands still, and a receiver in this process."""

    def __init__(self, folder: Path, **more: Any) -> None:
        self.store = Store(folder, {**deliveries.INDEXES, **jobs.INDEXES})
        self.clock = Clock(AT, 0)
        self.ids = Ids(0, self.store.collection("engine.counters"))
        self.told: list[dict[str, Any]] = []
        kinds = {"toy.told": lambda sandbox, **told: self.told.append(told)}
        self.jobs = Jobs(self.store, self.clock, kinds)
        self.journal = Journal(entries=100, total_bytes=1_000_000, body_bytes=1_000)
        self.woken = 0
        self.requests: list[httpx.Request] = []
        self.status = 200
        self.answer: Answer = lambda request: httpx.Response(self.status)
        transport = None if "allow" in more else httpx.MockTransport(self.receive)
        self.webhooks = Webhooks(
            self.store,
            self.clock,
            self.ids,
            self.jobs,
            policies=POLICIES,
            check=check,
            journal=self.journal,
            wake=self.wake,
            transport=transport,
            **more,
        )

    def wake(self) -> None:
        self.woken += 1

    async def receive(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answer(request)
        return answer if isinstance(answer, httpx.Response) else await answer

    def commit(self) -> None:
        self.ids.store_counters()
        self.store.commit()

    def rollback(self) -> None:
        self.store.rollback()

    def emit(self, service: str = "toy", payload: Any = None, **more: Any) -> str:
        url = more.pop("url", URL)
        id = self.webhooks.emit(service, "item_done", url, payload or {"n": 1}, **more)
        self.commit()
        return id

    async def settle(self, at: float = 0.0) -> int:
        """Everything due at so many seconds from the start."""
        self.clock.forward(AT + at)
        return await self.webhooks.settle(cast("Sandbox", self))

    def start(self) -> int:
        return self.webhooks.start_due(cast("Sandbox", self))

    def shown(self, id: str) -> dict[str, Any]:
        return deliveries.view(self.webhooks.get(id))

    def outcome(self, id: str) -> tuple[str, list[int | None]]:
        """State, and the status of each attempt."""
        shown = self.shown(id)
        return shown["state"], [attempt["status"] for attempt in shown["attempts"]]


async def turns(count: int = 100) -> None:
    """Let the loop turn, as it does when others are busy."""
    for _ in range(count):
        await asyncio.sleep(0)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path)
    yield made
    await made.webhooks.close()
    made.store.close()


async def test_a_delivery_is_posted_signed_and_recorded(world: World) -> None:
    id = world.emit(payload={"b": 1, "a": "é"}, context={"key": "k"})
    assert world.outcome(id) == ("pending", [])
    assert world.webhooks.next_due() == AT
    assert await world.settle() == 1
    (request,) = world.requests
    assert (request.method, str(request.url)) == ("POST", URL)
    assert request.content == '{"b":1,"a":"é"}'.encode()
    assert request.headers["content-type"] == "application/json"
    assert request.headers["x-sign"] == "0/k"
    assert world.outcome(id) == ("delivered", [200])
    assert world.webhooks.next_due() is None
    assert world.webhooks.pending() == 0


async def test_a_failed_attempt_is_made_again_on_the_sandboxs_clock(world: World) -> None:
    world.status = 500
    id = world.emit()
    assert await world.settle() == 1
    assert world.webhooks.next_due() == AT + 5
    assert await world.settle(4.9) == 0
    assert await world.settle(5) == 1
    assert world.webhooks.next_due() == AT + 65
    world.status = 204
    assert await world.settle(65) == 1
    assert world.outcome(id) == ("delivered", [500, 500, 204])
    ats = [attempt["at"] for attempt in world.shown(id)["attempts"]]
    assert [at[14:19] for at in ats] == ["04:05", "04:10", "05:10"]


async def test_each_attempt_has_the_same_body_and_a_signature_of_its_own(world: World) -> None:
    world.status = 400
    world.emit(payload={"z": 1.50, "a": [1e3, "x"]}, context={"key": "k"})
    for at in (0, 5, 65):
        await world.settle(at)
    assert len({request.content for request in world.requests}) == 1
    assert [request.headers["x-sign"] for request in world.requests] == ["0/k", "5/k", "65/k"]


async def test_attempts_end_with_the_schedule(world: World) -> None:
    world.status = 500
    id = world.emit()
    for at in (0, 5, 65, 1_000_000):
        await world.settle(at)
    assert world.outcome(id) == ("failed", [500, 500, 500])
    assert world.webhooks.next_due() is None


async def test_a_delivery_can_wait_for_its_first_attempt(world: World) -> None:
    id = world.emit(delay=30)
    assert await world.settle(29) == 0
    assert await world.settle(30) == 1
    assert world.outcome(id) == ("delivered", [200])


async def test_success_is_what_the_service_says_it_is(world: World) -> None:
    world.answer = lambda request: httpx.Response(500, content=b"yes")
    yes = world.emit("doubtful")
    await world.settle()
    world.answer = lambda request: httpx.Response(200, content=b"no")
    no = world.emit("doubtful")
    await world.settle()
    assert (world.outcome(yes), world.outcome(no)) == (("delivered", [500]), ("failed", [200]))


@pytest.mark.parametrize(("service", "due"), [("patient", 100.0), ("toy", 5.0)])
async def test_retry_after_counts_where_the_service_heeds_it(
    world: World, service: str, due: float
) -> None:
    world.answer = lambda request: httpx.Response(503, headers={"Retry-After": "100"})
    world.emit(service)
    await world.settle()
    assert world.webhooks.next_due() == AT + due


async def test_a_redelivery_is_one_more_attempt_of_the_same_delivery(world: World) -> None:
    id = world.emit()
    await world.settle()
    world.webhooks.redeliver(id)
    world.commit()
    assert await world.settle() == 1
    assert world.outcome(id) == ("delivered", [200, 200])
    world.status = 500
    world.webhooks.redeliver(id)
    world.commit()
    assert await world.settle(1_000) == 1
    assert await world.settle(1_000_000) == 0
    assert world.outcome(id) == ("failed", [200, 200, 500])


async def test_a_redelivery_asked_for_during_an_attempt_follows_it(world: World) -> None:
    id = world.emit()
    assert world.start() == 1
    world.webhooks.redeliver(id)
    await world.settle()
    assert world.outcome(id) == ("delivered", [200, 200])


async def test_an_unknown_delivery_is_named(world: World) -> None:
    with pytest.raises(UnknownName, match="dlv-9"):
        world.webhooks.redeliver("dlv-9")


async def test_a_service_without_webhooks_delivers_nothing(world: World) -> None:
    with pytest.raises(ContractError, match="other"):
        world.emit("other")


async def test_the_end_of_a_delivery_is_told_once_with_the_last_answer(world: World) -> None:
    answers = iter([httpx.Response(500), httpx.Response(200, json={"reasons": ["é"]})])
    world.answer = lambda request: next(answers)
    id = world.emit(then="toy.told", context={"task": "t"})
    await world.settle()
    assert world.jobs.next_due() is None
    await world.settle(5)
    world.jobs.run_due(cast("Sandbox", world))
    assert world.told == [
        {
            "delivery_id": id,
            "state": "delivered",
            "status": 200,
            "body": '{"reasons":["é"]}',
            "context": {"task": "t"},
        }
    ]


async def test_a_redelivery_tells_only_what_is_new(world: World) -> None:
    world.status = 500
    id = world.emit("hasty", then="toy.told")
    for status in (500, 500, 200, 200, 500):
        world.status = status
        await world.settle()
        world.webhooks.redeliver(id)
    world.jobs.run_due(cast("Sandbox", world))
    assert [told["state"] for told in world.told] == ["failed", "delivered"]


async def test_a_refused_target_fails_at_once(tmp_path: Path) -> None:
    world = World(tmp_path, allow=())
    id = world.emit(url="http://203.0.113.7/hook")
    assert await world.settle() == 1
    assert world.outcome(id) == ("failed", [None])
    assert "--webhook-allow" in world.shown(id)["attempts"][0]["error"]
    await world.webhooks.close()
    world.store.close()


async def test_an_attempt_that_cannot_be_prepared_fails_with_the_reason(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    id = world.emit("broken")
    assert await world.settle() == 1
    assert world.outcome(id) == ("failed", [None])
    assert "no endpoint" in world.shown(id)["attempts"][0]["error"]
    assert id in caplog.text


async def test_a_payload_that_breaks_its_contract_is_sent_and_says_so(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    id = world.emit(payload=[1])
    await world.settle()
    assert world.outcome(id) == ("delivered", [200])
    (violation,) = world.shown(id)["violations"]
    assert violation["message"] == "is not an object"
    assert "item_done" in caplog.text


async def test_each_attempt_is_in_the_journal(world: World) -> None:
    world.status = 500
    world.emit(url="http://user:pw@hooks.test/in?access_key=secret")
    await world.settle()
    (entry,), _ = world.journal.find({})
    shown = entry.view()
    assert (shown["kind"], shown["service"], shown["operation"]) == ("delivery", "toy", "item_done")
    assert (shown["path"], shown["query"]) == ("http://hooks.test/in", "access_key=***")
    assert (shown["method"], shown["status"]) == ("POST", 500)
    assert shown["request"]["body"] == '{"n":1}'


async def test_pending_deliveries_outlive_a_kill(tmp_path: Path) -> None:
    before = World(tmp_path / "a")
    before.status = 500
    first = before.emit()
    await before.settle()
    second = before.emit()
    # What a kill leaves behind: the folder as it is now, with one attempt under way.
    before.start()
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    await before.webhooks.close()
    before.store.close()
    after = World(tmp_path / "b")
    assert await after.settle() == 1
    assert after.outcome(second) == ("delivered", [200])
    assert await after.settle(5) == 1
    assert after.outcome(first) == ("delivered", [500, 200])
    await after.webhooks.close()
    after.store.close()


async def test_an_uncommitted_delivery_is_undone_with_the_rest(world: World) -> None:
    world.webhooks.emit("toy", "item_done", URL, {})
    world.rollback()
    assert await world.settle() == 0
    assert world.requests == []


async def test_no_delivery_waits_for_another(world: World) -> None:
    slow = world.emit("hasty", url="http://slow.test/")
    arrived = asyncio.Event()

    async def receive(request: httpx.Request) -> httpx.Response:
        if request.url.host == "slow.test":
            arrived.set()
            await asyncio.Event().wait()
        return httpx.Response(200)

    world.answer = receive
    assert world.start() == 1
    await arrived.wait()
    quick = world.emit()
    assert world.webhooks.next_due() == AT
    assert world.start() == 1
    await turns()
    assert world.outcome(quick) == ("delivered", [200])
    assert world.outcome(slow) == ("pending", [])
    # The slow one is on its way: it is not started twice, and it ends with its timeout.
    assert (world.start(), world.webhooks.next_due()) == (0, None)
    await world.settle()
    assert world.outcome(slow) == ("failed", [None])


async def test_attempts_are_bounded_in_number(tmp_path: Path) -> None:
    world = World(tmp_path, concurrency=3)
    ids = [world.emit() for _ in range(10)]
    assert (world.start(), world.start()) == (3, 0)
    # While all lines are busy nothing can start, so nothing counts as due.
    assert world.webhooks.next_due() is None
    assert await world.settle() == 10
    assert all(world.outcome(id) == ("delivered", [200]) for id in ids)
    await world.webhooks.close()
    world.store.close()


async def test_attempts_that_end_together_share_a_commit(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(50):
        world.emit()
    commits: list[int] = []
    monkeypatch.setattr(world, "commit", lambda: commits.append(len(world.requests)))
    assert await world.settle() == 50
    assert 1 <= len(commits) < 25


async def test_a_reset_breaks_off_what_is_on_its_way(world: World) -> None:
    arrived, answered = asyncio.Event(), asyncio.Event()

    async def receive(request: httpx.Request) -> httpx.Response:
        arrived.set()
        await answered.wait()
        return httpx.Response(200)

    world.answer = receive
    id = world.emit()
    world.start()
    await arrived.wait()
    world.webhooks.forget()
    world.store.clear()
    world.ids.forget()
    # The same id again, which the answer to the first must not touch.
    assert world.emit(delay=60) == id
    answered.set()
    await turns()
    assert await world.settle() == 0
    assert world.outcome(id) == ("pending", [])


async def test_a_failure_to_write_down_is_not_the_end(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    id = world.emit()
    with monkeypatch.context() as patch:
        patch.setattr(world.store, "commit", lambda: 1 / 0)
        world.start()
        await turns()
    assert "could not be written down" in caplog.text
    assert world.outcome(id) == ("pending", [])
    assert await world.settle() == 1
    assert world.outcome(id) == ("delivered", [200])


async def test_new_and_ended_deliveries_wake_the_ticker(world: World) -> None:
    world.emit()
    assert world.woken == 1
    await world.settle()
    assert world.woken > 1


async def test_an_attempt_that_finds_the_disk_full_is_written_down_later_and_not_repeated(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    disk = Disk(monkeypatch)
    monkeypatch.setattr("mockserver.engine.webhooks.PATIENCE", 0.0)
    id = world.emit(then="toy.told")
    disk.room = 0
    assert world.start() == 1
    await turns()
    assert disk.refused > 1
    assert world.outcome(id) == ("pending", [])
    assert world.start() == 0
    with pytest.raises(StoreFull):
        await world.settle()
    assert len(world.journal) == 0
    disk.room = None
    assert await world.settle() == 1
    assert world.outcome(id) == ("delivered", [200])
    assert len(world.requests) == len(world.journal) == 1
    assert world.jobs.pending() == 1
    assert len(caplog.records) == 2
