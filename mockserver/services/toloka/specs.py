"""Input and output specifications of a project, compiled to plain checks of values."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from mockserver.engine.contract.schemas import acceptor
from mockserver.services.toloka.errors import UNKNOWN, URL, Fields, field, required
from mockserver.services.toloka.wire import truth

Check = Callable[[Any, str, Fields], None]
"""Looks at a value; what is wrong with it goes under its path."""

TYPES = ("boolean", "string", "integer", "float", "url", "file", "coordinates", "json")
ARRAY = "array_"

_URL = re.compile(r"(https?://|www)\S+", re.IGNORECASE)
_COORDINATES = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*,\s*(-?\d+(?:\.\d+)?)\s*", re.ASCII)


class Spec:
    """The fields of one specification; items are checked in microseconds, without JSON Schema."""

    __slots__ = ("_checks", "_names")

    def __init__(self, fields: Mapping[str, Mapping[str, Any]]) -> None:
        self._checks = [
            (name, truth(spec["required"]) if spec.get("required") is not None else True, _of(spec))
            for name, spec in fields.items()
        ]
        self._names = frozenset(fields)

    def check(self, values: Any, at: str, found: Fields) -> None:
        """Check the values of a task or a solution; `at` is where they stand."""
        if type(values) is not dict:
            found[at] = required() if values is None else field("OBJECT_EXPECTED", _OBJECT)
            return
        known = 0
        for name, is_required, check in self._checks:
            value = values.get(name)
            if value is None:
                known += name in values
                if is_required:
                    found[f"{at}.{name}"] = required()
                continue
            known += 1
            check(value, f"{at}.{name}", found)
        if known < len(values):
            for name in values:
                if name not in self._names:
                    found[f"{at}.{name}"] = field("VALUE_NOT_ALLOWED", UNKNOWN)


_OBJECT = "Value must be an object"
_SIMPLE = "Value must not be an object or an array"


def _of(spec: Mapping[str, Any]) -> Check:
    kind = str(spec["type"])
    if kind.startswith(ARRAY):
        return _array(_scalar(kind.removeprefix(ARRAY), spec), spec)
    return _scalar(kind, spec)


def _scalar(kind: str, spec: Mapping[str, Any]) -> Check:
    allowed = spec.get("allowed_values")
    check = _SCALARS[kind](spec)
    if not allowed:
        return check
    choices = tuple(allowed)

    def check_choice(value: Any, at: str, found: Fields) -> None:
        check(value, at, found)
        if at not in found and not any(_same(value, choice) for choice in choices):
            found[at] = field("VALUE_NOT_ALLOWED", "Value is not one of the allowed values")

    return check_choice


def _same(value: Any, choice: Any) -> bool:
    """Equal as JSON: true is not 1."""
    return value == choice and isinstance(value, bool) == isinstance(choice, bool)


def _array(check: Check, spec: Mapping[str, Any]) -> Check:
    low, high = spec.get("min_size"), spec.get("max_size")

    def check_array(value: Any, at: str, found: Fields) -> None:
        if type(value) is not list:
            found[at] = field("ARRAY_EXPECTED", "Value must be an array")
            return
        _within(len(value), (low, high), at, found, "ARRAY_SIZE")
        for index, item in enumerate(value):
            if item is None:
                found[f"{at}.{index}"] = required()
            else:
                check(item, f"{at}.{index}", found)

    return check_array


def _within(
    size: float, limits: tuple[Any, Any], at: str, found: Fields, what: str = "VALUE"
) -> None:
    low, high = limits
    if low is not None and size < low:
        found[at] = field(f"{what}_LESS_THAN_MIN", f"Value must be greater or equal to {low}", low)
    elif high is not None and size > high:
        found[at] = field(
            f"{what}_GREATER_THAN_MAX", f"Value must be less or equal to {high}", high
        )


def _boolean(spec: Mapping[str, Any]) -> Check:
    def check(value: Any, at: str, found: Fields) -> None:
        if type(value) is not bool:
            found[at] = _wrong(value, "BOOLEAN_EXPECTED", "Value must be a boolean")

    return check


def _string(spec: Mapping[str, Any]) -> Check:
    limits = (spec.get("min_length"), spec.get("max_length"))
    pattern = spec.get("pattern")
    matches = acceptor({"pattern": pattern}, {}) if pattern else None
    free = limits == (None, None) and matches is None

    def check(value: Any, at: str, found: Fields) -> None:
        if type(value) is not str:
            found[at] = _wrong(value, "STRING_EXPECTED", "Value must be a string")
        elif not free:
            _within(len(value), limits, at, found, "STRING_LENGTH")
            if matches is not None and not matches(value):
                found[at] = field("PATTERN_MISMATCH", f"Value must match {pattern}", pattern)

    return check


def _integer(spec: Mapping[str, Any]) -> Check:
    limits = (spec.get("min_value"), spec.get("max_value"))

    def check(value: Any, at: str, found: Fields) -> None:
        whole = type(value) is int or (type(value) is float and value.is_integer())
        if not whole:
            found[at] = _wrong(value, "INTEGER_EXPECTED", "Value must be an integer")
        else:
            _within(value, limits, at, found)

    return check


def _float(spec: Mapping[str, Any]) -> Check:
    limits = (spec.get("min_value"), spec.get("max_value"))

    def check(value: Any, at: str, found: Fields) -> None:
        if type(value) is not float and type(value) is not int:
            found[at] = _wrong(value, "FLOAT_EXPECTED", "Value must be a number")
        else:
            _within(value, limits, at, found)

    return check


def _url(spec: Mapping[str, Any]) -> Check:
    def check(value: Any, at: str, found: Fields) -> None:
        if type(value) is not str:
            found[at] = _wrong(value, "STRING_EXPECTED", "Value must be a string")
        elif not _URL.match(value):
            found[at] = field("INVALID_URL_SYNTAX", URL)

    return check


def _file(spec: Mapping[str, Any]) -> Check:
    """A file is the id of an attachment (fact f.6), or a path in the requester's storage."""

    def check(value: Any, at: str, found: Fields) -> None:
        if type(value) is not str:
            found[at] = _wrong(value, "STRING_EXPECTED", "Value must be a string")

    return check


def _coordinates(spec: Mapping[str, Any]) -> Check:
    def check(value: Any, at: str, found: Fields) -> None:
        match = _COORDINATES.fullmatch(value) if type(value) is str else None
        if match is None:
            found[at] = _wrong(
                value, "INVALID_COORDINATES_SYNTAX", "Value must be a latitude and a longitude"
            )
        elif abs(float(match[1])) > 90 or abs(float(match[2])) > 180:
            found[at] = field("VALUE_OUT_OF_BOUNDS", "Value must be a place on earth")

    return check


def _json(spec: Mapping[str, Any]) -> Check:
    def check(value: Any, at: str, found: Fields) -> None:
        if type(value) not in (dict, list):
            found[at] = field("JSON_EXPECTED", "Value must be an object or an array")

    return check


def _wrong(value: Any, code: str, message: str) -> dict[str, Any]:
    """The wrong type; an object or an array in place of any simple value has its own code."""
    if type(value) in (dict, list):
        return field("SIMPLE_VALUE_EXPECTED", _SIMPLE)
    return field(code, message)


_SCALARS: dict[str, Callable[[Mapping[str, Any]], Check]] = {
    "boolean": _boolean,
    "string": _string,
    "integer": _integer,
    "float": _float,
    "url": _url,
    "file": _file,
    "coordinates": _coordinates,
    "json": _json,
}
