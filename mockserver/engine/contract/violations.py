"""What a breach of the contract looks like."""

import json
from dataclasses import dataclass
from typing import Any, Literal

Side = Literal["request", "response", "delivery"]

MOST = 20
"""Violations reported for one value; whoever broke that many rules has enough to read."""

_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Violation:
    """One breach: where it is, the rule that was broken (a JSON Schema keyword), and in words.

    `pointer` starts with the part of the message it is in, as in `/body/inputs/0/url`,
    `/query/page`, `/path/id`, `/header/etag`. `value` is always small enough to be written down.
    """

    side: Side
    pointer: str
    rule: str
    message: str
    value: Any = None


def shown(value: Any) -> Any:
    """The value as a violation keeps it: scalars as they are but short, the rest described."""
    if isinstance(value, str):
        return value if len(value) <= _LONGEST else value[: _LONGEST - 1] + "…"
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int) and value.bit_length() <= 64:
        return value
    return described(value)


def described(value: Any) -> str:
    """The value in a few words, for use within a sentence."""
    if isinstance(value, dict):
        names = ", ".join(str(name)[:30] for name in list(value)[:5])
        return f"an object with {names}{', …' if len(value) > 5 else ''}" if names else "{}"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}" if value else "[]"
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 64:
        return "a number of more than 64 bits"
    if value is None or isinstance(value, str | bool | int | float):
        text = json.dumps(value if not isinstance(value, str) else value[:81], ensure_ascii=False)
        return text if len(text) <= 80 else text[:79] + "…"
    return f"a Python {type(value).__name__}"


def step(pointer: str, part: str | int) -> str:
    """The pointer one step deeper, escaped after RFC 6901."""
    return f"{pointer}/{str(part).replace('~', '~0').replace('/', '~1')}"
