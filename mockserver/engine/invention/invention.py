"""One value made up from a JSON Schema: the shape follows the schema, the contents its names."""

import copy
import json
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from mockserver.engine.contract.schemas import acceptor
from mockserver.engine.errors import ContractError
from mockserver.engine.invention.merging import alternatives, merged
from mockserver.engine.invention.numbers import integer, number
from mockserver.engine.invention.strings import string

if TYPE_CHECKING:
    from mockserver.engine.examples import Faker

_ATTEMPTS = 30
_SHALLOW = 3
"""From this depth on, alternatives that end soon are tried first."""
_BARE = 6
"""From this depth on, only what is required is invented."""
_DEEPEST = 12

_HARD = frozenset(
    {
        "oneOf", "not", "if", "patternProperties", "propertyNames", "dependentSchemas",
        "dependentRequired", "dependencies", "unevaluatedProperties", "unevaluatedItems",
        "contains", "allOf",
    }
)  # fmt: skip
"""Keywords that an invented value is checked against instead of being made to fit."""

_BOUNDS = frozenset(
    {
        "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength",
        "maxLength", "pattern", "format", "minItems", "maxItems", "required",
    }
)  # fmt: skip


class Uninventable(ContractError):
    """No value was found that is valid against the schema."""


class Acceptors:
    """Compiled checks of schemas that were met before, a bounded number of them."""

    _MOST = 256

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], tuple[Callable[[Any], bool], Any]] = {}

    def of(self, schema: Any, root: Mapping[str, Any]) -> Callable[[Any], bool]:
        """Whether a value is valid against a schema of the root."""
        components = root["components"]
        key = (json.dumps([schema, root.get("$defs")], sort_keys=True), id(components))
        if key not in self._known:
            if len(self._known) >= self._MOST:
                self._known.clear()
            # The components are kept along, so that no other object can have their id.
            try:
                self._known[key] = (acceptor(schema, root), components)
            except ContractError as error:
                raise Uninventable(str(error)) from None
        return self._known[key][0]


class Invention:
    """The making of one value, drawing from a seeded Faker."""

    def __init__(self, faker: "Faker", root: Mapping[str, Any], acceptors: Acceptors) -> None:
        self._faker = faker
        self._random = faker.random
        self._root = root
        self._acceptors = acceptors

    def whole(self, schema: Any) -> Any:
        """A value for the schema that was looked over as a whole."""
        accepts = self._acceptors.of(schema, self._root)
        for _ in range(_ATTEMPTS):
            found = self.value(schema)
            if accepts(found):
                return found
        raise self._failure((), "nothing valid was found")

    def value(self, schema: Any, names: tuple[str, ...] = ()) -> Any:
        """A value for the schema of the property that the names lead to."""
        if len(names) > _DEEPEST:
            raise self._failure(names, "the schema nests without end")
        try:
            single = merged(schema, self._resolved)
            choices = alternatives(single, self._resolved)
        except ValueError as error:
            raise self._failure(names, str(error)) from None
        if len(choices) == 1 and not self._is_hard(schema) and not self._is_hard(single):
            return self._of(choices[0], names)
        accepts = self._acceptors.of(schema, self._root)
        failure: Uninventable | None = None
        for attempt in range(max(_ATTEMPTS, len(choices))):
            try:
                found = self._of(self._choice(choices, names, attempt), names)
            except Uninventable as error:
                failure = error
                if attempt >= len(choices) and len(names) > _SHALLOW:
                    break
                continue
            if accepts(found):
                return found
        raise failure or self._failure(names, "nothing valid was found")

    def _choice(self, choices: list[Any], names: tuple[str, ...], attempt: int) -> Any:
        """One alternative: any at first, then each in turn; deep inside, the simple ones first."""
        if len(names) >= _SHALLOW:
            return sorted(choices, key=_weight)[attempt % len(choices)]
        if attempt < _ATTEMPTS // 2 and len(choices) < _ATTEMPTS // 2:
            return self._random.choice(choices)
        return choices[attempt % len(choices)]

    def _is_hard(self, schema: Any) -> bool:
        if not isinstance(schema, dict):
            return False
        if _HARD & schema.keys():
            return True
        return "enum" in schema and bool(_BOUNDS & schema.keys())

    def _of(self, schema: Any, names: tuple[str, ...]) -> Any:
        """A value for a schema without references and combinations."""
        if schema is False:
            raise self._failure(names, "the schema allows nothing")
        schema = {} if schema is True else schema
        if "const" in schema:
            return copy.deepcopy(schema["const"])
        kind = self._kind(schema, names)
        if "enum" in schema:
            fitting = [value for value in schema["enum"] if _is_of(kind, value)]
            if not fitting:
                raise self._failure(names, "no value of the enum is of the type")
            return copy.deepcopy(self._random.choice(fitting))
        try:
            match kind:
                case "object":
                    return self._object(schema, names)
                case "array":
                    return self._array(schema, names)
                case "boolean":
                    return bool(self._random.random() < 0.5)
                case "null":
                    return None
                case "integer":
                    return integer(schema, names, self._faker)
                case "number":
                    return number(schema, names, self._faker)
            return string(schema, names, self._faker)
        except ValueError as error:
            raise self._failure(names, str(error)) from None

    def _kind(self, schema: dict[str, Any], names: tuple[str, ...]) -> str:
        declared = schema.get("type")
        if declared is None:
            return _implied_kind(schema)
        kinds = [declared] if isinstance(declared, str) else list(declared)
        if "enum" in schema:
            kinds = [kind for kind in kinds if any(_is_of(kind, v) for v in schema["enum"])]
        if not kinds:
            raise self._failure(names, "the schema allows no type")
        if "null" in kinds and len(kinds) > 1:
            if len(names) >= _BARE or self._random.random() < 0.15:
                return "null"
            kinds.remove("null")
        return str(self._random.choice(kinds))

    def _object(self, schema: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        properties = schema.get("properties", {})
        required = list(schema.get("required", ()))
        most = schema.get("maxProperties", max(len(properties), len(required), 50))
        others = schema.get("additionalProperties", True)
        if "unevaluatedProperties" in schema and "additionalProperties" not in schema:
            others = schema["unevaluatedProperties"]
        for name in properties:
            if name in required:
                found[name] = self.value(properties[name], (*names, name))
            elif self._wants_optional(schema, names) and len(found) < most:
                self._try_property(found, name, properties[name], names)
        for name in required:
            if name not in found:
                found[name] = self.value(_other_schema(schema, name, others), (*names, name))
        for name in [n for n in found if n not in required][: max(0, len(found) - most)]:
            del found[name]
        least = schema.get("minProperties", 0)
        for name in properties:
            if len(found) < least and name not in found:
                self._try_property(found, name, properties[name], names)
        if not properties and isinstance(others, dict) and len(names) < _BARE:
            least = max(least, min(self._random.randint(1, 3), most))
        if others is not False:
            self._fill(found, schema, (least, others), names)
        if len(found) < schema.get("minProperties", 0):
            raise self._failure(names, f"{least} properties are too many")
        return found

    def _wants_optional(self, schema: dict[str, Any], names: tuple[str, ...]) -> bool:
        if "maxProperties" in schema or len(names) < _BARE:
            return bool(self._random.random() < 0.8)
        return False

    def _try_property(
        self, found: dict[str, Any], name: str, schema: Any, names: tuple[str, ...]
    ) -> None:
        """Add an optional property unless nothing valid is found for it."""
        try:
            found[name] = self.value(schema, (*names, name))
        except Uninventable:
            return

    def _fill(
        self,
        found: dict[str, Any],
        schema: dict[str, Any],
        wanted: tuple[int, Any],
        names: tuple[str, ...],
    ) -> None:
        """Add properties of free names until there are enough."""
        least, others = wanted
        name_schema = schema.get("propertyNames")
        for attempt in range(least * 10):
            if len(found) >= least:
                return
            if name_schema is None:
                word = self._faker.word()
                name = word if attempt < least * 5 else f"{word}_{attempt}"
            else:
                name = str(self.value({"type": "string", "allOf": [name_schema]}, names))
            if name not in found and name not in schema.get("properties", {}):
                self._try_property(found, name, _other_schema(schema, name, others), names)

    def _array(self, schema: dict[str, Any], names: tuple[str, ...]) -> list[Any]:
        first = schema.get("prefixItems", [])
        items = schema.get("items", True)
        if items is True and "unevaluatedItems" in schema:
            items = schema["unevaluatedItems"]
        least = schema.get("minItems", 0)
        most = schema.get("maxItems", max(least, len(first), 3))
        if items is False:
            most = min(most, len(first))
        wanted = min(most, max(least, len(first)))
        if len(names) < _BARE:
            wanted = max(wanted, min(most, self._random.randint(1, 3)))
        contained = schema.get("contains")
        must = schema.get("minContains", 1) if contained is not None else 0
        found: list[Any] = []
        seen: set[str] = set()
        for attempt in range(max(wanted, must) * (20 if schema.get("uniqueItems") else 1)):
            if len(found) >= max(wanted, must):
                break
            item = first[len(found)] if len(found) < len(first) else items
            if len(found) < must:
                item = {"allOf": [item, contained]}
            try:
                value = self.value(item, (*names, "*") if names else ("*",))
            except Uninventable:
                # What is allowed to be absent needs no invention.
                if least == 0 and attempt == 0 and not must:
                    return []
                raise
            mark = _mark(value)
            if not schema.get("uniqueItems") or mark not in seen:
                seen.add(mark)
                found.append(value)
        if len(found) < least:
            raise self._failure(names, f"{least} different items are too many")
        return found

    def _resolved(self, reference: str) -> Any:
        value: Any = self._root
        try:
            for part in unquote(reference.removeprefix("#")).split("/")[1:]:
                value = value[part.replace("~1", "/").replace("~0", "~")]
        except (KeyError, TypeError):
            raise Uninventable(f"the schema refers to {reference}, which is not there") from None
        return value

    def _failure(self, names: Iterable[str], reason: str) -> Uninventable:
        where = "/".join(names)
        return Uninventable(f"cannot invent {f'a value for {where}' if where else 'it'}: {reason}")


def _implied_kind(schema: dict[str, Any]) -> str:
    """The type that a schema without `type` is evidently about."""
    if schema.keys() & {"properties", "required", "additionalProperties", "minProperties"}:
        return "object"
    if schema.keys() & {"items", "prefixItems", "minItems", "contains", "uniqueItems"}:
        return "array"
    if schema.keys() & {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}:
        return "number"
    if "multipleOf" in schema:
        return "number"
    return "any" if "enum" in schema else "string"


def _is_of(kind: str, value: Any) -> bool:
    match kind:
        case "any":
            return True
        case "string":
            return isinstance(value, str)
        case "object":
            return isinstance(value, dict)
        case "array":
            return isinstance(value, list)
        case "boolean":
            return isinstance(value, bool)
        case "null":
            return value is None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return kind == "number" or float(value).is_integer()


def _other_schema(schema: dict[str, Any], name: str, others: Any) -> Any:
    """The schema of a property that `properties` does not name."""
    for pattern, found in schema.get("patternProperties", {}).items():
        if acceptor({"pattern": pattern}, {})(name):
            return found
    return others


def _weight(schema: Any) -> int:
    """How much a choice would bring along."""
    return len(json.dumps(schema)) + (1000 if "$ref" in json.dumps(schema) else 0)


def _mark(value: Any) -> str:
    """The same text for values that JSON Schema takes for equal."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return json.dumps(value, sort_keys=True)
