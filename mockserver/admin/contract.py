"""The contract report of a sandbox: what clients called, and what they broke."""

from typing import Any

from mockserver.engine.service import Answer, Call, HandlerTable

handles = HandlerTable()


@handles("getContractReport")
def get_contract_report(call: Call) -> tuple[int, Any]:
    """Counts since the sandbox was made; neither a reset nor a cleared journal touches them."""
    # Few servers are ever asked; loading it would be a twentieth of the start.
    from mockserver.report import gather

    world = call.sandbox.world
    return 200, gather([call.sandbox.journal.tally], world.contracts)


@handles("clearContractReport")
def clear_contract_report(call: Call) -> Answer:
    """Count anew."""
    call.sandbox.journal.tally.clear()
    return Answer(204)
