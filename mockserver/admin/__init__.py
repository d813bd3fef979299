"""The control API: served like a service, from its own contract."""

from mockserver.admin import (
    clock,
    contract,
    faults,
    inbox,
    requests,
    scenarios,
    services,
    snapshots,
    state,
    transitions,
    webhooks,
    world,
)
from mockserver.admin.access import authenticate
from mockserver.admin.problems import refuse, render_error
from mockserver.admin.reading import take_as_json
from mockserver.engine.service import ControlTable, HandlerTable, JobTable, Service

admin = Service(
    name="admin",
    title="mockserver control API",
    hosts=(),
    handlers=HandlerTable(
        world.handles
        | services.handles
        | state.handles
        | snapshots.handles
        | clock.handles
        | transitions.handles
        | requests.handles
        | contract.handles
        | faults.handles
        | scenarios.handles
        | webhooks.handles
        | inbox.handles
    ),
    jobs=JobTable(),
    controls=ControlTable(),
    authenticate=authenticate,
    refuse=refuse,
    render_error=render_error,
    adapt_request=take_as_json,
)

__all__ = ["admin"]
