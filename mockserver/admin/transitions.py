"""Steps that a service takes by itself, and what is set apart from the pace."""

from collections.abc import Mapping
from typing import Any

from mockserver.admin.pages import page
from mockserver.engine.service import Answer, Call, HandlerTable

handles = HandlerTable()


@handles("listTransitions")
def list_transitions(call: Call) -> tuple[int, Any]:
    """Every transition with its overrides."""
    items = [
        {**each, "overrides": [_view(override) for override in each["overrides"]]}
        for each in call.sandbox.pace.transitions()
    ]
    return 200, page(items)


@handles("overrideTransition")
def override_transition(call: Call) -> tuple[int, Any]:
    """Set a transition apart, for all resources or for one."""
    resource = call.body.get("resource")
    setting = {
        name: value for name, value in call.body.items() if name not in ("transition", "resource")
    }
    override = call.sandbox.pace.override(
        call.body["transition"], setting, None if resource is None else str(resource)
    )
    return 200, _view(override)


@handles("clearTransitions")
def clear_transitions(call: Call) -> Answer:
    """Let all transitions follow the pace again, or the named one only."""
    pace = call.sandbox.pace
    wanted = call.parameters.get("transition")
    resource = call.parameters.get("resource")
    if wanted is not None and resource is not None:
        pace.clear(wanted, resource)
        return Answer(204)
    for transition in pace.transitions():
        for override in transition["overrides"]:
            matches = wanted in (None, override["transition"])
            if matches and resource in (None, override["resource"]):
                pace.clear(override["transition"], override["resource"])
    if wanted is not None:
        pace.clear(wanted)
    return Answer(204)


@handles("releaseTransition")
def release_transition(call: Call) -> tuple[int, Any]:
    """Take by hand what an override holds back."""
    released = call.sandbox.pace.release(call.body["transition"], str(call.body["resource"]))
    return 200, {"released": released}


def _view(override: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in override.items() if name != "id"}
