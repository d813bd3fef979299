"""What form detection and form filling would have found: fields, where they are, what goes in."""

from collections.abc import Mapping
from typing import Any

from mockserver.engine.sandbox import Sandbox
from mockserver.services.extend.wire import Document

TEMPLATES = "extend.edit_templates"

_FIELDS = ("full_name", "date_of_birth", "street_address", "city", "agrees_to_terms", "signature")
_KINDS = {"agrees_to_terms": "checkbox", "signature": "signature"}


def schema_of(sandbox: Sandbox, file: Mapping[str, Any]) -> Document:
    """The fields of a form: some of those that most forms have, each at its place."""
    chance = sandbox.ids.random("extend.forms", file["id"])
    names = sorted(chance.sample(_FIELDS, 4), key=_FIELDS.index)
    properties: Document = {}
    for number, name in enumerate(names):
        top = round(0.1 + 0.12 * number, 3)
        properties[name] = {
            "type": "boolean" if _KINDS.get(name) == "checkbox" else "string",
            "description": name.replace("_", " ").capitalize(),
            "extend_edit:field_type": _KINDS.get(name, "text"),
            "extend_edit:page_index": 0,
            "extend_edit:bbox": {"left": 0.2, "top": top, "right": 0.7, "bottom": top + 0.04},
        }
    return {"type": "object", "properties": properties}


def detection(sandbox: Sandbox, config: Mapping[str, Any], file: Mapping[str, Any]) -> Document:
    """The output of form detection; with an input schema, how its fields fit the form's."""
    found = schema_of(sandbox, file)
    given = config.get("inputSchema")
    if given is None:
        return {"schema": found, "annotatedSchema": None, "mappingResult": None}
    wanted, there = list(given.get("properties", {})), list(found["properties"])
    matches = [name for name in wanted if name in there]
    return {
        "schema": found,
        "annotatedSchema": given,
        "mappingResult": {
            "matches": [{"inputPath": name, "formFieldKey": name} for name in matches],
            "unmatchedInputPaths": [name for name in wanted if name not in matches],
            "unusedFormFieldKeys": [name for name in there if name not in matches],
        },
    }


def filled(sandbox: Sandbox, config: Mapping[str, Any], file: Mapping[str, Any]) -> Document:
    """What was written into the form: the values given, else invented ones."""
    schema = config.get("schema") or schema_of(sandbox, file)
    faker = sandbox.examples.faker("extend.forms", file["id"])
    invented = {
        "full_name": faker.name(),
        "date_of_birth": faker.date(),
        "street_address": faker.street_address(),
        "city": faker.city(),
        "agrees_to_terms": True,
    }
    return {
        name: field.get("extend_edit:value", invented.get(name, faker.word()))
        for name, field in schema.get("properties", {}).items()
    }


def metrics(file: Mapping[str, Any], fields: int, *, filling: bool) -> Document:
    """Counts and times of the parts of the work."""
    pages = int(file["metadata"].get("pageCount", 1))
    found = {
        "processingTimeMs": 900 * pages,
        "pageCount": pages,
        "fieldCount": fields,
        "fieldsDetectedCount": fields,
        "fieldsAnnotatedCount": fields,
        "fieldDetectionTimeMs": 400 * pages,
        "fieldAnnotationTimeMs": 300 * pages,
    }
    return {**found, "fieldFillingTimeMs": 200 * pages} if filling else found
