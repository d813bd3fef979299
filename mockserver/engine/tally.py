"""What each client called, was answered and broke: counts that outlive the journal's entries."""

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from mockserver.engine.masking import HIDDEN, is_secret

if TYPE_CHECKING:
    from mockserver.engine.contract import Violation
    from mockserver.engine.journal import Entry

LABEL = b"mockserver-client"
"""The header in which a client may give itself a name; else its User-Agent is one."""
OTHERS = "(others)"
MOST_CLIENTS = 100
MOST_KINDS = 500
"""Different violations, and different calls to nowhere, that are kept of one client."""

Key = tuple[str, str]


@dataclass(slots=True)
class Calls:
    """How often one client called one operation, and with which answers."""

    calls: int = 0
    statuses: Counter[int] = field(default_factory=Counter)


@dataclass(slots=True)
class Breach:
    """One kind of violation, as it was first seen, and how often it came."""

    method: str
    path: str
    violation: "Violation"
    count: int = 0


@dataclass(slots=True)
class Astray:
    """One call that matched no operation, as it was first seen, and how often it came."""

    service: str
    method: str
    path: str
    status: int | None
    count: int = 0


@dataclass(slots=True)
class Client:
    """What is known of one client; service and operation are the key."""

    operations: dict[Key, Calls] = field(default_factory=dict)
    breaches: dict[tuple[str, ...], Breach] = field(default_factory=dict)
    astray: dict[tuple[str, str], Astray] = field(default_factory=dict)


class Tally:
    """Counts calls by client, in bounded memory: beyond the bounds, only what is new is dropped.

    `dropped` says how much that was.
    """

    def __init__(self) -> None:
        self.clients: dict[str, Client] = {}
        self._agents: dict[bytes, Client] = {}
        self.dropped = 0

    def add(self, entry: "Entry") -> None:
        """Count a finished call to a service; uploads and deliveries are not the contract's."""
        if entry.kind != "call":
            return
        headers = dict(entry.request_headers)
        client = self._client(headers.get(LABEL) or headers.get(b"user-agent", b""))
        if entry.operation is None:
            self._count_astray(client, entry)
        else:
            _count_call(client, entry)
        for violation in entry.violations:
            self._count_breach(client, entry, violation)

    def absorb(self, other: "Tally") -> None:
        """Add another tally's counts to these."""
        for name, theirs in list(other.clients.items()):
            mine = self._named(name)
            for key, calls in list(theirs.operations.items()):
                own = mine.operations.setdefault(key, Calls())
                own.calls += calls.calls
                own.statuses.update(calls.statuses)
            for kind, breach in list(theirs.breaches.items()):
                known = mine.breaches.setdefault(
                    kind, Breach(breach.method, breach.path, breach.violation)
                )
                known.count += breach.count
            for call, astray in list(theirs.astray.items()):
                met = mine.astray.setdefault(
                    call, Astray(astray.service, astray.method, astray.path, astray.status)
                )
                met.count += astray.count
        self.dropped += other.dropped

    def clear(self) -> None:
        """Forget all counts."""
        self.clients.clear()
        self._agents.clear()
        self.dropped = 0

    def _client(self, agent: bytes) -> Client:
        """What is known of the client that calls itself so."""
        client = self._agents.get(agent)
        if client is None:
            client = self._named(agent[:200].decode("latin-1") or "(unnamed)")
            if len(self._agents) < MOST_CLIENTS:
                self._agents[agent[:200]] = client
        return client

    def _named(self, name: str) -> Client:
        client = self.clients.get(name)
        if client is None:
            if len(self.clients) >= MOST_CLIENTS:
                name = OTHERS
            client = self.clients.setdefault(name, Client())
        return client

    def _count_astray(self, client: Client, entry: "Entry") -> None:
        key = (entry.method, entry.path)
        met = client.astray.get(key)
        if met is None:
            if len(client.astray) >= MOST_KINDS:
                self.dropped += 1
                return
            met = Astray(entry.service, entry.method, entry.path[:500], entry.status)
            client.astray[key] = met
        met.count += 1

    def _count_breach(self, client: Client, entry: "Entry", violation: "Violation") -> None:
        place = "/".join("*" if part.isdecimal() else part for part in violation.pointer.split("/"))
        operation = entry.operation or ""
        kind = (entry.service, operation, violation.side, place, violation.rule)
        known = client.breaches.get(kind)
        if known is None:
            if len(client.breaches) >= MOST_KINDS:
                self.dropped += 1
                return
            known = Breach(entry.method, entry.path[:500], _unnamed(violation))
            client.breaches[kind] = known
        known.count += 1


def _count_call(client: Client, entry: "Entry") -> None:
    key = (entry.service, entry.operation or "")
    calls = client.operations.get(key)
    if calls is None:
        calls = client.operations[key] = Calls()
    calls.calls += 1
    calls.statuses[entry.status or 0] += 1


def _unnamed(violation: "Violation") -> "Violation":
    """The violation without a credential's value, which has no place in a report."""
    if violation.value is None or not is_secret(violation.pointer.rpartition("/")[2]):
        return violation
    message = violation.message.replace(str(violation.value), HIDDEN)
    return replace(violation, message=message, value=HIDDEN)
