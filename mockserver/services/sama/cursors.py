"""Where each consumer is in a project's deliveries."""

import json
from typing import Any

from mockserver.engine.sandbox import Sandbox
from mockserver.engine.store import Index, Range

CURSOR_INDEXES = (Index("project_id"), Index("project_id", "consumer"))

Where = dict[str, Any]


def next_deliveries(
    sandbox: Sandbox, where: Where, consumer: str | None, limit: int
) -> list[dict[str, Any]]:
    """Deliveries that this consumer has not been given yet, at most `limit`; they are now seen.

    Only what is returned counts as seen (U17): a call with filters leaves the rest for a later
    one. So there is a place in the whole stream, one for each set of filters, and a note on each
    delivery that a filter brought before its turn.
    """
    project_id = where["project_id"]
    filters = {key: value for key, value in where.items() if key != "project_id"}
    places = sandbox.collection("sama.cursors")
    seen = sandbox.collection("sama.seen_deliveries")
    own, whole = _place(project_id, consumer, filters), _place(project_id, consumer, {})
    reached = max((places.get(id) or {"reached": 0})["reached"] for id in (own, whole))

    found: list[dict[str, Any]] = []
    passed: list[str] = []
    deliveries = sandbox.collection("sama.deliveries")
    while len(found) < limit:
        page = deliveries.find(
            where, ranges={"id": Range(gt=reached)}, sort="id", limit=limit - len(found)
        )
        if not page:
            break
        for delivery in page:
            note = f"{whole}:{delivery['id']}"
            if note in seen:
                passed.append(note)
            else:
                found.append(delivery)
        reached = page[-1]["id"]

    places.put({"id": own, "project_id": project_id, "consumer": consumer, "reached": reached})
    if filters:
        seen.put_many(
            {"id": f"{whole}:{each['id']}", "project_id": project_id, "consumer": consumer}
            for each in found
        )
    else:
        for note in passed:
            seen.delete(note)
    return found


def reset(sandbox: Sandbox, project_id: int, consumer: str | None) -> int:
    """Let one consumer, or all, begin again; answers how many places were forgotten."""
    where: Where = {"project_id": project_id}
    if consumer is not None:
        where["consumer"] = consumer
    for note in sandbox.collection("sama.seen_deliveries").each(where):
        sandbox.collection("sama.seen_deliveries").delete(note["id"])
    places = sandbox.collection("sama.cursors")
    found = places.find(where)
    for place in found:
        places.delete(place["id"])
    return len(found)


def _place(project_id: int, consumer: str | None, filters: Where) -> str:
    """The name of a place; no consumer is one that all callers without a name share (F119)."""
    return json.dumps([project_id, consumer, filters], sort_keys=True)
