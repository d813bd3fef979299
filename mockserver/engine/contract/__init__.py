"""The OpenAPI document of a service: operations, routes, and the checking of calls and answers."""

from mockserver.engine.contract.bodies import MediaType, Response
from mockserver.engine.contract.contract import Contract
from mockserver.engine.contract.operation import Operation, Webhook
from mockserver.engine.contract.routes import MethodNotAllowed, NoSuchPath, Routes
from mockserver.engine.contract.schemas import Schema
from mockserver.engine.contract.violations import Violation

__all__ = [
    "Contract",
    "MediaType",
    "MethodNotAllowed",
    "NoSuchPath",
    "Operation",
    "Response",
    "Routes",
    "Schema",
    "Violation",
    "Webhook",
]
