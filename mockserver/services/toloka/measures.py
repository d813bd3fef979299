"""What is measured of pools: aggregated answers, and the numbers that analytics asks for."""

from typing import Any

from mockserver.engine.sandbox import Sandbox
from mockserver.engine.store import Range
from mockserver.services.toloka import aggregation, assignments, ledger, operations, pools, wire
from mockserver.services.toloka.aggregation import SOLUTIONS
from mockserver.services.toloka.suites import LINKS

SLICE = 200
"""Tasks that one job aggregates."""


def aggregate(sandbox: Sandbox, operation_id: str, start: str | None) -> str | None:
    """Aggregate the answers to the next tasks of a pool; answers where to go on, if anywhere."""
    operation = operations.get(sandbox, operation_id)
    parameters = operation["parameters"]
    fields = [each["name"] for each in parameters["fields"]]
    skill = parameters.get("answer_weight_skill_id")
    where = {"pool_id": parameters["pool_id"]}
    by_suites = bool(ledger.read(sandbox, parameters["pool_id"])["suites"])
    name, key = (LINKS, "task_id") if by_suites else ("toloka.tasks", "id")
    stored = sandbox.collection(name)
    ranges = {key: Range(gt=start)} if start else None
    found = stored.find(where, ranges=ranges, sort=key, limit=SLICE)
    results = []
    for each in found:
        task = {"id": each["task_id"], "pool_id": each["pool_id"]} if by_suites else each
        votes = aggregation.votes(sandbox, task, fields, skill)
        if votes.assignment_ids:
            results.append(
                {
                    "id": f"{operation_id}/{task['id']}",
                    "operation_id": operation_id,
                    "pool_id": task["pool_id"],
                    "task_id": task["id"],
                    "confidence": votes.confidence,
                    "output_values": votes.output_values,
                }
            )
    sandbox.collection(SOLUTIONS).put_many(results)
    if len(found) == SLICE:
        last: str = found[-1][key]
        done = stored.count(where, ranges={key: Range(lte=last)})
        operations.progress(sandbox, operation, 100 * done // max(1, stored.count(where)))
        return last
    operations.finish(sandbox, operation)
    return None


def measure(sandbox: Sandbox, operation_id: str) -> None:
    """Answer the questions of an analytics request; toloka-kit's metrics read them in
    `details.value` (metrics/pool_metrics.py)."""
    operation = operations.get(sandbox, operation_id)
    now = wire.stamp(sandbox)
    answers = [
        {"request": request, "result": _measured(sandbox, request), "finished": now}
        for request in operation["parameters"]["value"]
    ]
    operations.finish(sandbox, operation, details={"value": answers})


def _measured(sandbox: Sandbox, request: dict[str, Any]) -> Any:
    """One number; the share of what is done comes as an object (fact f.5)."""
    pool_id = str(request["subject_id"])
    books = ledger.read(sandbox, pool_id)
    stored = sandbox.collection(assignments.COLLECTION)
    workers = sandbox.collection("toloka.pool_workers")

    def count(*statuses: str) -> int:
        return stored.count({"pool_id": pool_id, "status": statuses})

    match request["name"]:
        case "real_tasks_count":
            return books["real"]
        case "submitted_assignments_count":
            return count("SUBMITTED", "ACCEPTED", "REJECTED")
        case "skipped_assignments_count":
            return count("SKIPPED")
        case "rejected_assignments_count":
            return count("REJECTED")
        case "approved_assignments_count":
            return count("ACCEPTED")
        case "completion_percentage":
            planned = books["overlap"]
            return {"value": round(100 * (planned - books["left"]) / planned) if planned else 0}
        case "avg_submit_assignment_millis":
            return round(books["submitted_ms"] / books["submitted"]) if books["submitted"] else 0
        case "spent_budget":
            return books["spent"]
        case "unique_workers_count" | "active_workers_by_filter_count":
            return workers.count({"pool_id": pool_id})
        case "unique_submitters_count":
            return workers.count({"pool_id": pool_id, "submitter": True})
    return _estimated(sandbox, pool_id, books)


def _estimated(sandbox: Sandbox, pool_id: str, books: dict[str, Any]) -> int:
    """How many suites the pool will have come to in all."""
    pool = pools.get(sandbox, pool_id) or {}
    mixer = pool.get("mixer_config") or {}
    size = 1 if books["suites"] else int(mixer.get("real_tasks_count") or 1)
    return -int(-books["overlap"] // max(1, size))
