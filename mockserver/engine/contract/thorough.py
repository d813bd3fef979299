"""The thorough validator: finds every error of a value, and agrees with the fast one."""

from collections.abc import Callable, Iterator
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from mockserver.engine.contract.schemas import FORMATS, acceptor, judge

_FEW = 10
"""Lists up to this long are looked through without asking the fast validator first."""

Errors = Iterator[ValidationError]


class Thorough:
    """Makes validators for the schemas of one document.

    Wherever the two libraries could differ, the fast one is asked for its verdict: on formats,
    patterns and multiples; and on each item of a list, because it is a hundred times as fast and
    in a long list few are wrong.
    """

    def __init__(self, base: str, root: dict[str, Any]) -> None:
        self._root = root
        empty: Registry[Any] = Registry()
        self._registry = empty.with_resource(base, DRAFT202012.create_resource(root))
        self._accepts: dict[int, tuple[Callable[[Any], bool], Any]] = {}
        self._formats = FormatChecker(formats=())
        for name in FORMATS:
            self._formats.checks(name)(judge("format", name).is_valid)
        self._class: Any = extend(  # type: ignore[no-untyped-call]
            Draft202012Validator,
            {
                "pattern": _judged("pattern"),
                "multipleOf": _judged("multipleOf"),
                "properties": _properties,
                "patternProperties": _pattern_properties,
                "additionalProperties": _additional_properties,
                "items": self._items,
            },
        )

    def validator(self, schema: dict[str, Any]) -> Any:
        """A validator of `jsonschema` for the schema."""
        return self._class(schema, registry=self._registry, format_checker=self._formats)

    def _items(self, checker: Any, items: Any, value: Any, schema: Any) -> Errors:
        if not isinstance(value, list):
            return
        accepts = self._acceptor(items) if len(value) > _FEW else None
        for index in range(len(schema.get("prefixItems", ())), len(value)):
            if accepts is None or not accepts(value[index]):
                yield from checker.descend(value[index], _not_false(items), path=index)

    def _acceptor(self, schema: Any) -> Callable[[Any], bool]:
        """The fast verdict on a schema, compiled once; it is kept along, as its id is the key."""
        if id(schema) not in self._accepts:
            self._accepts[id(schema)] = acceptor(schema, self._root), schema
        return self._accepts[id(schema)][0]


def _judged(keyword: str) -> Callable[..., Errors]:
    """A keyword that the fast validator judges here, too."""

    def check(_: Any, expected: Any, value: Any, __: Any) -> Errors:
        if not judge(keyword, expected).is_valid(value):
            yield ValidationError(f"breaks {keyword}")

    return check


def _properties(checker: Any, properties: Any, value: Any, _: Any) -> Errors:
    for name in properties if isinstance(value, dict) else ():
        if name in value:
            yield from checker.descend(
                value[name], _not_false(properties[name]), path=name, schema_path=name
            )


def _pattern_properties(checker: Any, patterns: Any, value: Any, _: Any) -> Errors:
    for pattern, schema in patterns.items() if isinstance(value, dict) else ():
        for name in value:
            if judge("pattern", pattern).is_valid(name):
                yield from checker.descend(
                    value[name], _not_false(schema), path=name, schema_path=pattern
                )


def _additional_properties(checker: Any, expected: Any, value: Any, schema: Any) -> Errors:
    for name in _unknown(schema, value):
        if expected is False:
            yield ValidationError("is not a known property", path=[name])
        else:
            yield from checker.descend(value[name], expected, path=name)


def _not_false(schema: Any) -> Any:
    """The same schema, but one whose errors have a path: `jsonschema` forgets it for false."""
    return {"not": {}} if schema is False else schema


def _unknown(schema: Any, value: Any) -> Iterator[str]:
    """Properties of the value that the schema says nothing about."""
    known = schema.get("properties", {})
    patterns = [judge("pattern", pattern) for pattern in schema.get("patternProperties", ())]
    for name in value if isinstance(value, dict) else ():
        if name not in known and not any(pattern.is_valid(name) for pattern in patterns):
            yield name
