"""Documented limits of a service on how often a credential may call."""

from mockserver.engine.clock import Clock
from mockserver.engine.errors import RateLimited
from mockserver.engine.service import Limit

MOST = 10_000
"""Credentials whose calls are counted at one time."""
LONGEST = 3600.0
"""Seconds of the clock after which a credential's calls no longer matter to any limit."""


class Limits:
    """Counts calls per credential and limit on the sandbox's clock.

    A refused call does not count, so a retry after exactly the period gets through (Sama trap
    T28).
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._calls: dict[tuple[str, str | None], list[float]] = {}

    def check(self, limit: Limit, credential: str | None) -> None:
        """Count this call, or raise RateLimited with the seconds until the next is let through."""
        now = self._clock.now()
        key = (limit.setting, credential)
        calls = [at for at in self._calls.get(key, ()) if now - limit.period < at <= now]
        if len(calls) >= limit.calls:
            wait = calls[0] + limit.period - now
            raise RateLimited(
                "Rate limit exceeded.",
                headers={"Retry-After": str(max(1, -int(-wait // 1)))},
                details={"limit": limit.calls, "period": limit.period, "wait": wait},
            )
        if len(self._calls) >= MOST:
            self._forget(now)
        self._calls[key] = [*calls, now]

    def _forget(self, now: float) -> None:
        """Let go of credentials that have not called for long; of all, if they all have."""
        recent = now - LONGEST
        self._calls = {key: calls for key, calls in self._calls.items() if calls[-1] > recent}
        if len(self._calls) >= MOST:
            self._calls.clear()

    def clear(self) -> None:
        """Forget every call."""
        self._calls.clear()
