"""Calls about verify runs."""

from typing import Any

from mockserver.engine.service import Call, HandlerTable
from mockserver.services.extend import calls
from mockserver.services.extend.kinds import VERIFY

handles: HandlerTable = HandlerTable()


@handles("verify")
async def verify(call: Call) -> tuple[int, Any]:
    """Look for forgery and wait."""
    return await calls.carry_out(call, VERIFY)


@handles("createVerifyRun")
async def create_verify_run(call: Call) -> tuple[int, Any]:
    """Look for forgery."""
    return await calls.create(call, VERIFY)


@handles("listVerifyRuns")
def list_verify_runs(call: Call) -> tuple[int, Any]:
    """Runs with all filters."""
    return calls.list_runs(call, VERIFY)


@handles("getVerifyRun")
def get_verify_run(call: Call) -> tuple[int, Any]:
    """One run with its output."""
    return calls.get(call, VERIFY)


@handles("deleteVerifyRun")
def delete_verify_run(call: Call) -> tuple[int, Any]:
    """Delete a run."""
    return calls.delete(call, VERIFY)


@handles("cancelVerifyRun")
def cancel_verify_run(call: Call) -> tuple[int, Any]:
    """Cancel a run that is processing."""
    return calls.cancel(call, VERIFY)
