"""Pipelines: every way of creating tasks, the people who do them, and what comes of it."""

from typing import TYPE_CHECKING

from mockserver.engine.service import Service, Setting
from mockserver.engine.store import Index
from mockserver.services.pipelines import errors, keys, publishing, wire, workflows
from mockserver.services.pipelines.controls import controls
from mockserver.services.pipelines.handlers import handles
from mockserver.services.pipelines.lifecycle import runs, transitions

if TYPE_CHECKING:
    from mockserver.engine.sandbox import Sandbox

MIB = 1024 * 1024

settings = (
    Setting("pipelines.strict_external_api", False, "Only the documented External API exists."),
    Setting("pipelines.foreign_org_status", 404, "Answer for other organizations: 404 or 403."),
    Setting("pipelines.allow_seed_when_paused", False, "A paused workflow accepts tasks too."),
    Setting("pipelines.coerce_strings_json", False, 'JSON batches may write 5 as "5".'),
    Setting("pipelines.auto_match", "exact", "How names are matched: exact or casefold."),
    Setting("pipelines.on_coerce_error", "warn", "A value that does not fit: warn or fail."),
    Setting(
        "pipelines.count_basis",
        "seeder",
        "What infinite seeding's target counts: seeder or workflow_total.",
    ),
    Setting("pipelines.batch_too_large_status", 422, "Answer to a batch too large: 422 or 413."),
    Setting("pipelines.auto_complete_pipeline", False, "Complete a pipeline with its last task."),
    Setting("pipelines.zip_max_bytes", 100 * MIB, "Bytes that a ZIP may have."),
    Setting("pipelines.zip_max_entries", 20_000, "Entries that a ZIP may have."),
    Setting("pipelines.zip_max_ratio", 200, "How many times larger a ZIP's entry may unpack."),
    Setting("pipelines.zip_max_unpacked_bytes", 1024 * MIB, "Bytes that a ZIP may unpack to."),
)

indexes = {
    "pipelines.keys": (Index("key"),),
    "pipelines.versions": (Index("workflow_id"),),
    "pipelines.groups": (Index("workflow_id"),),
    "pipelines.tasks": (
        Index("workflow_id", sort="id"),
        Index("workflow_id", sort="created_at"),
        Index("workflow_id", "status", sort="id"),
        Index("group_id", sort="id"),
        Index("group_id", "status", sort="id"),
        Index("workflow_id", "work", "reserved_for"),
    ),
    "pipelines.claims": (
        Index("workflow_id", "contributor"),
        Index("workflow_id", "kind"),
        Index("task_id"),
    ),
    "pipelines.submissions": (Index("workflow_id", "contributor"),),
    "pipelines.chains": (
        Index("source_workflow_id"),
        Index("target_workflow_id"),
        Index("source_workflow_id", "target_workflow_id", "trigger"),
    ),
    "pipelines.chain_runs": (
        Index("chain_id"),
        Index("chain_id", "source_task_id"),
        Index("target_workflow_id", "status"),
    ),
    "pipelines.datasets": (
        Index("organization_id"),
        Index("organization_id", "source"),
        Index("workflow_id"),
    ),
    "pipelines.rows": (Index("dataset_id", sort="id"),),
    "pipelines.files": (Index("upload_id", "path"),),
}


def seed(sandbox: "Sandbox") -> None:
    """Fill in what fixtures leave out: key prefixes, defaults, versions, pipeline datasets."""
    stored_keys = sandbox.collection("pipelines.keys")
    stored_keys.put_many([keys.complete(key) for key in stored_keys.find()])
    for document in sandbox.collection("pipelines.workflows").find():
        workflow = workflows.complete(document)
        workflows.keep(sandbox, workflow, "published")
        if workflow["status"] == "active":
            publishing.activated(sandbox, workflow)


service = Service(
    name="pipelines",
    title="Pipelines",
    hosts=("api.pipelines.tech",),
    handlers=handles,
    jobs=runs,
    controls=controls,
    authenticate=keys.authenticate,
    refuse=wire.refuse,
    render_error=errors.render_error,
    indexes=indexes,
    transitions=transitions,
    settings=settings,
    seed=seed,
)
