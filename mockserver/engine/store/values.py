"""JSON values as keys: which are equal, and which comes first."""

import struct
from collections.abc import Hashable
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any

import orjson

from mockserver.engine.errors import StoreError

# Appended to the code of a value, it gives a bound above every entry of that value.
PAST = b"\xff" * 9

# Kinds in the order in which they sort. Codes of different kinds never mix, and no code is the
# beginning of another, so a sequence number can follow one without disturbing the order.
NULL, BOOLEAN, NUMBER, TEXT, NESTED, END = b"\x00", b"\x01", b"\x02", b"\x03", b"\x04", b"\x05"

_DOUBLE = struct.Struct(">d")
_WORD = struct.Struct(">Q")
_NUMBER = struct.Struct(">cQH")
_LARGEST = 1 << 64


def key_of(identifier: Any) -> str:
    """The key of a document's id: `5` and `"5"` name the same document."""
    kind = type(identifier)
    if kind is str:
        return identifier  # type: ignore[no-any-return]
    if isinstance(identifier, str):
        return str.__str__(identifier)
    if isinstance(identifier, int) and kind is not bool:
        return str(int(identifier))
    raise StoreError(f"A document's id is text or an integer, not {identifier!r}.")


def pack(document: Any) -> bytes:
    """A document as JSON, in a block of its own size; TypeError when it is not plain JSON."""
    row = orjson.dumps(document, option=orjson.OPT_PASSTHROUGH_DATACLASS)
    # orjson writes into a roomy block and shrinks it in place, which leaves holes that nothing
    # fits into: 4.5 kB of memory for a document of 280 bytes. A copy has its size from the start.
    return b"".join((row, b""))


def read(document: dict[str, Any], field: str) -> Any:
    """The value at a field's name or dotted path; `None` where there is nothing."""
    if "." not in field:
        return document.get(field)
    value: Any = document
    for name in field.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def identity(value: Any) -> Hashable:
    """Equal for equal JSON values, whatever their Python types; `true` is not 1, but 1.0 is."""
    kind = type(value)
    if kind is str or kind is int or value is None:
        return value  # type: ignore[no-any-return]
    if kind is bool:
        return b"true" if value else b"false"
    if kind is float:
        return value if isfinite(value) else None
    if isinstance(value, (dict, list, tuple)):
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    return identity(orjson.loads(orjson.dumps(value)))


def order(value: Any) -> bytes:
    """A code whose byte order is the order of JSON values: null, false, true, numbers, text."""
    kind = type(value)
    if kind is str:
        try:
            text = value.encode()
        except UnicodeEncodeError:
            text = value.encode("utf-8", "surrogatepass")
        if 0 in text or 1 in text:
            text = text.replace(b"\x01", b"\x01\x02").replace(b"\x00", b"\x01\x01")
        return b"\x03%b\x00" % text
    if kind is int or (kind is float and isfinite(value)):
        return _order_of_number(value)
    if value is None or kind is float:
        return NULL
    if kind is bool:
        return b"\x01\x01" if value else b"\x01\x00"
    if isinstance(value, (dict, list, tuple)):
        return b"\x04%b\x00" % orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    return order(orjson.loads(orjson.dumps(value)))


def orders(column: list[Any]) -> list[bytes]:
    """`order` for many values, which are most often plain text, or few numbers."""
    kinds = set(map(type, column))
    if kinds == {int}:
        codes = {value: _order_of_number(value) for value in set(column)}
        return [codes[value] for value in column]
    if kinds == {str}:
        text = "".join(column)
        if text.isascii() and "\x00" not in text and "\x01" not in text:
            return [b"\x03%b\x00" % value.encode() for value in column]
    return list(map(order, column))


def _order_of_number(value: int | float) -> bytes:
    """The nearest double, then how far a large integer lies from it."""
    if -_LARGEST <= value <= _LARGEST:
        nearest = float(value) + 0.0  # -0.0 becomes 0.0
        rest = value - int(nearest) if type(value) is int else 0
    elif value != value:
        return NULL
    else:
        nearest, rest = (float(value) if type(value) is float else inf * (value > 0 or -1)), 0
    (bits,) = _WORD.unpack(_DOUBLE.pack(nearest))
    bits ^= 0xFFFF_FFFF_FFFF_FFFF if bits >> 63 else 1 << 63
    return _NUMBER.pack(NUMBER, bits, rest + 0x8000)


def _order_of_bound(value: Any) -> bytes:
    """No document holds an infinity, since JSON has none, but a range may end there."""
    return _order_of_number(value) if type(value) is float else order(value)


@dataclass(frozen=True, slots=True)
class Range:
    """An interval of values of one kind; a null or missing field lies in no range."""

    gt: Any = None
    gte: Any = None
    lt: Any = None
    lte: Any = None

    def bounds(self) -> tuple[bytes, bytes]:
        """The codes `low <= code < high` of the values inside, for a value's code or an entry."""
        low, high = BOOLEAN, END
        for bound, past in ((self.gt, PAST), (self.gte, b"")):
            if bound is not None:
                code = _order_of_bound(bound)
                low = max(low, code + past)
                high = min(high, bytes((code[0] + 1,)))
        for bound, past in ((self.lt, b""), (self.lte, PAST)):
            if bound is not None:
                code = _order_of_bound(bound)
                low = max(low, code[:1])
                high = min(high, code + past)
        return low, high
