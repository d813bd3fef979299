"""Where rows come from: an imported dataset, or the tasks of another pipeline."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mockserver.engine.store import Range
from mockserver.services.pipelines import fields, nodes, tasks, workflows
from mockserver.services.pipelines.workflows import Design, Workflow

if TYPE_CHECKING:
    from mockserver.engine.sandbox import Sandbox

OWN_COLUMNS = ("task_id", "status", "created_at")
"""What a pipeline dataset says of a task beside its fields (fact 5.5)."""


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One row: its place, what a task made from it refers to, and its values by column."""

    cursor: int
    reference: dict[str, Any]
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Source:
    """Columns, the number of rows, and a way to read them slice by slice."""

    columns: list[dict[str, Any]]
    count: int
    read: Callable[[int, int], list[SourceRow]]
    """`read(after, limit)`: the rows behind a cursor, at most so many."""


def of_dataset(sandbox: "Sandbox", dataset: dict[str, Any]) -> Source:
    """The rows of a dataset; those of a pipeline dataset are all of its tasks."""
    if dataset["source"] == "pipeline":
        workflow = workflows.get(sandbox, dataset["workflow_id"])
        if workflow is None:
            raise KeyError(f"workflow {dataset['workflow_id']}")
        return of_workflow(sandbox, workflow, finished=False, own_columns=True)
    rows = sandbox.collection("pipelines.rows")
    where = {"dataset_id": dataset["id"]}

    def read(after: int, limit: int) -> list[SourceRow]:
        found = rows.find(where, ranges={"id": Range(gt=after)}, sort="id", limit=limit)
        return [
            SourceRow(row["id"], {"dataset_id": dataset["id"], "row": row["number"]}, row["values"])
            for row in found
        ]

    return Source(dataset["columns"], rows.count(where), read)


def of_workflow(
    sandbox: "Sandbox", workflow: Workflow, *, finished: bool = True, own_columns: bool = False
) -> Source:
    """The values of a pipeline's tasks; only finished ones are output (fact 4.4)."""
    where: dict[str, Any] = {"workflow_id": workflow["id"]}
    if finished:
        where["status"] = "finished"
    stored = tasks.of(sandbox)
    designs = Designs(sandbox, workflow["id"])

    def read(after: int, limit: int) -> list[SourceRow]:
        found = stored.find(where, ranges={"id": Range(gt=after)}, sort="id", limit=limit)
        return [row_of(task, workflow, designs.of(task), own_columns) for task in found]

    return Source(columns_of(workflow, own_columns), stored.count(where), read)


class Designs:
    """The designs of one workflow's versions, each read once."""

    def __init__(self, sandbox: "Sandbox", workflow_id: int) -> None:
        self._sandbox = sandbox
        self._workflow_id = workflow_id
        self._known: dict[int, Design] = {}

    def of(self, task: tasks.Task) -> Design:
        """The design that a task keeps to."""
        version = task["version"]
        if version not in self._known:
            found = workflows.design(self._sandbox, self._workflow_id, version)
            self._known[version] = found
        return self._known[version]


def row_of(
    task: tasks.Task, workflow: Workflow, design: Design, own_columns: bool = False
) -> SourceRow:
    """A task as a row."""
    values = nodes.values(task, design.fields)
    if own_columns:
        own = {
            "task_id": task["id"],
            "status": tasks.status_shown(task, workflow),
            "created_at": task["created_at"],
        }
        values = {**own, **values}
    reference = {"source_workflow_id": workflow["id"], "source_task_id": task["id"]}
    return SourceRow(task["id"], reference, values)


def columns_of(workflow: Workflow, own_columns: bool = False) -> list[dict[str, Any]]:
    """A pipeline's columns; a text may hold JSON, so that a path may lead into it."""
    own: list[dict[str, Any]] = [
        {"name": name, "type": "number" if name == "task_id" else "text"}
        for name in (OWN_COLUMNS if own_columns else ())
    ]
    listed = [
        {
            "name": name,
            "type": column_type(field),
            "json": column_type(field) == "json" or field["type"] in fields.TEXT_TYPES,
        }
        for name, field in nodes.columns(workflow["fields"])
    ]
    return own + listed


def column_type(field: fields.Field) -> str:
    """What a column of this field holds."""
    if field["multiple"] or field["type"] in ("ranking", "criteria", "file_upload"):
        return "json"
    if field["type"] in ("numeric", "rating"):
        return "number"
    return "boolean" if field["type"] == "boolean" else "text"


def shown_columns(columns: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Columns as anyone sees them."""
    return [{"name": column["name"], "type": column["type"]} for column in columns]
