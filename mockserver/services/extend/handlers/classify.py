"""Calls about classify runs."""

from typing import Any

from mockserver.engine.service import Call, HandlerTable
from mockserver.services.extend import calls
from mockserver.services.extend.kinds import CLASSIFY

handles: HandlerTable = HandlerTable()


@handles("classify")
async def classify(call: Call) -> tuple[int, Any]:
    """Classify a file and wait."""
    return await calls.carry_out(call, CLASSIFY)


@handles("createClassifyRun")
async def create_classify_run(call: Call) -> tuple[int, Any]:
    """Classify a file."""
    return await calls.create(call, CLASSIFY)


@handles("createClassifyRunBatch")
async def create_classify_run_batch(call: Call) -> tuple[int, Any]:
    """Classify a file, up to 1,000 files at once."""
    return await calls.create_batch(call, CLASSIFY)


@handles("listClassifyRuns")
def list_classify_runs(call: Call) -> tuple[int, Any]:
    """Runs with all filters; those within workflow runs by `sourceId` only."""
    return calls.list_runs(call, CLASSIFY)


@handles("getClassifyRun")
def get_classify_run(call: Call) -> tuple[int, Any]:
    """One run with its output."""
    return calls.get(call, CLASSIFY)


@handles("deleteClassifyRun")
def delete_classify_run(call: Call) -> tuple[int, Any]:
    """Delete a run."""
    return calls.delete(call, CLASSIFY)


@handles("cancelClassifyRun")
def cancel_classify_run(call: Call) -> tuple[int, Any]:
    """Cancel a run that is pending or processing."""
    return calls.cancel(call, CLASSIFY)
