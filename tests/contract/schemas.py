"""A walk through an OpenAPI document: its places with schemas, its schemas, its examples."""

from collections.abc import Iterator
from typing import Any

Place = tuple[str, dict[str, Any]]
"""A JSON pointer and what is there."""

ONE = frozenset(
    ("additionalProperties", "contains", "else", "if", "items", "not", "propertyNames", "then",
     "unevaluatedItems", "unevaluatedProperties", "contentSchema")
)  # fmt: skip
"""Keywords that hold a schema."""
SEVERAL = frozenset(("allOf", "anyOf", "oneOf", "prefixItems"))
NAMED = frozenset(("properties", "patternProperties", "$defs", "dependentSchemas"))


def step(pointer: str, part: object) -> str:
    """The pointer to a part of what a pointer leads to."""
    return f"{pointer}/{str(part).replace('~', '~0').replace('/', '~1')}"


def at(root: dict[str, Any], reference: str) -> Any:
    """What a reference within the document, or a pointer, leads to."""
    found: Any = root
    for part in reference.removeprefix("#").split("/")[1:]:
        part = part.replace("~1", "/").replace("~0", "~")
        found = found[int(part) if isinstance(found, list) else part]
    return found


def places(value: Any, pointer: str = "") -> Iterator[Place]:
    """Every object that is no schema and no example: operations, parameters, media types, links."""
    if isinstance(value, dict):
        yield pointer, value
        for key, item in value.items():
            if key in ("example", "examples", "schema"):
                continue
            if pointer != "/components" or key != "schemas":
                yield from places(item, step(pointer, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from places(item, step(pointer, index))


def roots(root: dict[str, Any]) -> Iterator[Place]:
    """Every schema that stands by itself: the shared ones, and those written in their places."""
    for name, schema in root.get("components", {}).get("schemas", {}).items():
        yield step("/components/schemas", name), schema
    for pointer, place in places(root):
        if "schema" in place:
            yield f"{pointer}/schema", place["schema"]


def within(pointer: str, schema: Any) -> Iterator[Place]:
    """A schema and the schemas in it; references are not followed, they lead to others' roots."""
    if not isinstance(schema, dict):
        return
    yield pointer, schema
    for key, item in schema.items():
        if key in ONE:
            yield from within(step(pointer, key), item)
        elif key in SEVERAL:
            for index, part in enumerate(item):
                yield from within(f"{pointer}/{key}/{index}", part)
        elif key in NAMED:
            for name, part in item.items():
                yield from within(step(f"{pointer}/{key}", name), part)


def schemas(root: dict[str, Any]) -> Iterator[Place]:
    """Every schema of the document, however deep."""
    for pointer, schema in roots(root):
        yield from within(pointer, schema)


def examples(root: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Every example and default: where it is, its schema's pointer, and the value."""
    for pointer, place in places(root):
        if "schema" not in place:
            continue
        if "example" in place:
            yield f"{pointer}/example", f"{pointer}/schema", place["example"]
        for name, example in place.get("examples", {}).items():
            found = at(root, example["$ref"]) if "$ref" in example else example
            yield step(f"{pointer}/examples", name), f"{pointer}/schema", found["value"]
    for pointer, schema in schemas(root):
        for key in ("example", "default"):
            if key in schema:
                yield f"{pointer}/{key}", pointer, schema[key]
        for index, value in enumerate(schema.get("examples", ())):
            yield f"{pointer}/examples/{index}", pointer, value
