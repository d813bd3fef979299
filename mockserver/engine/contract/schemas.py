"""The schemas of a document, compiled at first use: the fast validator that decides."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import jsonschema_rs

from mockserver.engine.contract.document import INSTANCES, Document, Survey, reference_to
from mockserver.engine.contract.violations import Side, Violation, described, shown, step
from mockserver.engine.errors import ContractError

_BASE = "urn:mockserver:contract"

FORMATS = frozenset(
    (
        "date-time",
        "date",
        "time",
        "duration",
        "email",
        "idn-email",
        "hostname",
        "idn-hostname",
        "ipv4",
        "ipv6",
        "uri",
        "uri-reference",
        "iri",
        "iri-reference",
        "uri-template",
        "uuid",
        "json-pointer",
        "relative-json-pointer",
        "regex",
    )
)
"""Formats that are asserted. Any other, such as `int64` or `binary`, is a remark."""


@cache
def judge(keyword: str, value: Any) -> jsonschema_rs.Validator:
    """A compiled validator of one keyword.

    The thorough validator asks it wherever two libraries could differ (formats, patterns,
    multiples), which makes them agree by construction.
    """
    return jsonschema_rs.Draft202012Validator({keyword: value}, validate_formats=True)


def acceptor(schema: Any, root: Mapping[str, Any]) -> Callable[[Any], bool]:
    """Whether a value is valid against a schema that no contract holds.

    References such as `#/components/schemas/Task` and `#/$defs/part` are followed into the root.
    """
    resource = {**root, "x-schema": schema}
    try:
        return _compiled("/x-schema", jsonschema_rs.Registry([(_BASE, resource)])).is_valid
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        raise ContractError(f"the schema is not valid: {_first_line(error)}") from None


class Schema:
    """One schema of a document."""

    __slots__ = ("_fast", "_schemas", "_slow", "pointer")

    def __init__(self, schemas: "Schemas", pointer: str) -> None:
        self._schemas = schemas
        self.pointer = pointer
        self._fast: jsonschema_rs.Validator | None = None
        self._slow: Any = None

    @property
    def raw(self) -> Any:
        """The schema as the document writes it."""
        return self._schemas.document.at(self.pointer)

    @property
    def components(self) -> dict[str, Any]:
        """The `components` of the document, for following the schema's references."""
        found: dict[str, Any] = self._schemas.document.root.get("components", {})
        return found

    def violations(self, value: Any, side: Side, at: str) -> list[Violation]:
        """What is wrong with the value, which stands at the pointer `at` of its message."""
        fast = self._fast
        if fast is None:
            fast = self._fast = self._schemas.compile(self.pointer)
        try:
            if fast.is_valid(value):
                return []
        except (ValueError, RecursionError) as error:
            message = f"cannot be read as JSON: {error}"
            return [Violation(side, at, "type", message, described(value))]
        return self._explained(value, side, at) or [
            Violation(side, at, "schema", "does not satisfy its schema", shown(value))
        ]

    def _explained(self, value: Any, side: Side, at: str) -> list[Violation]:
        from mockserver.engine.contract.explain import violations

        if self._slow is None:
            self._slow = self._schemas.thorough(self.pointer)
        return violations(self._slow, value, side, at)


class Schemas:
    """All schemas of one document, which they share instead of copying it."""

    __slots__ = ("_registry", "_schemas", "_thorough", "document")

    def __init__(self, document: Document) -> None:
        self.document = document
        self._schemas: dict[str, Schema] = {}
        self._registry: jsonschema_rs.Registry | None = None
        self._thorough: Any = None

    def at(self, pointer: str) -> Schema:
        """The schema at a pointer of the document."""
        schema = self._schemas.get(pointer)
        if schema is None:
            schema = self._schemas[pointer] = Schema(self, pointer)
        return schema

    def compile(self, pointer: str) -> jsonschema_rs.Validator:
        """The fast validator of the schema at a pointer."""
        if self._registry is None:
            self._registry = jsonschema_rs.Registry([(_BASE, self.document.root)])
        try:
            return _compiled(pointer, self._registry)
        except (ValueError, jsonschema_rs.ReferencingError) as error:
            message = f"is not a valid schema: {_first_line(error)}"
            raise self.document.error(pointer, message) from error

    def thorough(self, pointer: str) -> Any:
        """The thorough validator of the schema at a pointer."""
        if self._thorough is None:
            # Imported here: jsonschema takes longer to load than the server may take to start.
            from mockserver.engine.contract.thorough import Thorough

            self._thorough = Thorough(_BASE, self.document.root)
        return self._thorough.validator({"$ref": _BASE + reference_to(pointer)})

    def check(self, survey: Survey) -> None:
        """Raise for a schema that is not valid, among those asked for and the shared ones."""
        shared = self.document.root.get("components", {}).get("schemas", {})
        found = {step("/components/schemas", name): schema for name, schema in shared.items()}
        found |= {pointer: schema.raw for pointer, schema in self._schemas.items()}
        try:
            jsonschema_rs.meta.validate({"$defs": found})
        except jsonschema_rs.ValidationError as error:
            raise self._fault(found, error.instance_path[1:], error.message) from None
        if survey.nullable or not all(map(_is_pattern, survey.patterns)):
            for pointer, schema in found.items():
                self._check_details(pointer, schema)

    def _fault(self, found: dict[str, Any], path: list[str | int], message: str) -> ContractError:
        pointer = str(path[0]) if path else ""
        for part in path[1:]:
            pointer = step(pointer, part)
        return self.document.error(pointer, f"is not a valid schema: {message}")

    def _check_details(self, pointer: str, schema: Any) -> None:
        """What the meta-schema cannot see: expressions that do not compile, and OpenAPI 3.0."""
        stack = [(pointer, schema)]
        while stack:
            pointer, value = stack.pop()
            if isinstance(value, dict):
                self._check_keywords(pointer, value)
                for key, item in value.items():
                    if isinstance(item, dict | list) and key not in INSTANCES:
                        stack.append((step(pointer, key), item))
            elif isinstance(value, list):
                stack.extend((step(pointer, index), item) for index, item in enumerate(value))

    def _check_keywords(self, pointer: str, schema: dict[str, Any]) -> None:
        if isinstance(schema.get("nullable"), bool):
            raise self.document.error(
                pointer, "`nullable` is OpenAPI 3.0; add null to the `type` instead"
            )
        pattern = schema.get("pattern")
        if isinstance(pattern, str) and not _is_pattern(pattern):
            raise self.document.error(pointer, f"the pattern {pattern!r} is not understood")


def _compiled(pointer: str, registry: jsonschema_rs.Registry) -> jsonschema_rs.Validator:
    return jsonschema_rs.Draft202012Validator(
        {"$ref": _BASE + reference_to(pointer)},
        registry=registry,
        validate_formats=True,
        offline=True,
    )


def _is_pattern(pattern: str) -> bool:
    try:
        judge("pattern", pattern)
    except ValueError:
        return False
    return True


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
