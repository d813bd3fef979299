"""ZIP uploads: start, confirm, poll, and all of it in one call."""

from typing import Any

from mockserver.engine.service import Call, HandlerTable
from mockserver.services.pipelines import errors, seeding, wire, workflows, zips

handles = HandlerTable()


@handles("startUpload")
def start_upload(call: Call) -> tuple[int, Any]:
    """Where to put a ZIP; it may also hold a CSV alone, for fields without files."""
    workflow = wire.workflow(call, writes=True)
    seeding.check_has_dataset_fields(workflow)
    body = call.body
    upload = zips.start(call.sandbox, workflow, body["filename"], body.get("size_bytes"))
    return 201, zips.started(call.sandbox, upload, call.base_url)


@handles("confirmUpload")
def confirm_upload(call: Call) -> tuple[int, Any]:
    """Start processing; confirming again changes nothing (fact 3.7)."""
    workflow = wire.workflow(call, writes=True)
    upload = _upload(call, workflow)
    if zips.confirm(call.sandbox, workflow, upload):
        return 202, {"upload_id": upload["id"], "status": "processing"}
    return 200, zips.shown(call.sandbox, upload)


@handles("getUpload")
def get_upload(call: Call) -> tuple[int, Any]:
    """How far the processing is; errors of the content are told here."""
    upload = _upload(call, wire.workflow(call))
    call.sandbox.pace.polled(upload["id"])
    return 200, zips.shown(call.sandbox, upload)


@handles("createTasksFromZip")
def create_tasks_from_zip(call: Call) -> tuple[int, Any]:
    """Start, PUT and confirm in one."""
    workflow = wire.workflow(call, writes=True)
    seeding.check_has_dataset_fields(workflow)
    filename, data = wire.uploaded(call)
    if not data:
        raise errors.refused("file_missing", "Send the ZIP as the body, or as the part `file`.")
    upload = zips.start(call.sandbox, workflow, filename or "batch.zip", len(data))
    call.sandbox.uploads.put(zips.key_of(upload), data, content_type=zips.CONTENT_TYPE)
    zips.process(call.sandbox, upload)
    return 202, {"upload_id": upload["id"], "status": "processing"}


def _upload(call: Call, workflow: workflows.Workflow) -> zips.Upload:
    upload_id = call.parameters["upload_id"]
    found = zips.of(call.sandbox).get(upload_id)
    if found is None or found["workflow_id"] != workflow["id"]:
        raise errors.not_found("upload", upload_id)
    return found
