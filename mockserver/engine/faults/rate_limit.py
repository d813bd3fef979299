"""Rate limit: a token bucket, full at first, refilled on the sandbox's clock."""

from dataclasses import dataclass
from math import ceil

from mockserver.engine.errors import RateLimited
from mockserver.engine.faults.fields import Fields


@dataclass(frozen=True, slots=True)
class RateLimit:
    """`limit` calls within `period` seconds; one more is refused as the service refuses it."""

    limit: int
    period: float
    type: str = "rate_limit"
    phases: tuple[str, ...] = ("before",)
    scope: str = "call"

    @classmethod
    def read(cls, fields: Fields) -> "RateLimit":
        """`{"limit", "period"}`: calls and seconds."""
        return cls(fields.whole("limit"), fields.number("period", 1.0, low=1e-3))

    def take(self, bucket: dict[str, float], now: float) -> RateLimited | None:
        """Take one token out of the bucket, or the refusal when there is none."""
        tokens = bucket.get("tokens", float(self.limit))
        since = now - bucket.get("at", now)
        tokens = min(float(self.limit), tokens + max(0.0, since) * self.limit / self.period)
        bucket["at"] = now
        # A call after exactly the time of one token must pass, whatever floats make of it.
        if tokens >= 1.0 - 1e-9:
            bucket["tokens"] = tokens - 1.0
            return None
        bucket["tokens"] = tokens
        wait = max(1, ceil((1.0 - tokens) * self.period / self.limit - 1e-9))
        return RateLimited(
            "Rate limit exceeded.",
            headers={"Retry-After": str(wait)},
            details={"limit": self.limit, "period": self.period, "wait": wait},
        )
