"""Calls about edit runs, edit templates and form detection."""

from typing import Any

from mockserver.engine.service import Call, HandlerTable
from mockserver.services.extend import calls, files, forms, pages
from mockserver.services.extend.kinds import EDIT, FORM
from mockserver.services.extend.wire import Document, picked, require

handles: HandlerTable = HandlerTable()


_SUMMARY = ("object", "id", "name", "description", "createdAt", "updatedAt")


@handles("edit")
async def edit(call: Call) -> tuple[int, Any]:
    """Fill in a form and wait."""
    _take_template(call)
    return await calls.carry_out(call, EDIT)


@handles("createEditRun")
async def create_edit_run(call: Call) -> tuple[int, Any]:
    """Fill in a form."""
    _take_template(call)
    return await calls.create(call, EDIT)


@handles("listEditRuns")
def list_edit_runs(call: Call) -> tuple[int, Any]:
    """Runs with all filters."""
    return calls.list_runs(call, EDIT)


@handles("getEditRun")
def get_edit_run(call: Call) -> tuple[int, Any]:
    """One run with its output."""
    return calls.get(call, EDIT)


@handles("deleteEditRun")
def delete_edit_run(call: Call) -> tuple[int, Any]:
    """Delete a run."""
    return calls.delete(call, EDIT)


@handles("generateEditSchema")
def generate_edit_schema(call: Call) -> tuple[int, Any]:
    """The fields of a form as a schema, and how an input schema fits them."""
    files.check(call.sandbox, call.body["file"])
    file = files.take(call.sandbox, call.body["file"])
    return 200, forms.detection(call.sandbox, call.body.get("config") or {}, file)


@handles("listEditTemplates")
def list_edit_templates(call: Call) -> tuple[int, Any]:
    """Templates, by part of their name too."""
    sort, falling = pages.ordered(call)
    part = call.parameters.get("nameContains", "").lower()
    listing = pages.Listing(
        forms.TEMPLATES,
        sort=sort,
        falling=falling,
        accepts=(lambda template: part in template["name"].lower()) if part else None,
    )
    found, token = pages.of_call(call, listing)
    return 200, pages.envelope([_template(call, each) for each in found], token)


@handles("getEditTemplate")
def get_edit_template(call: Call) -> tuple[int, Any]:
    """A template with its config."""
    template = require(call.sandbox, forms.TEMPLATES, call.parameters["id"], "Edit template")
    shown = picked(template, ("config", "schemaConfig"))
    return 200, {**_template(call, template), **shown}


@handles("detectForm")
async def detect_form(call: Call) -> tuple[int, Any]:
    """Find the fields of a form and wait."""
    return await calls.carry_out(call, FORM)


@handles("createFormDetectionRun")
async def create_form_detection_run(call: Call) -> tuple[int, Any]:
    """Find the fields of a form."""
    return await calls.create(call, FORM)


@handles("getFormDetectionRun")
def get_form_detection_run(call: Call) -> tuple[int, Any]:
    """One run with its output."""
    return calls.get(call, FORM)


def _template(call: Call, template: Document) -> Document:
    file = require(call.sandbox, files.COLLECTION, template["fileId"], "File")
    return {**picked(template, _SUMMARY), "file": files.summary(file)}


def _take_template(call: Call) -> None:
    """A template stands for its file and its config, over which the caller's goes."""
    if "templateId" in call.body:
        template = require(call.sandbox, forms.TEMPLATES, call.body["templateId"], "Edit template")
        config = {**template["config"], **(call.body.get("config") or {})}
        call.body = {"file": {"id": template["fileId"]}, "config": config}
