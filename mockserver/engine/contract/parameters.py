"""Parameters of a call: from the text of a URL, a header or a form to values of their types."""

import copy
import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mockserver.engine.contract.document import Document, pointer_of
from mockserver.engine.contract.schemas import FORMATS, Schema
from mockserver.engine.contract.violations import Violation, described, shown, step

STYLES = {
    "path": ("simple",),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject"),
    "header": ("simple",),
    "cookie": ("form",),
}

_INTEGER = re.compile(r"-?[0-9]{1,20}", re.ASCII)
_NUMBER = re.compile(r"-?[0-9]{1,400}(\.[0-9]{1,400})?([eE][-+]?[0-9]{1,4})?", re.ASCII)
_SMALLEST, _LARGEST = -(2**63), 2**64 - 1
"""The integers that JSON carries between programs, and that orjson can write."""

_TYPES = frozenset({"string", "integer", "number", "boolean", "null", "array", "object"})
_DELIMITERS = {"spaceDelimited": " ", "pipeDelimited": "|"}
_REMARKS = frozenset(
    ("type", "title", "description", "example", "examples", "default", "deprecated", "$comment")
)
_EXPECTED = {
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}


class Unreadable(Exception):
    """A text is not a value of the expected type."""

    def __init__(self, expected: str, text: str, index: int | None = None) -> None:
        super().__init__(f"must be {expected}, not {described(text)}")
        self.text = text
        self.index = index


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an operation, ready to be read from a call."""

    name: str
    where: str
    required: bool
    schema: Schema | None
    reading: "Reading"
    style: str
    explode: bool
    allows_empty: bool

    @property
    def pointer(self) -> str:
        """Where violations say that the parameter is."""
        return step(f"/{self.where}", self.name.lower() if self.where == "header" else self.name)

    def missing(self) -> Violation:
        """The violation of a required parameter that is not given."""
        message = f"the {self.where} parameter {self.name!r} is required"
        return Violation("request", self.pointer, "required", message)

    def read(self, texts: list[str], violations: list[Violation]) -> Any:
        """The value in the texts; what is wrong with it is added to the violations."""
        reading = self.reading
        try:
            if reading.items is None:
                value = reading.value(texts[-1])
            else:
                value = [
                    _item(reading.items, text, index)
                    for index, text in enumerate(self._split(texts))
                ]
        except Unreadable as error:
            at = self.pointer if error.index is None else step(self.pointer, error.index)
            violations.append(Violation("request", at, "type", str(error), shown(error.text)))
            return None
        return self._checked(value, violations)

    def read_object(self, fields: dict[str, str], violations: list[Violation]) -> Any:
        """The object in the fields of a `deepObject`."""
        value = {}
        for name, text in fields.items():
            reading = self.reading.properties.get(name, TEXT)
            try:
                value[name] = reading.value(text)
            except Unreadable as error:
                at = step(self.pointer, name)
                violations.append(Violation("request", at, "type", str(error), shown(text)))
                return None
        return self._checked(value, violations)

    def _split(self, texts: list[str]) -> list[str]:
        if self.explode and self.where == "query":
            return texts
        parts = texts[-1].split(_DELIMITERS.get(self.style, ","))
        return [part.strip() for part in parts] if self.where == "header" else parts

    def _checked(self, value: Any, violations: list[Violation]) -> Any:
        if self.schema is not None:
            found = self.schema.violations(value, "request", self.pointer)
            if found:
                violations.extend(found)
                return None
        return value


def _item(reading: "Reading", text: str, index: int) -> Any:
    try:
        return reading.value(text)
    except Unreadable as error:
        error.index = index
        raise


@dataclass(frozen=True, slots=True)
class Reading:
    """How the text of a parameter or a form field becomes a value."""

    kinds: frozenset[str]
    plain: bool
    default: Any
    has_default: bool
    items: "Reading | None"
    properties: Mapping[str, "Reading"]
    is_json: bool = False

    def value(self, text: str) -> Any:
        """The value in a text; Unreadable when it is of none of the types."""
        kinds = self.kinds
        if self.is_json or (kinds & {"object", "array"} and text[:1] in ("{", "[")):
            return _json(text)
        if kinds & {"integer", "number"}:
            found: float | None = _integer(text)
            if found is None and "number" in kinds:
                found = _number(text)
            # Beside strings, 007 is a string: turned into a number it would not be the same.
            if found is not None and ("string" not in kinds or str(found) == text):
                return found
        if "boolean" in kinds and text in ("true", "false"):
            return text == "true"
        if "string" in kinds:
            return text
        if "null" in kinds and text in ("", "null"):
            return None
        raise Unreadable(_expected(kinds), text)

    def fresh_default(self) -> Any:
        """The schema's default, not shared with anyone."""
        return copy.deepcopy(self.default)


TEXT = Reading(frozenset({"string"}), True, None, False, None, {})


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise Unreadable("JSON", text) from None


def _integer(text: str) -> int | None:
    if _INTEGER.fullmatch(text):
        value = int(text)
        if _SMALLEST <= value <= _LARGEST:
            return value
    return None


def _number(text: str) -> float | None:
    if _NUMBER.fullmatch(text):
        value = float(text)
        if math.isfinite(value):
            return value
    return None


def _expected(kinds: Iterable[str]) -> str:
    return " or ".join(dict.fromkeys(_EXPECTED[k] for k in sorted(kinds) if k in _EXPECTED)) or (
        "JSON"
    )


def reading_of(document: Document, schema: Any, *, is_json: bool = False) -> Reading:
    """How texts are read for this schema."""
    resolved, _ = document.resolved("", schema) if isinstance(schema, dict) else ({}, "")
    resolved = resolved if isinstance(resolved, dict) else {}
    kinds = frozenset(_kinds(document, schema, set())) or frozenset({"string"})
    items = reading_of(document, _part(document, schema, "items")) if "array" in kinds else None
    properties = _part(document, schema, "properties") if "object" in kinds else None
    both = {**resolved, **schema} if isinstance(schema, dict) else {}
    return Reading(
        kinds=kinds,
        plain=_is_plain(schema) if schema is not resolved or items is None else False,
        default=both.get("default"),
        has_default="default" in both,
        items=items if "string" not in kinds and not is_json else None,
        properties={
            name: reading_of(document, value) for name, value in (properties or {}).items()
        },
        is_json=is_json,
    )


def _is_plain(schema: Any) -> bool:
    """Whether a text that could be read as the schema's type is valid without a closer look."""
    return (
        isinstance(schema, dict)
        and isinstance(schema.get("type"), str)
        and all(
            key in _REMARKS or key.startswith("x-") or (key == "format" and value not in FORMATS)
            for key, value in schema.items()
        )
    )


def _kinds(document: Document, schema: Any, seen: set[str]) -> set[str]:
    """The types that a schema allows, as far as it names any."""
    if not isinstance(schema, dict):
        return set()
    found: set[str] = set()
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference not in seen:
        found |= _kinds(document, document.at(pointer_of(reference)), seen | {reference})
    declared = schema.get("type", [])
    found.update([declared] if isinstance(declared, str) else declared)
    if not found:
        for value in [*schema.get("enum", []), *([schema["const"]] if "const" in schema else [])]:
            found.add(_kind_of(value))
    for keyword in ("anyOf", "oneOf", "allOf"):
        for part in schema.get(keyword, []):
            found |= _kinds(document, part, seen)
    return found & _TYPES


def _kind_of(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    names = {int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return names.get(type(value), "null")


def _part(document: Document, schema: Any, keyword: str) -> Any:
    """The keyword's value in the schema, in what it refers to, or in its alternatives."""
    if not isinstance(schema, dict):
        return None
    if keyword in schema:
        return schema[keyword]
    if isinstance(schema.get("$ref"), str):
        return _part(document, document.at(pointer_of(schema["$ref"])), keyword)
    for combination in ("anyOf", "oneOf", "allOf"):
        for part in schema.get(combination, []):
            found = _part(document, part, keyword)
            if found is not None:
                return found
    return None
