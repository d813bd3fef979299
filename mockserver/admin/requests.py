"""The journal: filtered, forgotten, and asked whether what was expected has happened."""

import asyncio
from typing import Any

from mockserver.admin.pages import page
from mockserver.engine.errors import BadRequest
from mockserver.engine.service import Answer, Call, HandlerTable

handles = HandlerTable()

FILTERS = ("service", "operation", "method", "path", "status", "client")
BOUNDS = ("exactly", "at_least", "at_most")
GLANCE = 0.02
"""Seconds between two looks at the journal while a verification waits."""


@handles("listRequests")
def list_requests(call: Call) -> tuple[int, Any]:
    """Entries that match, oldest first."""
    asked = call.parameters
    conditions = {name: asked[name] for name in FILTERS if name in asked}
    entries, total = call.sandbox.journal.find(
        conditions, limit=asked["limit"], after=asked.get("after")
    )
    return 200, page([entry.view(bodies=asked["bodies"]) for entry in entries], total)


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
    journal = call.sandbox.journal
    loop = asyncio.get_running_loop()
    deadline = loop.time() + call.body.get("wait", 0)
    verdict = journal.verify(expectation)
    while not verdict["passed"] and (left := deadline - loop.time()) > 0:
        await asyncio.sleep(min(GLANCE, left))
        verdict = journal.verify(expectation)
    return (200 if verdict["passed"] else 422), verdict
