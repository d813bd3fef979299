"""The heartbeat: runs what is due in every sandbox while no one calls."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
"""As `SHARE`, while calls take all the time that there is."""
BUSY, CROWDED = 0.4, 0.7
"""Parts of the time that calls take, besides what it takes to read and send them: from the one on
background work gives way to them, and from the other on as far as it does at all."""
WINDOW = 0.05
"""Real seconds over which it is seen how crowded it is."""
MOST_REST = 0.1
PATIENCE = 1.0
"""Real seconds before another try of what failed."""
LONGEST = 3600.0


@dataclass(slots=True)
class Pulse:
    """What the ticker knows of one sandbox; times are the event loop's."""

    due: float = 0.0
    """When it is to be looked at."""
    rested: float = 0.0
    """Until when it is left alone."""
    calls: int = 0
    """Calls that there were when the last look ended."""
    since: float = 0.0
    served: float = 0.0
    """Since when it is seen how crowded it is, and the seconds that calls had taken by then."""
    crowd: float = 0.0
    """How far background work gives way to calls, 0 to 1."""

    def look(self, sandbox: "Sandbox", now: float) -> int:
        """How many calls came since the last look; now and then, also how crowded it is.

        A single call between two looks that follow each other closely would look like a crowd.
        """
        if now - self.since >= WINDOW:
            part = (sandbox.served - self.served) / (now - self.since)
            self.crowd = min(1.0, max(0.0, (part - BUSY) / (CROWDED - BUSY)))
            self.since, self.served = now, sandbox.served
        return sandbox.calls - self.calls

    def leave(self, sandbox: "Sandbox", now: float, rest: float) -> None:
        """Count calls anew, and leave it alone for some seconds."""
        self.calls = sandbox.calls
        self.rested = now + rest


class Ticker:
    """Sleeps until something is due, or until it is woken because something was scheduled.

    Only the sandboxes that are due or were woken are looked at, so that many idle ones cost
    nothing.
    """

    def __init__(self, find: "Callable[[str], Sandbox | None]") -> None:
        self._find = find
        self._woken = asyncio.Event()
        self._pulses: dict[str, Pulse] = {}

    def wake(self, name: str) -> None:
        """Look again at what is due in a sandbox."""
        pulse = self._pulses.get(name)
        if pulse is None:
            pulse = self._pulses[name] = Pulse()
        pulse.due = pulse.rested
        self._woken.set()

    async def run(self) -> None:
        """Work until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            self._woken.clear()
            started = loop.time()
            for name, pulse in list(self._pulses.items()):
                if pulse.due <= loop.time():
                    pulse.due = loop.time() + LONGEST
                    wait = self._look(name, pulse, loop)
                    if wait is None:
                        del self._pulses[name]
                    else:
                        pulse.due = min(pulse.due, loop.time() + wait)
            for _ in range(TURNS if loop.time() - started > SHORT else 1):
                await asyncio.sleep(0)
            due = min((pulse.due for pulse in self._pulses.values()), default=loop.time() + LONGEST)
            wait = due - loop.time()
            if wait > 0:
                # Not wait_for: on Python 3.11 it swallows a cancellation that meets a wake-up.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._woken.wait()

    def _look(self, name: str, pulse: Pulse, loop: asyncio.AbstractEventLoop) -> float | None:
        """Run what is due; real seconds until there is more, None for a sandbox that is gone."""
        sandbox = self._find(name)
        if sandbox is None:
            return None
        started = loop.time()
        calls = pulse.look(sandbox, started)
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
        share = max(SHARE * min(1.0, calls / MANY), CROWDED_SHARE * pulse.crowd)
        rest = min(MOST_REST, share * (loop.time() - started))
        pulse.leave(sandbox, loop.time(), rest)
        return LONGEST if delay is None else max(delay, rest)
