"""The heartbeat: runs what is due in every sandbox while no one calls."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mockserver.engine.sandbox import Sandbox

log = logging.getLogger("mockserver.ticker")

SLICE = 0.01
LONGEST = 3600.0


class Ticker:
    """Sleeps until the next due time, or until it is woken because something was scheduled."""

    def __init__(self, sandboxes: "Callable[[], Iterable[Sandbox]]") -> None:
        self._sandboxes = sandboxes
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Look again at what is due."""
        self._woken.set()

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            self._woken.clear()
            wait = LONGEST
            for sandbox in list(self._sandboxes()):
                try:
                    sandbox.jobs.run_due(sandbox, budget=SLICE)
                    sandbox.webhooks.start_due(sandbox)
                    wait = min(wait, self._wait(sandbox))
                except Exception:
                    log.exception("the ticker failed in sandbox %s", sandbox.name)
                    wait = min(wait, 1.0)
            if wait > 0:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), wait)
            else:
                await asyncio.sleep(0)

    @staticmethod
    def _wait(sandbox: "Sandbox") -> float:
        due = sandbox.next_due()
        delay = None if due is None else sandbox.clock.real_delay(due)
        return LONGEST if delay is None else delay
