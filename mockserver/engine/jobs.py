"""Work that happens later: a kind, JSON arguments and a due time on the sandbox's clock."""

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from mockserver.engine.clock import Clock, monotonic
from mockserver.engine.errors import ContractError
from mockserver.engine.service import BACKGROUND as MARK
from mockserver.engine.service import JobFunction
from mockserver.engine.store import Index, StoreFull

if TYPE_CHECKING:
    from mockserver.engine.faults import Faults
    from mockserver.engine.sandbox import Sandbox
    from mockserver.engine.store import Store

COLLECTION = "engine.jobs"
INDEXES = {COLLECTION: (Index("state", sort="due"), Index("resource"))}

WAITING, BACKGROUND = QUEUES = ("waiting", "background")
"""States of a job whose time will come: before anyone's call, or beside the calls."""

log = logging.getLogger("mockserver.jobs")


class Jobs:
    """The jobs of one sandbox, stored as documents and so resumed after a restart.

    A job runs in one commit with its own removal: what it did and that it is done are on disk
    together. One that raises leaves no trace but its failure, and stops nothing.
    """

    def __init__(
        self,
        store: "Store",
        clock: Clock,
        functions: Mapping[str, JobFunction],
        wake: Callable[[], None] = lambda: None,
        faults: "Faults | None" = None,
    ) -> None:
        self._jobs = store.collection(COLLECTION)
        self._clock = clock
        self._functions = functions
        self._wake = wake
        self._faults = faults
        # The earliest due time there can be, and whether any job may wait for a look, so that a
        # call need not ask the store each time.
        self._earliest: dict[str, float | None] = dict.fromkeys(QUEUES, 0.0)
        self.polling = True
        self._ensured: dict[str, float] = {}

    def schedule(
        self,
        kind: str,
        arguments: Mapping[str, Any],
        *,
        delay: float = 0.0,
        resource: str | None = None,
        state: str = WAITING,
        polls: int = 0,
    ) -> str:
        """Add a job `delay` seconds from now; it is kept when the caller's commit is.

        `resource` names what the job will change, for `cancel` and for hand play. A job whose
        state is `polling` or `held` waits for `poll` or `release` instead of time.
        """
        if kind not in self._functions:
            raise ContractError(f"No job is registered as {kind!r}.")
        if state == WAITING and self._in_background(kind):
            state = BACKGROUND
        number = self._jobs.following
        due = self._clock.now() + delay
        self._jobs.put(
            {
                "id": f"job-{number:08d}",
                "kind": kind,
                "arguments": dict(arguments),
                "due": due,
                "resource": resource,
                "state": state,
                "polls": polls,
            }
        )
        if state in QUEUES:
            self._expect(state, due)
        elif state == "polling":
            self.polling = True
        return f"job-{number:08d}"

    def ensure(self, kind: str, delay: float) -> None:
        """See that a job of this kind, which needs no arguments, is due by then.

        For a job that finds out itself what there is to do: however many ask, there are few. A
        restart may leave one more, which finds nothing to do.
        """
        due = self._clock.now() + delay
        known = self._ensured.get(kind)
        if known is None or known > due:
            self.schedule(kind, {}, delay=delay)
            self._ensured[kind] = due

    def cancel(self, *, resource: str, kind: str | None = None) -> int:
        """Remove the jobs of a resource that have not run; answers how many there were."""
        found = self._of(resource, kind)
        for job in found:
            self._jobs.delete(job["id"])
        return len(found)

    def scheduled(self, *, resource: str, kind: str) -> bool:
        """Whether a job of this kind has yet to run, or is running, for the resource."""
        return bool(self._of(resource, kind))

    def release(self, *, resource: str, kind: str | None = None) -> int:
        """Let jobs that were held, or wait for polls, run now."""
        found = [job for job in self._of(resource, kind) if job["state"] in ("held", "polling")]
        for job in found:
            self._make_due(job)
        return len(found)

    def poll(self, resource: str) -> None:
        """Count one look at a resource for the jobs that wait for a number of looks."""
        if not self.polling:
            return
        self.polling = self._jobs.count({"state": "polling"}) > 0
        for job in self._of(resource, None):
            if job["state"] == "polling" and job["polls"] <= 1:
                self._make_due(job)
            elif job["state"] == "polling":
                self._jobs.put({**job, "polls": job["polls"] - 1})

    def due_by(self, now: float) -> bool:
        """Whether a job that calls run may be due by this time; false means that none is."""
        earliest = self._earliest[WAITING]
        return earliest is not None and earliest <= now

    def run_due(
        self, sandbox: "Sandbox", *, budget: float | None = None, background: bool = True
    ) -> int:
        """Run what is due, in order of due time; answers how many ran.

        `budget` is in real seconds. StoreFull ends it with the job still due. A call leaves
        background jobs to the ticker, so that none is slow because of a large batch.
        """
        ran, started = 0, monotonic()
        while (job := self._due(background)) is not None:
            self._run(sandbox, job)
            ran += 1
            if budget is not None and monotonic() - started >= budget:
                break
        return ran

    def next_due(self) -> float | None:
        """When the next job is due, in the sandbox's time."""
        times = [job["due"] for queue in QUEUES for job in self._first(queue)]
        return min(times, default=None)

    def pending(self) -> int:
        """How many jobs wait for their time, a poll or a hand."""
        return sum(self._jobs.count({"state": state}) for state in (*QUEUES, "polling", "held"))

    def forget(self) -> None:
        """Take nothing for granted after a rollback, a restore or a reset."""
        self._earliest = dict.fromkeys(QUEUES, 0.0)
        self.polling = True
        self._ensured.clear()

    def _due(self, background: bool) -> dict[str, Any] | None:
        """The job that has been due for the longest."""
        now, found = self._clock.now(), None
        for queue in QUEUES if background else QUEUES[:1]:
            earliest = self._earliest[queue]
            if earliest is None or earliest > now:
                continue
            first = self._first(queue)
            self._earliest[queue] = first[0]["due"] if first else None
            if first and first[0]["due"] <= now and (not found or first[0]["due"] < found["due"]):
                found = first[0]
        return found

    def _first(self, queue: str) -> list[dict[str, Any]]:
        return self._jobs.find({"state": queue}, sort="due", limit=1)

    def _in_background(self, kind: str) -> bool:
        return bool(getattr(self._functions[kind], MARK, False))

    def _run(self, sandbox: "Sandbox", job: dict[str, Any]) -> None:
        try:
            if self._faults is not None and self._faults.working and self._stalls(job):
                sandbox.commit()
                return
            self._ensured.pop(job["kind"], None)
            self._functions[job["kind"]](sandbox, **job["arguments"])
            self._jobs.delete(job["id"])
            sandbox.commit()
        except StoreFull:
            # No fault of the job, which stays due: whoever runs it tries again later.
            sandbox.rollback()
            raise
        except Exception as error:
            log.exception("job %s (%s) failed", job["id"], job["kind"])
            sandbox.rollback()
            self._jobs.put({**job, "state": "failed", "error": f"{type(error).__name__}: {error}"})
            sandbox.commit()

    def _stalls(self, job: dict[str, Any]) -> bool:
        """Whether a fault holds the job, which then waits for `release`."""
        kind, resource = job["kind"], job["resource"] or job["id"]
        assert self._faults is not None
        decision = None if "stalled" in job else self._faults.job(kind, resource)
        if decision is None or decision.stalls_at is None:
            return False
        self._faults.let_go(kind, resource)
        self._jobs.put({**job, "state": "held", "stalled": True})
        return True

    def _of(self, resource: str, kind: str | None) -> list[dict[str, Any]]:
        found = self._jobs.find({"resource": resource})
        return [job for job in found if job["state"] != "failed" and kind in (None, job["kind"])]

    def _make_due(self, job: dict[str, Any]) -> None:
        due = self._clock.now()
        # Whoever looked or let go expects to see the change next, so it is not left to the ticker.
        self._jobs.put({**job, "state": WAITING, "due": due})
        self._expect(WAITING, due)

    def _expect(self, queue: str, due: float) -> None:
        earliest = self._earliest[queue]
        if earliest is None or due < earliest:
            self._earliest[queue] = due
        self._wake()
