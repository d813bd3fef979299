"""Fault rules: made, changed, counted and removed."""

from typing import Any

from mockserver.admin.pages import page
from mockserver.engine.errors import UnknownName
from mockserver.engine.service import Answer, Call, HandlerTable

handles = HandlerTable()


@handles("listFaults")
def list_faults(call: Call) -> tuple[int, Any]:
    """The rules in the order in which they are asked."""
    rules = call.sandbox.faults.views()
    start = 0
    if "after" in call.parameters:
        ids = [rule["id"] for rule in rules]
        if call.parameters["after"] not in ids:
            raise UnknownName(f"There is no rule {call.parameters['after']!r} to go on after.")
        start = ids.index(call.parameters["after"]) + 1
    return 200, page(rules[start : start + call.parameters["limit"]], len(rules))


@handles("createFault")
def create_fault(call: Call) -> tuple[int, Any]:
    """A new rule, behind the others."""
    return 201, call.sandbox.faults.add(call.body)


@handles("clearFaults")
def clear_faults(call: Call) -> Answer:
    """No rule is left."""
    call.sandbox.faults.clear()
    return Answer(204)


@handles("getFault")
def get_fault(call: Call) -> tuple[int, Any]:
    """One rule, by id or name."""
    return 200, call.sandbox.faults.get(call.parameters["id"])


@handles("changeFault")
def change_fault(call: Call) -> tuple[int, Any]:
    """Other members for a rule; it counts from the start."""
    return 200, call.sandbox.faults.change(call.parameters["id"], call.body)


@handles("deleteFault")
def delete_fault(call: Call) -> Answer:
    """One rule less."""
    call.sandbox.faults.delete(call.parameters["id"])
    return Answer(204)
