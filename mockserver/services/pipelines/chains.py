"""Chains: the rules for having one, and how it stands."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mockserver.services.pipelines import errors, fields, mapping, sources, tasks, workflows
from mockserver.services.pipelines.workflows import Workflow

if TYPE_CHECKING:
    from mockserver.engine.sandbox import Sandbox
    from mockserver.engine.store import Collection

Chain = dict[str, Any]

ON_TASK = "on_task_completion"
ON_PIPELINE = "on_pipeline_completion"


def of(sandbox: "Sandbox") -> "Collection":
    """All chains."""
    return sandbox.collection("pipelines.chains")


def add(sandbox: "Sandbox", source: Workflow, target: Workflow, given: Mapping[str, Any]) -> Chain:
    """A new chain, checked, not yet fired."""
    _check_triple(sandbox, source["id"], target["id"], given["trigger"])
    _check_cycle(sandbox, source["id"], target["id"])
    check_mapping(sandbox, source, target, given.get("mapping"), given.get("auto_match", True))
    chain = {
        "id": sandbox.ids.number("pipelines.chains"),
        "source_workflow_id": source["id"],
        "target_workflow_id": target["id"],
        "trigger": given["trigger"],
        "mapping": given.get("mapping") or [],
        "auto_match": given.get("auto_match", True),
        "seeded_count": 0,
        "last_fired_at": None,
        "created_at": workflows.now(sandbox),
        "cursor": 0,
        "late": None,
        "run_id": None,
    }
    of(sandbox).put(chain)
    return chain


def change(
    sandbox: "Sandbox", chain: Chain, source: Workflow, target: Workflow, given: Mapping[str, Any]
) -> Chain:
    """The chain with another trigger or mapping (fact 4.5: both can be edited)."""
    changed = {**chain, **given}
    if changed["trigger"] != chain["trigger"]:
        _check_triple(sandbox, source["id"], target["id"], changed["trigger"])
    check_mapping(sandbox, source, target, changed["mapping"], changed["auto_match"])
    of(sandbox).put(changed)
    return changed


def _check_triple(sandbox: "Sandbox", source_id: int, target_id: int, trigger: str) -> None:
    """One chain for each source, target and trigger; the same pair may have two (fact 4.5)."""
    if source_id == target_id:
        raise errors.conflict("chain_cycle", "A workflow cannot feed itself.")
    same = {
        "source_workflow_id": source_id,
        "target_workflow_id": target_id,
        "trigger": trigger,
    }
    if of(sandbox).count(same):
        message = "There is a chain with this source, target and trigger."
        raise errors.conflict("chain_exists", message)


def _check_cycle(sandbox: "Sandbox", source_id: int, target_id: int) -> None:
    """No way leads back, whatever the triggers and however long (fact 4.5)."""
    seen, stack = set[int](), [target_id]
    while stack:
        workflow_id = stack.pop()
        if workflow_id == source_id:
            message = f"Workflow {target_id} feeds workflow {source_id} already."
            raise errors.conflict("chain_cycle", message)
        if workflow_id not in seen:
            seen.add(workflow_id)
            fed = of(sandbox).find({"source_workflow_id": workflow_id})
            stack.extend(chain["target_workflow_id"] for chain in fed)


def check_mapping(
    sandbox: "Sandbox",
    source: Workflow,
    target: Workflow,
    entries: Sequence[Mapping[str, Any]] | None,
    auto_match: bool,
) -> None:
    """Refuse a mapping that is wrong now; one that feeds nothing leaves all fields empty."""
    _, findings = mapping.plan(
        entries,
        fields.of_dataset(target["fields"]),
        sources.columns_of(source),
        auto_match=auto_match,
        casefold=sandbox.setting("pipelines.auto_match") == "casefold",
    )
    if findings:
        raise errors.refused("mapping_invalid", findings[0]["message"], findings)


def plan(sandbox: "Sandbox", chain: Chain, source: Workflow, target: Workflow) -> mapping.Plan:
    """The mapping as it is now; what is gone by now is left empty (fact 14, U6)."""
    found, _ = mapping.plan(
        chain["mapping"],
        fields.of_dataset(target["fields"]),
        sources.columns_of(source),
        auto_match=chain["auto_match"],
        casefold=sandbox.setting("pipelines.auto_match") == "casefold",
    )
    return found


def blocked_by(sandbox: "Sandbox", chain: Chain) -> dict[str, int]:
    """The source's tasks that keep a pipeline's completion from coming (fact 4.5)."""
    if chain["trigger"] == ON_TASK:
        return dict.fromkeys(tasks.BLOCKING, 0)
    source_id = chain["source_workflow_id"]
    count = tasks.of(sandbox).count
    return {
        status: count({"workflow_id": source_id, "status": status}) for status in tasks.BLOCKING
    }


def status(sandbox: "Sandbox", chain: Chain) -> str:
    """How a chain stands, from how its source's tasks stand (fact 7)."""
    if chain["run_id"] is not None:
        return "firing"
    if chain["trigger"] == ON_TASK:
        return "active"
    if any(blocked_by(sandbox, chain).values()):
        return "blocked"
    if not source_is_complete(sandbox, chain) or chain["last_fired_at"] is None:
        return "waiting"
    return "fired" if last_task(sandbox, chain) <= chain["cursor"] else "waiting"


def source_is_complete(sandbox: "Sandbox", chain: Chain) -> bool:
    """Whether the source has tasks and all are finished; none is no completion (fact 7)."""
    source_id = chain["source_workflow_id"]
    count = tasks.of(sandbox).count
    total = count({"workflow_id": source_id})
    return total > 0 and total == count({"workflow_id": source_id, "status": "finished"})


def last_task(sandbox: "Sandbox", chain: Chain) -> int:
    """The id of the source's newest task."""
    where = {"workflow_id": chain["source_workflow_id"]}
    newest = tasks.of(sandbox).find(where, sort="-id", limit=1)
    return int(newest[0]["id"]) if newest else 0


def shown(sandbox: "Sandbox", chain: Chain) -> dict[str, Any]:
    """The chain as anyone sees it."""
    return {
        "id": chain["id"],
        "source_workflow_id": chain["source_workflow_id"],
        "target_workflow_id": chain["target_workflow_id"],
        "trigger": chain["trigger"],
        "status": status(sandbox, chain),
        "blocked_by": blocked_by(sandbox, chain),
        "mapping": chain["mapping"],
        "auto_match": chain["auto_match"],
        "seeded_count": chain["seeded_count"],
        "last_fired_at": chain["last_fired_at"],
        "created_at": chain["created_at"],
    }
