"""Numbers within the bounds of a schema, in the range that their name suggests."""

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from mockserver.engine.invention.names import tokens

if TYPE_CHECKING:
    from mockserver.engine.examples import Faker

_USUAL = (Fraction(1), Fraction(1000))
_BY_NAME: dict[str, tuple[float, float]] = {
    "age": (18, 80),
    "amount": (1, 500),
    "confidence": (0.5, 1),
    "count": (0, 50),
    "day": (1, 28),
    "height": (480, 2160),
    "hour": (0, 23),
    "hours": (1, 24),
    "latitude": (-60, 70),
    "lat": (-60, 70),
    "left": (0, 800),
    "longitude": (-180, 180),
    "lng": (-180, 180),
    "lon": (-180, 180),
    "minute": (0, 59),
    "minutes": (1, 60),
    "month": (1, 12),
    "page": (1, 9),
    "percent": (0, 100),
    "percentage": (0, 100),
    "price": (1, 500),
    "priority": (1, 5),
    "probability": (0, 1),
    "progress": (0, 100),
    "quality": (0, 100),
    "quantity": (1, 20),
    "rating": (1, 5),
    "ratio": (0, 1),
    "score": (0, 1),
    "second": (0, 59),
    "seconds": (1, 600),
    "size": (100, 100_000),
    "top": (0, 800),
    "width": (640, 3840),
    "year": (1990, 2025),
}


def integer(schema: dict[str, Any], names: tuple[str, ...], faker: "Faker") -> int:
    """A whole number for the schema; ValueError when there is none."""
    # The whole multiples of 1.5 are those of 3, and the whole multiples of 0.1 those of 1.
    step = Fraction(_exact(schema.get("multipleOf", 1)).numerator)
    return int(_multiple(_Bounds(schema), step, names, faker))


def number(schema: dict[str, Any], names: tuple[str, ...], faker: "Faker") -> float:
    """A number for the schema; ValueError when there is none."""
    bounds = _Bounds(schema)
    if "multipleOf" in schema:
        found = float(_multiple(bounds, _exact(schema["multipleOf"]), names, faker))
    else:
        found = float(_any_between(bounds, names, faker))
    return int(found) if found.is_integer() else found


class _Bounds:
    """The numbers that a schema allows, from `least` to `most`."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self.least: Fraction | None = None
        self.most: Fraction | None = None
        lows = [_exact(schema[key]) for key in ("minimum", "exclusiveMinimum") if key in schema]
        highs = [_exact(schema[key]) for key in ("maximum", "exclusiveMaximum") if key in schema]
        if lows:
            self.least = max(lows)
        if highs:
            self.most = min(highs)
        self._forbidden = {
            _exact(schema[key]) for key in ("exclusiveMinimum", "exclusiveMaximum") if key in schema
        }

    def within(self, usual: tuple[Fraction, Fraction]) -> tuple[Fraction, Fraction]:
        """The usual range, moved and narrowed into what is allowed."""
        low, high = usual
        if self.least is not None and self.least > low:
            low, high = self.least, max(high, self.least + (high - low))
        if self.most is not None and self.most < high:
            low, high = min(low, self.most - (high - low)), self.most
            low = low if self.least is None else max(low, self.least)
        return low, high

    def factors(self, low: Fraction, high: Fraction, step: Fraction) -> range:
        """What the step can be multiplied by to get from `low` to `high`."""
        first, last = math.ceil(low / step), math.floor(high / step)
        first += first * step in self._forbidden
        last -= last * step in self._forbidden
        return range(first, last + 1)


def _multiple(bounds: _Bounds, step: Fraction, names: tuple[str, ...], faker: "Faker") -> Fraction:
    low, high = bounds.within(_usual(names))
    factors = bounds.factors(low, high, step)
    if not factors:
        # The usual range holds no multiple; take as much room as the schema leaves.
        low = low - 100 * step if bounds.least is None else bounds.least
        high = low + 200 * step if bounds.most is None else bounds.most
        factors = bounds.factors(low, high, step)
    if not factors:
        raise ValueError("no number is within the bounds")
    return step * int(faker.random.randint(factors[0], factors[-1]))


def _any_between(bounds: _Bounds, names: tuple[str, ...], faker: "Faker") -> Fraction:
    """A number with few digits, or with more where the bounds are narrow."""
    low, high = bounds.within(_usual(names))
    step = Fraction(1, 1000 if high - low <= 1 else 100)
    factors = bounds.factors(low, high, step)
    if factors:
        return step * int(faker.random.randint(factors[0], factors[-1]))
    if low > high:
        raise ValueError("no number is within the bounds")
    return low + (high - low) * int(faker.random.randint(1, 127)) / 128


def _usual(names: tuple[str, ...]) -> tuple[Fraction, Fraction]:
    """The range in which a number of this name usually is."""
    for token in reversed(tokens(names)):
        if token in _BY_NAME:
            low, high = _BY_NAME[token]
            return _exact(low), _exact(high)
    return _USUAL


def _exact(value: float) -> Fraction:
    return Fraction(str(value))
