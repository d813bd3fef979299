"""The twelve field types: what a value must look like, from JSON or from a cell of text."""

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from mockserver.engine.clock import parse_rfc3339

Field = dict[str, Any]

TEXT_TYPES = ("short_text", "long_text", "code")
SHOWN = ("name", "title", "type", "required", "multiple")
SHOWN_WHEN_SET = (
    "helper_text", "options", "accepts", "minimum", "maximum", "min_entries", "max_entries",
)  # fmt: skip

_NUMBER = re.compile(r"[-+]?(\d{1,400}(\.\d{0,400})?|\.\d{1,400})([eE][-+]?\d{1,4})?", re.ASCII)
_WHOLE = re.compile(r"[-+]?\d{1,19}", re.ASCII)
_EXACT = 2**53
_TRUTH = {"true": True, "1": True, "false": False, "0": False}


class Unfit(ValueError):
    """A value is not one of its field; the message says what would be."""


def complete(field: Mapping[str, Any], first_node: str | None) -> Field:
    """The field with everything filled in that the form builder would fill in."""
    name = field["name"]
    found: Field = {
        "name": name,
        "title": name.replace("_", " ").capitalize(),
        "type": "short_text",
        "required": True,
        "multiple": False,
        "data_source": "user_input",
        **field,
    }
    if found["data_source"] == "predefined":
        found.pop("node_id", None)
    else:
        found.setdefault("node_id", first_node)
    return found


def of_dataset(fields: Iterable[Field]) -> list[Field]:
    """The dataset fields: those whose values come with the task, read-only for contributors."""
    return [field for field in fields if field["data_source"] == "predefined"]


def of_node(fields: Iterable[Field], node_id: str) -> list[Field]:
    """The fields that a subtask fills: by a person or by a model."""
    return [
        field
        for field in fields
        if field.get("node_id") == node_id
        and field["data_source"] in ("user_input", "llm_response")
    ]


def uploads(fields: Iterable[Field]) -> list[Field]:
    """The dataset fields that hold files."""
    return [field for field in of_dataset(fields) if field["type"] == "file_upload"]


def creation_mode(fields: Iterable[Field]) -> str:
    """Which of the screens makes tasks for these fields."""
    of_tasks = of_dataset(fields)
    if not of_tasks:
        return "blank"
    return "zip" if any(field["type"] == "file_upload" for field in of_tasks) else "dataset"


def shown(field: Field) -> dict[str, Any]:
    """The field as the schema call shows it."""
    found = {name: field[name] for name in SHOWN}
    found.update({name: field[name] for name in SHOWN_WHEN_SET if field.get(name) is not None})
    return found


def is_empty(value: Any) -> bool:
    """Whether a value counts as missing."""
    return value is None or value == "" or value == []


def checked(
    fields: Mapping[str, Field], given: Mapping[str, Any], *, texts: bool = False
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The values to keep, and what is wrong with them; `texts` reads cells of a CSV."""
    values: dict[str, Any] = {}
    problems: list[dict[str, Any]] = []
    for name, value in given.items():
        field = fields.get(name)
        if field is None:
            problems.append(problem(name, "unknown_field", f"There is no field {name[:100]!r}."))
        elif not is_empty(value):
            try:
                values[name] = fitted(field, value, texts=texts)
            except Unfit as error:
                problems.append(problem(name, "invalid_value", f"{name} {error}."))
    for name, field in fields.items():
        if field["required"] and is_empty(given.get(name)):
            problems.append(problem(name, "missing_field", f"{name} is required."))
    return values, problems


def problem(name: str, code: str, message: str) -> dict[str, Any]:
    """One finding about one field."""
    return {"field": name[:200], "code": code, "message": message}


def fitted(field: Field, value: Any, *, texts: bool = False) -> Any:
    """The value as the field keeps it; Unfit when it is not one of its values."""
    if not field["multiple"]:
        return _one(field, value, texts)
    if texts and isinstance(value, str):
        value = _from_json(value)
    if not isinstance(value, list):
        raise Unfit("must be an array")
    low, high = field.get("min_entries", 0), field.get("max_entries")
    if len(value) < low or (high is not None and len(value) > high):
        raise Unfit(f"must have {low} to {high} entries" if high else f"must have {low} or more")
    return [_one(field, item, texts) for item in value]


def _one(field: Field, value: Any, texts: bool) -> Any:
    kind = field["type"]
    if kind in TEXT_TYPES:
        return _text(value)
    if kind == "boolean":
        return _boolean(value, texts)
    if kind in ("numeric", "rating"):
        return _number(field, value, texts)
    if kind == "datetime":
        return _time(value)
    if kind in ("select", "pairwise"):
        return _option(field, value)
    if kind == "ranking":
        return _ranking(field, value, texts)
    if kind == "criteria":
        return _criteria(value, texts)
    return _file(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Unfit("must be a string")
    return value


def _boolean(value: Any, texts: bool) -> bool:
    if texts and isinstance(value, str) and value.lower() in _TRUTH:
        return _TRUTH[value.lower()]
    if not isinstance(value, bool):
        raise Unfit("must be true or false")
    return value


def _number(field: Field, value: Any, texts: bool) -> Any:
    if texts and isinstance(value, str):
        value = number_in(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Unfit("must be a number")
    low, high = field.get("minimum"), field.get("maximum")
    if field["type"] == "rating":
        if value != int(value):
            raise Unfit("must be a whole number")
        value, low, high = int(value), 1 if low is None else low, 5 if high is None else high
    if (low is not None and value < low) or (high is not None and value > high):
        raise Unfit(f"must lie between {low} and {high}")
    return value


def number_in(text: str) -> int | float | None:
    """The number that a text writes, or None; whole ones stay exact as far as JSON keeps them."""
    text = text.strip()
    if not _NUMBER.fullmatch(text):
        return None
    if _WHOLE.fullmatch(text) and abs(int(text)) < 2**63:
        return int(text)
    value = float(text)
    if not math.isfinite(value):
        return None
    return int(value) if value.is_integer() and abs(value) <= _EXACT else value


def _time(value: Any) -> str:
    if isinstance(value, str):
        try:
            parse_rfc3339(value)
        except (ValueError, OverflowError):
            pass
        else:
            return value
    raise Unfit("must be an ISO 8601 time such as 2026-01-02T03:04:05Z")


def _option(field: Field, value: Any) -> str:
    options = field.get("options") or (["a", "b"] if field["type"] == "pairwise" else None)
    if not isinstance(value, str) or (options is not None and value not in options):
        raise Unfit(f"must be one of {', '.join(options)}"[:300] if options else "must be a string")
    return value


def _ranking(field: Field, value: Any, texts: bool) -> list[str]:
    if texts and isinstance(value, str):
        value = _from_json(value)
    options = field.get("options")
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise Unfit("must be an array of the options in their order")
    if len(set(value)) < len(value) or (options is not None and sorted(value) != sorted(options)):
        raise Unfit("must hold each option once")
    return value


def _criteria(value: Any, texts: bool) -> dict[str, Any]:
    if texts and isinstance(value, str):
        value = _from_json(value)
    if not isinstance(value, dict):
        raise Unfit("must be an object of verdicts by criterion")
    for verdict in value.values():
        if isinstance(verdict, dict | list):
            raise Unfit("must have a plain verdict for each criterion")
    return value


def _file(value: Any) -> dict[str, Any]:
    """A file that a ZIP brought; nothing else can make one."""
    if isinstance(value, dict) and isinstance(value.get("file_id"), int):
        return value
    raise Unfit("must be a file that a ZIP upload brought")


def _from_json(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise Unfit("must be JSON text in a cell") from None


def answer_schema(field: Field) -> dict[str, Any]:
    """A JSON schema of the field's values, for inventing one."""
    found = _schema_of_one(field)
    if not field["multiple"]:
        return found
    low = max(1, field.get("min_entries") or 1)
    high = max(low, min(field.get("max_entries") or 3, 5))
    return {"type": "array", "items": found, "minItems": low, "maxItems": high}


def _schema_of_one(field: Field) -> dict[str, Any]:
    kind, title = field["type"], field["name"]
    if kind == "boolean":
        return {"type": "boolean"}
    if kind in ("numeric", "rating"):
        low = field.get("minimum", 1 if kind == "rating" else 0)
        high = field.get("maximum", 5 if kind == "rating" else 100)
        return {"type": "integer" if low == int(low) else "number", "minimum": low, "maximum": high}
    if kind == "datetime":
        return {"type": "string", "format": "date-time"}
    if kind in ("select", "pairwise"):
        options = field.get("options") or (["a", "b"] if kind == "pairwise" else None)
        return {"type": "string", "enum": options} if options else {"type": "string"}
    if kind == "ranking":
        return {"const": field.get("options") or ["a", "b"]}
    if kind == "criteria":
        return {"const": dict.fromkeys(field.get("options") or ["overall"], True)}
    if kind == "file_upload":
        return {"const": None}
    return {"type": "string", "title": title, "minLength": 1, "maxLength": 200}
