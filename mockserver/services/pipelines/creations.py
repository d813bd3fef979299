"""Creating tasks from a dataset or another pipeline: at once, or by a job that can be polled."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mockserver.services.pipelines import (
    datasets,
    errors,
    fields,
    mapping,
    seeding,
    sources,
    tasks,
    workflows,
)
from mockserver.services.pipelines.lifecycle import MAX_TASKS, SLICE, runs
from mockserver.services.pipelines.mapping import Plan
from mockserver.services.pipelines.sources import Source, SourceRow
from mockserver.services.pipelines.workflows import Workflow

if TYPE_CHECKING:
    from mockserver.engine.sandbox import Sandbox
    from mockserver.engine.store import Collection

Job = dict[str, Any]
Request = Mapping[str, Any]

SOURCES = {"from_dataset": "dataset", "from_pipeline": "pipeline"}


def of(sandbox: "Sandbox") -> "Collection":
    """All jobs that can be polled."""
    return sandbox.collection("pipelines.jobs")


def new_job(sandbox: "Sandbox", organization_id: int, kind: str) -> Job:
    """A job that has not begun."""
    return {
        "id": f"job_{sandbox.ids.number('pipelines.jobs'):04d}",
        "organization_id": organization_id,
        "kind": kind,
        "status": "queued",
        "rows_total": None,
        "rows_processed": 0,
        "created_count": 0,
        "group_id": None,
        "warnings": [],
        "errors": [],
        "download_key": None,
        "created_at": workflows.now(sandbox),
        "finished_at": None,
        "cursor": 0,
        "files": [],
    }


def prepare(
    sandbox: "Sandbox", target: Workflow, source: Source, kind: str, request: Request
) -> Job:
    """A creation, checked and not yet begun."""
    plan = _plan(sandbox, target, source, request, strict=True)
    if request.get("strict_required"):
        _check_required(target, plan)
    limit = request.get("row_limit")
    job = new_job(sandbox, target["organization_id"], kind)
    job.update(
        workflow_id=target["id"],
        request=dict(request),
        rows_total=source.count if limit is None else min(limit, source.count),
        checking=sandbox.setting("pipelines.on_coerce_error") == "fail",
    )
    return job


def _plan(
    sandbox: "Sandbox", target: Workflow, source: Source, request: Request, *, strict: bool
) -> Plan:
    targets = fields.of_dataset(target["fields"])
    auto_match = request.get("auto_match", True)
    casefold = sandbox.setting("pipelines.auto_match") == "casefold"
    entries = request.get("mapping")
    if strict:
        return mapping.required(
            entries, targets, source.columns, auto_match=auto_match, casefold=casefold
        )
    found, _ = mapping.plan(
        entries, targets, source.columns, auto_match=auto_match, casefold=casefold
    )
    return found


def _check_required(target: Workflow, plan: Plan) -> None:
    fed = {line.field["name"] for line in plan.lines}
    left = [
        fields.problem(field["name"], "required_field_unmapped", f"{field['name']} is not mapped.")
        for field in fields.of_dataset(target["fields"])
        if field["required"] and field["name"] not in fed
    ]
    if left:
        raise errors.refused("required_field_unmapped", left[0]["message"], left)


def start(sandbox: "Sandbox", job: Job) -> None:
    """Let a job do it."""
    of(sandbox).put(job)
    sandbox.pace.schedule("pipelines.seed_tasks", {"job_id": job["id"]}, resource=job["id"])


def at_once(sandbox: "Sandbox", target: Workflow, job: Job) -> list[tasks.Task]:
    """Do it within the call; the job is never stored."""
    if job["rows_total"] > MAX_TASKS:
        raise errors.too_large(sandbox.setting("pipelines.batch_too_large_status"))
    made: list[tasks.Task] = []
    while True:
        created, more = _slice(sandbox, target, job)
        made += created
        if not more:
            break
    if job["errors"]:
        raise errors.refused("not_coercible", job["errors"][0]["message"], job["errors"])
    return made


@runs("seed_tasks", background=True)
def seed_tasks(sandbox: "Sandbox", *, job_id: str) -> None:
    """Make the next slice of a creation's tasks."""
    job = of(sandbox).get(job_id)
    target = workflows.get(sandbox, job["workflow_id"]) if job else None
    if job is None or target is None or job["status"] not in ("queued", "running"):
        return
    _, more = _slice(sandbox, target, job)
    job["status"] = "running" if more else "failed" if job["errors"] else "completed"
    if not more:
        job["finished_at"] = workflows.now(sandbox)
    of(sandbox).put(job)
    if more:
        sandbox.jobs.schedule("pipelines.seed_tasks", {"job_id": job_id}, resource=job_id)


def source_of(sandbox: "Sandbox", job: Job) -> Source | None:
    """Where a creation's rows come from, if it is still there."""
    request = job["request"]
    if job["kind"] == "from_dataset":
        dataset = datasets.of(sandbox).get(request["dataset_id"])
        return sources.of_dataset(sandbox, dataset) if dataset else None
    workflow = workflows.get(sandbox, request["source_workflow_id"])
    return sources.of_workflow(sandbox, workflow) if workflow else None


def _slice(sandbox: "Sandbox", target: Workflow, job: Job) -> tuple[list[tasks.Task], bool]:
    """Check or make the next tasks; whether there are more."""
    source = source_of(sandbox, job)
    left = job["rows_total"] - job["rows_processed"]
    rows = source.read(job["cursor"], min(SLICE, left)) if source and left > 0 else []
    if source is None or not rows:
        return [], _next_phase(job)
    plan = _plan(sandbox, target, source, job["request"], strict=False)
    converted = [(row, *plan.row(row.values)) for row in rows]
    job["cursor"] = rows[-1].cursor
    job["rows_processed"] += len(rows)
    if job["checking"]:
        job["errors"] += [
            {**each, "row": place}
            for place, (_, _, problems) in enumerate(
                converted, job["rows_processed"] - len(rows) + 1
            )
            for each in problems
            if each["code"] == "not_coercible"
        ]
        job["errors"] = job["errors"][: errors.MOST_DETAILS]
        return [], not job["errors"]
    return _make(sandbox, target, job, converted), True


def _next_phase(job: Job) -> bool:
    """After checking all rows comes making them."""
    if not job["checking"] or job["errors"]:
        return False
    job.update(checking=False, cursor=0, rows_processed=0)
    return True


def _make(
    sandbox: "Sandbox",
    target: Workflow,
    job: Job,
    converted: list[tuple[SourceRow, dict[str, Any], list[dict[str, Any]]]],
) -> list[tasks.Task]:
    start_row = job["rows_processed"] - len(converted)
    memory = sandbox.collection("pipelines.seeded")
    remembers = job["kind"] == "from_pipeline"
    skips = remembers and job["request"].get("skip_already_seeded")
    rows: list[tasks.Row] = []
    marks: list[str] = []
    for place, (row, values, problems) in enumerate(converted, start_row + 1):
        mark = f"pipeline/{target['id']}/{row.cursor}"
        if skips and mark in memory:
            continue
        rows.append((values, row.reference))
        marks.append(mark)
        job["warnings"] += [{**each, "row": place} for each in problems]
    job["warnings"] = job["warnings"][: mapping.MOST_WARNINGS]
    if not rows:
        return []
    group = sandbox.collection("pipelines.groups").get(job["group_id"] or "")
    group, made = seeding.create(sandbox, target, SOURCES[job["kind"]], rows, group)
    if remembers:
        memory.put_many(
            {"id": mark, "task_id": task["id"]} for mark, task in zip(marks, made, strict=True)
        )
    job.update(group_id=group["id"], created_count=job["created_count"] + len(made))
    return made


def shown(job: Job, download_url: str | None) -> dict[str, Any]:
    """The job as anyone sees it."""
    names = (
        "kind", "status", "rows_total", "rows_processed", "created_count", "group_id",
        "warnings", "errors", "created_at", "finished_at",
    )  # fmt: skip
    found = {name: job[name] for name in names}
    return {"job_id": job["id"], **found, "download_url": download_url}
