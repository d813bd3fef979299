"""Which source column feeds which dataset field, and the values that come of it."""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson
from jsonpath_ng import Child, Fields, Index, Root
from jsonpath_ng.exceptions import JSONPathError
from jsonpath_ng.parser import parse

from mockserver.services.pipelines import errors, fields
from mockserver.services.pipelines.fields import Field

Entry = Mapping[str, Any]
Steps = tuple[str | int, ...]
Column = Mapping[str, Any]

MOST_WARNINGS = 100


@dataclass(frozen=True, slots=True)
class Line:
    """One target field, the column that feeds it, and the way into that column's JSON."""

    field: Field
    source: str
    steps: Steps | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a mapping comes to for these fields and these columns."""

    lines: tuple[Line, ...]
    findings: tuple[dict[str, Any], ...] = ()

    def row(self, values: Mapping[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """A task's fields from a row, and what could not be taken over."""
        found: dict[str, Any] = {}
        missed: list[dict[str, Any]] = []
        for line in self.lines:
            name = line.field["name"]
            value = values.get(line.source)
            if line.steps is not None:
                value = reached(value, line.steps)
                if fields.is_empty(value):
                    message = f"{line.source} has nothing at the path for {name}."
                    missed.append(fields.problem(name, "json_path_not_found", message))
            if not fields.is_empty(value):
                try:
                    found[name] = converted(line.field, value)
                except fields.Unfit as error:
                    missed.append(fields.problem(name, "not_coercible", f"{name} {error}."))
        return found, missed


def suggest(
    targets: Iterable[Field], columns: Iterable[Column], *, casefold: bool = False
) -> list[dict[str, Any]]:
    """Targets matched by name (fact 6.1); with `casefold` an exact match still comes first."""
    names = [column["name"] for column in columns]
    folded: dict[str, str] = {}
    for name in names:
        folded.setdefault(name.casefold(), name)
    found = []
    for field in targets:
        name = field["name"]
        source = name if name in names else folded.get(name.casefold()) if casefold else None
        if source is not None:
            found.append({"target": name, "source": source})
    return found


def plan(
    entries: Sequence[Entry] | None,
    targets: Sequence[Field],
    columns: Sequence[Column],
    *,
    auto_match: bool = True,
    casefold: bool = False,
) -> tuple[Plan, list[dict[str, Any]]]:
    """The plan of a mapping, and the findings about entries that it leaves out.

    Explicit entries come before matches by name; targets that are neither listed nor matched
    stay empty (fact 6).
    """
    by_name = {field["name"]: field for field in targets}
    by_column = {column["name"]: column for column in columns}
    lines: list[Line] = []
    findings: list[dict[str, Any]] = []
    listed = set[str]()
    for entry in entries or ():
        finding = _fault(entry, by_name, by_column, listed)
        listed.add(entry["target"])
        if finding is not None:
            findings.append(finding)
        elif not entry.get("skip"):
            steps = compiled(entry["json_path"]) if entry.get("json_path") else None
            lines.append(Line(by_name[entry["target"]], entry["source"], steps))
    if auto_match:
        unlisted = [field for field in targets if field["name"] not in listed]
        lines += [
            Line(by_name[match["target"]], match["source"], None)
            for match in suggest(unlisted, columns, casefold=casefold)
        ]
    return Plan(tuple(lines), tuple(findings[:MOST_WARNINGS])), findings


def required(
    entries: Sequence[Entry] | None,
    targets: Sequence[Field],
    columns: Sequence[Column],
    *,
    auto_match: bool = True,
    casefold: bool = False,
) -> Plan:
    """As `plan`, but refused when an entry is wrong or nothing is mapped."""
    found, findings = plan(entries, targets, columns, auto_match=auto_match, casefold=casefold)
    if findings:
        raise errors.refused("mapping_invalid", findings[0]["message"], findings)
    if not found.lines:
        raise errors.refused("mapping_empty", "The mapping feeds no dataset field.")
    return found


def _fault(
    entry: Entry, targets: Mapping[str, Field], columns: Mapping[str, Column], listed: set[str]
) -> dict[str, Any] | None:
    target, source, path = entry["target"], entry.get("source"), entry.get("json_path")
    if target not in targets:
        return fields.problem(target, "unknown_target", f"There is no dataset field {target!r}.")
    if target in listed:
        return fields.problem(target, "duplicate_target", f"{target} is fed twice.")
    if entry.get("skip"):
        return None
    if source is None or source not in columns:
        return fields.problem(target, "unknown_source", f"There is no column {source!r}.")
    if not path:
        return None
    if not columns[source].get("json", columns[source]["type"] == "json"):
        message = f"{source} is not JSON, so a path leads nowhere in it."
        return fields.problem(target, "json_path_on_scalar", message)
    try:
        compiled(path)
    except ValueError as error:
        return fields.problem(target, "json_path_invalid", f"{path!r} {error}.")
    return None


@lru_cache(maxsize=512)
def compiled(path: str) -> Steps:
    """The names and positions that a JSON path goes through; ValueError for any other path.

    Of the grammar only `$`, `.name`, `["name"]` and `[0]` are taken (fact 6.4).
    """
    try:
        with warnings.catch_warnings():
            # What the library is about to drop is outside this grammar anyhow.
            warnings.simplefilter("error", DeprecationWarning)
            found = parse(path)
    except (JSONPathError, RecursionError, DeprecationWarning) as error:
        raise ValueError("is not a JSON path") from error
    steps: list[str | int] = []
    while isinstance(found, Child):
        steps.append(_step(found.right))
        found = found.left
    if not isinstance(found, Root):
        steps.append(_step(found))
    return tuple(reversed(steps))


def _step(part: Any) -> str | int:
    if isinstance(part, Fields) and len(part.fields) == 1 and part.fields[0] != "*":
        return str(part.fields[0])
    if isinstance(part, Index) and len(part.indices) == 1 and part.indices[0] >= 0:
        return int(part.indices[0])
    raise ValueError("has more than names and positions")


def reached(value: Any, steps: Steps) -> Any:
    """What lies at the end of a path, or None; text that holds JSON is read as such."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return None
    for step in steps:
        if isinstance(step, str) and isinstance(value, dict):
            value = value.get(step)
        elif isinstance(step, int) and isinstance(value, list) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def converted(field: Field, value: Any) -> Any:
    """The value as the target field takes it (fact 6.5)."""
    if field["multiple"]:
        if isinstance(value, list):
            value = [_as_text(field, item) for item in value]
    else:
        value = _as_text(field, value)
    return fields.fitted(field, value, texts=True)


def _as_text(field: Field, value: Any) -> Any:
    """Texts and options take the text form of scalars; texts take compact JSON of the rest."""
    if isinstance(value, str) or field["type"] not in (*fields.TEXT_TYPES, "select", "pairwise"):
        return value
    if isinstance(value, dict | list) and field["type"] not in fields.TEXT_TYPES:
        return value
    return orjson.dumps(value).decode()
