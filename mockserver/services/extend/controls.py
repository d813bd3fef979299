"""Extend's part of the control API: what only the dashboard can do, and failures on demand."""

from typing import Any

from mockserver.engine.errors import Conflict, NotFound
from mockserver.engine.service import Call, ControlTable
from mockserver.services.extend import (
    batches,
    endings,
    events,
    runs,
    steps,
    workflow_runs,
    workflows,
)
from mockserver.services.extend.kinds import KINDS, WORKFLOW, Kind, kind_of
from mockserver.services.extend.wire import CREDENTIALS, Document, now

controls: ControlTable = ControlTable()

_UNENDED = ("PENDING", "PROCESSING", "NEEDS_REVIEW", "CANCELLING")
_TAKEN = ("PROCESSED", "NEEDS_REVIEW")


@controls("approveWorkflowRun")
def approve_workflow_run(call: Call) -> tuple[int, Any]:
    """A person approves a run; it goes on with the steps after the review."""
    return _review(call, approved=True)


@controls("rejectWorkflowRun")
def reject_workflow_run(call: Call) -> tuple[int, Any]:
    """A person rejects a run, with a note."""
    return _review(call, approved=False)


def _review(call: Call, *, approved: bool) -> tuple[int, Any]:
    given = call.body or {}
    run = _workflow_run(call)
    if run["status"] != "NEEDS_REVIEW":
        raise Conflict(f"The run is {run['status']}; only one that NEEDS_REVIEW can be reviewed.")
    invented = call.sandbox.examples.faker("extend.reviewer", run["id"]).safe_email()
    verdict = {
        "approved": approved,
        "reviewer": given.get("reviewer", invented),
        "note": given.get("note", given.get("reason")),
    }
    announcer = events.Announcer(call.sandbox)
    return _shown(call, endings.review(call.sandbox, run, verdict, announcer))


@controls("failWorkflowRun")
def fail_workflow_run(call: Call) -> tuple[int, Any]:
    """A run fails, for a reason of the caller's choice."""
    return _shown(call, _fail(call, WORKFLOW, _workflow_run(call)))


@controls("failRun")
def fail_run(call: Call) -> tuple[int, Any]:
    """A run of any other kind fails."""
    kind = kind_of(call.parameters["id"])
    if kind is None or kind is WORKFLOW:
        raise NotFound(f"There is no run {call.parameters['id']} of these kinds.")
    run = call.sandbox.collection(kind.collection).get(call.parameters["id"])
    if run is None:
        raise NotFound(f"There is no run {call.parameters['id']}.")
    return 200, runs.full(call.sandbox, kind, _fail(call, kind, run), call.base_url)


def _fail(call: Call, kind: Kind, run: Document) -> Document:
    given = call.body or {}
    if run["status"] not in _UNENDED:
        raise Conflict(f"The run is {run['status']} and cannot fail any more.")
    cause = (
        given.get("reason", "INTERNAL_ERROR"),
        given.get("message", given.get("note", "The run was made to fail.")),
    )
    return endings.failed(call.sandbox, kind, run, cause, events.Announcer(call.sandbox))


@controls("failBatchRun")
def fail_batch_run(call: Call) -> tuple[int, Any]:
    """A batch fails as a whole: its unended runs fail, and the batch's own event says so."""
    batch = call.sandbox.collection(batches.RUNS).get(call.parameters["id"])
    if batch is None:
        raise NotFound(f"There is no batch run {call.parameters['id']}.")
    if batch["status"] not in _UNENDED:
        raise Conflict(f"The batch is {batch['status']} and cannot fail any more.")
    kind, announcer = KINDS[batch["kind"]], events.Announcer(call.sandbox)
    batches.unfold_batch(call.sandbox, batch["id"])
    collection = call.sandbox.collection(kind.collection)
    for run in collection.find({"batchId": batch["id"]}):
        if run["status"] in _UNENDED:
            cause = ("INTERNAL_ERROR", "The batch failed.")
            endings.failed(call.sandbox, kind, run, cause, announcer)
    batch = {**batch, "status": "FAILED", "updatedAt": now(call.sandbox)}
    call.sandbox.collection(batches.RUNS).put(batch)
    endings.tell_batch(kind, batch, "failed", announcer)
    return 200, endings.batch_view(batch)


@controls("editWorkflowRunOutput")
def edit_workflow_run_output(call: Call) -> tuple[int, Any]:
    """Correct the output of a step: the one named, or the first that has such an output."""
    run = _workflow_run(call)
    if run["status"] not in _TAKEN:
        raise Conflict(f"The run is {run['status']} and has no outputs.")
    plan = workflow_runs.Shown(call.sandbox).plan(run)
    output = call.body["output"]
    fitting = "SPLIT" if "splits" in output else "EXTRACT" if "value" in output else "CLASSIFY"
    for _, step in steps.path(call.sandbox, run, plan).taken:
        if fitting in step["type"] and call.body.get("step") in (None, step["name"], step["id"]):
            edits = {**run["edits"], step["name"]: output}
            run = {**run, "edits": edits, "updatedAt": now(call.sandbox)}
            call.sandbox.collection(WORKFLOW.collection).put(run)
            return _shown(call, run)
    raise NotFound(f"The run has taken no step {call.body.get('step', fitting)!r} of that kind.")


@controls("deleteWorkflow")
def delete_workflow(call: Call) -> tuple[int, Any]:
    """Delete a workflow, which no call of the service can; its runs stay."""
    workflow = call.sandbox.collection(workflows.COLLECTION).get(call.parameters["id"])
    if workflow is None:
        raise NotFound(f"There is no workflow {call.parameters['id']}.")
    shown = workflows.full(call.sandbox, workflow)
    call.sandbox.collection(workflows.COLLECTION).delete(workflow["id"])
    events.Announcer(call.sandbox).announce(
        "workflow.deleted", workflow["id"], now(call.sandbox), lambda: shown
    )
    return 200, {"id": workflow["id"]}


@controls("setCredential")
def set_credential(call: Call) -> tuple[int, Any]:
    """Say what calls with a key get; what was said before is forgotten."""
    credential = {**call.body, "id": call.parameters["id"]}
    call.sandbox.collection(CREDENTIALS).put(credential)
    return 200, credential


def _workflow_run(call: Call) -> Document:
    found = call.sandbox.collection(WORKFLOW.collection).get(call.parameters["id"])
    if found is None:
        raise NotFound(f"There is no workflow run {call.parameters['id']}.")
    return found


def _shown(call: Call, run: Document) -> tuple[int, Any]:
    return 200, workflow_runs.Shown(call.sandbox).full(run)
