"""Calls about workflow runs, one by one and in batches."""

from typing import Any

from mockserver.engine.service import Answer, Call, HandlerTable
from mockserver.services.extend import (
    errors,
    fetching,
    lifecycle,
    lists,
    pages,
    starting,
    steps,
    versions,
)
from mockserver.services.extend import workflow_runs as shapes
from mockserver.services.extend.kinds import WORKFLOW
from mockserver.services.extend.wire import Document, now, require

handles: HandlerTable = HandlerTable()


@handles("createWorkflowRunBatch")
async def create_workflow_run_batch(call: Call) -> tuple[int, Any]:
    """Queue up to 1,000 runs; the answer is their batch's id and nothing else."""
    await fetching.fetch(call)
    return 200, {"batchId": starting.start_workflow_batch(call)}


@handles("createWorkflowRun")
async def create_workflow_run(call: Call) -> tuple[int, Any]:
    """Start a run of one file or package.

    Not emulated: what `secrets` are for; they are dropped. A run of a package shows one set of
    steps for all its files.
    """
    await fetching.fetch(call)
    return 200, shapes.Shown(call.sandbox).full(starting.start_workflow_run(call))


@handles("listWorkflowRuns")
def list_workflow_runs(call: Call) -> tuple[int, Any]:
    """Runs with all filters; those of a batch are there as soon as it was accepted."""
    found, token = lists.of_runs(call, WORKFLOW)
    shown = shapes.Shown(call.sandbox)
    return 200, pages.envelope([shown.summary(run) for run in found], token)


@handles("getWorkflowRun")
def get_workflow_run(call: Call) -> Answer | tuple[int, Any]:
    """One run with its steps; counts as a look at it and at its batch."""
    kept = _kept(call)
    if kept is not None:
        return kept
    run = _run(call)
    if run["status"] in shapes.TAKEN:
        # What its steps show comes from more than the run.
        call.keep = None
    call.sandbox.pace.polled(run["id"])
    if run["batchId"]:
        call.sandbox.pace.polled(run["batchId"])
    return _answer(call, run)


@handles("updateWorkflowRun")
def update_workflow_run(call: Call) -> tuple[int, Any]:
    """Merge metadata over the old, key by key; the name is kept but nowhere shown."""
    run = _run(call)
    changes = dict(call.body)
    if "metadata" in changes:
        changes["metadata"] = starting.metadata_of(changes) or {}
        starting.metadata_of({"metadata": {**run["metadata"], **changes["metadata"]}})
    run = shapes.merged(run, changes, now(call.sandbox))
    call.sandbox.collection(WORKFLOW.collection).put(run)
    return _answer(call, run)


@handles("cancelWorkflowRun")
def cancel_workflow_run(call: Call) -> tuple[int, Any]:
    """Cancel a run that is pending or processing; any other is a 400, never a 409.

    The Python SDK retries a 409 (trap T3).
    """
    run = _run(call)
    if run["status"] not in WORKFLOW.cancels:
        raise errors.invalid(f"A workflow run that is {run['status']} cannot be cancelled.")
    return _answer(call, lifecycle.cancel(call.sandbox, WORKFLOW, run))


@handles("deleteWorkflowRun")
def delete_workflow_run(call: Call) -> tuple[int, Any]:
    """Delete a run whatever it is doing, without an event."""
    run = _run(call)
    call.sandbox.collection(WORKFLOW.collection).delete(run["id"])
    call.sandbox.jobs.cancel(resource=run["id"])
    return 200, {"id": run["id"]}


@handles("correctWorkflowRunOutput")
def correct_workflow_run_output(call: Call) -> tuple[int, Any]:
    """Correct the output of a step: of the versions before 2026-02-09 only, else 410."""
    if versions.spoken(call) == versions.CURRENT:
        raise errors.removed("the review in the dashboard")
    run = _run(call)
    plan = shapes.Shown(call.sandbox).plan(run)
    tail = call.parameters["outputId"].partition("_")[2]
    taken = steps.path(call.sandbox, run, plan).taken
    step = next((step for place, step in taken if steps.shifted(run["id"], place) == tail), None)
    if step is None:
        raise errors.not_found("Output", call.parameters["outputId"])
    edits = {**run["edits"], step["name"]: call.body.get("output", {})}
    changed = {**run, "edits": edits, "updatedAt": now(call.sandbox)}
    call.sandbox.collection(WORKFLOW.collection).put(changed)
    return 200, {"success": True}


def _run(call: Call) -> Document:
    return require(call.sandbox, WORKFLOW.collection, call.parameters["id"], "Workflow run")


def _kept(call: Call) -> Answer | None:
    """The answer to an earlier look at a run that is the same still: most look again and again."""
    sandbox, id = call.sandbox, call.parameters["id"]
    if sandbox.pace.counts_looks or versions.spoken(call) != versions.CURRENT:
        return None
    stamp = sandbox.collection(WORKFLOW.collection).stamp(id)
    return sandbox.memo.answer(call, id, stamp, shapes.SHOWN_WITH)


def _answer(call: Call, run: Document) -> tuple[int, Any]:
    return 200, shapes.Shown(call.sandbox).full(run)
