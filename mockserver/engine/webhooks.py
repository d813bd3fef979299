"""Webhooks: what is to be delivered, when it is attempted, and what became of it."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from mockserver.engine import deliveries
from mockserver.engine.clock import Clock
from mockserver.engine.deliveries import (
    COLLECTION,
    DELIVERED,
    DROPPED,
    FAILED,
    PENDING,
    Finished,
)
from mockserver.engine.errors import ContractError, UnknownName
from mockserver.engine.faults import Faults, outgoing
from mockserver.engine.faults.delivery import Drop, Duplicate, Reorder
from mockserver.engine.ids import Ids
from mockserver.engine.jobs import Jobs
from mockserver.engine.journal import Journal
from mockserver.engine.sending import Outcome, Sender
from mockserver.engine.store import Range, StoreFull
from mockserver.engine.targets import Targets

if TYPE_CHECKING:
    import httpx

    from mockserver.engine.contract import Violation
    from mockserver.engine.sandbox import Sandbox
    from mockserver.engine.store import Store

log = logging.getLogger("mockserver.webhooks")

PATIENCE = 1.0
"""Real seconds before attempts are written down again that the disk had no room for."""

Check = Callable[[str, str, Any], "Sequence[Violation]"]


@dataclass(frozen=True, slots=True)
class Prepared:
    """One attempt, ready to be sent: where to, and the headers beside Content-Type."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)


def unsigned(sandbox: "Sandbox", delivery: Mapping[str, Any], body: bytes, now: float) -> Prepared:
    """Prepares an attempt without a signature."""
    return Prepared(delivery["url"])


def is_2xx(status: int, body: bytes) -> bool:
    """The usual test of success."""
    return 200 <= status < 300


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookPolicy:
    """How one service delivers.

    `retries` are the seconds before attempts 2, 3 and so on; `timeout` is in real seconds, for a
    whole attempt; `prepare` is called anew for each attempt with sandbox, delivery, body and the
    sandbox's time, and signs it. With `retry_after` the receiver's own wish goes before `retries`.
    """

    retries: tuple[float, ...] = ()
    timeout: float = 10.0
    succeeded: Callable[[int, bytes], bool] = is_2xx
    prepare: Callable[["Sandbox", Mapping[str, Any], bytes, float], Prepared] = unsigned
    retry_after: bool = False


class Webhooks:
    """The deliveries of one sandbox, as documents: pending ones are due again after a restart.

    No request waits for a delivery, and no delivery for another one: attempts run beside each
    other, as many as there are connections, and are written down in groups.
    """

    def __init__(
        self,
        store: "Store",
        clock: Clock,
        ids: Ids,
        jobs: Jobs,
        *,
        policies: Mapping[str, WebhookPolicy],
        allow: Sequence[str] = (),
        check: Check = lambda service, event, payload: (),
        journal: Journal | None = None,
        faults: Faults | None = None,
        wake: Callable[[], None] = lambda: None,
        transport: "httpx.AsyncBaseTransport | None" = None,
        concurrency: int = 64,
    ) -> None:
        self._deliveries = store.collection(COLLECTION)
        self._clock = clock
        self._ids = ids
        self._jobs = jobs
        self._policies = policies
        self._check = check
        self._journal = journal
        self._faults = faults
        self._held: dict[str, str] = {}
        self._refusal: StoreFull | None = None
        self._wake = wake
        targets = Targets(allow) if transport is None else Targets(allow, _in_process)
        self._sender = Sender(targets, connections=concurrency, transport=transport)
        self._concurrency = concurrency
        self._flying: dict[str, asyncio.Task[None]] = {}
        self._finished: list[Finished] = []
        self._again: set[str] = set()
        self._watchers: list[asyncio.Future[None]] = []
        self._attempted = 0

    def emit(
        self,
        service: str,
        event: str,
        url: str,
        payload: Any,
        *,
        context: Mapping[str, Any] | None = None,
        then: str | None = None,
        delay: float = 0.0,
    ) -> str:
        """Add a delivery, attempted once the caller has committed; answers its id.

        `context` is for the policy's `prepare`. `then` names a job that runs once the delivery
        has ended, with `delivery_id`, `state`, `status`, `body` (of the answer) and `context`.
        """
        if service not in self._policies:
            raise ContractError(f"{service!r} has no webhooks.")
        id = f"dlv-{self._ids.number(COLLECTION):08d}"
        delivery = deliveries.new(
            id,
            (service, event, url),
            orjson.dumps(payload),
            context=context or {},
            then=then,
            due=self._clock.now() + delay,
        )
        violations = self._check(service, event, payload)
        if violations:
            delivery["violations"] = deliveries.breaches(violations)
            log.error("webhook %s breaks its contract: %s", event, violations[0].message)
        if self._faults is not None and self._faults.delivering:
            self._spoil(delivery)
        self._deliveries.put(delivery)
        self._wake()
        return id

    def get(self, id: str) -> dict[str, Any]:
        """A delivery's document; UnknownName when there is none."""
        found = self._deliveries.get(id)
        if found is None:
            raise UnknownName(f"There is no delivery {id!r}.")
        return found

    def redeliver(self, id: str) -> None:
        """Attempt a delivery once more, whatever became of it; kept with the caller's commit."""
        delivery = self.get(id)
        if id in self._flying:
            self._again.add(id)
        else:
            self._deliveries.put(deliveries.again(delivery, self._clock.now()))
        self._wake()

    def pending(self) -> int:
        """How many deliveries have not ended."""
        return self._deliveries.count({"state": PENDING})

    def next_due(self) -> float | None:
        """When the next attempt is due that could start; None also while all lines are busy."""
        if len(self._flying) >= self._concurrency:
            return None
        waiting = self._waiting(1)
        return waiting[0]["next_attempt_at"] if waiting else None

    def start_due(self, sandbox: "Sandbox", *, until: float | None = None) -> int:
        """Start the attempts that are due, as far as there are lines free; answers how many.

        Each ends by itself; what it brought is on disk soon after.
        """
        until = self._clock.now() if until is None else until
        free = self._concurrency - len(self._flying)
        due = self._waiting(free, Range(lte=until)) if free > 0 else []
        for delivery in due:
            task = asyncio.create_task(self._attempt(sandbox, delivery))
            self._flying[delivery["id"]] = task
        return len(due)

    async def settle(self, sandbox: "Sandbox") -> int:
        """Attempt all that is due by now, and return when no answer is awaited any more.

        Answers how many attempts ended meanwhile; StoreFull when they cannot be written down.
        """
        until, before = self._clock.now(), self._attempted
        if self._refusal is not None:
            self._write_down(sandbox)
        while self.start_due(sandbox, until=until) or self._flying:
            if self._refusal is not None:
                raise self._refusal
            written = asyncio.get_running_loop().create_future()
            self._watchers.append(written)
            await written
        return self._attempted - before

    def forget(self) -> None:
        """Break off what is on its way, before the documents are replaced by others."""
        for task in self._flying.values():
            task.cancel()
        self._flying.clear()
        self._finished.clear()
        self._refusal = None
        self._again.clear()
        self._held.clear()
        self._tell_watchers()

    async def close(self) -> None:
        """Break off what is on its way; it is due again after a restart."""
        tasks = list(self._flying.values())
        self.forget()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._sender.close()

    def _spoil(self, delivery: dict[str, Any]) -> None:
        """Let the faults decide what becomes of a delivery; the caller stores it."""
        assert self._faults is not None
        url = delivery["url"]
        decision = self._faults.delivery(f"{delivery['service']}.{delivery['event']}", url)
        fault = decision.fault if decision else None
        if decision is not None:
            outgoing.mark(delivery, decision)
        if isinstance(fault, Drop):
            deliveries.end(delivery, DROPPED)
            at = self._clock.now()
            self._tell(delivery, Outcome())
            self._enter(delivery, Finished(delivery["id"], at, url, {}, Outcome(), False))
            return
        if url in self._held:
            # The one that waits is let go once this one has been attempted.
            delivery["frees"] = self._held.pop(url)
        elif isinstance(fault, Reorder):
            delivery["next_attempt_at"] += outgoing.PATIENCE
            self._held[url] = delivery["id"]
        if isinstance(fault, Duplicate):
            for _ in range(fault.copies - 1):
                id = f"dlv-{self._ids.number(COLLECTION):08d}"
                self._deliveries.put({**delivery, "id": id, "then": None})

    def _let_go(self, id: str, now: float) -> None:
        """Attempt a delivery that had to let another one go first."""
        held = self._deliveries.get(id)
        if held is not None and held["state"] == PENDING and not held["attempts"]:
            self._deliveries.put({**held, "next_attempt_at": now})

    def _waiting(self, limit: int, due: Range | None = None) -> list[dict[str, Any]]:
        """Pending deliveries that are not on their way, the first due first."""
        found = self._deliveries.find(
            {"state": PENDING},
            ranges={"next_attempt_at": due} if due else None,
            sort="next_attempt_at",
            limit=limit + len(self._flying),
        )
        return [each for each in found if each["id"] not in self._flying][:limit]

    async def _attempt(self, sandbox: "Sandbox", delivery: dict[str, Any]) -> None:
        at = self._clock.now()
        prepared, body = Prepared(delivery["url"]), delivery["body"].encode()
        headers: dict[str, str] = {}
        succeeded = False
        try:
            policy = self._policies[delivery["service"]]
            fault = outgoing.first_fault(delivery)
            prepared = policy.prepare(sandbox, delivery, *outgoing.signed(fault, body, at))
            headers = {"content-type": "application/json", **prepared.headers}
            headers = outgoing.spoiled_headers(fault, headers)
            outcome = await self._sender.post(prepared.url, headers, body, policy.timeout)
            if outcome.status is not None:
                succeeded = policy.succeeded(outcome.status, outcome.body)
        except asyncio.CancelledError:
            if self._flying.pop(delivery["id"], None):
                self._tell_watchers()
            raise
        except Exception as error:
            log.exception("delivery %s could not be attempted", delivery["id"])
            outcome = Outcome(error=f"{type(error).__name__}: {error}", refused=True)
        if not self._finished:
            # Others that end in the same turn of the loop share the commit.
            asyncio.get_running_loop().call_soon(self._write_down, sandbox)
        self._finished.append(
            Finished(delivery["id"], at, prepared.url, headers, outcome, succeeded)
        )

    def _write_down(self, sandbox: "Sandbox") -> None:
        """Keep what the attempts brought; where there is no room for it, try again later.

        Until then they count as on their way, so that no receiver gets a second one for it.
        """
        finished, again = self._finished, self._again.copy()
        self._refusal = None
        try:
            recorded = [(self._record(each), each) for each in finished]
            sandbox.commit()
        except StoreFull as full:
            sandbox.rollback()
            self._again, self._refusal = again, full
            asyncio.get_running_loop().call_later(PATIENCE, self._write_down, sandbox)
            self._tell_watchers()
            return
        except Exception:
            # Not woken: what cannot be written down is not repeated at once, but with the next
            # reason to look.
            log.exception("attempts could not be written down")
            sandbox.rollback()
        else:
            for delivery, each in recorded:
                if delivery is not None:
                    self._enter(delivery, each)
            self._wake()
        self._finished = self._finished[len(finished) :]
        for each in finished:
            self._flying.pop(each.id, None)
        self._attempted += len(finished)
        self._tell_watchers()

    def _record(self, finished: Finished) -> dict[str, Any] | None:
        delivery = self._deliveries.get(finished.id)
        if delivery is None:
            return None
        outcome, now = finished.outcome, self._clock.now()
        delivery["attempts"].append(deliveries.attempt(finished.at, finished.headers, outcome))
        if finished.succeeded:
            deliveries.end(delivery, DELIVERED)
        elif outcome.refused:
            deliveries.end(delivery, FAILED)
        else:
            policy = self._policies[delivery["service"]]
            wish = deliveries.retry_after(outcome, now) if policy.retry_after else None
            deliveries.put_off(delivery, policy.retries, wish, now)
        self._tell(delivery, outcome)
        if finished.id in self._again:
            self._again.discard(finished.id)
            delivery = deliveries.again(delivery, now)
        if "frees" in delivery:
            self._let_go(delivery.pop("frees"), now)
        self._deliveries.put(delivery)
        return delivery

    def _enter(self, delivery: Mapping[str, Any], finished: Finished) -> None:
        if self._journal is not None:
            self._journal.add(deliveries.entry(delivery, finished))

    def _tell(self, delivery: dict[str, Any], outcome: Outcome) -> None:
        """Schedule the job that waits for the end of the delivery, once for each end."""
        then, state = delivery["then"], delivery["state"]
        if then is None or state == PENDING or delivery["told"] in (DELIVERED, state):
            return
        delivery["told"] = state
        self._jobs.schedule(
            then,
            {
                "delivery_id": delivery["id"],
                "state": state,
                "status": outcome.status,
                "body": outcome.body.decode("utf-8", "replace"),
                "context": delivery["context"],
            },
        )

    def _tell_watchers(self) -> None:
        watchers, self._watchers = self._watchers, []
        for each in watchers:
            if not each.done():
                each.set_result(None)


async def _in_process(host: str, port: int) -> Sequence[str]:
    """With a transport that stays in this process every name is this machine."""
    return ["127.0.0.1"]
