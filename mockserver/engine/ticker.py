"""The heartbeat: runs what is due in every sandbox while no one calls."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from mockserver.engine.clock import monotonic, worked
from mockserver.engine.store import StoreFull

if TYPE_CHECKING:
    from mockserver.engine.sandbox import Sandbox

log = logging.getLogger("mockserver.ticker")

SLICE = 0.002
"""Real seconds of background work in one go."""
SHORT = 0.001
TURNS = 4
"""Turns of the event loop after work that was not short: enough for a call that has come meanwhile
to be answered."""
SHARE = 10
"""While many calls come, background work rests this many times as long as it worked."""
MANY = 20
"""Calls between two looks that are many; fewer give it less rest, so that one caller who polls
does not hold up what it waits for."""
CROWDED_SHARE = 25
"""As `SHARE`, while calls are so many that the processor has no time to spare."""
BUSY = 0.7
"""Part of its time that the processor works, from which on it has little to spare."""
MOST_REST = 0.1
PATIENCE = 1.0
"""Real seconds before another try of what failed."""
LONGEST = 3600.0


class Ticker:
    """Sleeps until something is due, or until it is woken because something was scheduled.

    Only the sandboxes that are due or were woken are looked at, so that many idle ones cost
    nothing.
    """

    def __init__(self, find: "Callable[[str], Sandbox | None]") -> None:
        self._find = find
        self._woken = asyncio.Event()
        self._next: dict[str, float] = {}
        self._resting: dict[str, float] = {}
        self._calls: dict[str, int] = {}
        self._left = monotonic(), worked()
        self._crowd = 0.0

    def wake(self, name: str) -> None:
        """Look again at what is due in a sandbox."""
        self._next[name] = self._resting.get(name, 0.0)
        self._woken.set()

    async def run(self) -> None:
        """Work until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            self._woken.clear()
            started = loop.time()
            for name in [name for name, at in self._next.items() if at <= loop.time()]:
                self._next[name] = loop.time() + LONGEST
                wait = self._look(name, loop)
                if wait is None:
                    for kept in (self._next, self._resting, self._calls):
                        kept.pop(name, None)
                else:
                    self._next[name] = min(self._next[name], loop.time() + wait)
            for _ in range(TURNS if loop.time() - started > SHORT else 1):
                await asyncio.sleep(0)
            wait = min(self._next.values(), default=loop.time() + LONGEST) - loop.time()
            if wait > 0:
                # Not wait_for: on Python 3.11 it swallows a cancellation that meets a wake-up.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._woken.wait()

    def _look(self, name: str, loop: asyncio.AbstractEventLoop) -> float | None:
        """Run what is due; real seconds until there is more, None for a sandbox that is gone."""
        sandbox = self._find(name)
        if sandbox is None:
            return None
        started = loop.time()
        self._look_around()
        try:
            sandbox.jobs.run_due(sandbox, budget=SLICE)
            sandbox.webhooks.start_due(sandbox)
            due = sandbox.next_due()
            delay = None if due is None else sandbox.clock.real_delay(due)
        except StoreFull:
            # The store has said so in the log; what is due stays due until there is room.
            return PATIENCE
        except Exception:
            log.exception("the ticker failed in sandbox %s", name)
            return PATIENCE
        share = SHARE * min(1.0, self._called(sandbox) / MANY)
        share = max(share, CROWDED_SHARE * self._crowd)
        self._left = monotonic(), worked()
        rest = min(MOST_REST, share * (loop.time() - started))
        self._resting[name] = loop.time() + rest
        return LONGEST if delay is None else max(delay, rest)

    def _look_around(self) -> None:
        """See how crowded it was since the last look ended, if that is long enough to tell."""
        left, done = self._left
        passed = monotonic() - left
        if passed > SHORT:
            busy = (worked() - done) / passed
            self._crowd = min(1.0, max(0.0, busy - BUSY) / (1 - BUSY))

    def _called(self, sandbox: "Sandbox") -> int:
        """How many calls came since the last look."""
        before = self._calls.get(sandbox.name, sandbox.calls)
        self._calls[sandbox.name] = sandbox.calls
        return sandbox.calls - before
