"""Whether a new task fits its project: its data against the inputs, its default answers too."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import urlsplit

import orjson

from mockserver.services.sama import answers
from mockserver.services.sama.errors import INVALID_INPUT, error_item

PREFIX = "output_"
"""`output_X` in a task's data is the default answer of output X (F53)."""

LONGEST_STRING = 16 * 1024 * 1024
INT32 = (-(2**31), 2**31 - 1)

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(slots=True)
class NewTask:
    """A task that is asked for, with what is wrong with it."""

    data: dict[str, Any]
    default_answers: dict[str, Any]
    priority: int = 0
    reserve_for: int | None = None
    submit: bool = False
    duration: float | None = None
    errors: list[dict[str, Any]] = field(default_factory=list)


def read_task(project: dict[str, Any], raw: Any, defaults: dict[str, Any]) -> NewTask:
    """The task in an element of a batch; `defaults` are what the batch says for all of them.

    The element may come from an uploaded file, so nothing about it is certain.
    """
    if not isinstance(raw, dict) or not isinstance(raw.get("data"), dict):
        return NewTask({}, {}, errors=[error_item(400, "A task must be an object with data.")])
    given = {**defaults, **{key: raw[key] for key in _SETTINGS if raw.get(key) is not None}}
    task = NewTask(
        data={key: value for key, value in raw["data"].items() if not key.startswith(PREFIX)},
        default_answers={
            key.removeprefix(PREFIX): value
            for key, value in raw["data"].items()
            if key.startswith(PREFIX)
        },
    )
    for key, value in given.items():
        if _SETTINGS[key](value):
            setattr(task, key, int(value) if key in ("priority", "reserve_for") else value)
        else:
            task.errors.append(error_item(400, f"Invalid {key}: {_short(value)}"))
    task.errors += _input_errors(project, task.data)
    outputs = {output["name"]: output for output in project["outputs"]}
    for name, value in task.default_answers.items():
        if name not in outputs:
            task.errors.append(error_item(400, f"Unknown output: {name}"))
            continue
        task.default_answers[name] = value = _decoded(outputs[name], value)
        if not answers.fits(outputs[name], value):
            task.errors.append(error_item(400, f"Invalid default answer for output: {name}"))
    return task


def client_batch_id(project: dict[str, Any], data: dict[str, Any]) -> str | None:
    """The value of the input that the project has marked as client batch id (F105)."""
    for each in project["inputs"]:
        if each.get("client_batch_id"):
            value = data.get(each["name"])
            return None if value is None else str(value)
    return None


def with_copied_assets(project: dict[str, Any], data: dict[str, Any], id: str) -> dict[str, Any]:
    """The data with Sama's own URLs in place of assets that the project copies (F91).

    Not emulated: the assets themselves are neither fetched nor kept.
    """
    copied = {}
    for each in project["inputs"]:
        value = data.get(each["name"])
        if each.get("copy_asset") and value:
            name = urlsplit(value).path.rpartition("/")[2] or "asset"
            copied[each["name"]] = f"https://assets.sama.invalid/{project['id']}/{id}/{name}"
    return {**data, **copied} if copied else data


def _input_errors(project: dict[str, Any], data: dict[str, Any]) -> list[dict[str, Any]]:
    errors = []
    for each in project["inputs"]:
        value = data.get(each["name"])
        if value is None:
            if each.get("required"):
                errors.append(error_item(INVALID_INPUT, f"Input '{each['name']}' is required."))
            continue
        problem = _KINDS[each["type"]](value)
        if problem is None and each.get("copy_asset"):
            problem = _asset_problem(value)
        if problem is not None:
            errors.append(error_item(INVALID_INPUT, f"Input '{each['name']}' {problem}."))
    return errors


# The three kinds of inputs, each with its own limits (F16).


def _string_problem(value: Any) -> str | None:
    if not isinstance(value, str):
        return "must be a string"
    # A character is at most four bytes, so short strings need not be encoded to be measured.
    if len(value) * 4 > LONGEST_STRING and len(value.encode()) > LONGEST_STRING:
        return "must not be larger than 16 MB"
    return None


def _integer_problem(value: Any) -> str | None:
    return None if _is_int32(value) else "must be a 32-bit signed integer"


def _date_problem(value: Any) -> str | None:
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            date.fromisoformat(value)
            return None
        except ValueError:
            pass
    return "must be a date such as 2024-03-12"


_KINDS = {"string": _string_problem, "integer": _integer_problem, "date": _date_problem}


def _asset_problem(value: str) -> str | None:
    """An asset's URL may hold a user and a password, but only over https (F91)."""
    try:
        parts = urlsplit(value)
    except ValueError:
        return "must be a URL"
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return "must be a URL"
    if "@" in parts.netloc and parts.scheme != "https":
        return "must use https to carry a password"
    return None


def _is_int32(value: Any) -> bool:
    return _is_integer(value) and INT32[0] <= value <= INT32[1]


def _is_integer(value: Any) -> bool:
    """Also 3.0, which is an integer in JSON Schema and so in the contract of inline batches."""
    if isinstance(value, float):
        return value.is_integer()
    return isinstance(value, int) and not isinstance(value, bool)


_SETTINGS: dict[str, Callable[[Any], bool]] = {
    "priority": _is_int32,
    "reserve_for": lambda value: _is_integer(value) and 0 < value < 2**63,
    "submit": lambda value: isinstance(value, bool),
    "duration": lambda value: (
        isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 2**32
    ),
}


def _decoded(output: dict[str, Any], value: Any) -> Any:
    """Drawn answers may also come as JSON text, as exports of tables hold them."""
    if isinstance(value, str) and not answers.is_text(output):
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            return value
    return value


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:79] + "…"
