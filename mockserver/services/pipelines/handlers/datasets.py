"""The Data Vault: datasets listed, imported, renamed, read and exported."""

from typing import Any

from mockserver.engine.service import Answer, Call, HandlerTable
from mockserver.services.pipelines import datasets, errors, exports, keys, sources, wire
from mockserver.services.pipelines.imports import ImportRefused
from mockserver.services.pipelines.sources import row_of

handles = HandlerTable()


@handles("listDatasets")
def list_datasets(call: Call) -> tuple[int, Any]:
    """All of the organization.

    Not emulated: that a project's admins see the pipeline datasets of their projects only; they
    are listed, but cannot be opened.
    """
    wire.check_vault(call)
    where: dict[str, Any] = {"organization_id": wire.caller(call).organization_id}
    if source := call.parameters.get("source"):
        where["source"] = source
    return 200, wire.page(
        call, "pipelines.datasets", where, lambda each: datasets.shown(call.sandbox, each)
    )


@handles("createDataset")
def create_dataset(call: Call) -> tuple[int, Any]:
    """Import a CSV or a JSON file.

    Not emulated: imports from Hugging Face, since nothing is fetched from outside.
    """
    wire.check_vault(call)
    _check_writes(call)
    filename, data = wire.uploaded(call)
    try:
        rows = datasets.rows_in(data, filename)
    except ImportRefused as refusal:
        raise wire.import_error(call, refusal) from None
    name = call.form.get("name") or filename.rpartition("/")[2].rpartition(".")[0] or "Dataset"
    organization_id = wire.caller(call).organization_id
    dataset = datasets.add(call.sandbox, organization_id, name[:200], rows)
    return 201, datasets.shown(call.sandbox, dataset)


def _check_writes(call: Call) -> None:
    if wire.caller(call).role not in keys.OWNERS:
        raise errors.forbidden("Importing needs an owner or an admin.")


@handles("getDataset")
def get_dataset(call: Call) -> tuple[int, Any]:
    """Columns, and the number of rows as it is now."""
    dataset = wire.dataset(call, call.parameters["dataset_id"])
    call.sandbox.pace.polled(f"pipelines/datasets/{dataset['id']}")
    return 200, datasets.shown(call.sandbox, dataset)


@handles("renameDataset")
def rename_dataset(call: Call) -> tuple[int, Any]:
    """Imported datasets can be renamed."""
    dataset = wire.dataset(call, call.parameters["dataset_id"])
    wire.check_writes(call)
    changed = datasets.rename(call.sandbox, dataset, call.body["name"])
    return 200, datasets.shown(call.sandbox, changed)


@handles("listDatasetRows")
def list_dataset_rows(call: Call) -> tuple[int, Any]:
    """Rows by page; those of a pipeline dataset follow its tasks live (fact 5.5)."""
    dataset = wire.dataset(call, call.parameters["dataset_id"])
    datasets.check_ready(dataset)
    if dataset["source"] == "pipeline":
        workflow = wire.visible_workflow(call, dataset["workflow_id"], "dataset")
        designs = sources.Designs(call.sandbox, workflow["id"])
        names = [column["name"] for column in sources.columns_of(workflow, own_columns=True)]

        def of_task(task: dict[str, Any]) -> dict[str, Any]:
            values = row_of(task, workflow, designs.of(task), own_columns=True).values
            return wire.file_urls(call, {name: values.get(name) for name in names})

        where = {"workflow_id": workflow["id"]}
        return 200, wire.page(call, "pipelines.tasks", where, of_task, sort="id")
    where = {"dataset_id": dataset["id"]}
    return 200, wire.page(call, "pipelines.rows", where, lambda row: row["values"], sort="id")


@handles("exportDataset")
def export_dataset(call: Call) -> Answer | tuple[int, Any]:
    """At once for imported datasets, by a job with progress for pipeline datasets (fact 5.5)."""
    dataset = wire.dataset(call, call.parameters["dataset_id"])
    datasets.check_ready(dataset)
    form = call.parameters["format"]
    if dataset["source"] == "pipeline":
        job = exports.start(call.sandbox, dataset, form)
        return 202, {"job_id": job["id"], "status": job["status"]}
    data = exports.whole(call.sandbox, dataset, form)
    headers = {"Content-Disposition": f'attachment; filename="dataset-{dataset["id"]}.{form}"'}
    return Answer(200, data, headers, media_type=exports.MEDIA_TYPES[form])
