"""Schemas folded into one: references followed, `allOf` joined, alternatives spelled out."""

from collections.abc import Callable
from typing import Any

Resolve = Callable[[str], Any]

_LARGER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties", "minContains")
_SMALLER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_DEEPEST = 50


def merged(schema: Any, resolve: Resolve, depth: int = 0) -> Any:
    """The schema with its `$ref` and `allOf` joined into it; `anyOf` and the like stay."""
    if not isinstance(schema, dict):
        return schema
    if depth > _DEEPEST:
        raise ValueError("the schema refers to itself without end")
    if "$ref" not in schema and "allOf" not in schema:
        return schema
    found: Any = {key: schema[key] for key in schema if key not in ("$ref", "allOf")}
    if "$ref" in schema:
        found = joined(merged(resolve(schema["$ref"]), resolve, depth + 1), found)
    for part in schema.get("allOf", ()):
        found = joined(found, merged(part, resolve, depth + 1))
    return found


def alternatives(schema: Any, resolve: Resolve, depth: int = 0) -> list[Any]:
    """Schemas without combinations, of which a value has to satisfy one."""
    if not isinstance(schema, dict):
        return [schema]
    if depth > _DEEPEST:
        raise ValueError("the schema refers to itself without end")
    for keyword in ("oneOf", "anyOf", "if"):
        if keyword not in schema:
            continue
        rest = {key: value for key, value in schema.items() if key != keyword}
        if keyword == "if":
            then, other = rest.pop("then", True), rest.pop("else", True)
            parts = [{"allOf": [schema["if"], then]}, other]
        else:
            parts = schema[keyword]
        found = []
        for part in parts:
            whole = joined(rest, merged(part, resolve, depth))
            whole = merged(whole, resolve, depth + 1)
            if whole is not False:
                found.extend(alternatives(whole, resolve, depth + 1))
        return found or [False]
    return [schema]


def joined(one: Any, other: Any) -> Any:
    """A schema for what satisfies both, as far as keywords can say it."""
    if one is False or other is False:
        return False
    if one is True or one == {}:
        return other
    if other is True or other == {}:
        return one
    found = dict(one)
    for key, value in other.items():
        if key not in found or found[key] == value:
            found[key] = value
        elif not _join(found, key, value):
            return False
    return found


def _join(found: dict[str, Any], key: str, value: Any) -> bool:
    """Tighten one keyword; False when nothing can satisfy both."""
    known = found[key]
    if key in _LARGER:
        found[key] = max(known, value)
    elif key in _SMALLER:
        found[key] = min(known, value)
    elif key == "type":
        found[key] = _common_types(known, value)
        return bool(found[key])
    elif key == "enum":
        found[key] = [item for item in known if item in value]
        return bool(found[key])
    elif key == "const":
        return False
    elif key == "required":
        found[key] = list(dict.fromkeys([*known, *value]))
    elif key in ("properties", "patternProperties"):
        found[key] = {
            name: {"allOf": [known[name], value[name]]}
            if name in known and name in value
            else known.get(name, value.get(name))
            for name in {**known, **value}
        }
    elif key in ("items", "additionalProperties", "propertyNames", "contains"):
        found[key] = {"allOf": [known, value]}
    elif key in ("oneOf", "anyOf"):
        # Only one list of alternatives fits beside the keyword; the other is multiplied into it.
        found[key] = [{"allOf": [one, other]} for one in known for other in value]
    elif key == "uniqueItems":
        found[key] = known or value
    elif key == "multipleOf":
        found[key] = max(known, value)
    elif key == "pattern":
        found[key] = known if len(known) >= len(value) else value
    else:
        found[key] = value
    return True


def _common_types(one: str | list[str], other: str | list[str]) -> list[str]:
    ones = [one] if isinstance(one, str) else one
    others = [other] if isinstance(other, str) else other
    found = [name for name in ones if name in others]
    if "integer" in others and "number" in ones and "integer" not in found:
        found.append("integer")
    if "integer" in ones and "number" in others and "integer" not in found:
        found.append("integer")
    return found
