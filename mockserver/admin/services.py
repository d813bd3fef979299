"""What is served where: base URLs, hosts, and how much of each contract is emulated."""

from typing import Any

from mockserver.engine.contract import Contract, Operation
from mockserver.engine.service import Call, HandlerTable, Service

handles = HandlerTable()


@handles("listServices")
def list_services(call: Call) -> tuple[int, Any]:
    """Every service with its operations and controls."""
    items = [
        {
            "name": service.name,
            "title": service.title,
            "url": f"{call.base_url}/{service.name}",
            "hosts": list(service.hosts),
            "operations": routes(service, call.sandbox.world.contracts[service.name]),
            "controls": controls(service, call.sandbox.world.contracts[service.name]),
        }
        for service in call.sandbox.services.values()
    ]
    return 200, {"items": items, "total": len(items)}


def routes(service: Service, contract: Contract) -> list[dict[str, Any]]:
    """The operations of a service: emulated by a handler, or answered from the document."""
    return [
        _route(
            service,
            operation,
            f"/{service.name}",
            "emulated" if operation.id in service.handlers else "example",
        )
        for operation in contract.operations.values()
    ]


def controls(service: Service, contract: Contract) -> list[dict[str, Any]]:
    """The controls of a service."""
    return [
        _route(service, operation, f"/__admin/services/{service.name}", "control")
        for operation in contract.controls.values()
    ]


def _route(service: Service, operation: Operation, base: str, mode: str) -> dict[str, Any]:
    return {
        "service": service.name,
        "operation": operation.id,
        "method": operation.method,
        "path": base + operation.path,
        "mode": mode,
        "evidence": operation.evidence,
        "summary": operation.summary,
    }
