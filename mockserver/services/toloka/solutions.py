"""Answers that Tolokers give: invented from a project's output specification, mostly agreeing."""

import zlib
from collections.abc import Mapping
from typing import Any

from mockserver.engine.sandbox import Sandbox
from mockserver.services.toloka import specs, wire

ATTACHMENTS = "toloka.attachments"

AGREEMENT = 0.85
"""How often a Toloker gives the answer that most give."""
KNOWLEDGE = 0.9
"""How often a Toloker solves a control task."""
ANSWERED = 0.7
"""How often a field that is not required is filled in."""

Values = dict[str, Any]


def answer(
    sandbox: Sandbox,
    spec: Mapping[str, Mapping[str, Any]],
    task: Mapping[str, Any],
    assignment: Mapping[str, Any],
) -> Values:
    """One Toloker's output values for a task; the same seed gives the same answer."""
    user_id = assignment["user_id"]
    chance = sandbox.ids.random("toloka.answer", task["id"], user_id)
    known = task.get("known_solutions")
    if known and chance.random() < KNOWLEDGE:
        weights = [solution.get("correctness_weight", 1) or 0.01 for solution in known]
        chosen: Values = chance.choices(known, weights)[0]["output_values"]
        return chosen
    found: Values = {}
    for name, field in spec.items():
        required = field.get("required")
        if required is not None and not wire.truth(required) and chance.random() > ANSWERED:
            continue
        own = "" if chance.random() < AGREEMENT else user_id
        key = ("toloka.truth", task["id"], name, own)
        found[name] = _value(sandbox, name, field, key, assignment)
    return found


def _value(
    sandbox: Sandbox,
    name: str,
    field: Mapping[str, Any],
    key: tuple[str, ...],
    assignment: Mapping[str, Any],
) -> Any:
    kind = str(field["type"])
    chance = sandbox.ids.random(*key)
    if not kind.startswith(specs.ARRAY):
        return _scalar(sandbox, name, field, chance, assignment)
    low = field.get("min_size") or 0
    high = field.get("max_size")
    size = chance.randint(max(low, 1), max(low, 1, 3 if high is None else min(high, 3)))
    if high == 0:
        size = 0
    single = {**field, "type": kind.removeprefix(specs.ARRAY)}
    return [_scalar(sandbox, name, single, chance, assignment) for _ in range(size)]


def _scalar(
    sandbox: Sandbox,
    name: str,
    field: Mapping[str, Any],
    chance: Any,
    assignment: Mapping[str, Any],
) -> Any:
    if field.get("allowed_values"):
        return chance.choice(field["allowed_values"])
    match str(field["type"]):
        case "boolean":
            return chance.random() < 0.5
        case "integer":
            low, high = _limits(field)
            return chance.randint(int(low), max(int(low), int(high)))
        case "float":
            low, high = _limits(field)
            return round(chance.uniform(low, high), 2)
        case "coordinates":
            return f"{chance.uniform(-60, 70):.6f},{chance.uniform(-180, 180):.6f}"
        case "file":
            return _attach(sandbox, name, assignment)["id"]
    invented = sandbox.examples.invent(_schema(name, field), chance.random())
    return invented[name]


def _limits(field: Mapping[str, Any]) -> tuple[float, float]:
    low, high = field.get("min_value"), field.get("max_value")
    if low is None:
        low = 0 if high is None or high > 0 else high - 100
    return low, (low + 100 if high is None else high)


def _schema(name: str, field: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON Schema of an object with the field, whose name then guides the invention."""
    kind = field["type"]
    if kind == "json":
        part = {"note": {"type": "string"}}
        schema: dict[str, Any] = {"type": "object", "properties": part, "required": ["note"]}
    elif kind == "url":
        schema = {"type": "string", "format": "uri", "pattern": "^https?://"}
    else:
        schema = {"type": "string"}
        limits = {"minLength": "min_length", "maxLength": "max_length", "pattern": "pattern"}
        for keyword, own in limits.items():
            if field.get(own) is not None:
                schema[keyword] = field[own]
        schema.setdefault("minLength", 1)
    return {"type": "object", "properties": {name: schema}, "required": [name]}


def _attach(sandbox: Sandbox, name: str, assignment: Mapping[str, Any]) -> dict[str, Any]:
    """A file that the Toloker has uploaded: a small picture of one colour."""
    chance = sandbox.ids.random("toloka.picture", assignment["id"], name)
    colour = bytes(chance.randrange(256) for _ in range(3))
    return attach(sandbox, assignment, f"{name}.png", "image/png", picture(colour))


def attach(
    sandbox: Sandbox, assignment: Mapping[str, Any], name: str, media_type: str, data: bytes
) -> dict[str, Any]:
    """Attach a file to an assignment."""
    attachment = {
        "id": wire.next_object_id(sandbox),
        "attachment_type": "ASSIGNMENT_ATTACHMENT",
        "name": name,
        "details": {
            "user_id": assignment["user_id"],
            "assignment_id": assignment["id"],
            "pool_id": assignment["pool_id"],
        },
        "created": wire.stamp(sandbox),
        "media_type": media_type,
        "owner": wire.owner(),
    }
    sandbox.collection(ATTACHMENTS).put(attachment)
    sandbox.uploads.put(f"toloka/attachments/{attachment['id']}", data, content_type=media_type)
    return attachment


def picture(colour: bytes, side: int = 8) -> bytes:
    """A PNG of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return len(data).to_bytes(4) + kind + data + check.to_bytes(4)

    header = side.to_bytes(4) + side.to_bytes(4) + bytes((8, 2, 0, 0, 0))
    rows = zlib.compress((b"\0" + colour * side) * side)
    start = b"\x89PNG\r\n\x1a\n"
    return start + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
