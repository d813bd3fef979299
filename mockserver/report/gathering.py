"""The report itself, as the control API shows it: counts of calls held against the contracts."""

from collections.abc import Iterable, Mapping
from typing import Any

from mockserver.engine.contract import Contract, MethodNotAllowed, NoSuchPath, Operation
from mockserver.engine.tally import Astray, Breach, Calls, Client, Tally

Report = dict[str, Any]

FAILURES = ("violations", "unmatched", "uncovered")
"""What a run can be told to fail on."""


def gather(tallies: Iterable[Tally], contracts: Mapping[str, Contract]) -> Report:
    """One report of all tallies.

    `uncovered` are the operations of the services that were called which nobody called.
    """
    whole = Tally()
    for tally in tallies:
        whole.absorb(tally)
    clients = [
        _client(name, client, contracts)
        for name, client in sorted(whole.clients.items())
        if client.operations or client.astray or client.breaches
    ]
    called = {key for client in whole.clients.values() for key in client.operations}
    uncovered = _uncovered(called, contracts)
    return {
        "summary": {
            "operations": sum(len(contract.operations) for contract in contracts.values()),
            "exercised": len(called),
            "violations": _total(clients, "violations", side="request"),
            "unmatched": _total(clients, "unmatched"),
            "deprecated": sum(each["deprecated"] for c in clients for each in c["operations"]),
            "uncovered": len(uncovered),
            "dropped": whole.dropped,
        },
        "clients": clients,
        "uncovered": uncovered,
    }


def is_broken(report: Report, failures: Iterable[str]) -> bool:
    """Whether the report has something of what it is to fail on."""
    return any(report["summary"][name] for name in failures)


def _client(name: str, client: Client, contracts: Mapping[str, Contract]) -> Report:
    return {
        "client": name,
        "operations": [
            _operation(service, calls, contracts[service].operations[operation])
            for (service, operation), calls in sorted(client.operations.items())
            if service in contracts and operation in contracts[service].operations
        ],
        "violations": [
            _violation(kind[0], kind[1], breach) for kind, breach in client.breaches.items()
        ],
        "unmatched": [
            _unmatched(astray, contracts[astray.service])
            for astray in client.astray.values()
            if astray.service in contracts and not _is_known(astray, contracts[astray.service])
        ],
    }


def _operation(service: str, calls: Calls, operation: Operation) -> Report:
    met = {str(status) if status else "none": n for status, n in sorted(calls.statuses.items())}
    met_ranges = {f"{status[0]}XX" for status in met}
    return {
        "service": service,
        "operation": operation.id,
        "method": operation.method,
        "path": operation.path,
        "calls": calls.calls,
        "statuses": met,
        "never": [
            status
            for status in operation.responses
            if status not in met and status.upper() not in met_ranges and status != "default"
        ],
        "deprecated": operation.deprecated,
    }


def _violation(service: str, operation: str, breach: Breach) -> Report:
    violation = breach.violation
    return {
        "service": service,
        "operation": operation or None,
        "method": breach.method,
        "path": breach.path,
        "side": violation.side,
        "pointer": violation.pointer,
        "rule": violation.rule,
        "message": violation.message,
        "value": violation.value,
        "count": breach.count,
    }


def _unmatched(astray: Astray, contract: Contract) -> Report:
    return {
        "service": astray.service,
        "method": astray.method,
        "path": astray.path,
        "status": astray.status,
        "count": astray.count,
        "nearest": contract.nearest(astray.method, without_prefix(astray.service, astray.path)),
    }


def _is_known(astray: Astray, contract: Contract) -> bool:
    """A call that was refused before anyone looked where it goes, such as one that is too large."""
    for path in (without_prefix(astray.service, astray.path), astray.path):
        try:
            contract.match(astray.method, path)
        except (NoSuchPath, MethodNotAllowed):
            continue
        return True
    return False


def without_prefix(service: str, path: str) -> str:
    """A path as the contract spells it: without the service's name, if it was called by that."""
    return path.removeprefix(f"/{service}") if path.startswith(f"/{service}/") else path


def _uncovered(
    called: set[tuple[str, str]], contracts: Mapping[str, Contract]
) -> list[dict[str, str]]:
    return [
        {"service": name, "operation": operation.id, "method": operation.method,
         "path": operation.path}
        for name in sorted({service for service, _ in called} & contracts.keys())
        for operation in contracts[name].operations.values()
        if (name, operation.id) not in called
    ]  # fmt: skip


def _total(clients: list[Report], kind: str, **wanted: str) -> int:
    return sum(
        each["count"]
        for client in clients
        for each in client[kind]
        if all(each[name] == value for name, value in wanted.items())
    )
