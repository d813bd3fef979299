"""Organizations, keys, users, projects, pipelines and datasets, made and changed by hand."""

from typing import Any

from mockserver.engine.service import Call, ControlTable
from mockserver.services.pipelines import datasets, errors, keys, publishing, workflows

controls = ControlTable()

FIRST_ID = 101
"""Ids below are left to fixtures."""


@controls("makeOrganization")
def make_organization(call: Call) -> tuple[int, Any]:
    """Organizations are provisioned by the vendor (fact 1)."""
    document = {
        "id": call.sandbox.ids.number("pipelines.organizations", FIRST_ID),
        "name": call.body["name"],
        "created_at": workflows.now(call.sandbox),
    }
    call.sandbox.collection("pipelines.organizations").put(document)
    return 201, document


@controls("makeKey")
def make_key(call: Call) -> tuple[int, Any]:
    """A key of an organization, with a user's role or with none."""
    organization = _existing(call, "organizations", call.body["organization_id"])
    if call.body.get("user"):
        _existing(call, "users", call.body["user"])
    at = workflows.now(call.sandbox)
    key = keys.complete(
        {
            "id": call.sandbox.ids.number("pipelines.key_ids", FIRST_ID),
            "organization_id": organization["id"],
            "digits": call.sandbox.ids.token("pipelines.keys", 40, keys.DIGITS),
            "name": call.body.get("name", ""),
            "user": call.body.get("user"),
            "expires_at": call.body.get("expires_at"),
            "revoked_at": at if call.body.get("revoked") else None,
            "created_at": at,
        }
    )
    call.sandbox.collection("pipelines.keys").put(key)
    return 201, key


@controls("revokeKey")
def revoke_key(call: Call) -> tuple[int, Any]:
    """From now on the key is refused."""
    key = _existing(call, "keys", call.parameters["key_id"])
    key["revoked_at"] = key["revoked_at"] or workflows.now(call.sandbox)
    call.sandbox.collection("pipelines.keys").put(key)
    return 200, key


@controls("makeUser")
def make_user(call: Call) -> tuple[int, Any]:
    """Somebody with a role; contributors have a type (fact 1.2)."""
    _existing(call, "organizations", call.body["organization_id"])
    user = {
        "role": "contributor",
        "contributor_type": "expert",
        "project_ids": None,
        **call.body,
        "created_at": workflows.now(call.sandbox),
    }
    call.sandbox.collection("pipelines.users").put(user)
    return 201, user


@controls("makeProject")
def make_project(call: Call) -> tuple[int, Any]:
    """A workspace in an organization."""
    _existing(call, "organizations", call.body["organization_id"])
    project = {
        "id": call.sandbox.ids.number("pipelines.projects", FIRST_ID),
        **call.body,
        "created_at": workflows.now(call.sandbox),
    }
    call.sandbox.collection("pipelines.projects").put(project)
    return 201, project


@controls("makeWorkflow")
def make_workflow(call: Call) -> tuple[int, Any]:
    """A pipeline, a draft unless a status is given."""
    project = _existing(call, "projects", call.body["project_id"])
    at = workflows.now(call.sandbox)
    workflow = workflows.complete(
        {
            **call.body,
            "id": call.sandbox.ids.number("pipelines.workflows", FIRST_ID),
            "organization_id": project["organization_id"],
            "created_at": at,
            "updated_at": at,
        }
    )
    workflows.keep(call.sandbox, workflow, "published")
    if workflow["status"] == "active":
        publishing.activated(call.sandbox, workflow)
    return 201, workflow


@controls("readWorkflow")
def read_workflow(call: Call) -> tuple[int, Any]:
    """All that a pipeline is made of."""
    return 200, _existing(call, "workflows", call.parameters["workflow_id"])


@controls("changeWorkflow")
def change_workflow(call: Call) -> tuple[int, Any]:
    """Another version of a pipeline."""
    workflow = _existing(call, "workflows", call.parameters["workflow_id"])
    return 200, workflows.change(call.sandbox, workflow, call.body)


@controls("setWorkflowStatus")
def set_workflow_status(call: Call) -> tuple[int, Any]:
    """Along the edges that the product has."""
    workflow = _existing(call, "workflows", call.parameters["workflow_id"])
    return 200, publishing.set_status(call.sandbox, workflow, call.body["status"])


@controls("makeDataset")
def make_dataset(call: Call) -> tuple[int, Any]:
    """An imported dataset."""
    _existing(call, "organizations", call.body["organization_id"])
    dataset = datasets.add(
        call.sandbox,
        call.body["organization_id"],
        call.body["name"],
        call.body["rows"],
        call.body.get("status", "ready"),
    )
    return 201, datasets.shown(call.sandbox, dataset)


def _existing(call: Call, collection: str, id: Any) -> dict[str, Any]:
    found = call.sandbox.collection(f"pipelines.{collection}").get(id)
    if found is None:
        raise errors.not_found(collection.removesuffix("s"), id)
    return found
