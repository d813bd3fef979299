"""What a sandbox holds, as its control API lets a program steer it."""

import threading
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mockserver.client.connection import Connection, Document, Part, Refused
from mockserver.engine.clock import monotonic

GLANCE = 0.02
"""Seconds between two looks of something that waits."""


class Clock(Part):
    """A sandbox's time."""

    def view(self) -> Document:
        """`now`, `rate`, `pending_jobs` and `next_due`."""
        shown: Document = self._call("GET")
        return shown

    def now(self) -> datetime:
        """The sandbox's time, in UTC."""
        return datetime.fromisoformat(self.view()["now"])

    def advance(
        self,
        seconds: float | None = None,
        *,
        to: datetime | str | None = None,
        until_idle: bool = False,
    ) -> int:
        """Live through a span at once, with all that falls due in it; how many steps ran."""
        given: Document = {"until_idle": True} if until_idle else {}
        if seconds is not None:
            given["seconds"] = seconds
        if to is not None:
            given["to"] = _written(to)
        ran: int = self._call("POST", "/advance", given)["ran"]
        return ran

    def set(self, *, now: datetime | str | None = None, rate: float | None = None) -> None:
        """Jump to a time, let time go at another rate (0 stands still), or both."""
        given: Document = {} if rate is None else {"rate": rate}
        if now is not None:
            given["now"] = _written(now)
        self._call("PUT", "", given)

    def freeze(self) -> None:
        """Time stands still until it is advanced."""
        self.set(rate=0)


class Inbox(Part):
    """A receiver for webhooks, built into the server."""

    def __init__(self, connection: Connection, url: str, name: str) -> None:
        super().__init__(connection, f"{url}/__admin/inbox/{name}")
        self.url = f"{url}/__inbox/{name}"

    def messages(self) -> list[Document]:
        """What came in, oldest first: `method`, `path`, `headers`, `body`, `json` and more."""
        return self._all("/messages")

    def wait(self, count: int = 1, timeout: float = 5.0) -> list[Document]:
        """The messages once there are so many; TimeoutError after that many real seconds."""
        deadline = monotonic() + timeout
        while len(found := self.messages()) < count:
            if monotonic() > deadline:
                raise TimeoutError(f"{self.url} got {len(found)} messages, not {count}.")
            threading.Event().wait(GLANCE)
        return found

    def answer(
        self,
        status: int = 200,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        seconds: float = 0,
    ) -> None:
        """How to answer from now on, and after how many real seconds."""
        given: Document = {"status": status, "headers": dict(headers or {}), "seconds": seconds}
        self._call("PUT", "", given if body is None else {**given, "body": body})

    def clear(self) -> None:
        """Forget the messages and how to answer."""
        self._call("DELETE")


class Faults(Part):
    """Rules by which a sandbox misbehaves."""

    def add(
        self,
        what: Mapping[str, Any],
        *,
        where: Mapping[str, Any] | None = None,
        when: Mapping[str, Any] | None = None,
        name: str | None = None,
    ) -> Document:
        """A new rule, such as `add({"type": "status", "status": 503}, when={"first": 2})`."""
        given = {"name": name, "where": where, "when": when, "what": what}
        rule: Document = self._call(
            "POST", "/faults", {key: value for key, value in given.items() if value is not None}
        )
        return rule

    def rules(self) -> list[Document]:
        """All of them, with how often each `matched` and `fired`."""
        return self._all("/faults")

    def delete(self, id: str) -> None:
        """One rule less, by id or name."""
        self._call("DELETE", f"/faults/{id}")

    def clear(self) -> None:
        """No rule is left."""
        self._call("DELETE", "/faults")

    def apply(self, scenario: str) -> None:
        """The rules of a scenario, such as `outage-and-recovery`."""
        self._call("POST", f"/scenarios/{scenario}/apply")


class Requests(Part):
    """A sandbox's journal: what was asked and answered."""

    def entries(self, **filters: Any) -> list[Document]:
        """Calls by `service`, `operation`, `method`, `path`, `status`, `client`; oldest first."""
        return self._all("", **filters)

    def clear(self) -> None:
        """Forget what was asked so far."""
        self._call("DELETE")

    def verify(self, **expectation: Any) -> Document:
        """The verdict on `match` and `exactly`, `at_least` or `at_most`, or on `in_order`.

        With `wait`, it may become true within so many real seconds. `passed` tells; a verdict
        that did not pass has the `nearest` calls.
        """
        try:
            verdict: Document = self._call("POST", "/verify", expectation)
        except Refused as error:
            if "passed" not in error.answer:
                raise
            return dict(error.answer)
        return verdict

    def expect(self, **expectation: Any) -> None:
        """`verify`, as an assertion that shows the nearest calls."""
        verdict = self.verify(**expectation)
        if not verdict["passed"]:
            nearest = "".join(f"\n  {line(entry)}" for entry in verdict["nearest"])
            raise AssertionError(
                f"Expected {expectation}, found {verdict['count']}; the nearest calls:{nearest}"
            )


class Snapshots(Part):
    """Saved states of a sandbox."""

    def save(self, name: str) -> None:
        """Keep the world under a name."""
        self._call("POST", "", {"name": name})

    def restore(self, name: str) -> None:
        """Put a saved world back, its time included."""
        self._call("POST", f"/{name}/restore")

    def delete(self, name: str) -> None:
        """Forget a saved world."""
        self._call("DELETE", f"/{name}")


def line(entry: Mapping[str, Any]) -> str:
    """A call of the journal in one line."""
    query = f"?{entry['query']}" if entry["query"] else ""
    parts = [entry["method"], f"{entry['path']}{query}", "->", str(entry["status"])]
    if entry["operation"]:
        parts.append(f"{entry['service']}.{entry['operation']}")
    if entry["fault"]:
        parts.append(f"fault {entry['fault']['rule']}")
    parts += [f"{v['side']} {v['pointer']}: {v['message']}" for v in entry["violations"]]
    parts += [str(difference) for difference in entry.get("differences", ())]
    return "  ".join(parts)


def _written(time: datetime | str) -> str:
    return time if isinstance(time, str) else time.isoformat()
