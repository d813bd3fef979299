"""Creating tasks from CSV, in bulk, from a dataset and from another pipeline."""

from typing import Any

from mockserver.engine.service import Answer, Call, HandlerTable
from mockserver.services.pipelines import (
    creations,
    datasets,
    errors,
    fields,
    imports,
    mapping,
    seeding,
    sources,
    wire,
    workflows,
)
from mockserver.services.pipelines.imports import ImportRefused
from mockserver.services.pipelines.lifecycle import MAX_TASKS

handles = HandlerTable()


@handles("getCsvTemplate")
def get_csv_template(call: Call) -> Answer:
    """The headers that an upload needs; with them and one row an upload is accepted."""
    workflow = wire.workflow(call)
    seeding.check_has_dataset_fields(workflow)
    name = f'attachment; filename="workflow-{workflow["id"]}-template.csv"'
    data = imports.template(fields.of_dataset(workflow["fields"]))
    return Answer(200, data, {"Content-Disposition": name}, media_type="text/csv")


@handles("createTasksFromCsv")
def create_tasks_from_csv(call: Call) -> tuple[int, Any]:
    """One row is one task, all or none; files need a ZIP (facts 4.1 and 14, U20)."""
    workflow = wire.workflow(call, writes=True)
    seeding.check_has_dataset_fields(workflow)
    listed = fields.of_dataset(workflow["fields"])
    files = fields.uploads(workflow["fields"])
    if any(field["required"] for field in files):
        message = "The workflow has file upload fields; upload a ZIP."
        raise errors.conflict("zip_required", message)
    _, data = wire.uploaded(call)
    try:
        table = imports.read(data, MAX_TASKS)
        imports.check_headers(table.headers, listed, {field["name"] for field in files})
        rows = imports.rows_of(table, listed)
    except ImportRefused as refusal:
        raise wire.import_error(call, refusal) from None
    group, made = seeding.create(call.sandbox, workflow, "csv", [(row, None) for row in rows])
    return 201, seeding.created(workflow, group, made)


@handles("createBlankTasks")
def create_blank_tasks(call: Call) -> tuple[int, Any]:
    """That many blank tasks, for pipelines without dataset fields (fact 4.6)."""
    workflow = wire.workflow(call, writes=True)
    if fields.of_dataset(workflow["fields"]):
        message = "The workflow has dataset fields; tasks need values for them."
        raise errors.conflict("creation_mode_mismatch", message)
    count = call.body["count"]
    if type(count) is not int:
        raise errors.refused("validation_error", "count must be a whole number, without a point.")
    blank: list[tuple[dict[str, Any], None]] = [({}, None) for _ in range(count)]
    group, made = seeding.create(call.sandbox, workflow, "bulk", blank)
    return 201, seeding.created(workflow, group, made)


@handles("suggestDatasetMapping")
def suggest_dataset_mapping(call: Call) -> tuple[int, Any]:
    """What the mapping editor shows first."""
    workflow = wire.workflow(call)
    dataset = wire.dataset(call, call.parameters["dataset_id"])
    return 200, _suggestion(call, workflow, sources.of_dataset(call.sandbox, dataset))


@handles("suggestPipelineMapping")
def suggest_pipeline_mapping(call: Call) -> tuple[int, Any]:
    """What the mapping editor shows first."""
    workflow = wire.workflow(call)
    source = _source_workflow(call, workflow, call.parameters["source_workflow_id"])
    return 200, _suggestion(call, workflow, sources.of_workflow(call.sandbox, source))


def _suggestion(call: Call, workflow: workflows.Workflow, source: sources.Source) -> dict[str, Any]:
    targets = fields.of_dataset(workflow["fields"])
    casefold = call.sandbox.setting("pipelines.auto_match") == "casefold"
    found = mapping.suggest(targets, source.columns, casefold=casefold)
    matched = {entry["target"] for entry in found}
    return {
        "mapping": found,
        "columns": sources.shown_columns(source.columns),
        "unmapped_targets": [field["name"] for field in targets if field["name"] not in matched],
    }


@handles("createTasksFromDataset")
def create_tasks_from_dataset(call: Call) -> tuple[int, Any]:
    """One row is one task; by a job, unless the call waits for it (fact 4.3)."""
    workflow = wire.workflow(call, writes=True)
    dataset = wire.dataset(call, call.body["dataset_id"])
    datasets.check_ready(dataset)
    source = sources.of_dataset(call.sandbox, dataset)
    if not source.count:
        raise errors.conflict("dataset_empty", "The dataset has no rows.")
    return _create(call, workflow, source, "from_dataset")


@handles("createTasksFromPipeline")
def create_tasks_from_pipeline(call: Call) -> tuple[int, Any]:
    """One finished task there is one task here; no link remains (fact 4.4)."""
    workflow = wire.workflow(call, writes=True)
    source_workflow = _source_workflow(call, workflow, call.body["source_workflow_id"])
    source = sources.of_workflow(call.sandbox, source_workflow)
    if not source.count:
        raise errors.conflict("no_completed_tasks", "The source has no finished tasks.")
    return _create(call, workflow, source, "from_pipeline")


def _source_workflow(call: Call, target: workflows.Workflow, source_id: int) -> workflows.Workflow:
    found = wire.visible_workflow(call, source_id, "source_workflow")
    if found["id"] == target["id"]:
        raise errors.refused("source_is_target", "A workflow cannot be seeded from itself.")
    return found


def _create(
    call: Call, workflow: workflows.Workflow, source: sources.Source, kind: str
) -> tuple[int, Any]:
    job = creations.prepare(call.sandbox, workflow, source, kind, call.body)
    if not call.parameters["wait"]:
        creations.start(call.sandbox, job)
        return 202, {"job_id": job["id"], "status": job["status"]}
    made = creations.at_once(call.sandbox, workflow, job)
    group = call.sandbox.collection("pipelines.groups").get(job["group_id"] or "")
    if group is None:
        raise errors.conflict("no_completed_tasks", "Every finished task has been seeded already.")
    return 201, {**seeding.created(workflow, group, made), "warnings": job["warnings"]}


@handles("getJob")
def get_job(call: Call) -> tuple[int, Any]:
    """How far a creation or an export is."""
    job_id = call.parameters["job_id"]
    job = creations.of(call.sandbox).get(job_id)
    if job is None or job["organization_id"] != wire.caller(call).organization_id:
        raise errors.not_found("job", job_id)
    call.sandbox.pace.polled(job_id)
    url = None
    if job["download_key"]:
        form = job["form"]
        url = call.sandbox.uploads.presign(
            "GET",
            job["download_key"],
            expires=wire.FILE_SECONDS,
            base_url=call.base_url,
            response_content_disposition=f'attachment; filename="dataset.{form}"',
        )
    return 200, creations.shown(job, url)
