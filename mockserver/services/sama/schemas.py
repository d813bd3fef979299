"""JSON Schemas, draft 7, of what a project's tasks look like: new ones, and delivered ones."""

from typing import Any

from mockserver.services.sama.inputs import INT32, LONGEST_STRING, PREFIX

DRAFT = "http://json-schema.org/draft-07/schema#"

_INPUTS: dict[str, dict[str, Any]] = {
    "string": {"type": "string", "maxLength": LONGEST_STRING},
    "integer": {"type": "integer", "minimum": INT32[0], "maximum": INT32[1]},
    "date": {"type": "string", "format": "date", "pattern": r"^\d{4}-\d{2}-\d{2}$"},
}


def creation_schema(project: dict[str, Any]) -> dict[str, Any]:
    """What the creation of a task takes (F136)."""
    data = _data_schema(project)
    for output in project["outputs"]:
        default = {"description": f"Default answer for {output['name']}", **_answer_schema(output)}
        data["properties"][PREFIX + output["name"]] = default
    return {
        "$schema": DRAFT,
        "title": f"New task of {project['name']}",
        "type": "object",
        "required": ["data"],
        "properties": {
            "data": data,
            "priority": {"type": "integer", "minimum": INT32[0], "maximum": INT32[1]},
            "reserve_for": {"type": "integer"},
            "submit": {"type": "boolean"},
            "duration": {"type": "number", "minimum": 0},
        },
    }


def delivery_schema(project: dict[str, Any]) -> dict[str, Any]:
    """What a delivery holds: the inputs, the outputs with examples, custom metadata (F135)."""
    outputs = {output["name"]: _answer_schema(output) for output in project["outputs"]}
    metadata = {
        each["name"]: {"type": "string", "examples": [each["example"]]}
        for each in project["metadata"]
    }
    return {
        "$schema": DRAFT,
        "title": f"Delivered task of {project['name']}",
        "type": "object",
        "required": ["id", "project_id", "state", "data", "answers"],
        "properties": {
            "id": {"type": "string", "pattern": "^[0-9a-f]{24}$"},
            "project_id": {"const": project["id"]},
            "created_at": {"type": "string", "format": "date-time"},
            "delivered_at": {"type": ["string", "null"], "format": "date-time"},
            "state": {"type": "string"},
            "batch_id": {"type": ["integer", "null"]},
            "client_batch_id": {"type": ["string", "null"]},
            "data": _data_schema(project),
            "answers": {"type": "object", "properties": outputs},
            "submitter_ids_by_step": {
                "type": "object",
                "properties": {step["name"]: {"type": "integer"} for step in project["steps"]},
            },
            "_extras": {"type": "object"},
            "metadata": {"type": "object", "properties": metadata},
        },
    }


def _data_schema(project: dict[str, Any]) -> dict[str, Any]:
    properties = {}
    for each in project["inputs"]:
        properties[each["name"]] = dict(_INPUTS[each["type"]])
        if "description" in each:
            properties[each["name"]]["description"] = each["description"]
    return {
        "type": "object",
        "required": [each["name"] for each in project["inputs"] if each.get("required")],
        "properties": properties,
    }


def _answer_schema(output: dict[str, Any]) -> dict[str, Any]:
    match output["type"]:
        case "dropdown" | "radio":
            return {"enum": output["options"], "examples": [output["options"][0]]}
        case "menu":
            example = "|".join(level[0] for level in output["levels"])
            return {"type": "string", "examples": [example]}
        case "checkbox":
            return {
                "type": "object",
                "properties": {option: {"enum": ["0", "1"]} for option in output["options"]},
                "additionalProperties": False,
                "examples": [dict.fromkeys(output["options"], "0")],
            }
        case "date":
            return {**_INPUTS["date"], "examples": ["2024-03-12"]}
        case "text":
            return {"type": "string", "examples": ["Some text"]}
        case "image_vector":
            return _layer("vector_tagging", {"type": "array", "items": _group_schema("points")})
        case "image_raster":
            mask = {"type": "object", "required": ["mask_url"]}
            return _layer("raster_coding", mask)
        case _:
            return {
                "type": "array",
                "items": _group_schema("key_locations"),
                "examples": [[{"shapes": [], "frame_count": output["frame_count"]}]],
            }


def _layer(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    example = [] if schema["type"] == "array" else {"mask_url": "https://assets.sama.invalid/m.png"}
    return {
        "type": "object",
        "required": ["layers"],
        "properties": {"layers": {"type": "object", "properties": {name: schema}}},
        "examples": [{"layers": {name: example}}],
    }


def _group_schema(places: str) -> dict[str, Any]:
    shape = {
        "type": "object",
        "required": ["type", "index", places],
        "properties": {
            "type": {"type": "string"},
            "index": {"type": "integer"},
            "tags": {"type": "object"},
            places: {"type": "array"},
        },
    }
    return {
        "type": "object",
        "required": ["shapes"],
        "properties": {"shapes": {"type": "array", "items": shape}},
    }
