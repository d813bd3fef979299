"""One isolated world: the parts of the engine, opened together, reset together."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mockserver.engine import deliveries, faults, jobs, uploads
from mockserver.engine.clock import Clock, monotonic
from mockserver.engine.contract import Contract, Violation
from mockserver.engine.errors import BadRequest
from mockserver.engine.examples import Examples
from mockserver.engine.faults import Faults, Known
from mockserver.engine.ids import Ids, fresh_seed
from mockserver.engine.inbox import Inbox
from mockserver.engine.jobs import Jobs
from mockserver.engine.journal import Journal
from mockserver.engine.limits import Limits
from mockserver.engine.memo import Memo
from mockserver.engine.pace import Pace
from mockserver.engine.retention import Retention
from mockserver.engine.service import JobFunction, Service
from mockserver.engine.store import Collection, Store, StoreFull
from mockserver.engine.uploads import Uploads
from mockserver.engine.webhooks import Webhooks

if TYPE_CHECKING:
    from mockserver.engine.store import Index
    from mockserver.settings import Settings

IDENTITY = "engine.sandbox"
COUNTERS = "engine.counters"
MOST_STEPS = 1_000_000
PATIENCE = 1.0
"""Real seconds that calls leave work alone that the disk had no room for."""

log = logging.getLogger("mockserver.sandbox")


@dataclass(frozen=True, slots=True)
class World:
    """What all sandboxes of a server share, none of which changes."""

    settings: "Settings"
    services: Mapping[str, Service]
    contracts: Mapping[str, Contract]
    fixtures: Mapping[str, list[dict[str, Any]]]
    rules: Sequence[Mapping[str, Any]] = ()

    def indexes(self) -> dict[str, "tuple[Index, ...]"]:
        """The indexes of the engine's own collections and of every service's."""
        declared: dict[str, tuple[Index, ...]] = {**jobs.INDEXES, **deliveries.INDEXES}
        declared.update({**uploads.INDEXES, **faults.INDEXES})
        for service in self.services.values():
            declared.update({name: tuple(all_) for name, all_ in service.indexes.items()})
        return declared

    def functions(self) -> dict[str, JobFunction]:
        """Every job kind by its full name."""
        return {
            f"{service.name}.{kind}": function
            for service in self.services.values()
            for kind, function in service.jobs.items()
        }

    def known(self) -> Known:
        """The names that a fault rule can mean."""
        return Known(
            operations={name: set(each.operations) for name, each in self.contracts.items()},
            deliveries={
                f"{name}.{event}"
                for name, each in self.contracts.items()
                for event in each.webhooks
            },
            jobs=set(self.functions()),
            failing={f"{name}.{kind}" for name, s in self.services.items() for kind in s.failing},
        )

    def violations(self, service: str, event: str, payload: Any) -> list[Violation]:
        """What a webhook's payload breaks of its contract."""
        checker = self.contracts[service].webhooks.get(event)
        if checker is None:
            message = f"the contract of {service} has no webhook {event!r}"
            return [Violation("delivery", "", "event", message, event)]
        return list(checker.violations(payload))


class Sandbox:
    """Everything that can be observed: documents, blobs, clock, seed, deliveries, journal.

    The parts get what they need through their constructors; only services, the pipeline and the
    control API see the whole.
    """

    notes = frozenset((COUNTERS, jobs.COLLECTION, *faults.INDEXES))
    """Collections in which looking at something may leave a note."""

    def __init__(
        self, name: str, world: World, folder: Path, wake: Callable[[], None] = lambda: None
    ) -> None:
        settings = world.settings
        self.name = name
        self.world = world
        self.wake = wake
        self.calls = 0
        self.served = 0.0
        self._patient_until = 0.0
        self.services = world.services
        self.settings = settings
        self.folder = folder
        self.store = Store(folder, world.indexes(), durability=settings.durability)
        self.clock = Clock(settings.clock_start, settings.clock)
        self.ids = Ids(self._seed(), self.store.collection(COUNTERS))
        self.journal = Journal(
            entries=settings.journal_entries,
            total_bytes=settings.journal_bytes,
            body_bytes=settings.journal_body_bytes,
            age=settings.journal_age,
        )
        self.faults = Faults(self.store, self.clock, self.ids, world.known, self.journal)
        self.jobs = Jobs(self.store, self.clock, world.functions(), wake, self.faults)
        self.pace = Pace(
            settings.pace,
            self.store,
            self.ids,
            self.jobs,
            {
                f"{service.name}.{name}": transition
                for service in world.services.values()
                for name, transition in service.transitions.items()
            },
        )
        self.memo = Memo(self.store)
        self.limits = Limits(self.clock)
        self.examples = Examples(self.ids.seed)
        self.retention = self._retention(folder / "blobs")
        most = settings.upload_max_bytes
        self.uploads = Uploads(self.store, self.clock, self.ids, self.retention, max_bytes=most)
        self.inbox = Inbox(clock=self.clock, messages=settings.inbox_messages)
        self.webhooks = Webhooks(
            self.store,
            self.clock,
            self.ids,
            self.jobs,
            policies={s.name: s.webhooks for s in world.services.values() if s.webhooks},
            allow=settings.webhook_allow,
            check=world.violations,
            journal=self.journal,
            faults=self.faults,
            wake=wake,
        )
        try:
            self._open()
        except BaseException:
            self.store.discard()
            raise

    def _retention(self, folder: Path) -> Retention:
        return Retention(
            self.store,
            self.clock,
            folder,
            power=self.settings.durability == "power",
            total_bytes=self.settings.uploads_bytes,
            age=self.settings.uploads_age,
        )

    def collection(self, name: str) -> Collection:
        """A collection of the store, such as `sama.tasks`."""
        return self.store.collection(name)

    def setting(self, name: str) -> Any:
        """A service's own setting, such as `sama.status_limit`."""
        return self.settings.services[name]

    def commit(self) -> None:
        """Make every change since the last commit durable, as one."""
        self.faults.store_counters()
        self.ids.store_counters()
        self.store.commit()
        if self.retention.loose:
            self.retention.settle()

    def rollback(self) -> None:
        """Undo every change since the last commit."""
        self.store.rollback()
        self.ids.forget()
        self.jobs.forget()
        self.faults.undo()
        if self.retention.loose:
            self.retention.settle()

    def catch_up(self, *, budget: float | None = None, background: bool = True) -> None:
        """Run what is due, as far as there is room on the disk: looking at things goes on."""
        if monotonic() < self._patient_until:
            return
        try:
            self.jobs.run_due(self, budget=budget, background=background)
        except StoreFull:
            self._patient_until = monotonic() + PATIENCE

    def next_due(self) -> float | None:
        """When something is next due, in the sandbox's time."""
        times = [at for at in (self.jobs.next_due(), self.webhooks.next_due()) if at is not None]
        return min(times, default=None)

    def set_clock(self, *, now: float | None = None, rate: float | None = None) -> None:
        """Jump to a time, change the rate, or both."""
        before = self.clock.state()
        self.clock.set(now=now, rate=rate)
        try:
            self._keep_clock()
        except StoreFull:
            self.clock.resume(before)
            raise
        self.wake()

    async def advance(
        self, *, seconds: float | None = None, to: float | None = None, until_idle: bool = False
    ) -> int:
        """Move time on from due job to due job, each at its own time; answers how many ran.

        Returns when every state change due has run and every delivery attempt due has been
        answered or has timed out.
        """
        if until_idle:
            end = None
        else:
            now = self.clock.now()
            end = now + seconds if seconds is not None else (to or 0.0)
            if end < now:
                raise BadRequest("Time only advances; set the clock to go back.")
        ran = await self._run_due()
        while (due := self.next_due()) is not None and (end is None or due <= end):
            if ran > MOST_STEPS:
                raise BadRequest(f"Still not idle after {MOST_STEPS} steps.")
            self.clock.forward(due)
            ran += await self._run_due()
        if end is not None:
            self.clock.forward(end)
        self._keep_clock()
        return ran

    async def reset(self) -> None:
        """Back to the seed: documents, blobs, clock, journal and inboxes."""
        before = self.clock.state()
        self.webhooks.forget()
        self.store.clear()
        self.ids.forget()
        self.jobs.forget()
        self.faults.forget()
        self.clock.resume(Clock(self.settings.clock_start, self.settings.clock).state())
        try:
            self._plant()
        except StoreFull:
            self.clock.resume(before)
            self.faults.forget()
            raise
        self.journal.clear()
        self.inbox.clear()
        self.limits.clear()
        self.retention.collect()
        self.wake()

    def snapshot(self, name: str) -> None:
        """Save the world under a name."""
        self._keep_clock()
        self.retention.forget(name)
        self.store.save_snapshot(name)
        self.retention.keep_for(name)

    def delete_snapshot(self, name: str) -> None:
        """Forget a saved world, and the blobs that only it needed."""
        self.store.delete_snapshot(name)
        self.retention.forget(name)
        self.retention.collect()

    def restore(self, name: str) -> None:
        """Put back a saved world, its time included."""
        self.webhooks.forget()
        self.store.load_snapshot(name)
        self.store.commit()
        self.retention.collect()
        self.ids.forget()
        self.jobs.forget()
        self.faults.forget()
        self._resume_clock()
        self.wake()

    async def close(self) -> None:
        """Stop deliveries and leave a complete checkpoint behind, if there is room for it."""
        await self.webhooks.close()
        with contextlib.suppress(StoreFull):
            self._keep_clock()
        try:
            self.store.close()
        except StoreFull as full:
            log.warning("sandbox %s: %s", self.name, full)

    async def discard(self) -> None:
        """Let go of a folder that is about to be removed."""
        await self.webhooks.close()
        self.store.discard()

    async def _run_due(self) -> int:
        ran = 0
        while True:
            step = self.jobs.run_due(self, budget=0.02) + await self.webhooks.settle(self)
            ran += step
            if not step:
                return ran
            await asyncio.sleep(0)

    def _seed(self) -> int:
        """The folder's own seed, which outlives a restart, or the one in the settings."""
        kept = self.store.collection(IDENTITY).get("sandbox")
        if kept:
            return int(kept["seed"])
        return fresh_seed() if self.settings.seed is None else self.settings.seed

    def _open(self) -> None:
        if "sandbox" in self.store.collection(IDENTITY):
            self._resume_clock()
            self.faults.install(self.world.rules)
            self.commit()
            return
        self._plant()

    def _plant(self) -> None:
        """Load the fixtures and let each service add what it derives from them."""
        self.store.collection(IDENTITY).put({"id": "sandbox", "seed": self.ids.seed})
        for name, documents in self.world.fixtures.items():
            self.store.collection(name).put_many(documents)
        for service in self.services.values():
            if service.seed:
                service.seed(self)
        self.faults.install(self.world.rules)
        self._keep_clock()

    def _keep_clock(self) -> None:
        self.store.collection(IDENTITY).put(
            {"id": "clock", "state": self.clock.state(), "settings": self._clock_settings()}
        )
        self.commit()

    def _resume_clock(self) -> None:
        """Go on with the folder's time, unless the settings of the clock are other ones now."""
        kept = self.store.collection(IDENTITY).get("clock")
        if kept and kept["settings"] == self._clock_settings():
            self.clock.resume(kept["state"])

    def _clock_settings(self) -> list[float | None]:
        return [self.settings.clock, self.settings.clock_start]
