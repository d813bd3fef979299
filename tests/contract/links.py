"""Links that a contract leaves to its readers: what is made is found by its id, and so changed."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.contract.schemas import at


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Path, method and operation, for each of them."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if isinstance(operation, dict) and "operationId" in operation:
                yield path, method, operation


def follow(document: dict[str, Any], place: dict[str, Any]) -> dict[str, Any]:
    """A place, or what it refers to."""
    found: dict[str, Any] = at(document, place["$ref"]) if "$ref" in place else place
    return found


def add_links(document: dict[str, Any], starts: Mapping[str, tuple[str, ...]]) -> None:
    """Link what makes something with all that its id leads to, and these with what they start."""
    for path, method, operation in operations(document):
        if method in ("post", "put"):
            _link_below(document, path, operation)
        begun = starts.get(operation["operationId"], ())
        _add(document, operation, "200", {id: {"operationId": id} for id in begun})


def _link_below(document: dict[str, Any], path: str, operation: dict[str, Any]) -> None:
    """Link an operation with those whose paths go on with an id, where its answer names one."""
    above = {name: f"$request.path.{name}" for name in re.findall(r"{(\w+)}", path)}
    item = re.compile(re.escape(path) + r"/{(\w+)}(/[^{]*)?")
    for status, response in [*operation["responses"].items()]:
        id = _id(follow(document, response)) if status in ("200", "201") else None
        if id is None:
            continue
        found = {
            other["operationId"]: {
                "operationId": other["operationId"],
                "parameters": {**above, below[1]: id},
            }
            for longer, _, other in operations(document)
            if (below := item.fullmatch(longer))
        }
        _add(document, operation, status, found)


def _id(response: dict[str, Any]) -> str | None:
    """Where an answer has the id of what was made: where its links say, or under that name."""
    known = [
        expression
        for link in response.get("links", {}).values()
        for expression in reversed(link["parameters"].values())
        if expression.startswith("$response.body#")
    ]
    content = response.get("content", {}).get("application/json", {})
    given = [
        content.get("example"),
        *(each["value"] for each in content.get("examples", {}).values()),
    ]
    named = any(isinstance(each, dict) and "id" in each for each in given)
    return next(iter(known), "$response.body#/id" if named else None)


def _add(
    document: dict[str, Any], operation: dict[str, Any], status: str, links: dict[str, Any]
) -> None:
    """Give an answer of one operation more links; the shared ones stay as they are."""
    if not links:
        return
    response = follow(document, operation["responses"][status])
    more = {**response, "links": {**links, **response.get("links", {})}}
    operation["responses"] = {**operation["responses"], status: more}
