"""What a small model knows of Extend's runs: how they queue, start, end, and what is told."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.contract.playing import Timeline

STEPS = {
    "start_run": 1.0,
    "finish_run": 2.0,
    "start_slice": 1.125,
    "finish_slice": 2.0,
    "finish_cancel": 0.25,
}
"""Seconds that each step takes; no two ways to the same end take equally long."""
EVENTS = {
    "PROCESSED": "workflow_run.completed",
    "FAILED": "workflow_run.failed",
    "NEEDS_REVIEW": "workflow_run.needs_review",
    "REJECTED": "workflow_run.rejected",
    "CANCELLED": "workflow_run.cancelled",
}
PLAIN, REVIEWED = "workflow_purchase-orders-00001", "workflow_reviewed-invoices-001"
BROKEN, LOST = "INTERNAL_ERROR", "FAILED_TO_PROCESS_FILE"


@dataclass(eq=False)
class Run:
    """A run of one file, which names it; the id is learned from what is listed."""

    file: str
    workflow: str
    created: float
    lost: bool = False
    batch: "Batch | None" = None
    status: str = "PROCESSING"
    reason: str | None = None
    started: float | None = None
    ended: float | None = None
    id: str = ""
    deleted: bool = False


@dataclass(eq=False)
class Batch:
    """Runs that were asked for together."""

    priority: int
    runs: list[Run]
    id: str | None = None
    seen: bool = False


@dataclass
class Runs:
    """All runs, the queue of batches, and who listens since when."""

    timeline: Timeline
    tell: Callable[[str, str], None]
    faults: Callable[[str], dict[str, object]]
    look: Callable[[Batch], dict[str, str | None]]
    runs: list[Run] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)
    queue: list[Batch] = field(default_factory=list)
    since: dict[str, float] = field(default_factory=dict)

    def begin(self, run: Run) -> None:
        """A run of its own starts at once."""
        self.runs.append(run)
        wait = STEPS["start_run"]
        self.timeline.after(wait, lambda: self._started(run))

    def _started(self, run: Run) -> None:
        if run.status == "PROCESSING" and not run.deleted:
            run.started = self.timeline.now
            self.timeline.after(STEPS["finish_run"], lambda: self._finish(run))

    def _finish(self, run: Run) -> None:
        if run.status != "PROCESSING" or run.deleted:
            return
        self._end_well(run, broken=self.faults("extend.finish_run").get("type") == "fail")

    def _end_well(self, run: Run, *, broken: bool) -> None:
        if broken or run.lost:
            self.end(run, "FAILED", BROKEN if broken else LOST)
        else:
            self.end(run, "NEEDS_REVIEW" if run.workflow == REVIEWED else "PROCESSED")

    def end(self, run: Run, status: str, reason: str | None = None) -> None:
        """A run has ended or waits for a person, and whoever listens is told."""
        run.status, run.reason = status, reason
        if status != "NEEDS_REVIEW":
            run.ended = self.timeline.now
        if self.since.get(run.workflow, self.timeline.now + 1) <= run.created:
            self.tell(EVENTS[status], run.file)

    def submit(self, batch: Batch) -> None:
        """A batch waits for its turn: lower priority first, then the older one."""
        self.batches.append(batch)
        self.runs += batch.runs
        self.queue.append(batch)
        self.timeline.after(STEPS["start_slice"], self._next)

    def _next(self) -> None:
        batch = min(self.queue, key=lambda each: each.priority)
        self.queue.remove(batch)
        for run in batch.runs:
            if run.status == "PENDING":
                run.status, run.started = "PROCESSING", self.timeline.now
        self.timeline.after(STEPS["finish_slice"], lambda: self._finish_batch(batch))

    def _finish_batch(self, batch: Batch) -> None:
        what = self.faults("extend.finish_slice")
        reasons = self.look(batch) if what.get("type") == "partial" else {}
        broken = [run for run in batch.runs if reasons.get(run.file) == BROKEN]
        alive = [each for each in batch.runs if each.status == "PROCESSING" and not each.deleted]
        if what.get("type") == "partial":
            half, odd = divmod(len(batch.runs), 2)
            gone = len(batch.runs) - len(alive)
            assert half - gone <= len([run for run in broken if run in alive]) <= half + odd
        for run in alive:
            self._end_well(run, broken=what.get("type") == "fail" or run in broken)

    def cancel(self, run: Run) -> bool:
        """Cancel a run; answers whether that is allowed."""
        if run.status == "PENDING":
            self.end(run, "CANCELLED")
        elif run.status == "PROCESSING":
            run.status = "CANCELLING"
            self.timeline.after(STEPS["finish_cancel"], lambda: self._cancelled(run))
        else:
            return False
        return True

    def _cancelled(self, run: Run) -> None:
        if run.status == "CANCELLING" and not run.deleted:
            self.end(run, "CANCELLED")
