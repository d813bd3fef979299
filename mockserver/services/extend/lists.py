"""Lists of runs: which filter an index answers, and which are looked at one by one."""

from collections.abc import Callable, Mapping
from typing import Any

from mockserver.engine.service import Call
from mockserver.services.extend import batches, pages, steps, verification, workflow_runs
from mockserver.services.extend.kinds import WORKFLOW, Kind
from mockserver.services.extend.wire import Document

Test = Callable[[Document], bool]


def of_runs(call: Call, kind: Kind) -> tuple[list[Document], str | None]:
    """The page of runs that a call asks for, and the token of the next one."""
    parameters = dict(call.parameters)
    source_id = parameters.get("sourceId", "")
    if source_id.startswith(WORKFLOW.prefix):
        return _within(call, kind, source_id), None
    if kind.batch_prefix and source_id.startswith(kind.batch_prefix):
        parameters.setdefault("batchId", source_id)
    if "batchId" in parameters:
        batches.unfold_batch(call.sandbox, parameters["batchId"])
        call.sandbox.pace.polled(parameters["batchId"])
    return pages.of_call(call, _listing(call, kind, parameters))


def _listing(call: Call, kind: Kind, parameters: Mapping[str, Any]) -> pages.Listing:
    sort, falling = parameters.get("sortBy", "createdAt"), parameters.get("sortDir", "desc")
    wanted = {
        field: parameters[field]
        for field in ("batchId", "status", kind.owner, "source", "sourceId")
        if field is not None and field in parameters
    }
    # The most selective index is read; what it does not cover is looked at run by run.
    indexed = next((field for field in ("batchId", kind.owner, "status") if field in wanted), None)
    where = {} if indexed is None else {indexed: wanted.pop(indexed)}
    tests = [_equal(field, value) for field, value in wanted.items()]
    if "fileNameContains" in parameters:
        tests.append(_named(parameters["fileNameContains"].lower()))
    if "riskLevel" in parameters:
        tests.append(_risky(call, parameters["riskLevel"]))
    folded = None
    if kind.batch_prefix and "batchId" not in parameters:
        folded = _folded(call, kind, parameters, (sort, falling == "desc"))
    return pages.Listing(
        collection=kind.collection,
        where=where,
        sort=sort,
        falling=falling == "desc",
        accepts=(lambda run: all(test(run) for test in tests)) if tests else None,
        folded=folded,
    )


def _folded(
    call: Call, kind: Kind, parameters: Mapping[str, Any], order: tuple[str, bool]
) -> batches.FoldedRuns | None:
    if parameters.get("source", kind.batch_source) != kind.batch_source:
        return None
    where = {"kind": kind.name}
    if "status" in parameters:
        where["status"] = parameters["status"]
    if kind.owner is not None and kind.owner in parameters:
        where["owner"] = parameters[kind.owner]
    sort, falling = order
    return batches.FoldedRuns(call.sandbox, where, sort, falling=falling)


def _equal(field: str, value: Any) -> Test:
    return lambda run: run.get(field) == value


def _named(part: str) -> Test:
    """Whether a file's name contains the text, whatever the case (facts (a))."""
    return lambda run: any(part in file["name"].lower() for file in run["files"])


def _risky(call: Call, level: str) -> Test:
    return lambda run: (
        run["status"] == "PROCESSED" and verification.risk(call.sandbox, run["id"]) == level
    )


def _within(call: Call, kind: Kind, run_id: str) -> list[Document]:
    """The runs of a kind within the steps of a workflow run; too few for a second page."""
    run = call.sandbox.collection(WORKFLOW.collection).get(run_id)
    if run is None or run["status"] not in ("PROCESSED", "NEEDS_REVIEW", "REJECTED"):
        return []
    plan = workflow_runs.Shown(call.sandbox).plan(run)
    return [
        steps.sub_run(call.sandbox, run, place, step)
        for place, step in steps.path(call.sandbox, run, plan).taken
        if step["type"] in steps.RUNS and steps.RUNS[step["type"]][0] is kind
    ]
