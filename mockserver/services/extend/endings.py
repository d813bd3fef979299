"""How runs end: processed, failed, reviewed, cancelled, each with its events."""

from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

from mockserver.engine.sandbox import Sandbox
from mockserver.services.extend import batches, files, runs, steps, verification, workflow_runs
from mockserver.services.extend.events import Announcer
from mockserver.services.extend.kinds import EDIT, PARSE, VERIFY, WORKFLOW, Kind
from mockserver.services.extend.wire import Document, now

_WORKFLOW_ENDS = ("completed", "failed", "needs_review", "step_run.processed")
_WORKFLOW_EVENTS = {
    "PROCESSED": "completed",
    "FAILED": "failed",
    "NEEDS_REVIEW": "needs_review",
    "REJECTED": "rejected",
    "CANCELLED": "cancelled",
}


def events_of(kind: Kind) -> tuple[str, ...]:
    """The events with which runs of a kind can end."""
    if kind is WORKFLOW:
        return tuple(f"{kind.name}.{end}" for end in _WORKFLOW_ENDS)
    return f"{kind.name}.processed", f"{kind.name}.failed"


def missing(sandbox: Sandbox, run: Mapping[str, Any]) -> str | None:
    """Why one of a run's files cannot be had, if so."""
    collection = sandbox.collection(files.COLLECTION)
    for shown in run["files"]:
        file = collection.get(shown["id"])
        if file is None:
            return f"There is no file {shown['id']}"
        source = {"url": file["url"]} if "url" in file else {"id": file["id"]}
        reason = files.unavailable(sandbox, source)
        if reason is not None:
            return reason
    return None


def end_run(
    sandbox: Sandbox, kind: Kind, run: Document, announcer: Announcer, at: str | None = None
) -> Document:
    """A run of any kind but a workflow's has ended."""
    at = at or now(sandbox)
    message = missing(sandbox, run)
    reason = batches.failure_reason(kind)
    if message is None and kind is VERIFY and not _verifiable(run):
        reason, message = "FILE_TYPE_NOT_SUPPORTED", "Only PDF, JPEG, PNG and WebP can be verified"
    if message is not None:
        return failed(sandbox, kind, run, (reason, message), announcer)
    run = {**run, "status": "PROCESSED", "endTime": at, "updatedAt": at}
    if kind is EDIT:
        source = run["files"][0]
        name = f"edited-{source['name']}"
        edited = files.new_file(sandbox, name, id=runs.edited_id(run), at=at)
        edited |= {"type": source["type"], "parentFileId": source["id"], "parsed": True}
        sandbox.collection(files.COLLECTION).put(edited)
    sandbox.collection(kind.collection).put(run)
    _announce(sandbox, kind, run, "processed", announcer)
    return run


def _verifiable(run: Mapping[str, Any]) -> bool:
    ending = run["files"][0]["name"].lower().rpartition(".")[2]
    return "." not in run["files"][0]["name"] or ending in verification.VERIFIABLE


def failed(
    sandbox: Sandbox,
    kind: Kind,
    run: Document,
    cause: tuple[str, str],
    announcer: Announcer,
) -> Document:
    """A run failed, for a reason and with a message."""
    at = now(sandbox)
    run = {
        **run,
        "status": "FAILED",
        "failureReason": cause[0],
        "failureMessage": cause[1],
        "endTime": at,
        "updatedAt": at,
    }
    sandbox.collection(kind.collection).put(run)
    if kind is WORKFLOW:
        _tell(sandbox, run, announcer, workflow_runs.Shown(sandbox))
    else:
        _announce(sandbox, kind, run, "failed", announcer)
    return run


def end_workflow_run(
    sandbox: Sandbox,
    run: Document,
    announcer: Announcer,
    shown: workflow_runs.Shown | None = None,
) -> Document:
    """A workflow run has taken its steps, or could not."""
    shown = shown or workflow_runs.Shown(sandbox)
    plan = shown.plan(run)
    message = missing(sandbox, run)
    if message is not None:
        return failed(sandbox, WORKFLOW, run, ("FAILED_TO_PROCESS_FILE", message), announcer)
    fault = steps.fault(plan)
    if fault is not None:
        return failed(sandbox, WORKFLOW, run, ("INVALID_WORKFLOW", fault), announcer)
    at = now(sandbox)
    waits = steps.needs_review(plan) and steps.path(sandbox, run, plan).waits
    run = {**run, "status": "NEEDS_REVIEW" if waits else "PROCESSED", "updatedAt": at}
    if not waits:
        run["endTime"] = at
    sandbox.collection(WORKFLOW.collection).put(run)
    _tell_steps(run, announcer, shown)
    _tell(sandbox, run, announcer, shown)
    return run


def review(
    sandbox: Sandbox,
    run: Document,
    verdict: Mapping[str, Any],
    announcer: Announcer,
    shown: workflow_runs.Shown | None = None,
) -> Document:
    """A person approved or rejected a run; with approval the steps after the review are taken."""
    shown = shown or workflow_runs.Shown(sandbox)
    at = now(sandbox)
    told = {step["id"] for step in shown.step_runs(run)} if verdict["approved"] else set()
    run = {
        **run,
        "status": "PROCESSED" if verdict["approved"] else "REJECTED",
        "reviewed": True,
        "reviewedByUser": verdict["reviewer"],
        "reviewedAt": at,
        "endTime": at,
        "updatedAt": at,
    }
    if not verdict["approved"]:
        run["rejectionNote"] = verdict["note"]
    sandbox.collection(WORKFLOW.collection).put(run)
    if verdict["approved"]:
        _tell_steps(run, announcer, shown, told)
    _tell(sandbox, run, announcer, shown)
    return run


def cancelled(sandbox: Sandbox, kind: Kind, run: Document, announcer: Announcer) -> Document:
    """A run was cancelled. Only workflow runs have an event for that."""
    at = now(sandbox)
    run = {**run, "status": "CANCELLED", "endTime": at, "updatedAt": at}
    if kind is PARSE:
        # Parse runs know no status CANCELLED (facts 5.2).
        run |= {"status": "FAILED", "failureReason": "ABORTED", "failureMessage": "Cancelled"}
    sandbox.collection(kind.collection).put(run)
    if kind is WORKFLOW:
        _tell(sandbox, run, announcer, workflow_runs.Shown(sandbox))
    return run


def count_down(sandbox: Sandbox, kind: Kind, batch_id: str, announcer: Announcer) -> None:
    """One slice of a batch is done; with the last one the batch is, whatever became of its runs."""
    collection = sandbox.collection(batches.RUNS)
    batch = collection.get(batch_id)
    if batch is None or batch["status"] == "FAILED":
        return
    batch["left"] -= 1
    if not batch["left"]:
        batch["status"] = "PROCESSED"
    collection.put(batch)
    if not batch["left"]:
        tell_batch(kind, batch, "processed", announcer)


def tell_batch(kind: Kind, batch: Document, end: str, announcer: Announcer) -> None:
    """Announce the end of a batch of parse or processor runs; workflows' have no such event."""
    announcer.announce(
        f"{kind.batch_event}.{end}",
        batch["owner"] or "",
        batch["createdAt"],
        lambda: batch_view(batch),
    )


def batch_view(batch: Mapping[str, Any]) -> Document:
    """A batch of parse or processor runs as calls and events show it."""
    return {name: batch[name] for name in ("object", "id", "status", "runCount", "createdAt")}


def _announce(sandbox: Sandbox, kind: Kind, run: Document, end: str, announcer: Announcer) -> None:
    owner = run.get(kind.owner) if kind.owner else None

    def payload() -> Document:
        if kind is PARSE:
            return runs.status_payload(run)
        return runs.full(sandbox, kind, run, run.get("baseUrl", ""))

    announcer.announce(f"{kind.name}.{end}", owner or "", run["createdAt"], payload)


def _tell(
    sandbox: Sandbox, run: Document, announcer: Announcer, shown: workflow_runs.Shown
) -> None:
    event = f"workflow_run.{_WORKFLOW_EVENTS[run['status']]}"
    announcer.announce(event, run["workflowId"], run["createdAt"], lambda: shown.full(run))


def _tell_steps(
    run: Document,
    announcer: Announcer,
    shown: workflow_runs.Shown,
    told: Collection[str] = (),
) -> None:
    """Announce each step taken but those that were announced before the review.

    Not emulated: a time of its own for each step; all are done when the run is.
    """
    event = "workflow_run.step_run.processed"
    if not announcer.listened(event, run["workflowId"], run["createdAt"]):
        return
    for step_run in shown.step_runs(run):
        if step_run["id"] not in told:
            announcer.announce(
                event, run["workflowId"], run["createdAt"], partial(_itself, step_run)
            )


def _itself(payload: Document) -> Document:
    return payload
