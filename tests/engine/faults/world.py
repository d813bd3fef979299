"""Rules over a store, a frozen clock and a seed: what a sandbox gives them, and no more."""

from pathlib import Path
from typing import Any

from mockserver.engine.clock import Clock
from mockserver.engine.faults import INDEXES, Decision, Faults, Known
from mockserver.engine.ids import Ids
from mockserver.engine.journal import Entry, Journal
from mockserver.engine.store import Store

AT = 1_767_225_600.0
"""2026-01-01T00:00:00Z."""

KNOWN = Known(
    operations={"shop": {"buy", "sell"}, "bank": {"pay"}},
    deliveries={"shop.sold"},
    jobs={"shop.pack", "shop.ship"},
    failing={"shop.pack"},
)


class World:
    """What a call, a delivery or a job meets."""

    def __init__(self, folder: Path, seed: int = 7) -> None:
        self._folder = folder
        self.store = Store(folder, INDEXES)
        self.clock = Clock(AT, rate=0)
        self.ids = Ids(seed, self.store.collection("engine.counters"))
        self.journal = Journal(entries=100, total_bytes=1 << 20, body_bytes=100)
        self.faults = Faults(self.store, self.clock, self.ids, lambda: KNOWN, self.journal)

    def add(self, what: Any, /, **more: Any) -> dict[str, Any]:
        """A rule; a text is a type without settings."""
        what = {"type": what} if isinstance(what, str) else what
        return self.faults.add({"what": what, **more})

    def call(
        self,
        path: str = "/shop/buy",
        credential: str | None = None,
        asked: str | None = None,
        operation: str = "buy",
    ) -> Decision | None:
        """A call to the shop."""
        entry = Entry("shop", "POST", path)
        entry.operation = operation
        return self.faults.call(entry, lambda: credential, asked)

    def calls(self, count: int, **more: Any) -> str:
        """What became of a number of calls: `x` for a fault, `.` for none."""
        found = [self.call(**more) for _ in range(count)]
        return "".join("x" if each and each.fault else "." for each in found)

    def commit(self) -> None:
        """As a sandbox commits."""
        self.faults.store_counters()
        self.ids.store_counters()
        self.store.commit()

    def restarted(self) -> "World":
        """The same folder, opened again."""
        self.commit()
        folder = self._folder
        self.store.close()
        return World(folder)
