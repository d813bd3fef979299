"""An OpenAPI document as data: read from a file, its references followed, its faults named."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import yaml

from mockserver.engine.contract.violations import step
from mockserver.engine.errors import ContractError

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

_TAG = "tag:yaml.org,2002:"
INSTANCES = frozenset({"example", "examples", "default", "enum", "const"})
"""Keys whose values are instances, not parts of the document that could hold a reference."""


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Reads plain scalars as YAML 1.2 does, so that dates, `no` and `12:30` stay strings."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012


_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INTEGER = re.compile(r"[-+]?[0-9]+")
for _first in "-+.0123456789":
    _Loader.yaml_implicit_resolvers[_first] = [
        (_TAG + "int", re.compile(_INTEGER.pattern + "$")),
        (_TAG + "float", re.compile(_NUMBER.pattern + "$")),
    ]
for _first in "tTfF":
    _Loader.yaml_implicit_resolvers[_first] = [
        (_TAG + "bool", re.compile("(true|True|TRUE|false|False|FALSE)$"))
    ]
for _first in ("n", "N", "~", ""):
    _Loader.yaml_implicit_resolvers[_first] = [(_TAG + "null", re.compile("(null|Null|NULL|~|)$"))]


def read(path: Path) -> dict[str, Any]:
    """The document in a YAML or JSON file."""
    try:
        text = path.read_text(encoding="utf-8")
        found = json.loads(text) if path.suffix == ".json" else _parse(text, str(path))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ContractError(f"{path}: cannot be read: {error}") from error
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
            if key.value in found:
                line = key.start_mark.line + 1
                raise ContractError(f"{source}: line {line}: {key.value!r} is given twice")
            found[key.value] = _value(value, source)
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, source) for item in node.value]
    match node.tag.removeprefix(_TAG):
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

    def resolved(self, pointer: str, value: Any = None) -> tuple[Any, str]:
        """What is at the pointer after following references, and where that is."""
        seen = set()
        value = self.at(pointer) if value is None else value
        while isinstance(value, dict) and isinstance(value.get("$ref"), str):
            if pointer in seen:
                raise self.error(pointer, f"$ref {value['$ref']!r} leads back to itself")
            seen.add(pointer)
            pointer = pointer_of(value["$ref"])
            value = self.at(pointer)
        return value, pointer

    def check_references(self) -> None:
        """Raise for a reference that leads nowhere, or out of the document."""
        known: set[str] = set()
        for pointer, reference in self._references("", self.root):
            if reference in known:
                continue
            if not reference.startswith("#/components/"):
                raise self.error(pointer, f"$ref {reference!r} is not of the form #/components/…")
            try:
                self.at(pointer_of(reference))
            except KeyError:
                raise self.error(pointer, f"$ref {reference!r} leads nowhere") from None
            known.add(reference)

    def _references(self, pointer: str, value: Any) -> Iterator[tuple[str, str]]:
        stack = [(pointer, value)]
        while stack:
            pointer, value = stack.pop()
            if isinstance(value, list):
                stack.extend(
                    (f"{pointer}/{index}", item)
                    for index, item in enumerate(value)
                    if isinstance(item, dict | list)
                )
                continue
            reference = value.get("$ref")
            if isinstance(reference, str):
                yield pointer, reference
            stack.extend(
                (step(pointer, key), item)
                for key, item in value.items()
                if isinstance(item, dict | list) and key not in INSTANCES
            )


def pointer_of(reference: str) -> str:
    """The pointer within a local reference such as `#/components/schemas/Task`."""
    return unquote(reference[1:])


def reference_to(pointer: str) -> str:
    """The local reference to a pointer."""
    return "#" + quote(pointer, safe="/~")


def _unescaped(part: str) -> str:
    return part.replace("~1", "/").replace("~0", "~")
