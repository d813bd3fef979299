"""Calls about extract runs."""

from typing import Any

from mockserver.engine.service import Call, HandlerTable
from mockserver.services.extend import calls
from mockserver.services.extend.kinds import EXTRACT

handles: HandlerTable = HandlerTable()


@handles("extract")
async def extract(call: Call) -> tuple[int, Any]:
    """Extract from a file and wait."""
    return await calls.carry_out(call, EXTRACT)


@handles("createExtractRun")
async def create_extract_run(call: Call) -> tuple[int, Any]:
    """Extract from a file."""
    return await calls.create(call, EXTRACT)


@handles("createExtractRunBatch")
async def create_extract_run_batch(call: Call) -> tuple[int, Any]:
    """Extract from a file, up to 1,000 files at once."""
    return await calls.create_batch(call, EXTRACT)


@handles("listExtractRuns")
def list_extract_runs(call: Call) -> tuple[int, Any]:
    """Runs with all filters; those within workflow runs by `sourceId` only."""
    return calls.list_runs(call, EXTRACT)


@handles("getExtractRun")
def get_extract_run(call: Call) -> tuple[int, Any]:
    """One run with its output."""
    return calls.get(call, EXTRACT)


@handles("deleteExtractRun")
def delete_extract_run(call: Call) -> tuple[int, Any]:
    """Delete a run."""
    return calls.delete(call, EXTRACT)


@handles("cancelExtractRun")
def cancel_extract_run(call: Call) -> tuple[int, Any]:
    """Cancel a run that is pending or processing."""
    return calls.cancel(call, EXTRACT)
