"""Calls about split runs."""

from typing import Any

from mockserver.engine.service import Call, HandlerTable
from mockserver.services.extend import calls
from mockserver.services.extend.kinds import SPLIT

handles: HandlerTable = HandlerTable()


@handles("split")
async def split(call: Call) -> tuple[int, Any]:
    """Split a file and wait."""
    return await calls.carry_out(call, SPLIT)


@handles("createSplitRun")
async def create_split_run(call: Call) -> tuple[int, Any]:
    """Split a file."""
    return await calls.create(call, SPLIT)


@handles("createSplitRunBatch")
async def create_split_run_batch(call: Call) -> tuple[int, Any]:
    """Split a file, up to 1,000 files at once."""
    return await calls.create_batch(call, SPLIT)


@handles("listSplitRuns")
def list_split_runs(call: Call) -> tuple[int, Any]:
    """Runs with all filters; those within workflow runs by `sourceId` only."""
    return calls.list_runs(call, SPLIT)


@handles("getSplitRun")
def get_split_run(call: Call) -> tuple[int, Any]:
    """One run with its output."""
    return calls.get(call, SPLIT)


@handles("deleteSplitRun")
def delete_split_run(call: Call) -> tuple[int, Any]:
    """Delete a run."""
    return calls.delete(call, SPLIT)


@handles("cancelSplitRun")
def cancel_split_run(call: Call) -> tuple[int, Any]:
    """Cancel a run that is pending or processing."""
    return calls.cancel(call, SPLIT)
