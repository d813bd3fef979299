"""A ZIP on its way: started, put, confirmed, and made into tasks slice by slice."""

from math import floor
from typing import TYPE_CHECKING, Any

import orjson

from mockserver.engine.clock import parse_rfc3339, rfc3339
from mockserver.services.pipelines import archives, errors, fields, seeding, workflows
from mockserver.services.pipelines.archives import Archive, Limits
from mockserver.services.pipelines.imports import ImportRefused
from mockserver.services.pipelines.lifecycle import MAX_TASKS, SLICE, UPLOAD_EXPIRES, runs
from mockserver.services.pipelines.workflows import Workflow

if TYPE_CHECKING:
    from mockserver.engine.sandbox import Sandbox
    from mockserver.engine.store import Collection

Upload = dict[str, Any]

CONTENT_TYPE = "application/zip"


def of(sandbox: "Sandbox") -> "Collection":
    """All uploads."""
    return sandbox.collection("pipelines.uploads")


def key_of(upload: Upload) -> str:
    """Where the ZIP is put."""
    return f"pipelines/uploads/{upload['id']}.zip"


def start(
    sandbox: "Sandbox", workflow: Workflow, filename: str, size_bytes: int | None = None
) -> Upload:
    """A new upload that waits for its bytes."""
    if size_bytes is not None and size_bytes > sandbox.setting("pipelines.zip_max_bytes"):
        most = sandbox.setting("pipelines.zip_max_bytes")
        raise errors.refused("zip_too_large", f"A ZIP has at most {most} bytes.")
    now = sandbox.clock.now()
    upload: Upload = {
        "id": sandbox.ids.uuid("pipelines.uploads"),
        "workflow_id": workflow["id"],
        "filename": filename,
        "size_bytes": size_bytes,
        "status": "awaiting_upload",
        "rows_total": 0,
        "rows_processed": 0,
        "tasks_created": 0,
        "task_ids": [],
        "group_id": None,
        "errors": [],
        "warnings": [],
        "created_at": rfc3339(now),
        # As the URL does, whose time is in whole seconds.
        "expires_at": rfc3339(floor(now) + UPLOAD_EXPIRES),
    }
    of(sandbox).put(upload)
    return upload


def started(sandbox: "Sandbox", upload: Upload, base_url: str) -> dict[str, Any]:
    """The answer to a start. Other content types are taken too, since none is documented."""
    url = sandbox.uploads.presign(
        "PUT",
        key_of(upload),
        expires=UPLOAD_EXPIRES,
        base_url=base_url,
        max_bytes=sandbox.setting("pipelines.zip_max_bytes"),
    )
    return {
        "upload_id": upload["id"],
        "status": upload["status"],
        "upload_url": url,
        "upload_method": "PUT",
        "upload_headers": {"Content-Type": CONTENT_TYPE},
        "expires_at": upload["expires_at"],
    }


def status(sandbox: "Sandbox", upload: Upload) -> str:
    """The status as it is now: whether bytes have come, or can come no more, is looked up."""
    if upload["status"] != "awaiting_upload":
        return str(upload["status"])
    if sandbox.uploads.get(key_of(upload)) is not None:
        return "uploaded"
    expired = sandbox.clock.now() >= parse_rfc3339(upload["expires_at"])
    expired = expired or sandbox.uploads.dropped(key_of(upload))
    return "expired" if expired else "awaiting_upload"


def shown(sandbox: "Sandbox", upload: Upload) -> dict[str, Any]:
    """The upload as a poll shows it; an expired one is gone (fact 9)."""
    found = status(sandbox, upload)
    if found == "expired":
        raise errors.refused("upload_expired", "The ZIP was not put in time.", status=410)
    names = (
        "rows_total",
        "rows_processed",
        "tasks_created",
        "task_ids",
        "group_id",
        "errors",
        "warnings",
    )
    return {"upload_id": upload["id"], "status": found, **{name: upload[name] for name in names}}


def confirm(sandbox: "Sandbox", workflow: Workflow, upload: Upload) -> bool:
    """Start processing; False when that was confirmed before."""
    found = status(sandbox, upload)
    if found == "expired":
        raise errors.refused("upload_expired", "The ZIP was not put in time.", status=410)
    if found == "awaiting_upload":
        raise errors.conflict("upload_not_received", "PUT the ZIP to upload_url first.")
    if found != "uploaded":
        return False
    workflows.check_accepts_tasks(sandbox, workflow)
    process(sandbox, upload)
    return True


def process(sandbox: "Sandbox", upload: Upload) -> None:
    """Processing starts; what is wrong with the ZIP is told at the next polls (fact 3.7)."""
    upload["status"] = "processing"
    of(sandbox).put(upload)
    sandbox.pace.schedule(
        "pipelines.process_upload", {"upload_id": upload["id"], "start": 0}, resource=upload["id"]
    )


@runs("process_upload", background=True)
def process_upload(sandbox: "Sandbox", *, upload_id: str, start: int) -> None:
    """Check the whole ZIP first, then make its tasks, a slice at a time."""
    upload = of(sandbox).get(upload_id)
    workflow = workflows.get(sandbox, upload["workflow_id"]) if upload else None
    if upload is None or workflow is None or upload["status"] != "processing":
        return
    stored = sandbox.uploads.get(key_of(upload))
    listed = fields.of_dataset(workflow["fields"])
    try:
        if stored is None:
            raise ImportRefused("zip_invalid", "The ZIP is gone.")
        with Archive(stored.path, _limits(sandbox)) as archive:
            rows = _rows(sandbox, upload, archive, listed) if start == 0 else _kept(sandbox, upload)
            made = [
                (_stored(sandbox, upload, archive, row, listed), _reference(upload, start + index))
                for index, row in enumerate(rows[start : start + SLICE])
            ]
    except ImportRefused as refusal:
        upload.update(status="failed", errors=refusal.findings or [_finding(refusal)])
        of(sandbox).put(upload)
        return
    group = sandbox.collection("pipelines.groups").get(upload["group_id"] or "")
    group, created = seeding.create(sandbox, workflow, "zip", made, group)
    upload["task_ids"] += [task["id"] for task in created]
    done = start + len(created)
    upload.update(group_id=group["id"], rows_processed=done, tasks_created=done)
    if done >= len(rows):
        upload["status"] = "completed"
        sandbox.uploads.delete(_rows_key(upload))
    of(sandbox).put(upload)
    if done < len(rows):
        arguments = {"upload_id": upload_id, "start": done}
        sandbox.jobs.schedule("pipelines.process_upload", arguments, resource=upload_id)


def _limits(sandbox: "Sandbox") -> Limits:
    return Limits(
        entries=sandbox.setting("pipelines.zip_max_entries"),
        ratio=sandbox.setting("pipelines.zip_max_ratio"),
        total_bytes=sandbox.setting("pipelines.zip_max_unpacked_bytes"),
    )


def _finding(refusal: ImportRefused) -> dict[str, Any]:
    return {"code": refusal.code, "message": refusal.message}


def _reference(upload: Upload, index: int) -> dict[str, Any]:
    return {"upload_id": upload["id"], "row": index + 1}


def _rows(
    sandbox: "Sandbox", upload: Upload, archive: Archive, listed: list[fields.Field]
) -> list[dict[str, Any]]:
    """The checked rows, kept for the slices to come."""
    contents = archive.contents(listed, MAX_TASKS)
    upload.update(rows_total=len(contents.rows), warnings=contents.warnings)
    if len(contents.rows) > SLICE:
        sandbox.uploads.put(_rows_key(upload), orjson.dumps(contents.rows), held=True)
    return contents.rows


def _rows_key(upload: Upload) -> str:
    return f"pipelines/uploads/{upload['id']}.rows"


def _kept(sandbox: "Sandbox", upload: Upload) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = orjson.loads(sandbox.uploads.read(_rows_key(upload)))
    return found


def _stored(
    sandbox: "Sandbox",
    upload: Upload,
    archive: Archive,
    row: dict[str, Any],
    listed: list[fields.Field],
) -> dict[str, Any]:
    """The row with files in place of their paths."""
    found = dict(row)
    for name, paths in archives.files_in(row, listed):
        files = [_file(sandbox, upload, archive, path) for path in paths]
        found[name] = files if isinstance(row[name], list) else files[0]
    return found


def _file(sandbox: "Sandbox", upload: Upload, archive: Archive, path: str) -> dict[str, Any]:
    """A file under an id of its own; rows that name the same path share it."""
    files = sandbox.collection("pipelines.files")
    known = files.find({"upload_id": upload["id"], "path": path}, limit=1)
    if known:
        return _value(known[0])
    data = archive.read(path)
    file = {
        "id": sandbox.ids.number("pipelines.files"),
        "upload_id": upload["id"],
        "filename": path.rpartition("/")[2][:255],
        "path": path,
        "size_bytes": len(data),
        "content_type": archives.content_type(path),
    }
    # Held: tasks show the file, and an export packs it, for as long as they are there.
    sandbox.uploads.put(file_key(file["id"]), data, content_type=file["content_type"], held=True)
    files.put(file)
    return _value(file)


def file_key(file_id: int) -> str:
    """Where a file's bytes are: under its id, never under a name that somebody chose."""
    return f"pipelines/files/{file_id}"


def _value(file: dict[str, Any]) -> dict[str, Any]:
    names = ("filename", "path", "size_bytes", "content_type")
    return {"file_id": file["id"], **{name: file[name] for name in names}}
