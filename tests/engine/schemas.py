"""Made-up JSON Schemas, for properties that hold for all of them."""

from typing import Any

from hypothesis import strategies as st

Schema = dict[str, Any]

PATTERNS = (
    "^[a-z]+$",
    "^[A-Z]{3}-\\d{4}$",
    "^(new|done|in progress)$",
    "\\w+@\\w+\\.example",
    "^[0-9a-f]{24}$",
    "^v[0-9]+(?:\\.[0-9]+)*$",
    "^[^/\\s]{2,5}$",
    "\\.(csv|json)$",
    "^\\+?[1-9][0-9]{1,14}$",
)
FORMATS = ("date-time", "date", "time", "email", "uri", "uuid", "hostname", "ipv4", "int64")
NAMES = ("name", "email", "price", "createdAt", "tags", "file_url", "x", "count", "zip")


def _between(low: str, high: str, numbers: st.SearchStrategy[Any]) -> st.SearchStrategy[Schema]:
    """A lower and an upper bound, either or both."""
    pair = st.tuples(numbers, numbers).map(sorted)
    return st.one_of(
        st.just({}),
        numbers.map(lambda n: {low: n}),
        numbers.map(lambda n: {high: n}),
        pair.map(lambda both: {low: both[0], high: both[1]}),
    )


def _of(kind: str | list[str], *parts: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    return st.tuples(*parts).map(
        lambda found: {"type": kind} | {k: v for part in found for k, v in part.items()}
    )


_LENGTHS = st.integers(0, 40)
_FLOATS = st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 3))

LEAVES: st.SearchStrategy[Schema] = st.one_of(
    _of("string", _between("minLength", "maxLength", _LENGTHS)),
    _of(["string", "null"], _between("minLength", "maxLength", _LENGTHS)),
    st.sampled_from(FORMATS).map(lambda name: {"type": "string", "format": name}),
    st.sampled_from(PATTERNS).map(lambda text: {"type": "string", "pattern": text}),
    _of("integer", _between("minimum", "maximum", st.integers(-(10**12), 10**12))),
    _of("number", _between("minimum", "maximum", _FLOATS)),
    st.sampled_from([0.01, 0.1, 0.25, 1, 7]).map(lambda n: {"type": "number", "multipleOf": n}),
    st.sampled_from([2, 7, 100]).map(lambda n: {"type": ["integer", "null"], "multipleOf": n}),
    st.lists(st.sampled_from(["a", "b", 1, 2.5, None, True]), min_size=1, max_size=4).map(
        lambda values: {"enum": values}
    ),
    st.sampled_from([{"const": "fixed"}, {"type": "boolean"}, {"type": "null"}, {}]),
)


def _objects(children: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    properties = st.dictionaries(st.sampled_from(NAMES), children, max_size=4)
    others = st.sampled_from([{}, {"additionalProperties": False}])
    named = st.tuples(properties, st.booleans(), others).map(
        lambda parts: {
            "type": "object",
            "properties": parts[0],
            "required": sorted(parts[0])[: len(parts[0]) if parts[1] else 1],
            **parts[2],
        }
    )
    free = st.tuples(children, st.integers(0, 3)).map(
        lambda parts: {
            "type": "object",
            "additionalProperties": parts[0],
            "minProperties": parts[1],
        }
    )
    return named | free


def _arrays(children: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    sizes = _between("minItems", "maxItems", st.integers(0, 4))
    return st.tuples(children, sizes).map(
        lambda parts: {"type": "array", "items": parts[0], **parts[1]}
    )


def _grown(children: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    choices = st.lists(children, min_size=1, max_size=3).map(lambda found: {"anyOf": found})
    return _objects(children) | _arrays(children) | choices


SATISFIABLE: st.SearchStrategy[Schema] = st.recursive(LEAVES, _grown, max_leaves=8)
"""Schemas that some value is valid against."""


def _combined(children: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    some = st.lists(children, min_size=1, max_size=3)
    return st.one_of(
        _grown(children),
        some.map(lambda found: {"oneOf": found}),
        some.map(lambda found: {"allOf": found}),
        st.tuples(children, children).map(lambda both: {**both[0], "not": both[1]}),
        st.tuples(children, children, children).map(
            lambda all_: {"if": all_[0], "then": all_[1], "else": all_[2]}
        ),
    )


ANY: st.SearchStrategy[Schema] = st.recursive(LEAVES, _combined, max_leaves=8)
"""Schemas with every kind of combination, also such that nothing is valid against."""
