"""Chains: configured from the target, which they lead into."""

from typing import Any

from mockserver.engine.service import Call, HandlerTable
from mockserver.services.pipelines import chains, errors, firing, wire, workflows

handles = HandlerTable()


@handles("listChains")
def list_chains(call: Call) -> tuple[int, Any]:
    """Chains into the workflow; `direction=out` those that it feeds."""
    workflow = wire.workflow(call)
    out = call.parameters["direction"] == "out"
    where = {"source_workflow_id" if out else "target_workflow_id": workflow["id"]}
    found = chains.of(call.sandbox).find(where)
    return 200, {"items": [chains.shown(call.sandbox, chain) for chain in found]}


@handles("createChain")
def create_chain(call: Call) -> tuple[int, Any]:
    """A chain on pipeline completion seeds at once where all is finished already (fact 7)."""
    target = wire.workflow(call, writes=True)
    source = wire.visible_workflow(call, call.body["source_workflow_id"], "source_workflow")
    chain = chains.add(call.sandbox, source, target, call.body)
    if chain["trigger"] == chains.ON_TASK and call.body.get("backfill"):
        firing.start_batch(call.sandbox, chain)
    firing.check(call.sandbox, chain)
    return 201, _shown(call, chain)


@handles("getChain")
def get_chain(call: Call) -> tuple[int, Any]:
    """How the chain stands."""
    chain = wire.chain(call, wire.workflow(call))
    return 200, chains.shown(call.sandbox, chain)


@handles("updateChain")
def update_chain(call: Call) -> tuple[int, Any]:
    """Trigger and mapping can be edited, the source cannot."""
    target = wire.workflow(call, writes=True)
    chain = wire.chain(call, target)
    for name in ("source_workflow_id", "target_workflow_id"):
        if name in call.body:
            raise errors.refused("immutable_field", f"{name} cannot be changed.")
    source = workflows.get(call.sandbox, chain["source_workflow_id"])
    if source is None:
        raise errors.not_found("source_workflow", chain["source_workflow_id"])
    changed = chains.change(call.sandbox, chain, source, target, call.body)
    firing.check(call.sandbox, changed)
    return 200, _shown(call, changed)


@handles("deleteChain")
def delete_chain(call: Call) -> tuple[int, Any]:
    """A run that is under way stops with it."""
    chain = wire.chain(call, wire.workflow(call, writes=True))
    chains.of(call.sandbox).delete(chain["id"])
    return 204, None


@handles("listChainRuns")
def list_chain_runs(call: Call) -> tuple[int, Any]:
    """The firing history."""
    chain = wire.chain(call, wire.workflow(call))
    where = {"chain_id": chain["id"]}
    return 200, wire.page(call, "pipelines.chain_runs", where, firing.shown, sort="-")


def _shown(call: Call, chain: chains.Chain) -> dict[str, Any]:
    newest = chains.of(call.sandbox).get(chain["id"]) or chain
    return chains.shown(call.sandbox, newest)
