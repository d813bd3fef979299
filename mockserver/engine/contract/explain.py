"""Explanations: what is wrong with a value, in plain words and at the place where it is."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from jsonschema.exceptions import ValidationError

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


def violations(checker: Any, value: Any, side: Side, at: str) -> list[Violation]:
    """What a thorough validator finds wrong with the value, at most `MOST`."""
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
        yield Violation(side, target, str(error.validator or "schema"), words, shown(value))


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


def _tellingness(error: ValidationError) -> tuple[bool, int]:
    """Which error of an alternative says best that it was not meant."""
    return error.validator not in _KIND_RULES, len(error.absolute_path)


def _of_no_kind(
    error: ValidationError, branches: list[list[ValidationError]], side: Side, at: str
) -> Violation:
    """One violation for a value that is none of the alternatives."""
    depth = len(error.absolute_path)
    leaves = [min(branch, key=_tellingness) for branch in branches]
    kinds = [leaf for leaf in leaves if leaf.validator in _KIND_RULES]
    # An object that says what it is has been taken for an object: `or null` is no help then.
    inner = [leaf for leaf in kinds if len(leaf.absolute_path) > depth] or kinds
    if len(kinds) < len(leaves) or len({tuple(leaf.absolute_path) for leaf in inner}) != 1:
        words = "fits none of the forms that are allowed here"
        return Violation(
            side, _pointer(error, at), str(error.validator), words, shown(error.instance)
        )
    words = f"must be {_expectation(*inner)}, not {described(inner[0].instance)}"
    rules = {str(leaf.validator) for leaf in inner}
    rule = "enum" if rules <= {"enum", "const"} else rules.pop() if len(rules) == 1 else "anyOf"
    return Violation(side, _pointer(inner[0], at), rule, words, shown(inner[0].instance))


def _expectation(*errors: ValidationError) -> str:
    """What errors about types, constants and enumerations ask for."""
    types: dict[str, None] = {}
    values: list[str] = []
    for error in errors:
        expected: Any = error.validator_value
        if error.validator == "type":
            names = [expected] if isinstance(expected, str) else expected
            types.update((_ARTICLES.get(name, str(name)), None) for name in names)
        elif error.validator == "const":
            values.append(described(expected))
        else:
            values.extend(map(described, expected))
    if not values:
        return _either(types)
    listed = ", ".join(dict.fromkeys(values[:12])) + (", …" if len(values) > 12 else "")
    return _either([*types, f"one of {listed}" if len(values) > 1 else listed])


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
        case "unevaluatedProperties" if expected is False and isinstance(value, dict):
            # Another that gives all names at once, and these in its message only.
            for name in value:
                if repr(name) in error.message:
                    yield name, "is not a known property"
        case "format":
            yield None, f"must be {_article(expected)} {expected}, not {described(value)}"
        case "pattern":
            yield None, f"must match {expected}, not {described(value)}"
        case "uniqueItems":
            yield None, "must not hold the same item twice"
        case "oneOf":
            yield None, "fits more than one of the forms of which it must be one"
        case "not" if expected != {}:
            yield None, f"must not be {described(value)}"
        case "not" | None:
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
