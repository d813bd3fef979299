"""What happens to runs after the answer: they queue, start, end, wait, are cancelled."""

from collections.abc import Iterable, Mapping
from typing import Any

from mockserver.engine.faults import Decision
from mockserver.engine.pace import Transition
from mockserver.engine.sandbox import Sandbox
from mockserver.engine.service import JobTable
from mockserver.engine.store import Range
from mockserver.services.extend import batches, endings, files, steps, workflow_runs
from mockserver.services.extend.events import Announcer
from mockserver.services.extend.kinds import KINDS, WORKFLOW, Kind
from mockserver.services.extend.wire import Document, now

runs: JobTable = JobTable()

transitions: dict[str, Transition] = {
    # A run of its own starts at once; batches go to a delayed queue (facts 1.8), slice by slice.
    "start_run": Transition(fast=(0.01, 0.05), realistic=(0.5, 2)),
    "finish_run": Transition(fast=(0.05, 0.3), realistic=(5, 60)),
    "start_slice": Transition(fast=(0.01, 0.05), realistic=(2, 10)),
    "finish_slice": Transition(fast=(0.05, 0.3), realistic=(20, 120)),
    "review_runs": Transition(fast=(0.2, 0.6), realistic=(60, 600), by="people"),
    "finish_cancel": Transition(fast=(0.02, 0.1), realistic=(0.5, 3)),
    "finish_evaluation": Transition(fast=(0.1, 0.4), realistic=(20, 120)),
}
BROKEN = ("INTERNAL_ERROR", "The run was made to fail.")
"""Why a run fails that a fault rule means (a retryable reason; facts 6)."""
_REJECTED = 10
"""In a hundred: how many runs a reviewer rejects."""


def begin(sandbox: Sandbox, kind: Kind, run: Document) -> None:
    """Store a new run of its own and let it start."""
    sandbox.collection(kind.collection).put(run)
    arguments = {"kind": kind.name, "id": run["id"]}
    sandbox.pace.schedule("extend.start_run", arguments, resource=run["id"])


def queue(
    sandbox: Sandbox,
    kind: Kind,
    id: str,
    own: Mapping[str, Any],
    inputs: list[Document],
    raw: bytes | None,
) -> None:
    """Store a new batch and let its slices start, lower priority first across batches.

    One job looks after all batches that wait for their time, which spares each of them its own.
    """
    delay = None if sandbox.faults.working else sandbox.pace.delay(batches.MOVE, resource=id)
    starts_at = None if delay is None else sandbox.clock.now() + delay
    batches.submit(sandbox, kind, id, own, inputs, raw=raw, starts_at=starts_at)
    if delay is None:
        moves = {"left": batches.moves_of(len(inputs))}
        sandbox.pace.schedule(batches.MOVE, moves, resource=id)
    else:
        sandbox.jobs.ensure("extend.start_batches", delay)


@runs("start_run")
def start_run(sandbox: Sandbox, *, kind: str, id: str) -> None:
    """A run is taken up."""
    collection = sandbox.collection(KINDS[kind].collection)
    run = collection.get(id)
    if run is None or run["status"] not in ("PENDING", "PROCESSING"):
        return
    at = now(sandbox)
    collection.put({**run, "status": "PROCESSING", "startTime": at, "updatedAt": at})
    sandbox.pace.schedule("extend.finish_run", {"kind": kind, "id": id}, resource=id)


@runs("finish_run")
def finish_run(sandbox: Sandbox, *, kind: str, id: str) -> None:
    """A run of its own has ended, or waits for a person."""
    run = sandbox.collection(KINDS[kind].collection).get(id)
    if run is None or run["status"] != "PROCESSING":
        return
    announcer = Announcer(sandbox)
    if _fails(sandbox, sandbox.faults.job("extend.finish_run", id), id, 0):
        endings.failed(sandbox, KINDS[kind], run, BROKEN, announcer)
    else:
        finish(sandbox, KINDS[kind], run, announcer)
    if kind == WORKFLOW.name:
        _ask_reviewer(sandbox, [id], resource=id)


@runs("start_batches", background=True)
def start_batches(sandbox: Sandbox) -> None:
    """The time of a batch has come, so the queue moves on; for the next one there is a next job."""
    waiting = sandbox.collection(batches.WAITING)
    at = sandbox.clock.now()
    for batch in waiting.find(ranges={"startsAt": Range(lte=at)}, sort="startsAt", limit=1):
        waiting.put({**batch, "startsAt": None})
        start_slice(sandbox, left=batches.moves_of(batch["count"]))
    for batch in waiting.find(ranges={"startsAt": Range(gte=0)}, sort="startsAt", limit=1):
        sandbox.jobs.ensure("extend.start_batches", max(0.0, batch["startsAt"] - at))


@runs("start_slice", background=True)
def start_slice(sandbox: Sandbox, *, left: int) -> None:
    """The queue moves on: the slice of the lowest priority, and of those the oldest, starts.

    Each batch has as many moves as slices, so none is left behind whoever goes first.
    """
    head = batches.next_of_queue(sandbox)
    if head is None:
        return
    _start(sandbox, head)
    if left > 1:
        sandbox.pace.schedule(batches.MOVE, {"left": left - 1})


def _start(sandbox: Sandbox, head: Document) -> None:
    at = now(sandbox)
    started = {"status": "PROCESSING", "startTime": at, "updatedAt": at}
    if not head["folded"]:
        collection = sandbox.collection(KINDS[head["kind"]].collection)
        collection.put_many(
            {**run, **started}
            for _, run in list(batches.members(sandbox, head))
            if run["status"] == "PENDING"
        )
    batches.keep(sandbox, {**head, **started, "queued": False})
    batch = sandbox.collection(batches.RUNS).get(head["batchId"])
    if batch is not None and batch["status"] == "PENDING":
        sandbox.collection(batches.RUNS).put({**batch, "status": "PROCESSING"})
    sandbox.pace.schedule("extend.finish_slice", {"slice": head["id"]}, resource=head["batchId"])


@runs("finish_slice", background=True)
def finish_slice(sandbox: Sandbox, *, slice: str) -> None:
    """The runs of a slice have ended; nobody having looked and nobody listening, as one."""
    head = sandbox.collection(batches.SLICES).get(slice)
    if head is None or head["status"] != "PROCESSING":
        return
    kind = KINDS[head["kind"]]
    announcer = Announcer(sandbox)
    if head["folded"] and not _told_apart(sandbox, kind, head, announcer):
        batches.keep(sandbox, {**head, **_outcome(sandbox, head)})
    else:
        if head["folded"]:
            head = batches.unfold(sandbox, head)
        _finish_members(sandbox, kind, head, announcer)
        batches.keep(sandbox, {**head, "status": "PROCESSED"})
        if kind is WORKFLOW:
            ids = list(batches.run_ids(sandbox, head))
            _ask_reviewer(sandbox, ids, resource=head["batchId"])
    endings.count_down(sandbox, kind, head["batchId"], announcer)


def _finish_members(
    sandbox: Sandbox, kind: Kind, head: Mapping[str, Any], announcer: Announcer
) -> None:
    shown = workflow_runs.Shown(sandbox)
    decision = sandbox.faults.job("extend.finish_slice", head["batchId"])
    for place, run in list(batches.members(sandbox, head)):
        if run["status"] != "PROCESSING":
            continue
        if _fails(sandbox, decision, head["batchId"], place):
            endings.failed(sandbox, kind, run, BROKEN, announcer)
        else:
            finish(sandbox, kind, run, announcer, shown)


def _fails(sandbox: Sandbox, decision: Decision | None, work: str, place: int) -> bool:
    """Whether a fault rule makes this run fail: the work as a whole, or its share of it."""
    if decision is None:
        return False
    return decision.fails or sandbox.faults.item_fails(decision, work, place)


def _told_apart(
    sandbox: Sandbox, kind: Kind, head: Mapping[str, Any], announcer: Announcer
) -> bool:
    """Whether the runs of a slice must end one by one: for a listener, a reviewer, a fault."""
    resource, since = head["owner"] or "", head["createdAt"]
    if any(announcer.listened(event, resource, since) for event in endings.events_of(kind)):
        return True
    if kind is not WORKFLOW:
        return False
    plan = workflow_runs.Shown(sandbox).plan(head["own"])
    return steps.needs_review(plan) or steps.fault(plan) is not None


def _outcome(sandbox: Sandbox, head: Mapping[str, Any]) -> Document:
    """How the runs of a folded slice ended: all well but for files that cannot be had."""
    failed = {}
    reason = batches.failure_reason(KINDS[head["kind"]])
    decision = sandbox.faults.job("extend.finish_slice", head["batchId"])
    inputs = batches.inputs_of(sandbox, head) if head["doubtful"] else []
    for number in head["doubtful"]:
        message = files.unavailable(sandbox, inputs[number]["file"])
        if message is not None:
            failed[str(number)] = (reason, message)
    if decision is not None:
        for number in range(head["count"]):
            if _fails(sandbox, decision, head["batchId"], head["first"] + number):
                failed[str(number)] = BROKEN
    status = "PROCESSED" if not failed else batches.MIXED
    if len(failed) == head["count"]:
        status = "FAILED"
    at = now(sandbox)
    return {"status": status, "failed": failed, "endTime": at, "updatedAt": at}


def finish(
    sandbox: Sandbox,
    kind: Kind,
    run: Document,
    announcer: Announcer,
    shown: workflow_runs.Shown | None = None,
) -> Document:
    """End a run that was processed, and tell who listens."""
    if kind is WORKFLOW:
        return endings.end_workflow_run(sandbox, run, announcer, shown)
    return endings.end_run(sandbox, kind, run, announcer)


def _ask_reviewer(sandbox: Sandbox, ids: list[str], *, resource: str) -> None:
    """Let a reviewer look at those runs that wait for one."""
    collection = sandbox.collection(WORKFLOW.collection)
    waiting = [
        id for id in ids if (collection.get(id) or {"status": ""})["status"] == "NEEDS_REVIEW"
    ]
    if waiting:
        sandbox.pace.schedule("extend.review_runs", {"ids": waiting}, resource=resource)


@runs("review_runs", background=True)
def review_runs(sandbox: Sandbox, *, ids: list[str]) -> None:
    """A reviewer approves most runs and rejects some, always the same."""
    announcer = Announcer(sandbox)
    shown = workflow_runs.Shown(sandbox)
    for run in _of(sandbox, ids, "NEEDS_REVIEW"):
        reviewer = sandbox.examples.faker("extend.reviewer", run["id"]).safe_email()
        rejected = sandbox.ids.derived("extend.review", run["id"]) % 100 < _REJECTED
        note = sandbox.examples.faker("extend.note", run["id"]).sentence() if rejected else None
        endings.review(
            sandbox, run, {"reviewer": reviewer, "note": note, "approved": not rejected},
            announcer, shown,
        )  # fmt: skip


def _of(sandbox: Sandbox, ids: Iterable[str], status: str) -> list[Document]:
    found = map(sandbox.collection(WORKFLOW.collection).get, ids)
    return [run for run in found if run is not None and run["status"] == status]


def cancel(sandbox: Sandbox, kind: Kind, run: Document) -> Document:
    """Cancel a run: a waiting workflow run at once, a working one through CANCELLING."""
    at = now(sandbox)
    if kind is WORKFLOW and run["status"] == "PROCESSING":
        run = {**run, "status": "CANCELLING", "updatedAt": at}
        sandbox.collection(kind.collection).put(run)
        sandbox.pace.schedule("extend.finish_cancel", {"id": run["id"]}, resource=run["id"])
        return run
    return endings.cancelled(sandbox, kind, run, Announcer(sandbox))


@runs("finish_cancel")
def finish_cancel(sandbox: Sandbox, *, id: str) -> None:
    """A run that was being cancelled is."""
    for run in _of(sandbox, [id], "CANCELLING"):
        endings.cancelled(sandbox, WORKFLOW, run, Announcer(sandbox))
