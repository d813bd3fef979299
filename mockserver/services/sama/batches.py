"""Batches: how tasks are accepted, and made in the background piece by piece."""

from typing import Any

from mockserver.engine.clock import rfc3339
from mockserver.engine.errors import Invalid
from mockserver.engine.sandbox import Sandbox
from mockserver.engine.service import JobTable
from mockserver.engine.store import Range
from mockserver.services.sama import callbacks, inputs, lifecycle, tasks_file, wire
from mockserver.services.sama.errors import RefusedData, error_item
from mockserver.services.sama.inputs import NewTask
from mockserver.services.sama.tasks_file import Broken, MalformedFile

UPLOAD_SECONDS = 14_400
"""A waiting batch takes its file within 4 hours (F62)."""

SLICE = 100
"""Tasks made in one go: a commit small enough for requests to be answered in between."""

SLICE_BYTES = 8 * 1024 * 1024
COUNTED_BYTES = 256 * 1024
"""Part of a file whose tasks are counted in one go: a few hundredths of a second."""

READ_AT_ONCE = 1024 * 1024
"""Files up to this size are read when creation is asked for, so that a bad one is a 400."""

MOST_IN_A_FILE = 2**24
"""Task ids leave three bytes for the place in the batch."""

BROKEN = error_item(500, "The task could not be created.")
"""What creation says where a fault makes it fail."""

OPEN_STATES = ("waiting", "uploaded", "processing")
_DEFAULTS = ("priority", "reserve_for", "submit", "duration")

runs = JobTable()


def open_batch(
    sandbox: Sandbox, project: dict[str, Any], body: dict[str, Any], base_url: str
) -> tuple[dict[str, Any], str | None]:
    """A new batch: inline with its tasks, else waiting for the file, and the URL for that."""
    batch_id = sandbox.ids.number("sama.batches", wire.FIRST_BATCH)
    now = sandbox.clock.now()
    inline = "tasks" in body
    batch: dict[str, Any] = {
        "id": batch_id,
        "project_id": project["id"],
        "state": "uploaded" if inline else "waiting",
        "tasks_file_name": body.get("tasks_file_name") or "from_api",
        "notification_email": body.get("notification_email") or None,
        "defaults": {key: body[key] for key in _DEFAULTS if body.get(key) is not None},
        "created_at": rfc3339(now),
        # Ids are minted when a batch is accepted (F55, F56); those of a file when it is read.
        "stem": wire.stem(sandbox.ids, now, batch_id) if inline else None,
        "file": None if inline else f"sama/batches/{batch_id}/tasks.json",
        "etag": None,
        "total_count": len(body["tasks"]) if inline else 0,
        "created_count": 0,
        "failed_count": 0,
        "errors": [],
    }
    sandbox.collection("sama.batches").put(batch)
    if inline:
        sandbox.collection("sama.inline_tasks").put({"id": batch_id, "tasks": body["tasks"]})
        _schedule_creation(sandbox, batch)
        return batch, None
    sandbox.jobs.schedule(
        "sama.expire_batch",
        {"batch_id": batch_id},
        delay=UPLOAD_SECONDS,
        resource=str(batch_id),
    )
    url = sandbox.uploads.presign("PUT", batch["file"], expires=UPLOAD_SECONDS, base_url=base_url)
    return batch, url


def continue_batch(sandbox: Sandbox, batch: dict[str, Any]) -> None:
    """Make the tasks of the uploaded file; 400 where there is nothing to go on with (F73)."""
    if batch["state"] != "waiting":
        raise Invalid(f"Batch {batch['id']} is {batch['state']}, not waiting for a file.")
    upload = sandbox.uploads.get(batch["file"])
    if upload is None:
        raise Invalid(f"No tasks file has been uploaded for batch {batch['id']}.")
    try:
        if not tasks_file.looks_whole(upload.path):
            raise MalformedFile("it is not an array")
        if upload.size <= READ_AT_ONCE:
            tasks_file.check(upload.path)
    except MalformedFile as error:
        raise Invalid(f"The tasks file cannot be used: {error}.") from None
    batch |= {
        "state": "uploaded",
        "etag": upload.etag,
        "stem": wire.stem(sandbox.ids, sandbox.clock.now(), batch["id"]),
    }
    sandbox.collection("sama.batches").put(batch)
    sandbox.jobs.cancel(resource=str(batch["id"]), kind="sama.expire_batch")
    _schedule_creation(sandbox, batch)


def cancel_batch(sandbox: Sandbox, batch: dict[str, Any]) -> None:
    """Make no more tasks; those that exist stay (F76)."""
    if batch["state"] not in OPEN_STATES:
        raise Invalid(f"Batch {batch['id']} is {batch['state']} and cannot be cancelled.")
    sandbox.collection("sama.batches").put({**batch, "state": "cancelled"})
    sandbox.collection("sama.inline_tasks").delete(batch["id"])
    sandbox.jobs.cancel(resource=str(batch["id"]), kind="sama.expire_batch")
    sandbox.jobs.cancel(resource=str(batch["id"]), kind="sama.create_tasks")


def items(
    sandbox: Sandbox, batch: dict[str, Any], skip: int, size: int, *, omit_data: bool
) -> list[dict[str, Any]]:
    """One page of the tasks handled so far, as batch status shows them (F83).

    Every place that was handled holds a task unless its failure is on record, so a page costs
    its failures alone. A task that was deleted since was created all the same.
    """
    end = min(skip + size, batch["created_count"] + batch["failed_count"])
    if skip >= end:
        return []
    failures = {
        failure["position"]: failure
        for failure in sandbox.collection("sama.failures").find(
            {"batch_id": batch["id"]},
            ranges={"position": Range(gte=skip, lt=end)},
            sort="position",
        )
    }
    return [
        _item(wire.task_id(batch["stem"], position), failures.get(position), omit_data)
        for position in range(skip, end)
    ]


def create_one(
    sandbox: Sandbox, project: dict[str, Any], raw: dict[str, Any]
) -> tuple[str, dict[str, Any] | None]:
    """A task on its own: at once where the project says so, else queued, and only its id."""
    id = wire.task_id(
        wire.stem(sandbox.ids, sandbox.clock.now(), 0), sandbox.ids.number("sama.single_tasks")
    )
    if project["creation"] == "asynchronous":
        sandbox.pace.schedule(
            "sama.create_task", {"id": id, "project_id": project["id"], "raw": raw}, resource=id
        )
        return id, None
    new = inputs.read_task(project, raw, {})
    if new.errors:
        raise RefusedData(new.errors)
    task = _document(sandbox, project, new, id, None)
    sandbox.collection("sama.tasks").put(task)
    lifecycle.take_up(sandbox, [task])
    return id, task


@runs("create_task")
def create_task(sandbox: Sandbox, *, id: str, project_id: int, raw: dict[str, Any]) -> None:
    """Make one task of an asynchronous project, and tell its creation callback."""
    project = sandbox.collection("sama.projects").get(project_id)
    if project is None:
        return
    task = inputs.read_task(project, raw, {})
    fault = sandbox.faults.job("sama.create_task", id)
    if fault and fault.fails:
        task.errors = [BROKEN]
    _make(sandbox, project, [(id, task)], None)


@runs("create_tasks", background=True)
def create_tasks(sandbox: Sandbox, *, batch_id: int, position: int = 0, offset: int = 0) -> None:
    """Make the next slice of a batch's tasks, and leave the rest to another run.

    The slice and the job for the rest are one commit, so that nothing is made twice.
    """
    batch = sandbox.collection("sama.batches").get(batch_id)
    if batch is None or batch["state"] not in ("uploaded", "processing"):
        return
    if batch["file"] and batch["state"] == "uploaded":
        sandbox.jobs.schedule("sama.read_file", {"batch_id": batch_id})
        return
    project = sandbox.collection("sama.projects").get(batch["project_id"])
    if project is None:
        return
    fault = sandbox.faults.job("sama.create_tasks", str(batch_id))
    if fault and fault.fails:
        batch["errors"] = [error_item(500, "The tasks could not be created.")]
        _end(sandbox, batch)
        return
    elements, offset = _next_elements(sandbox, batch, position, offset)
    new = []
    for place, raw in enumerate(elements, position):
        task = inputs.read_task(project, raw, batch["defaults"])
        if sandbox.faults.item_fails(fault, batch_id, place):
            task.errors = [BROKEN]
        if isinstance(raw, Broken):
            task.errors = [error_item(400, raw.message)]
        new.append((wire.task_id(batch["stem"], place), task))
    failures = _make(sandbox, project, new, batch)
    for place, raw in enumerate(elements, position):
        if place in failures:
            _record_failure(sandbox, batch, place, raw, failures[place])
    batch["created_count"] += len(new) - len(failures)
    batch["failed_count"] += len(failures)
    position += len(elements)
    if elements and position < batch["total_count"]:
        sandbox.collection("sama.batches").put({**batch, "state": "processing"})
        sandbox.jobs.schedule(
            "sama.create_tasks",
            {"batch_id": batch_id, "position": position, "offset": offset},
            resource=str(batch_id),
        )
    else:
        _end(sandbox, batch)


@runs("read_file", background=True)
def read_file(sandbox: Sandbox, *, batch_id: int, offset: int = 0, count: int = 0) -> None:
    """Count the tasks of an uploaded file before the first is made, a piece in each run.

    A file that turns out not to be an array fails the batch as a whole.
    """
    batch = sandbox.collection("sama.batches").get(batch_id)
    if batch is None or batch["state"] != "uploaded":
        return
    upload = sandbox.uploads.get(batch["file"])
    try:
        if upload is None or upload.etag != batch["etag"]:
            raise MalformedFile("it has been replaced since")
        found, offset, ended = tasks_file.count_piece(upload.path, offset, COUNTED_BYTES)
        count += found
        if count > MOST_IN_A_FILE:
            raise MalformedFile(f"it holds more than {MOST_IN_A_FILE} tasks")
    except MalformedFile as error:
        batch["errors"] = [error_item(400, f"The tasks file cannot be used: {error}.")]
        _end(sandbox, batch)
        return
    arguments: dict[str, Any] = {"batch_id": batch_id}
    if not ended:
        arguments |= {"offset": offset, "count": count}
        sandbox.jobs.schedule("sama.read_file", arguments)
        return
    sandbox.collection("sama.batches").put({**batch, "state": "processing", "total_count": count})
    sandbox.jobs.schedule("sama.create_tasks", arguments, resource=str(batch_id))


@runs("expire_batch")
def expire_batch(sandbox: Sandbox, *, batch_id: int) -> None:
    """Give up a batch whose file has not come in time; one that has its file goes on waiting."""
    batch = sandbox.collection("sama.batches").get(batch_id)
    if batch and batch["state"] == "waiting" and sandbox.uploads.get(batch["file"]) is None:
        sandbox.collection("sama.batches").put({**batch, "state": "expired"})


def _schedule_creation(sandbox: Sandbox, batch: dict[str, Any]) -> None:
    sandbox.pace.schedule("sama.create_tasks", {"batch_id": batch["id"]}, resource=str(batch["id"]))


def _next_elements(
    sandbox: Sandbox, batch: dict[str, Any], position: int, offset: int
) -> tuple[list[Any], int]:
    if not batch["file"]:
        inline = sandbox.collection("sama.inline_tasks").get(batch["id"])
        return (inline["tasks"][position : position + SLICE] if inline else []), 0
    upload = sandbox.uploads.get(batch["file"])
    if upload is None or upload.etag != batch["etag"]:
        return [Broken("The tasks file has been replaced since.")] * min(
            SLICE, batch["total_count"] - position
        ), offset
    piece = tasks_file.read_piece(upload.path, offset, SLICE, SLICE_BYTES)
    return piece.elements, piece.offset


def _make(
    sandbox: Sandbox,
    project: dict[str, Any],
    new: list[tuple[str, NewTask]],
    batch: dict[str, Any] | None,
) -> dict[int, NewTask]:
    """Store the tasks that are as they should be; tell the callback of each; return the others."""
    made, failed = [], {}
    callback = callbacks.of(sandbox, project["id"], "task_creation")
    for id, task in new:
        if task.errors:
            failed[int(id[-6:], 16)] = task
            callbacks.tell_failure(sandbox, callback, id, task)
            continue
        document = _document(sandbox, project, task, id, batch)
        made.append(document)
        callbacks.tell_creation(sandbox, callback, document)
    sandbox.collection("sama.tasks").put_many(made)
    names = {task["client_batch_id"] for task in made} - {None}
    known = sandbox.collection("sama.client_batches")
    known.put_many(
        {"id": f"{project['id']}:{name}", "project_id": project["id"], "name": name}
        for name in sorted(names)
        if f"{project['id']}:{name}" not in known
    )
    lifecycle.take_up(sandbox, made)
    return failed


def _document(
    sandbox: Sandbox,
    project: dict[str, Any],
    new: NewTask,
    id: str,
    batch: dict[str, Any] | None,
) -> dict[str, Any]:
    task: dict[str, Any] = {
        "id": id,
        "project_id": project["id"],
        "batch_id": batch["id"] if batch else None,
        "client_batch_id": inputs.client_batch_id(project, new.data),
        "state": "new",
        "priority": new.priority,
        "created_at": wire.now(sandbox),
        "completed_at": None,
        "delivered_at": None,
        "data": inputs.with_copied_assets(project, new.data, id),
        "default_answers": new.default_answers,
        "answers": None,
        "submitter_ids_by_step": {},
        "round": 1,
    }
    if new.reserve_for is not None:
        task["reserve_for"] = new.reserve_for
    if new.submit:
        return lifecycle.submitted(sandbox, project, task, {}, new.duration)
    return task


def _record_failure(
    sandbox: Sandbox, batch: dict[str, Any], position: int, raw: Any, task: NewTask
) -> None:
    """Keep what was submitted, which batch status shows (F82)."""
    data = raw["data"] if isinstance(raw, dict) and "data" in raw else raw
    sandbox.collection("sama.failures").put(
        {
            "id": wire.task_id(batch["stem"], position),
            "batch_id": batch["id"],
            "position": position,
            "errors": task.errors,
            "data": None if isinstance(raw, Broken) else data,
        }
    )


def _item(id: str, failure: dict[str, Any] | None, omit_data: bool) -> dict[str, Any]:
    if failure is None:
        return {"id": id, "state": "created"}
    item = {"id": id, "state": "failed", "errors": failure["errors"]}
    return item if omit_data else {**item, "data": failure["data"]}


def _end(sandbox: Sandbox, batch: dict[str, Any]) -> None:
    """Nothing is left to make; failed means that no task could be made (section 5)."""
    failed = bool(batch["errors"]) or (batch["failed_count"] > 0 and not batch["created_count"])
    batch["state"] = "failed" if failed else "completed"
    sandbox.collection("sama.batches").put(batch)
    sandbox.collection("sama.inline_tasks").delete(batch["id"])
    if batch["notification_email"]:
        # Recorded, never sent.
        sandbox.collection("sama.mails").put(
            {
                "id": sandbox.ids.number("sama.mails"),
                "to": batch["notification_email"],
                "subject": f"Task creation {batch['state']}: {batch['tasks_file_name']}",
                "body": (
                    f"Batch {batch['id']} of project {batch['project_id']}: "
                    f"{batch['created_count']} tasks created, {batch['failed_count']} failed."
                ),
                "project_id": batch["project_id"],
                "batch_id": batch["id"],
                "sent_at": wire.now(sandbox),
            }
        )
