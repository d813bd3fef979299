"""The one source of time: a virtual clock with a rate, and the way times are written."""

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

monotonic = time.perf_counter
"""Seconds for measuring how long something really took; never shown as a time of day."""

_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)"
    r"(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,30}))?)?\s*([Zz]|[+-]\d\d:?\d\d)?)?",
    re.ASCII,
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock:
    """Time inside one sandbox, in epoch seconds.

    A line through a real base and a virtual base with a slope, the rate: 1 is real time, 0 frozen,
    60 a minute a second. Changing the rate rebases first, so time never jumps by accident, and
    only `set` moves it back.
    """

    def __init__(
        self, start: float | None = None, rate: float = 1.0, real: Callable[[], float] = time.time
    ) -> None:
        self._real = real
        self._real_base = real()
        self._base = self._real_base if start is None else start
        self._rate = rate

    @property
    def rate(self) -> float:
        """Virtual seconds per real second; 0 when frozen."""
        return self._rate

    def now(self) -> float:
        """The sandbox's time."""
        if not self._rate:
            return self._base
        return self._base + (self._real() - self._real_base) * self._rate

    def set(self, *, now: float | None = None, rate: float | None = None) -> None:
        """Jump to `now`, change the rate, or both."""
        base = self.now() if now is None else now
        self._real_base = self._real()
        self._base = base
        if rate is not None:
            self._rate = rate

    def forward(self, to: float) -> None:
        """Move on to the time `to`; a time that has passed changes nothing."""
        if to > self.now():
            self.set(now=to)

    def real_delay(self, due: float) -> float | None:
        """Real seconds until `due`, or None when a frozen clock will never reach it."""
        left = due - self.now()
        if left <= 0:
            return 0.0
        return left / self._rate if self._rate else None

    def state(self) -> dict[str, float]:
        """What a restart needs; a running clock goes on while the server rests."""
        return {"base": self._base, "real_base": self._real_base, "rate": self._rate}

    def resume(self, state: dict[str, float]) -> None:
        """Take up a state that `state` returned, in this process or in an earlier one."""
        self._base, self._real_base = state["base"], state["real_base"]
        self._rate = state["rate"]


def rfc3339(seconds: float, digits: int = 3) -> str:
    """`seconds` as UTC, such as `2026-01-02T03:04:05.678Z`, with 0 to 6 `digits` of a fraction."""
    return _written(round(seconds * 1e6) // 10 ** (6 - digits), digits)


@lru_cache(maxsize=1024)
def _written(units: int, digits: int) -> str:
    """A time in units of its last digit; the same is written again and again."""
    moment = _EPOCH + timedelta(microseconds=units * 10 ** (6 - digits))
    text = moment.isoformat(timespec="microseconds")
    return text[: 20 + digits if digits else 19] + "Z"


def parse_rfc3339(text: str) -> float:
    """Epoch seconds of an RFC 3339 time, a bare date, or a time without zone (taken as UTC).

    Any number of fraction digits is read, also the nine that Sama's client shows in its README.
    Raises ValueError for anything else.
    """
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not an RFC 3339 time such as 2026-01-02T03:04:05Z")
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    moment = datetime(
        int(year),
        int(month),
        int(day),
        int(hour or 0),
        int(minute or 0),
        int(second or 0),
        tzinfo=UTC,
    )
    seconds = (moment - _EPOCH).total_seconds() - _offset(zone)
    return seconds + float(f"0.{fraction}") if fraction else seconds


def _offset(zone: str | None) -> float:
    """Seconds east of UTC; a zone beyond 24 hours is a ValueError of `timezone`."""
    if zone is None or zone in "Zz":
        return 0.0
    sign = -1 if zone[0] == "-" else 1
    delta = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
    timezone(delta)
    return sign * delta.total_seconds()
