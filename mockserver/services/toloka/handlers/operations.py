"""Handlers of operations, Toloka's kind."""

from typing import Any

from mockserver.engine.service import Call, HandlerTable
from mockserver.services.toloka import operations, pages, slices, wire

handles = HandlerTable()


@handles("getOperations")
def get_operations(call: Call) -> tuple[int, Any]:
    """List operations."""
    return pages.page(call, operations.COLLECTION, pages.OPERATIONS)


@handles("getOperation")
def get_operation(call: Call) -> tuple[int, Any]:
    """Get an operation, which is there as soon as the call that made it is answered (trap J8)."""
    operation = wire.require(call, operations.COLLECTION)
    if operation["status"] not in operations.TERMINAL:
        call.sandbox.pace.polled(operation["id"])
    return 200, operation


@handles("getOperationLog")
def get_operation_log(call: Call) -> tuple[int, Any]:
    """An array, empty for what is not a batch (fact a.7); while the batch runs, what there is.

    Not emulated: logs are kept for ever, and not archived after a month.
    """
    operation = wire.require(call, operations.COLLECTION)
    return 200, list(slices.log(call.sandbox, operation["id"]))
