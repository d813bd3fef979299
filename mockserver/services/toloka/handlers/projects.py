"""Handlers of projects."""

from typing import Any

from mockserver.engine.service import Call, HandlerTable
from mockserver.services.toloka import errors, operations, pages, pools, wire

handles = HandlerTable()

COLLECTION = "toloka.projects"
OWN = ("id", "status", "created", "owner")
"""Keys that only the service sets; clients send them back (trap B18)."""

_SPECS = ("input_spec", "output_spec")


def form_of(call: Call) -> dict[str, Any]:
    """The submitted project with its defaults filled in: `view_spec.type` decides the class that
    toloka-kit builds (trap B15), and a template needs its `lock` (trap B16)."""
    form = wire.loosened(call.body, booleans=("assignments_automerge_enabled",), integers=_INTEGERS)
    spec = form["task_spec"]
    for name in _SPECS:
        spec[name] = {field: _filled(one) for field, one in spec[name].items()}
    view = wire.without_nulls(spec["view_spec"])
    view.setdefault("type", "classic")
    if view["type"] == "tb":
        view.setdefault("lock", {})
    spec["view_spec"] = view
    return wire.check_again(call, {key: value for key, value in form.items() if key not in OWN})


_INTEGERS = ("max_active_assignments_count",)


def _filled(field: dict[str, Any]) -> dict[str, Any]:
    booleans = ("required", "hidden", "current_location")
    found = wire.loosened(field, booleans=booleans)
    return {"required": True, "hidden": False, **found}


@handles("createProject")
def create_project(call: Call) -> tuple[int, Any]:
    """Create a project."""
    project = {
        "id": wire.number(call.sandbox, "project"),
        **form_of(call),
        "status": "ACTIVE",
        "created": wire.stamp(call.sandbox),
        "owner": wire.owner(),
    }
    call.sandbox.collection(COLLECTION).put(project)
    return 201, project


@handles("getProjects")
def get_projects(call: Call) -> tuple[int, Any]:
    """List projects."""
    where = {"owner.id": call.parameters["owner"]} if "owner" in call.parameters else {}
    return pages.page(call, COLLECTION, pages.PROJECTS, where)


@handles("getProject")
def get_project(call: Call) -> tuple[int, Any]:
    """Get a project."""
    return 200, wire.require(call, COLLECTION)


@handles("updateProject")
def update_project(call: Call) -> tuple[int, Any]:
    """Replace a project."""
    project = wire.require(call, COLLECTION)
    if project["status"] == "ARCHIVED":
        raise errors.conflict("PROJECT_INAPPROPRIATE_STATUS")
    kept = {key: project[key] for key in OWN}
    changed = {"id": kept.pop("id"), **form_of(call), **kept}
    call.sandbox.collection(COLLECTION).put(changed)
    return 200, changed


@handles("archiveProject")
def archive_project(call: Call) -> tuple[int, Any]:
    """Archive a project whose pools are archived.

    An archived one gets an operation that has succeeded: toloka-kit cannot read a 204 here
    (client/__init__.py:1199, trap B13).
    """
    project = wire.require(call, COLLECTION)
    sandbox = call.sandbox
    parameters = {"project_id": project["id"]}
    if project["status"] == "ARCHIVED":
        operation = operations.submit(sandbox, "PROJECT.ARCHIVE", parameters)
        operations.finish(sandbox, operation)
        return 202, operation
    for name in (pools.POOLS, pools.TRAININGS):
        of_project = {"project_id": project["id"]}
        archived = sandbox.collection(name).count({**of_project, "status": "ARCHIVED"})
        if archived < sandbox.collection(name).count(of_project):
            raise errors.conflict("UNARCHIVED_POOLS_CONFLICT")
    return 202, operations.schedule(sandbox, "PROJECT.ARCHIVE", parameters, "archive_project")


@handles("checkProject")
def check_project(call: Call) -> tuple[int, Any]:
    """Tell whether a new version changes what tasks and answers must look like."""
    project = wire.require(call, COLLECTION)
    form = form_of(call)
    old = {key: value for key, value in project.items() if key not in OWN}
    if form == old:
        level = "EQUAL"
    elif any(_breaks(old["task_spec"][name], form["task_spec"][name]) for name in _SPECS):
        level = "BREAKING_CHANGE"
    else:
        level = "NON_BREAKING_CHANGE"
    return 200, {"differenceLevel": level}


def _breaks(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """A field is gone, changed, or new and required."""
    if any(new.get(name) != field for name, field in old.items()):
        return True
    return any(field["required"] for name, field in new.items() if name not in old)
