"""Creating batches, and how far their creation has come."""

from typing import Any

from mockserver.engine.service import Call, HandlerTable
from mockserver.services.sama import batches, wire

handles = HandlerTable()


@handles("createBatch")
def create_batch(call: Call) -> tuple[int, Any]:
    """Take the tasks, or without a `tasks` key hand out a URL to upload them to (F43)."""
    project = wire.project_of(call)
    batch, url = batches.open_batch(call.sandbox, project, call.body or {}, call.base_url)
    if url is not None:
        return 202, {"batch_id": batch["id"], "tasks_put_url": url}
    ids = wire.first_task_ids(batch["stem"], batch["total_count"])
    return 202, {"batch_id": batch["id"], "task_ids": ids}


@handles("continueBatch")
def continue_batch(call: Call) -> tuple[int, Any]:
    """Create the tasks of the uploaded file; the client reads nothing but shows this (F71)."""
    batch = wire.batch_of(call)
    batches.continue_batch(call.sandbox, batch)
    return 202, {"batch_id": batch["id"]}


@handles("cancelBatch")
def cancel_batch(call: Call) -> tuple[int, Any]:
    """Stop creating tasks."""
    batch = wire.batch_of(call)
    batches.cancel_batch(call.sandbox, batch)
    return 200, {"batch_id": batch["id"], "status": "cancelled"}


@handles("getBatch")
def get_batch(call: Call) -> tuple[int, Any]:
    """One page of what became of a batch's tasks; `tasks` is there from the start (T13)."""
    batch = wire.batch_of(call)
    call.sandbox.pace.polled(str(batch["id"]))
    skip, size = wire.page_of(call, 1000)
    answer = {
        "batch_id": batch["id"],
        "state": batch["state"],
        "total_count": batch["total_count"],
        "created_count": batch["created_count"],
        "failed_count": batch["failed_count"],
        "tasks": batches.items(
            call.sandbox, batch, skip, size, omit_data=call.parameters["omit_failed_task_data"]
        ),
    }
    return 200, {**answer, "errors": batch["errors"]} if batch["errors"] else answer
