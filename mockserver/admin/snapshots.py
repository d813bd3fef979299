"""Worlds put aside under a name, and put back."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mockserver.admin.pages import page
from mockserver.engine.clock import rfc3339
from mockserver.engine.service import Answer, Call, HandlerTable

if TYPE_CHECKING:
    from mockserver.engine.sandbox import Sandbox

handles = HandlerTable()


@handles("listSnapshots")
def list_snapshots(call: Call) -> tuple[int, Any]:
    """The names that can be restored."""
    return 200, page([_view(kept) for kept in call.sandbox.store.snapshots()])


@handles("takeSnapshot")
def take_snapshot(call: Call) -> tuple[int, Any]:
    """Save the world; one of that name is replaced."""
    call.sandbox.snapshot(call.body["name"])
    return 201, _named(call.sandbox, call.body["name"])


@handles("restoreSnapshot")
def restore_snapshot(call: Call) -> tuple[int, Any]:
    """Put a world back."""
    call.sandbox.restore(call.parameters["name"])
    return 200, _named(call.sandbox, call.parameters["name"])


@handles("deleteSnapshot")
def delete_snapshot(call: Call) -> Answer:
    """Forget a world."""
    call.sandbox.delete_snapshot(call.parameters["name"])
    return Answer(204)


def _named(sandbox: "Sandbox", name: str) -> dict[str, Any]:
    return next(_view(kept) for kept in sandbox.store.snapshots() if kept["name"] == name)


def _view(kept: Mapping[str, Any]) -> dict[str, Any]:
    created_at = rfc3339(kept["created"])
    return {"name": kept["name"], "created_at": created_at, "bytes": kept["bytes"]}
