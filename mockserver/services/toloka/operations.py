"""The service's operations: work that goes on after the answer, PENDING to SUCCESS or FAIL."""

import re
from collections.abc import Mapping
from typing import Any

from mockserver.engine.sandbox import Sandbox
from mockserver.services.toloka import errors, wire

COLLECTION = "toloka.operations"

FAILING = (
    "create_tasks",
    "create_task_suites",
    "create_user_bonuses",
    "open_pool",
    "close_pool",
    "close_pool_for_update",
    "archive_pool",
    "clone_pool",
    "archive_project",
    "aggregate_solutions",
    "measure_pools",
)
"""What operations are carried out by, and so can be made to fail."""

TERMINAL = ("SUCCESS", "FAIL")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)

Operation = dict[str, Any]
"""In the wire's shape. The engine's `Operation` is OpenAPI's; this one is Toloka's resource."""


def claim(sandbox: Sandbox, operation_id: str | None) -> str:
    """The id for a new operation: the caller's, verbatim, or a new one.

    toloka-kit recognises a repeated call by the code of the refusal (client/__init__.py:430).
    """
    if operation_id is None:
        return sandbox.ids.uuid("toloka.operation")
    if not _UUID.fullmatch(operation_id):
        raise errors.invalid({"operation_id": errors.field("UUID_EXPECTED", "Value must be UUID")})
    if operation_id in sandbox.collection(COLLECTION):
        raise errors.conflict(
            "OPERATION_ALREADY_EXISTS", "Operation with provided id already exists"
        )
    return operation_id


def submit(
    sandbox: Sandbox, kind: str, parameters: Mapping[str, Any], operation_id: str | None = None
) -> Operation:
    """A new operation, not started yet."""
    operation: Operation = {
        "id": operation_id or sandbox.ids.uuid("toloka.operation"),
        "type": kind,
        "status": "PENDING",
        "submitted": wire.stamp(sandbox),
        "parameters": dict(parameters),
    }
    sandbox.collection(COLLECTION).put(operation)
    return operation


def schedule(
    sandbox: Sandbox, kind: str, parameters: Mapping[str, Any], transition: str
) -> Operation:
    """A new operation that the job of this name will carry out once it has been started."""
    operation = submit(sandbox, kind, parameters)
    start_later(sandbox, operation, transition)
    return operation


def start_later(sandbox: Sandbox, operation: Operation, transition: str) -> None:
    """Let a submitted operation run in a while, and then the job of this name."""
    arguments = {"operation_id": operation["id"], "transition": transition}
    sandbox.pace.schedule("toloka.start_operation", arguments, resource=operation["id"])


def start(sandbox: Sandbox, operation_id: str, transition: str) -> None:
    """The operation runs, and what it is for happens next; a fault may stop it on the way."""
    fault = sandbox.faults.job(f"toloka.{transition}", operation_id)
    progress(sandbox, get(sandbox, operation_id), (fault and fault.stalls_at) or 0)
    arguments = {"operation_id": operation_id}
    sandbox.pace.schedule(f"toloka.{transition}", arguments, resource=operation_id)


def get(sandbox: Sandbox, operation_id: str) -> Operation:
    """An operation that must exist."""
    found = sandbox.collection(COLLECTION).get(operation_id)
    if found is None:
        raise errors.missing()
    return found


def progress(sandbox: Sandbox, operation: Operation, percentage: int) -> None:
    """The operation runs, and has come so far."""
    if "started" not in operation:
        operation["started"] = wire.stamp(sandbox)
    operation["status"] = "RUNNING"
    operation["progress"] = percentage
    sandbox.collection(COLLECTION).put(operation)


def finish(
    sandbox: Sandbox,
    operation: Operation,
    status: str = "SUCCESS",
    details: Mapping[str, Any] | None = None,
) -> None:
    """The operation has ended."""
    now = wire.stamp(sandbox)
    operation.setdefault("started", now)
    operation["status"] = status
    operation["finished"] = now
    operation["progress"] = 100
    operation["details"] = dict(details or {})
    sandbox.collection(COLLECTION).put(operation)
