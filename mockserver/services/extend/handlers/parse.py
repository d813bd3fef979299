"""Calls about parse runs, and batches of all kinds but workflows'."""

from typing import Any

from mockserver.engine.service import Call, HandlerTable
from mockserver.services.extend import batches, calls, endings
from mockserver.services.extend.kinds import PARSE
from mockserver.services.extend.wire import require

handles: HandlerTable = HandlerTable()


@handles("parse")
async def parse(call: Call) -> tuple[int, Any]:
    """Parse a file and wait."""
    return await calls.carry_out(call, PARSE)


@handles("createParseRun")
async def create_parse_run(call: Call) -> tuple[int, Any]:
    """Parse a file."""
    return await calls.create(call, PARSE)


@handles("createParseRunBatch")
async def create_parse_run_batch(call: Call) -> tuple[int, Any]:
    """Parse a file, up to 1,000 files at once."""
    return await calls.create_batch(call, PARSE)


@handles("listParseRuns")
def list_parse_runs(call: Call) -> tuple[int, Any]:
    """Runs, newest first; the page size is read from `maxPageSize` or `limit`."""
    return calls.list_runs(call, PARSE)


@handles("getParseRun")
def get_parse_run(call: Call) -> tuple[int, Any]:
    """One run with its output."""
    return calls.get(call, PARSE)


@handles("deleteParseRun")
def delete_parse_run(call: Call) -> tuple[int, Any]:
    """Delete a run."""
    return calls.delete(call, PARSE)


@handles("cancelParseRun")
def cancel_parse_run(call: Call) -> tuple[int, Any]:
    """Cancel a run that is processing; it ends as FAILED, since there is no CANCELLED here."""
    return calls.cancel(call, PARSE)


@handles("getBatchRun")
def get_batch_run(call: Call) -> tuple[int, Any]:
    """A batch of parse or processor runs; one of workflow runs (`batch_…`) is a 404."""
    batch = require(call.sandbox, batches.RUNS, call.parameters["id"], "Batch run")
    call.sandbox.pace.polled(batch["id"])
    return 200, endings.batch_view(batch)
