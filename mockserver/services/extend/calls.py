"""What the calls of parse, extract, classify, split, edit and verify runs have in common."""

from typing import Any

from mockserver.engine.service import Call
from mockserver.services.extend import (
    endings,
    errors,
    fetching,
    lifecycle,
    lists,
    pages,
    runs,
    starting,
    steps,
)
from mockserver.services.extend.kinds import PARSE, PARSING, Kind
from mockserver.services.extend.wire import Document


async def create(call: Call, kind: Kind) -> tuple[int, Any]:
    """Start a run and answer at once, with PROCESSING."""
    await fetching.fetch(call)
    return show(call, kind, starting.begin(call, kind))


async def carry_out(call: Call, kind: Kind) -> tuple[int, Any]:
    """Run and answer with the finished run, or 422."""
    await fetching.fetch(call)
    return show(call, kind, starting.carry_out(call, kind))


async def create_batch(call: Call, kind: Kind) -> tuple[int, Any]:
    """Queue a batch and answer with its BatchRun."""
    await fetching.fetch(call)
    return 200, endings.batch_view(starting.start_batch(call, kind))


def list_runs(call: Call, kind: Kind) -> tuple[int, Any]:
    """The page of runs that is asked for."""
    found, token = lists.of_runs(call, kind)
    return 200, pages.envelope([runs.summary(call.sandbox, kind, run) for run in found], token)


def get(call: Call, kind: Kind) -> tuple[int, Any]:
    """One run; counts as a look at it and at its batch."""
    run = find(call, kind)
    call.sandbox.pace.polled(run["id"])
    if run["batchId"]:
        call.sandbox.pace.polled(run["batchId"])
    return show(call, kind, run)


def delete(call: Call, kind: Kind) -> tuple[int, Any]:
    """Delete a run; one within a step goes with its workflow run only."""
    run = find(call, kind)
    if not call.sandbox.collection(kind.collection).delete(run["id"]):
        raise errors.invalid("A run within a workflow run is deleted with that.")
    call.sandbox.jobs.cancel(resource=run["id"])
    return 200, {"id": run["id"]}


def cancel(call: Call, kind: Kind) -> tuple[int, Any]:
    """Cancel a run that has not ended; any other is a 400, never a 409 (trap T3)."""
    run = find(call, kind)
    if run["status"] not in kind.cancels:
        name = kind.name.replace("_", " ")
        raise errors.invalid(f"The {name} is {run['status']} and cannot be cancelled.")
    return show(call, kind, lifecycle.cancel(call.sandbox, kind, run))


def find(call: Call, kind: Kind) -> Document:
    """The run of this id, also one within a step, or the parse run that another run made."""
    id = call.parameters["id"]
    found = call.sandbox.collection(kind.collection).get(id)
    if found is None and id.startswith(kind.prefix):
        found = steps.of_id(call.sandbox, kind, id)
        if found is None and kind is PARSE:
            found = _parse_of(call, id)
    if found is None:
        raise errors.not_found(kind.name.replace("_", " ").capitalize(), id)
    return found


def _parse_of(call: Call, id: str) -> Document | None:
    """The parse run that a processor's run names: it has the same tail, and is not stored."""
    tail = id.removeprefix(PARSE.prefix)
    for kind in PARSING:
        run = call.sandbox.collection(kind.collection).get(kind.prefix + tail)
        if run is not None and run["status"] == "PROCESSED":
            config = starting.config_of(call.sandbox, PARSE, {})
            made = runs.new_run(call.sandbox, PARSE, id, [], at=run["createdAt"], **config)
            born = {"source": "DOCUMENT_PROCESSOR_RUN", "sourceId": run["id"]}
            return {**made, **born, "files": run["files"], "status": "PROCESSED"}
    return None


def show(call: Call, kind: Kind, run: Document) -> tuple[int, Any]:
    """A run as its own calls show it."""
    link = call.parameters.get("responseType") == "url"
    return 200, runs.full(call.sandbox, kind, run, call.base_url, link=link)
