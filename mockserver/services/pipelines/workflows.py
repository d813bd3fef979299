"""A pipeline, in the API a workflow: what it is made of, its versions, its place in its project."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mockserver.engine.clock import rfc3339
from mockserver.services.pipelines import errors, fields, graph
from mockserver.services.pipelines.fields import Field
from mockserver.services.pipelines.graph import Graph

if TYPE_CHECKING:
    from mockserver.engine.sandbox import Sandbox

Workflow = dict[str, Any]

STATUSES = ("draft", "active", "paused", "completed", "archived")

SETTINGS: dict[str, Any] = {
    "claim_limits": {},
    "claim_timeout_seconds": 3600,
    "workforce": "simulated",
}

# What may change in a field without a task's work being another (fact 5.1, versioning).
_COSMETIC = ("title", "helper_text")
_STRUCTURAL = ("name", "type", "data_source", "multiple", "node_id")


@dataclass(frozen=True, slots=True)
class Design:
    """What a version of a workflow is made of; a task keeps to the version it began with."""

    fields: tuple[Field, ...]
    graph: Graph
    llm: frozenset[str]

    def inputs(self, node_id: str) -> list[Field]:
        """The fields that a person fills at a node."""
        found = fields.of_node(self.fields, node_id)
        return [field for field in found if field["data_source"] == "user_input"]


def now(sandbox: "Sandbox") -> str:
    """The sandbox's time as Pipelines writes it."""
    return rfc3339(sandbox.clock.now())


def complete(document: dict[str, Any]) -> Workflow:
    """The workflow with everything filled in and checked."""
    nodes = graph.complete(document.get("nodes") or [])
    first = Graph(nodes).first
    defined = [fields.complete(field, first) for field in document.get("fields") or []]
    _check_fields(defined, nodes)
    settings = {**SETTINGS, **(document.get("settings") or {})}
    found = {"status": "draft", "version": 1, **document}
    return {**found, "fields": defined, "nodes": nodes, "settings": settings}


def _check_fields(defined: list[Field], nodes: list[graph.Node]) -> None:
    subtasks = {node["id"] for node in nodes if node["type"] == "subtask"}
    seen = set[tuple[str, str | None]]()
    for field in defined:
        node_id = field.get("node_id")
        if node_id is not None and node_id not in subtasks:
            raise errors.refused(
                "fields_invalid", f"{field['name']}: there is no subtask {node_id}."
            )
        if (field["name"], node_id) in seen:
            raise errors.refused("fields_invalid", f"There are two fields {field['name']}.")
        seen.add((field["name"], node_id))
        # Dynamic entries are for what people enter one after the other (fact 1.1); predefined
        # ones are let through, since imported columns may hold arrays.
        if field["data_source"] in ("static", "llm_response") and field["multiple"]:
            raise errors.refused("fields_invalid", f"{field['name']} cannot have many entries.")


def keep(sandbox: "Sandbox", workflow: Workflow, change: str) -> None:
    """Store a workflow and the snapshot that its version is."""
    sandbox.collection("pipelines.workflows").put(workflow)
    sandbox.collection("pipelines.versions").put(
        {
            "id": f"{workflow['id']}/{workflow['version']}",
            "workflow_id": workflow["id"],
            "version": workflow["version"],
            "change": change,
            "created_at": workflow["updated_at"],
            "fields": workflow["fields"],
            "nodes": workflow["nodes"],
        }
    )


def change(sandbox: "Sandbox", workflow: Workflow, changes: dict[str, Any]) -> Workflow:
    """Apply changes as a new version; tasks in flight stay on theirs.

    Not emulated: an admin's decision to migrate tasks in flight.
    """
    changed = complete({**workflow, **changes})
    if "settings" in changes:
        changed["settings"] = {**workflow["settings"], **changes["settings"]}
    changed["version"] = workflow["version"] + 1
    changed["updated_at"] = now(sandbox)
    keep(sandbox, changed, _class_of(workflow, changed))
    return changed


def _class_of(old: Workflow, new: Workflow) -> str:
    """Cosmetic, behavioral or structural (fact 5.1)."""

    def shape(workflow: Workflow) -> Any:
        nodes = [(node["id"], node["type"], node["next"]) for node in workflow["nodes"]]
        return nodes, [[field.get(key) for key in _STRUCTURAL] for field in workflow["fields"]]

    def conduct(workflow: Workflow) -> Any:
        kept = [
            {key: value for key, value in field.items() if key not in _COSMETIC}
            for field in workflow["fields"]
        ]
        return kept, [node.get("settings") for node in workflow["nodes"]], workflow["settings"]

    if shape(old) != shape(new):
        return "structural"
    return "cosmetic" if conduct(old) == conduct(new) else "behavioral"


def get(sandbox: "Sandbox", workflow_id: int) -> Workflow | None:
    """The workflow of an id."""
    return sandbox.collection("pipelines.workflows").get(workflow_id)


def design(sandbox: "Sandbox", workflow_id: int, version: int) -> Design:
    """What a version is made of."""
    found = sandbox.collection("pipelines.versions").get(f"{workflow_id}/{version}")
    if found is None:
        raise KeyError(f"workflow {workflow_id} has no version {version}")
    return design_of(found)


def design_of(document: dict[str, Any]) -> Design:
    """The design in a workflow or in a version."""
    defined = tuple(document["fields"])
    found = Graph(document["nodes"])
    by_model = frozenset(
        name
        for name in found.tracked
        if (asked := fields.of_node(defined, name))
        and all(field["data_source"] == "llm_response" for field in asked)
    )
    return Design(defined, found, by_model)


def check_accepts_tasks(sandbox: "Sandbox", workflow: Workflow) -> None:
    """Only an active pipeline accepts tasks (fact 5.1); a paused one by setting."""
    status = workflow["status"]
    paused_too = sandbox.setting("pipelines.allow_seed_when_paused")
    if status != "active" and not (status == "paused" and paused_too):
        message = f"The workflow is {status}; only an active one accepts tasks."
        raise errors.conflict("workflow_not_active", message)
