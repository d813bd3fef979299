"""The explaining validator: says in plain words what the fast one has found wrong."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from mockserver.engine.contract.schemas import FORMATS, judge
from mockserver.engine.contract.violations import MOST, Side, Violation, described, shown, step

_KIND_RULES = ("type", "const", "enum")
_ARTICLES = {
    "null": "null",
    "integer": "an integer",
    "object": "an object",
    "array": "a list",
    "number": "a number",
    "string": "a string",
    "boolean": "true or false",
}


def registry(base: str, document: dict[str, Any]) -> "Registry[Any]":
    """A registry in which references into the document are looked up."""
    empty: Registry[Any] = Registry()
    found: Registry[Any] = empty.with_resource(base, DRAFT202012.create_resource(document))
    return found


def validator(schema: dict[str, Any], known: "Registry[Any]") -> Any:
    """A validator that reports every error of a value."""
    return _EXPLAINING(schema, registry=known, format_checker=_formats())


def violations(checker: Any, value: Any, side: Side, at: str) -> list[Violation]:
    """What the validator finds wrong with the value, at most `MOST`."""
    found: dict[tuple[str, str, str], Violation] = {}
    try:
        for error in islice(checker.iter_errors(value), MOST):
            for violation in _flattened(error, side, at):
                found[violation.pointer, violation.rule, violation.message] = violation
                if len(found) == MOST:
                    return list(found.values())
    except RecursionError:
        return [Violation(side, at, "depth", "is nested too deeply", described(value))]
    return list(found.values())


def _judged(keyword: str) -> Callable[..., Iterator[ValidationError]]:
    """A keyword that the fast validator judges here, too."""

    def check(_: Any, expected: Any, value: Any, __: Any) -> Iterator[ValidationError]:
        if not judge(keyword, expected).is_valid(value):
            yield ValidationError(f"{value!r} breaks {keyword} {expected!r}")

    return check


_EXPLAINING: Any = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    {"pattern": _judged("pattern"), "multipleOf": _judged("multipleOf")},
)


def _formats() -> FormatChecker:
    checker = FormatChecker(formats=())
    for name in FORMATS:
        checker.checks(name)(judge("format", name).is_valid)
    return checker


def _flattened(error: ValidationError, side: Side, at: str) -> Iterator[Violation]:
    """The error as violations; of alternatives, what is wrong with the one that was meant."""
    if error.validator in ("anyOf", "oneOf") and error.context:
        branches: dict[Any, list[ValidationError]] = defaultdict(list)
        for inner in error.context:
            branches[inner.schema_path[0]].append(inner)
        meant = [found for found in branches.values() if not _other_kind(error, found)]
        if meant:
            for inner in min(meant, key=_distance):
                yield from _flattened(inner, side, at)
            return
        yield _of_no_kind(error, list(branches.values()), side, at)
        return
    pointer = _pointer(error, at)
    for name, words in _sentences(error):
        target = pointer if name is None else step(pointer, name)
        value = error.instance
        if name is not None:
            value = value.get(name) if isinstance(value, dict) else None
        yield Violation(side, target, str(error.validator), words, shown(value))


def _pointer(error: ValidationError, at: str) -> str:
    for part in error.absolute_path:
        at = step(at, part)
    return at


def _other_kind(parent: ValidationError, branch: list[ValidationError]) -> bool:
    """Whether the value is evidently meant as something else than this alternative."""
    depth = len(parent.absolute_path)
    for error in branch:
        below = len(error.absolute_path) - depth
        if below == 0 and error.validator in _KIND_RULES:
            return True
        if below == 1 and error.validator in ("const", "enum"):
            return True
    return False


def _distance(branch: list[ValidationError]) -> tuple[int, int]:
    """How far a value is from an alternative: few errors first, and those deep inside."""
    return len(branch), -max(len(error.absolute_path) for error in branch)


def _of_no_kind(
    error: ValidationError, branches: list[list[ValidationError]], side: Side, at: str
) -> Violation:
    """One violation for a value that is none of the alternatives."""
    leaves = [leaf for branch in branches for leaf in branch]
    depth = len(error.absolute_path)
    here = all(len(leaf.absolute_path) == depth for leaf in leaves)
    if here and all(leaf.validator in _KIND_RULES for leaf in leaves):
        expected = dict.fromkeys(_expectation(leaf) for leaf in leaves)
        words = f"must be {_either(expected)}, not {described(error.instance)}"
        rule = "type" if all(leaf.validator == "type" for leaf in leaves) else str(error.validator)
    else:
        words, rule = "fits none of the forms that are allowed here", str(error.validator)
    return Violation(side, _pointer(error, at), rule, words, shown(error.instance))


def _expectation(error: ValidationError) -> str:
    expected: Any = error.validator_value
    if error.validator == "type":
        names = [expected] if isinstance(expected, str) else expected
        return _either(_ARTICLES.get(name, str(name)) for name in names)
    if error.validator == "const":
        return described(expected)
    listed = [described(value) for value in expected[:12]]
    return (
        ("one of " if len(expected) > 1 else "")
        + ", ".join(listed)
        + (", …" if len(expected) > 12 else "")
    )


def _either(words: Iterable[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last


def _sentences(error: ValidationError) -> Iterator[tuple[str | None, str]]:
    """What to say about an error, each with the name of the property it is about."""
    expected: Any = error.validator_value
    value: Any = error.instance
    match error.validator:
        case "type" | "const" | "enum":
            yield None, f"must be {_expectation(error)}, not {described(value)}"
        case "required":
            # jsonschema reports each missing name as an error of its own, in its message only.
            name = next((n for n in expected if error.message.startswith(repr(n) + " ")), None)
            yield name, "is required"
        case "additionalProperties" | "unevaluatedProperties" if expected is False:
            for name in _unexpected(error):
                yield name, "is not a known property"
        case "format":
            yield None, f"must be {_article(expected)} {expected}, not {described(value)}"
        case "pattern":
            yield None, f"must match {expected}, not {described(value)}"
        case "uniqueItems":
            yield None, "must not hold the same item twice"
        case "oneOf":
            yield None, "fits more than one of the forms of which it must be one"
        case "not":
            yield None, f"must not be {described(value)}"
        case None:
            yield None, "must not be given"
        case str(keyword) if keyword in _LIMITS:
            yield None, _LIMITS[keyword].format(expected, value=_size(keyword, value))
        case _:
            message = error.message
            yield None, message if len(message) <= 200 else message[:199] + "…"


_LIMITS = {
    "minimum": "must be at least {}, not {value}",
    "maximum": "must be at most {}, not {value}",
    "exclusiveMinimum": "must be more than {}, not {value}",
    "exclusiveMaximum": "must be less than {}, not {value}",
    "multipleOf": "must be a multiple of {}, not {value}",
    "minLength": "must have at least {} characters, not {value}",
    "maxLength": "must have at most {} characters, not {value}",
    "minItems": "must have at least {} items, not {value}",
    "maxItems": "must have at most {} items, not {value}",
    "minProperties": "must have at least {} properties, not {value}",
    "maxProperties": "must have at most {} properties, not {value}",
}


def _size(keyword: str, value: Any) -> str:
    if keyword.endswith(("Length", "Items", "Properties")):
        return str(len(value))
    return described(value)


def _article(word: str) -> str:
    return "an" if word[0] in "aeio" else "a"


def _unexpected(error: ValidationError) -> Iterator[str]:
    """Names that the schema of the error does not know."""
    schema: Any = error.schema
    if not isinstance(error.instance, dict):
        return
    patterns = schema.get("patternProperties", {})
    for name in error.instance:
        if error.validator == "unevaluatedProperties":
            if repr(name) in error.message:
                yield name
        elif name not in schema.get("properties", {}) and not any(
            judge("pattern", pattern).is_valid(name) for pattern in patterns
        ):
            yield name
