"""Workflows: metadata, the fields that tasks need, versions and groups."""

from typing import Any

from mockserver.engine.service import Call, HandlerTable
from mockserver.services.pipelines import fields, lifecycle, tasks, wire

handles = HandlerTable()


@handles("getWorkflow")
def get_workflow(call: Call) -> tuple[int, Any]:
    """Metadata with the number of tasks in each status."""
    found = wire.workflow(call)
    names = ("id", "name", "status", "version", "project_id", "organization_id")
    return 200, {
        **{name: found[name] for name in names},
        "creation_mode": fields.creation_mode(found["fields"]),
        "task_counts": tasks.counts(call.sandbox, found),
        "created_at": found["created_at"],
        "updated_at": found["updated_at"],
    }


@handles("getWorkflowSchema")
def get_workflow_schema(call: Call) -> tuple[int, Any]:
    """The dataset fields: "the field schema required to create tasks" (fact 2, E3)."""
    found = wire.workflow(call)
    return 200, {
        "workflow_id": found["id"],
        "version": found["version"],
        "creation_mode": fields.creation_mode(found["fields"]),
        "fields": [fields.shown(field) for field in fields.of_dataset(found["fields"])],
        "limits": {"min_tasks": 1, "max_tasks": lifecycle.MAX_TASKS},
    }


@handles("listVersions")
def list_versions(call: Call) -> tuple[int, Any]:
    """Each publish and each change since."""
    found = wire.workflow(call)
    where = {"workflow_id": found["id"]}
    versions = call.sandbox.collection("pipelines.versions").find(where, sort="-")
    return 200, {
        "items": [
            {
                "version": version["version"],
                "change": version["change"],
                "created_at": version["created_at"],
                "node_ids": [node["id"] for node in version["nodes"]],
                "field_names": [field["name"] for field in version["fields"]],
            }
            for version in versions
        ]
    }


@handles("listGroups")
def list_groups(call: Call) -> tuple[int, Any]:
    """What can be selected under "Copy values from groups"."""
    found = wire.workflow(call)
    return 200, wire.page(call, "pipelines.groups", {"workflow_id": found["id"]}, dict)
