"""Latency: an answer that takes its time."""

from dataclasses import dataclass
from math import exp
from typing import Protocol

from mockserver.engine.faults.fields import Fields


class Chance(Protocol):
    """A seeded source of random numbers."""

    def uniform(self, a: float, b: float) -> float: ...
    def gauss(self, mu: float, sigma: float) -> float: ...


DISTRIBUTIONS = ("fixed", "uniform", "normal", "lognormal")
MOST = 86_400.0


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds from a distribution.

    They are seconds of the sandbox: with a frozen clock nobody waits for them, unless `real`.
    """

    distribution: str
    first: float
    second: float = 0.0
    real: bool = False
    type: str = "latency"
    phases: tuple[str, ...] = ("before", "after")
    scope: str = "call"

    @classmethod
    def read(cls, fields: Fields) -> "Latency":
        """`{"distribution", …}`: fixed seconds; uniform min, max; normal mean, stddev;
        lognormal median, sigma."""
        distribution = fields.choice("distribution", DISTRIBUTIONS, "fixed")
        real = fields.flag("real")
        match distribution:
            case "fixed":
                return cls(distribution, fields.number("seconds", high=MOST), real=real)
            case "uniform":
                low = fields.number("min", 0.0, high=MOST)
                high = fields.number("max", high=MOST)
                if low > high:
                    raise fields.wrong("min", "is larger than max")
                return cls(distribution, low, high, real)
            case "normal":
                mean = fields.number("mean", high=MOST)
                return cls(distribution, mean, fields.number("stddev", high=MOST), real)
        median = fields.number("median", low=1e-9, high=MOST)
        return cls(distribution, median, fields.number("sigma", high=10), real)

    def seconds(self, chance: Chance) -> float:
        """One draw; never negative."""
        match self.distribution:
            case "fixed":
                return self.first
            case "uniform":
                return chance.uniform(self.first, self.second)
            case "normal":
                return max(0.0, chance.gauss(self.first, self.second))
        return min(MOST, self.first * exp(self.second * chance.gauss(0.0, 1.0)))
