"""An OpenAPI document as data: read from a file, its references followed, its faults named."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import yaml

from mockserver.engine.contract.violations import step
from mockserver.engine.errors import ContractError

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

INSTANCES = frozenset({"example", "examples", "default", "enum", "const"})
"""Keys whose values are instances, not parts of the document that could hold a reference."""

_CONTAINERS = (dict, list)


_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INTEGER = re.compile(r"[-+]?[0-9]+")
_NAMED = {
    **dict.fromkeys(("true", "True", "TRUE"), "bool"),
    **dict.fromkeys(("false", "False", "FALSE"), "bool"),
    **dict.fromkeys(("null", "Null", "NULL", "~", ""), "null"),
}


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Reads plain scalars as YAML 1.2 does, so that dates, `no` and `12:30` stay strings.

    It replaces the general way in which PyYAML finds the type of a scalar, which takes a third of
    the time that reading takes.
    """

    def resolve(self, kind: type[yaml.Node], value: str, implicit: tuple[bool, bool]) -> str:
        if kind is not yaml.ScalarNode:
            return "map" if kind is yaml.MappingNode else "seq"
        if not implicit[0]:
            return "str"
        if value[:1] in _DIGITS:
            if _INTEGER.fullmatch(value):
                return "int"
            return "float" if _NUMBER.fullmatch(value) else "str"
        return _NAMED.get(value, "str")

    def descend_resolver(self, node: Any, index: Any) -> None:
        return None

    def ascend_resolver(self) -> None:
        return None


_DIGITS = frozenset("-+.0123456789")


def load(path: Path) -> Any:
    """What a YAML or JSON file holds."""
    try:
        text = path.read_text(encoding="utf-8")
        return json.loads(text) if path.suffix == ".json" else _parse(text, str(path))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise ContractError(f"{path}: cannot be read: {error}") from error


def read(path: Path) -> dict[str, Any]:
    """The document in a YAML or JSON file."""
    found = load(path)
    if not isinstance(found, dict):
        raise ContractError(f"{path}: is not an OpenAPI document: the top level is not an object")
    return found


def _parse(text: str, source: str) -> Any:
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        return None if node is None else _value(node, source)
    finally:
        loader.dispose()


def _value(node: yaml.Node, source: str) -> Any:
    """Plain data of a node; keys become strings, and a key given twice is an error."""
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        for key, value in node.value:
            if key.value in found or key.value == "<<":
                line = key.start_mark.line + 1
                fault = "merge keys are not YAML 1.2" if key.value == "<<" else "is given twice"
                raise ContractError(f"{source}: line {line}: {key.value!r}: {fault}")
            found[key.value] = _value(value, source)
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, source) for item in node.value]
    match node.tag:
        case "int":
            return int(node.value)
        case "float":
            return float(node.value)
        case "bool":
            return node.value.lower() == "true"
        case "null":
            return None
    return node.value


class Document:
    """The parsed document with the name of its file; knows where things are, not what they mean."""

    __slots__ = ("root", "source")

    def __init__(self, root: dict[str, Any], source: str) -> None:
        self.root = root
        self.source = source

    def error(self, pointer: str, message: str) -> ContractError:
        """A ContractError that names the file, the operation around the pointer, the pointer."""
        parts = [_unescaped(part) for part in pointer.split("/")[1:]]
        where = ""
        if len(parts) >= 3 and parts[0] in ("paths", "x-controls", "webhooks"):
            operation = self.root[parts[0]].get(parts[1], {}).get(parts[2])
            name = operation.get("operationId") if isinstance(operation, dict) else None
            where = f"{parts[2].upper()} {parts[1]}{f' ({name})' if name else ''}: "
        return ContractError(f"{self.source}: {where}{message} (at #{pointer})")

    def at(self, pointer: str) -> Any:
        """The value at a pointer; KeyError when there is none."""
        value: Any = self.root
        for part in pointer.split("/")[1:]:
            if isinstance(value, dict):
                value = value[_unescaped(part)]
            elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
                value = value[int(part)]
            else:
                raise KeyError(pointer)
        return value

    def resolved(self, pointer: str, value: Any) -> tuple[Any, str]:
        """The value, which is at the pointer, after following references; and where that is."""
        seen = set()
        while isinstance(value, dict) and isinstance(value.get("$ref"), str):
            if pointer in seen:
                raise self.error(pointer, f"$ref {value['$ref']!r} leads back to itself")
            seen.add(pointer)
            pointer = pointer_of(value["$ref"])
            value = self.at(pointer)
        return value, pointer

    def survey(self) -> "Survey":
        """What the document holds that can be wrong wherever it stands, without the where."""
        references: set[str] = set()
        patterns: set[str] = set()
        nullable = False
        stack: list[Any] = [self.root]
        while stack:
            value = stack.pop()
            if type(value) is list:
                stack.extend(item for item in value if type(item) in _CONTAINERS)
                continue
            for key, item in value.items():
                if type(item) in _CONTAINERS:
                    if key not in INSTANCES:
                        stack.append(item)
                elif key == "$ref":
                    references.add(item)
                elif key == "pattern":
                    patterns.add(item)
                elif key == "nullable":
                    nullable = True
        return Survey(references, patterns, nullable)

    def check_references(self, references: Iterable[str]) -> None:
        """Raise for a reference that leads nowhere, or out of the document."""
        for reference in references:
            message = self._fault_of(reference)
            if message:
                pointer = next(at for at, found in self._references() if found == reference)
                raise self.error(pointer, f"$ref {reference!r} {message}")

    def _fault_of(self, reference: Any) -> str | None:
        if not isinstance(reference, str) or not reference.startswith("#/components/"):
            return "is not of the form #/components/…"
        try:
            self.at(pointer_of(reference))
        except KeyError:
            return "leads nowhere"
        return None

    def _references(self) -> Iterator[tuple[str, Any]]:
        stack: list[tuple[str, Any]] = [("", self.root)]
        while stack:
            pointer, value = stack.pop()
            items = value.items() if isinstance(value, dict) else enumerate(value)
            for key, item in items:
                if isinstance(item, dict | list):
                    if key not in INSTANCES:
                        stack.append((step(pointer, key), item))
                elif key == "$ref":
                    yield pointer, item


@dataclass(frozen=True, slots=True)
class Survey:
    """The references and patterns of a document, and whether it has OpenAPI 3.0's `nullable`."""

    references: set[str]
    patterns: set[str]
    nullable: bool


def pointer_of(reference: str) -> str:
    """The pointer within a local reference such as `#/components/schemas/Task`."""
    return unquote(reference[1:])


def reference_to(pointer: str) -> str:
    """The local reference to a pointer."""
    return "#" + quote(pointer, safe="/~")


def _unescaped(part: str) -> str:
    return part.replace("~1", "/").replace("~0", "~")
