"""The fast validator and the thorough one agree on generated instances of every schema."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from mockserver.engine.contract.document import reference_to
from mockserver.engine.contract.thorough import Thorough
from tests.contract.conftest import Depth
from tests.contract.schemas import Place, at, schemas
from tests.contract.test_documents import NAMES, ROOT, document

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
)
LOOSE = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=5,
)
Verdict = Callable[[Any], bool]

TOGETHER = 20
"""Schemas that share a run of the bounded form, where the run costs more than the values."""

KEYWORDS = ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems")


def instances(root: dict[str, Any], schema: Any, deep: int = 0) -> st.SearchStrategy[Any]:
    """Values near a schema: often valid, often just not."""
    if not isinstance(schema, dict) or deep > 3:
        return LOOSE
    if "$ref" in schema:
        return instances(root, at(root, schema["$ref"]), deep + 1)
    if "const" in schema:
        return st.just(schema["const"]) | LEAVES
    if "enum" in schema:
        return st.sampled_from(schema["enum"]) | LEAVES
    for several in ("oneOf", "anyOf"):
        if several in schema:
            return st.one_of([instances(root, each, deep + 1) for each in schema[several]])
    kinds = schema.get("type", "object" if "properties" in schema else None)
    kinds = [kinds] if isinstance(kinds, str) else kinds or []
    found = [of_kind(root, schema, kind, deep) for kind in kinds]
    return st.one_of([*found, *found, *found, LOOSE])


def of_kind(root: dict[str, Any], schema: Any, kind: str, deep: int) -> st.SearchStrategy[Any]:
    """Values of one type, around the schema's limits."""
    limits = [schema[name] for name in KEYWORDS if name in schema and schema[name] < 2**63]
    if kind == "object":
        known = schema.get("properties", {})
        required = {
            name: instances(root, known.get(name), deep + 1) for name in schema.get("required", ())
        }
        others = {n: instances(root, s, deep + 1) for n, s in known.items() if n not in required}
        return st.fixed_dictionaries(required, optional=others)
    if kind == "array":
        return st.lists(instances(root, schema.get("items"), deep + 1), max_size=3)
    if kind in ("integer", "number"):
        near = [limit + step for limit in limits for step in (-1, 0, 1)]
        return st.sampled_from(near) | st.integers() if near else st.integers() | st.floats(-9, 9)
    if kind == "string":
        if "pattern" in schema:
            return st.from_regex(schema["pattern"]) | st.text(max_size=8)
        return st.text(max_size=8)
    return LEAVES


def in_use(root: dict[str, Any]) -> Iterator[Place]:
    """Every schema of the document that says something, each wording once.

    References mean the same wherever they stand, so equal schemas accept the same values.
    """
    seen = set()
    for pointer, schema in schemas(root):
        wording = json.dumps(schema, sort_keys=True)
        if schema.keys() - {"$ref"} and wording not in seen:
            seen.add(wording)
            yield pointer, schema


@dataclass(frozen=True)
class Question:
    """A schema, values near it, and what the two validators say of a value."""

    pointer: str
    values: st.SearchStrategy[Any]
    slow: Verdict
    fast: Verdict


def questions(root: dict[str, Any]) -> Iterator[Question]:
    """One for each schema in use."""
    thorough = Thorough(ROOT, root)
    quick = jsonschema_rs.Registry([(ROOT, root)])
    for pointer, schema in in_use(root):
        reference = {"$ref": ROOT + reference_to(pointer)}
        slow = thorough.validator(reference)
        fast = jsonschema_rs.Draft202012Validator(reference, registry=quick, validate_formats=True)
        yield Question(pointer, instances(root, schema), slow.is_valid, fast.is_valid)


@pytest.mark.parametrize("name", NAMES)
def test_both_validators_say_the_same_of_every_schema(name: str, depth: Depth) -> None:
    every = questions(document(name))
    while some := [*islice(every, 1 if depth.deep else TOGETHER)]:
        agree(depth, some)


def agree(depth: Depth, some: list[Question]) -> None:
    """Ask both validators of each schema of the same values."""

    @seed(depth.seed)
    @settings(
        max_examples=depth.examples if depth.deep else 2,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def ask(data: st.DataObject) -> None:
        for each in some:
            value = data.draw(each.values)
            assert each.slow(value) == each.fast(value), (each.pointer, value)

    ask()
