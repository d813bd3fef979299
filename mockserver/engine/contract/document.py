"""An OpenAPI document as data: read from a file, its references followed, its faults named."""

import contextlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import orjson

from mockserver.engine.contract.violations import step
from mockserver.engine.errors import ContractError

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

INSTANCES = frozenset({"example", "examples", "default", "enum", "const"})
"""Keys whose values are instances, not parts of the document that could hold a reference."""

_CONTAINERS = (dict, list)

FORM = 1
"""Version of the kept form of a document; a change in how files are read makes it rise."""


def load_compiled(path: Path) -> Any:
    """As `load`, from the form that an earlier start kept beside the file, as Python keeps `.pyc`.

    Reading YAML takes most of the time of a start. The kept form is named by the file's content,
    so it is never out of date; where it cannot be written, the file is read each time.
    """
    try:
        digest = blake2b(path.read_bytes(), digest_size=8).hexdigest()
        kept = path.parent / "__pycache__" / f"{path.stem}.{FORM}-{digest}.json"
        return orjson.loads(kept.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        from mockserver.engine.contract.files import load

        found = load(path)
    with contextlib.suppress(OSError, TypeError):
        kept.parent.mkdir(exist_ok=True)
        written = kept.with_suffix(f".{os.getpid()}")
        written.write_bytes(orjson.dumps(found))
        written.replace(kept)
        for old in kept.parent.glob(f"{path.stem}.{FORM}-*.json"):
            if old != kept:
                old.unlink()
    return found


def read(path: Path) -> dict[str, Any]:
    """The document in a YAML or JSON file."""
    found = load_compiled(path)
    if not isinstance(found, dict):
        raise ContractError(f"{path}: is not an OpenAPI document: the top level is not an object")
    return found


class Document:
    """The parsed document with the name of its file; knows where things are, not what they mean."""

    __slots__ = ("_targets", "root", "source")

    def __init__(self, root: dict[str, Any], source: str) -> None:
        self.root = root
        self.source = source
        self._targets: dict[str, tuple[Any, str]] = {}

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
            value, pointer = self._target(value["$ref"])
        return value, pointer

    def _target(self, reference: str) -> tuple[Any, str]:
        """What a reference leads to, and its pointer; most are followed many times."""
        found = self._targets.get(reference)
        if found is None:
            pointer = pointer_of(reference)
            found = self._targets[reference] = self.at(pointer), pointer
        return found

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
