"""Infinite seeding: looked at, enabled, disabled."""

from typing import Any

from mockserver.engine.service import Call, HandlerTable
from mockserver.services.pipelines import infinite, wire

handles = HandlerTable()


@handles("getInfiniteSeeding")
def get_infinite_seeding(call: Call) -> tuple[int, Any]:
    """Configuration and counters."""
    workflow = wire.workflow(call)
    found = infinite.config(call.sandbox, workflow)
    return 200, infinite.shown(call.sandbox, workflow, found)


@handles("setInfiniteSeeding")
def set_infinite_seeding(call: Call) -> tuple[int, Any]:
    """Enable or change; where no task is available one is made at once."""
    workflow = wire.workflow(call, writes=True)
    if call.body.get("enabled", True):
        found = infinite.set_up(call.sandbox, workflow, call.body)
    else:
        found = infinite.turn_off(call.sandbox, workflow)
    return 200, infinite.shown(call.sandbox, workflow, found)


@handles("disableInfiniteSeeding")
def disable_infinite_seeding(call: Call) -> tuple[int, Any]:
    """No task is made any more."""
    workflow = wire.workflow(call, writes=True)
    found = infinite.turn_off(call.sandbox, workflow)
    return 200, infinite.shown(call.sandbox, workflow, found)
