"""Calls about workflows and their versions."""

from typing import Any

from mockserver.engine.service import Call, HandlerTable
from mockserver.services.extend import pages, workflows
from mockserver.services.extend.events import Announcer
from mockserver.services.extend.wire import Document, created_by, now, require

handles: HandlerTable = HandlerTable()


@handles("listWorkflows")
def list_workflows(call: Call) -> tuple[int, Any]:
    """All workflows."""
    sort, falling = pages.ordered(call)
    listing = pages.Listing(workflows.COLLECTION, sort=sort, falling=falling)
    found, token = pages.of_call(call, listing)
    return 200, pages.envelope([workflows.summary(each) for each in found], token)


@handles("createWorkflow")
def create_workflow(call: Call) -> tuple[int, Any]:
    """A workflow with a draft of the steps given, or of TRIGGER and PARSE."""
    if "steps" in call.body:
        workflows.check_steps(call.sandbox, call.body["steps"], deploying=False)
    workflow = workflows.create(call.sandbox, call.body, created_by(call))
    return _told(call, "created", workflow)


@handles("getWorkflow")
def get_workflow(call: Call) -> tuple[int, Any]:
    """One workflow with its draft."""
    return 200, workflows.full(call.sandbox, _workflow(call))


@handles("updateWorkflow")
def update_workflow(call: Call) -> tuple[int, Any]:
    """Rename a workflow; `steps` replace the whole draft."""
    workflow = _workflow(call)
    if "steps" in call.body:
        workflows.check_steps(call.sandbox, call.body["steps"], deploying=False)
    return 200, workflows.full(call.sandbox, workflows.change(call.sandbox, workflow, call.body))


@handles("listWorkflowVersions")
def list_workflow_versions(call: Call) -> tuple[int, Any]:
    """The versions of a workflow, the draft among them."""
    workflow = _workflow(call)
    listing = pages.Listing(
        workflows.VERSIONS,
        where={"workflowId": workflow["id"]},
        sort="order",
        falling=call.parameters["sortDir"] == "desc",
    )
    found, token = pages.of_call(call, listing)
    return 200, pages.envelope([workflows.version_summary(each) for each in found], token)


@handles("createWorkflowVersion")
def create_workflow_version(call: Call) -> tuple[int, Any]:
    """Deploy the draft, or the steps given; a step without the config it needs is a 400."""
    workflow = _workflow(call)
    version = workflows.deploy(call.sandbox, workflow, call.body or {}, created_by(call))
    _told(call, "deployed", _workflow(call))
    return 200, workflows.version_full(version)


@handles("getWorkflowVersion")
def get_workflow_version(call: Call) -> tuple[int, Any]:
    """A version by its number or id, the draft, or the latest one."""
    wanted = call.parameters["versionId"]
    version = workflows.version_of(call.sandbox, _workflow(call), wanted)
    return 200, workflows.version_full(version)


def _workflow(call: Call) -> Document:
    return require(call.sandbox, workflows.COLLECTION, call.parameters["id"], "Workflow")


def _told(call: Call, what: str, workflow: Document) -> tuple[int, Any]:
    """Announce the change with the full workflow; without the draft Python's parser gives up."""
    shown = workflows.full(call.sandbox, workflow)
    Announcer(call.sandbox).announce(
        f"workflow.{what}", workflow["id"], now(call.sandbox), lambda: shown
    )
    return 200, shown
