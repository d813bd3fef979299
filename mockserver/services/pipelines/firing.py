"""What a chain does when tasks of its source are finished: seeding its target, once for each."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mockserver.engine.store import Range
from mockserver.services.pipelines import chains, mapping, nodes, seeding, sources, tasks, workflows
from mockserver.services.pipelines.chains import Chain
from mockserver.services.pipelines.lifecycle import SLICE, runs
from mockserver.services.pipelines.tasks import Task
from mockserver.services.pipelines.workflows import Workflow

if TYPE_CHECKING:
    from mockserver.engine.sandbox import Sandbox
    from mockserver.engine.store import Collection

Run = dict[str, Any]

NOT_ACTIVE = "workflow_not_active"


def runs_of(sandbox: "Sandbox") -> "Collection":
    """The history of all chains."""
    return sandbox.collection("pipelines.chain_runs")


def source_finished(sandbox: "Sandbox", source: Workflow, task: Task) -> None:
    """A task of the source is finished: fire what waits for it (fact 7)."""
    for chain in chains.of(sandbox).find({"source_workflow_id": source["id"]}):
        if chain["trigger"] == chains.ON_TASK:
            run = _new_run(sandbox, chain, source_task_id=task["id"])
            _fire_for_task(sandbox, chain, run, source, task)
        else:
            _note_late(sandbox, chain, task)
            check(sandbox, chain)


def _note_late(sandbox: "Sandbox", chain: Chain, task: Task) -> None:
    """A run may have gone past the task while it was open again; the next run begins with it."""
    if _seeded(sandbox, chain, task):
        return
    run = runs_of(sandbox).get(chain["run_id"]) if chain["run_id"] is not None else None
    if run is not None and task["id"] <= run["cursor"]:
        chain["late"] = min(task["id"], chain["late"] or task["id"])
    elif run is None and task["id"] <= chain["cursor"]:
        chain["cursor"] = task["id"] - 1
    else:
        return
    chains.of(sandbox).put(chain)


def check_source(sandbox: "Sandbox", workflow_id: int) -> None:
    """Something else happened to the source's tasks: its chains on completion may fire now."""
    for chain in chains.of(sandbox).find({"source_workflow_id": workflow_id}):
        check(sandbox, chain)


def check(sandbox: "Sandbox", chain: Chain) -> None:
    """Fire a chain on pipeline completion when every task of the source is finished."""
    if chain["trigger"] != chains.ON_PIPELINE or chain["run_id"] is not None:
        return
    if not chains.source_is_complete(sandbox, chain):
        return
    if chains.last_task(sandbox, chain) > chain["cursor"]:
        start_batch(sandbox, chain)


def start_batch(sandbox: "Sandbox", chain: Chain) -> None:
    """Begin a run over all finished tasks; one that failed before is taken up again."""
    batches = {"chain_id": chain["id"], "source_task_id": None}
    last = runs_of(sandbox).find(batches, sort="-", limit=1)
    run = last[0] if last and last[0]["status"] == "failed" else _new_run(sandbox, chain)
    if run["cursor"] == 0 and chain["trigger"] == chains.ON_PIPELINE:
        run["cursor"] = chain["cursor"]
    run.update(status="running", reason=None, through=chains.last_task(sandbox, chain))
    runs_of(sandbox).put(run)
    chains.of(sandbox).put({**chain, "run_id": run["id"]})
    sandbox.pace.schedule(
        "pipelines.fire_chain",
        {"chain_id": chain["id"], "run_id": run["id"]},
        resource=resource_of(chain),
    )


def resource_of(chain: Chain) -> str:
    """What a chain's jobs are about."""
    return f"pipelines/chains/{chain['id']}"


def _new_run(sandbox: "Sandbox", chain: Chain, source_task_id: int | None = None) -> Run:
    return {
        "id": sandbox.ids.number("pipelines.chain_runs"),
        "chain_id": chain["id"],
        "target_workflow_id": chain["target_workflow_id"],
        "status": "running",
        "reason": None,
        "source_task_id": source_task_id,
        "seeded_count": 0,
        "group_id": None,
        "warnings": [],
        "created_at": workflows.now(sandbox),
        "finished_at": None,
        "cursor": 0,
        "through": source_task_id or 0,
    }


def _fire_for_task(
    sandbox: "Sandbox", chain: Chain, run: Run, source: Workflow, task: Task
) -> None:
    if _seeded(sandbox, chain, task):
        return
    target = _target(sandbox, chain)
    if target is None:
        _end(sandbox, chain, run, NOT_ACTIVE)
        return
    _seed(sandbox, chain, run, (source, target), [task])
    _end(sandbox, chain, run)


@runs("fire_chain", background=True)
def fire_chain(sandbox: "Sandbox", *, chain_id: int, run_id: int) -> None:
    """Seed the next slice of a run over all finished tasks; all of them are one group."""
    chain, run = chains.of(sandbox).get(chain_id), runs_of(sandbox).get(run_id)
    if chain is None or run is None or run["status"] != "running":
        return
    source, target = workflows.get(sandbox, chain["source_workflow_id"]), _target(sandbox, chain)
    if source is None or target is None:
        _end(sandbox, chain, run, NOT_ACTIVE)
        return
    finished = tasks.of(sandbox).find(
        {"workflow_id": source["id"], "status": "finished"},
        ranges={"id": Range(gt=run["cursor"], lte=run["through"])},
        sort="id",
        limit=SLICE,
    )
    fresh = [task for task in finished if not _seeded(sandbox, chain, task)]
    if fresh:
        _seed(sandbox, chain, run, (source, target), fresh)
    if len(finished) < SLICE:
        _end(sandbox, chain, run)
        return
    run["cursor"] = finished[-1]["id"]
    runs_of(sandbox).put(run)
    chains.of(sandbox).put(chain)
    arguments = {"chain_id": chain_id, "run_id": run_id}
    sandbox.jobs.schedule("pipelines.fire_chain", arguments, resource=resource_of(chain))


def _target(sandbox: "Sandbox", chain: Chain) -> Workflow | None:
    """The target, if it accepts tasks now."""
    target = workflows.get(sandbox, chain["target_workflow_id"])
    if target is None:
        return None
    paused_too = sandbox.setting("pipelines.allow_seed_when_paused")
    accepts = target["status"] == "active" or (target["status"] == "paused" and paused_too)
    return target if accepts else None


def _seeded(sandbox: "Sandbox", chain: Chain, task: Task) -> bool:
    """Whether the chain has made a task from this one: firing is idempotent (fact 7)."""
    return _memory(chain, task) in sandbox.collection("pipelines.seeded")


def _memory(chain: Chain, task: Task) -> str:
    return f"chain/{chain['id']}/{task['id']}"


def _seed(
    sandbox: "Sandbox",
    chain: Chain,
    run: Run,
    ends: tuple[Workflow, Workflow],
    finished: Sequence[Task],
) -> None:
    source, target = ends
    plan = chains.plan(sandbox, chain, source, target)
    designs = sources.Designs(sandbox, source["id"])
    rows: list[tasks.Row] = []
    warnings = [*run["warnings"], *plan.findings]
    for task in finished:
        values, problems = plan.row(nodes.values(task, designs.of(task).fields))
        rows.append((values, {"chain_id": chain["id"], "source_task_id": task["id"]}))
        warnings += [{**each, "source_task_id": task["id"]} for each in problems]
    group = sandbox.collection("pipelines.groups").get(run["group_id"] or "")
    group, made = seeding.create(sandbox, target, "chain", rows, group)
    sandbox.collection("pipelines.seeded").put_many(
        {"id": _memory(chain, task), "task_id": new["id"]}
        for task, new in zip(finished, made, strict=True)
    )
    run.update(
        group_id=group["id"],
        seeded_count=run["seeded_count"] + len(made),
        warnings=warnings[: mapping.MOST_WARNINGS],
    )
    chain.update(
        seeded_count=chain["seeded_count"] + len(made), last_fired_at=workflows.now(sandbox)
    )


def _end(sandbox: "Sandbox", chain: Chain, run: Run, reason: str | None = None) -> None:
    """Close a run, and look whether more has been finished meanwhile."""
    run.update(
        status="failed" if reason else "completed",
        reason=reason,
        finished_at=workflows.now(sandbox),
    )
    runs_of(sandbox).put(run)
    if run["source_task_id"] is None:
        chain["run_id"] = None
        if not reason:
            chain["last_fired_at"] = workflows.now(sandbox)
            if chain["trigger"] == chains.ON_PIPELINE:
                chain["cursor"] = max(chain["cursor"], run["through"])
                if chain["late"]:
                    chain.update(cursor=min(chain["cursor"], chain["late"] - 1), late=None)
    chains.of(sandbox).put(chain)
    if not reason:
        check(sandbox, chain)


def target_activated(sandbox: "Sandbox", workflow: Workflow) -> None:
    """What failed because the workflow was not active is tried again (fact 14, U15)."""
    where = {"target_workflow_id": workflow["id"], "status": "failed"}
    if runs_of(sandbox).count(where):
        sandbox.jobs.schedule("pipelines.retry_chains", {"workflow_id": workflow["id"]})


@runs("retry_chains", background=True)
def retry_chains(sandbox: "Sandbox", *, workflow_id: int) -> None:
    """Take up failed runs of chains into a workflow, a slice at a time."""
    where = {"target_workflow_id": workflow_id, "status": "failed"}
    failed = runs_of(sandbox).find(where, limit=SLICE)
    taken_up = 0
    for run in failed:
        chain = chains.of(sandbox).get(run["chain_id"])
        if chain is None:
            runs_of(sandbox).delete(run["id"])
        elif _target(sandbox, chain) is None:
            return
        elif run["source_task_id"] is not None:
            _retry_for_task(sandbox, chain, run)
        elif chain["run_id"] is None:
            start_batch(sandbox, chain)
        else:
            continue
        taken_up += 1
    if taken_up and len(failed) == SLICE:
        sandbox.jobs.schedule("pipelines.retry_chains", {"workflow_id": workflow_id})


def _retry_for_task(sandbox: "Sandbox", chain: Chain, run: Run) -> None:
    task = tasks.of(sandbox).get(run["source_task_id"])
    source = workflows.get(sandbox, chain["source_workflow_id"])
    if task is None or source is None or _seeded(sandbox, chain, task):
        runs_of(sandbox).delete(run["id"])
        return
    _fire_for_task(sandbox, chain, run, source, task)


def shown(run: Run) -> dict[str, Any]:
    """The run as anyone sees it."""
    hidden = ("target_workflow_id", "cursor", "through")
    return {key: value for key, value in run.items() if key not in hidden}
