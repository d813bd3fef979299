"""Calling simulated people, and models, to work that has become open."""

from typing import TYPE_CHECKING

from mockserver.services.pipelines import nodes
from mockserver.services.pipelines.workflows import Workflow

if TYPE_CHECKING:
    from mockserver.engine.sandbox import Sandbox

EXPERTS = tuple(f"crew-expert-{number}" for number in range(1, 6))
REVIEWERS = tuple(f"crew-reviewer-{number}" for number in range(1, 4))
MEMBERS = (*EXPERTS, *REVIEWERS)


def resource_of(workflow: Workflow) -> str:
    """What the crew's jobs, and the polls that may drive them, are about."""
    return f"pipelines/workflows/{workflow['id']}"


def call(sandbox: "Sandbox", workflow: Workflow, work: str | None) -> None:
    """See to it that what is open will be worked on, at the sandbox's pace."""
    if work is None or workflow["status"] != "active":
        return
    if work in nodes.MODELS:
        schedule(sandbox, workflow, "generate_responses")
    if work != "llm" and workflow["settings"]["workforce"] == "simulated":
        schedule(sandbox, workflow, "claim_work")


def schedule(sandbox: "Sandbox", workflow: Workflow, transition: str) -> None:
    """Schedule a step for the whole workflow, unless it is scheduled already."""
    resource, kind = resource_of(workflow), f"pipelines.{transition}"
    if not sandbox.jobs.scheduled(resource=resource, kind=kind):
        sandbox.pace.schedule(kind, {"workflow_id": workflow["id"]}, resource=resource)
