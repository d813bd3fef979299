"""The Data Vault: datasets imported from files, and those that are a pipeline's tasks."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import orjson

from mockserver.services.pipelines import errors, fields, imports, sources, tasks, workflows
from mockserver.services.pipelines.imports import ImportRefused
from mockserver.services.pipelines.lifecycle import MAX_TASKS, SLICE, runs
from mockserver.services.pipelines.workflows import Workflow

if TYPE_CHECKING:
    from mockserver.engine.sandbox import Sandbox
    from mockserver.engine.store import Collection

Dataset = dict[str, Any]
Rows = Sequence[dict[str, Any]]

_NUMBER = re.compile(r"[-+]?\d", re.ASCII)


def of(sandbox: "Sandbox") -> "Collection":
    """All datasets."""
    return sandbox.collection("pipelines.datasets")


def of_pipeline(sandbox: "Sandbox", workflow: Workflow) -> Dataset:
    """A pipeline's dataset, made when the pipeline first becomes active (fact 5.1)."""
    known = of(sandbox).find({"workflow_id": workflow["id"]}, limit=1)
    if known:
        return known[0]
    dataset = _new(sandbox, workflow["organization_id"], workflow["name"])
    dataset.update(source="pipeline", workflow_id=workflow["id"], columns=[])
    of(sandbox).put(dataset)
    return dataset


def _new(sandbox: "Sandbox", organization_id: int, name: str) -> Dataset:
    at = workflows.now(sandbox)
    return {
        "id": sandbox.ids.number("pipelines.datasets", tasks.FIRST_ID),
        "organization_id": organization_id,
        "name": name,
        "source": "file_upload",
        "workflow_id": None,
        "status": "ready",
        "columns": [],
        "error": None,
        "created_at": at,
        "updated_at": at,
    }


def add(
    sandbox: "Sandbox", organization_id: int, name: str, rows: Rows, status: str = "ready"
) -> Dataset:
    """An imported dataset; many rows are taken in by a job."""
    dataset = _new(sandbox, organization_id, name)
    dataset.update(columns=columns_of(rows), status=status)
    if len(rows) <= MAX_TASKS:
        _put_rows(sandbox, dataset, rows, 0)
    else:
        dataset["status"] = "processing"
        for start in range(0, len(rows), SLICE):
            part = orjson.dumps(rows[start : start + SLICE])
            sandbox.uploads.put(_part_key(dataset["id"], start), part, held=True)
        _schedule_import(sandbox, dataset, 0, len(rows))
    of(sandbox).put(dataset)
    return dataset


def _schedule_import(sandbox: "Sandbox", dataset: Dataset, start: int, total: int) -> None:
    arguments = {"dataset_id": dataset["id"], "start": start, "total": total}
    resource = f"pipelines/datasets/{dataset['id']}"
    if start == 0:
        sandbox.pace.schedule("pipelines.import_rows", arguments, resource=resource)
    else:
        sandbox.jobs.schedule("pipelines.import_rows", arguments, resource=resource)


@runs("import_rows", background=True)
def import_rows(sandbox: "Sandbox", *, dataset_id: int, start: int, total: int) -> None:
    """Take in the next part of a large file."""
    dataset = of(sandbox).get(dataset_id)
    if dataset is None or dataset["status"] != "processing":
        return
    key = _part_key(dataset_id, start)
    _put_rows(sandbox, dataset, orjson.loads(sandbox.uploads.read(key)), start)
    sandbox.uploads.delete(key)
    if start + SLICE < total:
        _schedule_import(sandbox, dataset, start + SLICE, total)
    else:
        dataset.update(status="ready", updated_at=workflows.now(sandbox))
        of(sandbox).put(dataset)


def _part_key(dataset_id: int, start: int) -> str:
    return f"pipelines/datasets/{dataset_id}/part-{start}"


def _put_rows(sandbox: "Sandbox", dataset: Dataset, rows: Rows, start: int) -> None:
    sandbox.collection("pipelines.rows").put_many(
        {
            "id": sandbox.ids.number("pipelines.rows", tasks.FIRST_ID),
            "dataset_id": dataset["id"],
            "number": start + index,
            "values": row,
        }
        for index, row in enumerate(rows, 1)
    )


def columns_of(rows: Rows) -> list[dict[str, str]]:
    """The columns of rows and their types, which are found in the values."""
    names = dict.fromkeys(name for row in rows for name in row)
    return [{"name": name, "type": _type_of([row.get(name) for row in rows])} for name in names]


def _type_of(values: Sequence[Any]) -> str:
    """JSON where any value is an array or an object, also as text (fact 6.4)."""
    filled = [value for value in values if not fields.is_empty(value)]
    if any(_is_json(value) for value in filled):
        return "json"
    if filled and all(isinstance(value, bool) or value in ("true", "false") for value in filled):
        return "boolean"
    return "number" if filled and all(_is_number(value) for value in filled) else "text"


def _is_json(value: Any) -> bool:
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return False
    return isinstance(value, dict | list)


def _is_number(value: Any) -> bool:
    if isinstance(value, str):
        return bool(_NUMBER.match(value.strip())) and fields.number_in(value) is not None
    return isinstance(value, int | float) and not isinstance(value, bool)


def rows_in(data: bytes, filename: str) -> Rows:
    """The rows of a CSV or JSON file; ImportRefused when it is neither."""
    if filename.lower().endswith(".json") or data.lstrip()[:1] in (b"[", b"{"):
        return _json_rows(data)
    table = imports.read(data)
    repeated = {name for name in table.headers if table.headers.count(name) > 1}
    if repeated:
        message = f"The column {sorted(repeated)[0][:100]!r} stands there twice."
        raise ImportRefused("csv_header_mismatch", message)
    if not table.rows:
        raise ImportRefused("csv_no_rows", "The file has headers, but no rows.")
    return [dict(zip(table.headers, row, strict=True)) for row in table.rows]


def _json_rows(data: bytes) -> Rows:
    try:
        found = orjson.loads(data.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise ImportRefused("json_invalid", f"The file is not valid JSON: {error}.") from None
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise ImportRefused("json_invalid", "The file must hold an array of objects.")
    if not found:
        raise ImportRefused("json_no_rows", "The file holds an array without rows.")
    try:
        orjson.dumps(found)
    except TypeError:
        raise ImportRefused("json_invalid", "The values are nested too deeply.") from None
    return found


def rename(sandbox: "Sandbox", dataset: Dataset, name: str) -> Dataset:
    """Another name for an imported dataset; that of a pipeline's follows it (fact 5.5)."""
    if dataset["source"] == "pipeline":
        raise errors.conflict("name_follows_pipeline", "Rename the pipeline instead.")
    changed = {**dataset, "name": name, "updated_at": workflows.now(sandbox)}
    of(sandbox).put(changed)
    return changed


def check_ready(dataset: Dataset) -> None:
    """Only a ready dataset can be read."""
    if dataset["status"] != "ready":
        message = f"The dataset is {dataset['status']}."
        raise errors.conflict("dataset_not_ready", message)


def shown(sandbox: "Sandbox", dataset: Dataset) -> dict[str, Any]:
    """The dataset as anyone sees it; a pipeline's is as its tasks are now."""
    name, source = dataset["name"], sources.of_dataset(sandbox, dataset)
    pipeline = dataset["source"] == "pipeline"
    if pipeline:
        workflow = workflows.get(sandbox, dataset["workflow_id"])
        name = workflow["name"] if workflow else name
    return {
        "id": dataset["id"],
        "organization_id": dataset["organization_id"],
        "name": name,
        "source": dataset["source"],
        "workflow_id": dataset["workflow_id"],
        "status": dataset["status"],
        "columns": sources.shown_columns(source.columns),
        "row_count": source.count,
        # Pipeline datasets can be shared by link, imported ones cannot (fact 5.5).
        "shareable": pipeline,
        "error": dataset["error"],
        "created_at": dataset["created_at"],
        "updated_at": dataset["updated_at"],
    }
