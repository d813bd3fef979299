"""Datasets as files: written at once, or part by part by a job."""

import io
import zipfile
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import orjson

from mockserver.services.pipelines import creations, datasets, imports, sources, workflows, zips
from mockserver.services.pipelines.lifecycle import SLICE, runs

if TYPE_CHECKING:
    from mockserver.engine.sandbox import Sandbox

MEDIA_TYPES = {"csv": "text/csv", "json": "application/json", "zip": "application/zip"}
_EPOCH = (1980, 1, 1, 0, 0, 0)

Rows = Sequence[dict[str, Any]]


def whole(sandbox: "Sandbox", dataset: datasets.Dataset, form: str) -> bytes:
    """An imported dataset as a file (fact 5.5: at once)."""
    source = sources.of_dataset(sandbox, dataset)
    rows = [row.values for row in source.read(0, max(1, source.count))]
    if form == "json":
        return orjson.dumps(rows)
    names = [column["name"] for column in source.columns]
    table = imports.written([names]) + _lines(names, rows)
    return table if form == "csv" else _zipped({"dataset.csv": table})


def _lines(names: Sequence[str], rows: Rows) -> bytes:
    return imports.written([[_cell(row.get(name)) for name in names] for row in rows])


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _zipped(files: dict[str, bytes]) -> bytes:
    """A ZIP whose bytes depend on its contents alone."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return packed.getvalue()


def start(sandbox: "Sandbox", dataset: datasets.Dataset, form: str) -> dict[str, Any]:
    """A job that writes a pipeline dataset (fact 5.5: asynchronous, with progress)."""
    source = sources.of_dataset(sandbox, dataset)
    job = creations.new_job(sandbox, dataset["organization_id"], "export")
    job.update(
        dataset_id=dataset["id"],
        form=form,
        rows_total=source.count,
        columns=[column["name"] for column in source.columns],
    )
    creations.of(sandbox).put(job)
    sandbox.pace.schedule(
        "pipelines.export_rows", {"job_id": job["id"], "part": 0}, resource=job["id"]
    )
    return job


@runs("export_rows", background=True)
def export_rows(sandbox: "Sandbox", *, job_id: str, part: int) -> None:
    """Write the next part; with the last one, put the file together."""
    job = creations.of(sandbox).get(job_id)
    dataset = datasets.of(sandbox).get(job["dataset_id"]) if job else None
    if job is None or dataset is None:
        return
    rows = sources.of_dataset(sandbox, dataset).read(job["cursor"], SLICE)
    _write_part(sandbox, job, part, [row.values for row in rows])
    job.update(status="running", rows_processed=job["rows_processed"] + len(rows))
    if len(rows) == SLICE:
        job["cursor"] = rows[-1].cursor
        arguments = {"job_id": job_id, "part": part + 1}
        sandbox.jobs.schedule("pipelines.export_rows", arguments, resource=job_id)
    else:
        _join(sandbox, job, part)
        job.update(
            status="completed",
            rows_total=job["rows_processed"],
            finished_at=workflows.now(sandbox),
        )
    creations.of(sandbox).put(job)


def _write_part(sandbox: "Sandbox", job: dict[str, Any], part: int, rows: Rows) -> None:
    if job["form"] == "json":
        data = b",".join(orjson.dumps(row) for row in rows)
    else:
        data = _lines(job["columns"], rows)
    sandbox.uploads.put(_part_key(job, part), data, held=True)
    if job["form"] == "zip":
        known = {file["file_id"] for file in job["files"]}
        job["files"] += [file for file in _files(rows) if file["file_id"] not in known]


def _files(rows: Rows) -> Iterable[dict[str, Any]]:
    """The files that rows hold, each once."""
    found: dict[int, dict[str, Any]] = {}
    for row in rows:
        for value in row.values():
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, dict) and isinstance(item.get("file_id"), int):
                    found[item["file_id"]] = item
    return found.values()


def _join(sandbox: "Sandbox", job: dict[str, Any], last: int) -> None:
    """The parts as one file."""
    parts = [sandbox.uploads.read(_part_key(job, part)) for part in range(last + 1)]
    if job["form"] == "json":
        data = b"[" + b",".join(part for part in parts if part) + b"]"
    else:
        data = imports.written([job["columns"]]) + b"".join(parts)
    if job["form"] == "zip":
        packed = {"dataset.csv": data}
        for file in job["files"]:
            name = f"files/{file['file_id']}-{file['filename']}"
            packed[name] = sandbox.uploads.read(zips.file_key(file["file_id"]))
        data = _zipped(packed)
    for part in range(last + 1):
        sandbox.uploads.delete(_part_key(job, part))
    sandbox.uploads.put(key_of(job), data, content_type=MEDIA_TYPES[job["form"]])
    job["download_key"] = key_of(job)


def key_of(job: dict[str, Any]) -> str:
    """Where a finished export is."""
    return f"pipelines/exports/{job['id']}.{job['form']}"


def _part_key(job: dict[str, Any], part: int) -> str:
    return f"pipelines/exports/{job['id']}/part-{part}"
