"""The journal: filtered, forgotten, and asked whether what was expected has happened."""

from typing import Any

from mockserver import har
from mockserver.admin.pages import page
from mockserver.engine.errors import BadRequest
from mockserver.engine.journal import BOUNDS
from mockserver.engine.service import Answer, Call, HandlerTable

handles = HandlerTable()

FILTERS = ("service", "operation", "method", "path", "status", "client")


@handles("listRequests")
def list_requests(call: Call) -> tuple[int, Any]:
    """Entries that match, oldest first."""
    asked = call.parameters
    conditions = {name: asked[name] for name in FILTERS if name in asked}
    entries, total = call.sandbox.journal.find(
        conditions, limit=asked["limit"], after=asked.get("after")
    )
    return 200, page([entry.view(bodies=asked["bodies"]) for entry in entries], total)


@handles("exportRequests")
def export_requests(call: Call) -> tuple[int, Any]:
    """Calls and uploads as an HTTP Archive, oldest first."""
    conditions = {name: call.parameters[name] for name in FILTERS if name in call.parameters}
    journal = call.sandbox.journal
    entries, _ = journal.find(conditions, limit=len(journal))
    hosts = [host for service in call.sandbox.services.values() for host in service.hosts]
    return 200, har.export(entries, hosts)


@handles("clearRequests")
def clear_requests(call: Call) -> Answer:
    """Forget what was asked so far."""
    call.sandbox.journal.clear()
    return Answer(204)


@handles("getRequest")
def get_request(call: Call) -> tuple[int, Any]:
    """One entry."""
    return 200, call.sandbox.journal.get(call.parameters["id"]).view()


@handles("verifyRequests")
async def verify_requests(call: Call) -> tuple[int, Any]:
    """200 when the expectation holds, now or within `wait` real seconds; else 422."""
    expectation = {name: value for name, value in call.body.items() if name != "wait"}
    if "in_order" in expectation and any(name in expectation for name in BOUNDS):
        raise BadRequest("in_order stands alone; count with match instead.")
    verdict = await call.sandbox.journal.verify_within(expectation, call.body.get("wait", 0))
    return (200 if verdict["passed"] else 422), verdict
