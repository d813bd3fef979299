"""Scenarios: bundles of fault rules under a name."""

from typing import Any

from mockserver import scenarios
from mockserver.admin.pages import page
from mockserver.engine.service import Call, HandlerTable

handles = HandlerTable()


@handles("listScenarios")
def list_scenarios(call: Call) -> tuple[int, Any]:
    """What each is like, with its rules."""
    return 200, page([scenarios.scenario(name).view() for name in scenarios.names()])


@handles("applyScenario")
def apply_scenario(call: Call) -> tuple[int, Any]:
    """Its rules from now on; those of an earlier time are replaced."""
    chosen = scenarios.scenario(call.parameters["name"])
    return 200, {**chosen.view(), "rules": call.sandbox.faults.install(chosen.rules)}
