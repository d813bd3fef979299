"""Handlers of aggregated solutions and analytics."""

from typing import Any

from mockserver.engine.service import Call, HandlerTable
from mockserver.services.toloka import aggregation, errors, operations, pages, pools, wire
from mockserver.services.toloka.aggregation import SOLUTIONS

handles = HandlerTable()


def _fields(call: Call, pool: dict[str, Any]) -> list[str]:
    """The output fields to aggregate; each must be one of the project's."""
    names = [each["name"] for each in call.body["fields"]]
    project = call.sandbox.collection("toloka.projects").get(pool["project_id"])
    known = project["task_spec"]["output_spec"] if project else {}
    for index, name in enumerate(names):
        if name not in known:
            unknown = errors.field("VALUE_NOT_ALLOWED", errors.UNKNOWN)
            raise errors.invalid({f"fields.{index}.name": unknown})
    return names


def _pool(call: Call) -> dict[str, Any]:
    pool = pools.get(call.sandbox, call.body["pool_id"])
    if pool is None:
        absent = errors.field("ENTITY_DOES_NOT_EXIST", errors.ABSENT)
        raise errors.invalid({"pool_id": absent})
    return pool


@handles("aggregateByPool")
def aggregate_by_pool(call: Call) -> tuple[int, Any]:
    """Aggregate the answers of a pool; the operation's id finds the results."""
    pool = _pool(call)
    names = _fields(call, pool)
    if call.body["type"] == "DAWID_SKENE" and len(names) > 1:
        single = errors.field("ARRAY_SIZE_GREATER_THAN_MAX", "Only one field is allowed", 1)
        raise errors.invalid({"fields": single})
    parameters = {
        "pool_id": pool["id"],
        "algorithm": call.body["type"],
        "pool_name": pool["private_name"],
        "project_id": pool["project_id"],
        "requester_id": wire.REQUESTER,
        "fields": [{"name": name} for name in names],
    }
    if call.body.get("answer_weight_skill_id") is not None:
        parameters["answer_weight_skill_id"] = str(call.body["answer_weight_skill_id"])
    return 202, operations.schedule(
        call.sandbox, "SOLUTION.AGGREGATE", parameters, "aggregate_solutions"
    )


@handles("aggregateByTask")
def aggregate_by_task(call: Call) -> tuple[int, Any]:
    """Aggregate the answers to one task."""
    pool = _pool(call)
    names = _fields(call, pool)
    task = call.sandbox.collection("toloka.tasks").get(call.body["task_id"])
    if task is None or task["pool_id"] != pool["id"]:
        absent = errors.field("ENTITY_DOES_NOT_EXIST", errors.ABSENT)
        raise errors.invalid({"task_id": absent})
    skill = call.body.get("answer_weight_skill_id")
    votes = aggregation.votes(call.sandbox, task, names, None if skill is None else str(skill))
    return 200, {
        "pool_id": pool["id"],
        "task_id": task["id"],
        "confidence": votes.confidence,
        "output_values": votes.output_values,
    }


@handles("getAggregatedSolutions")
def get_aggregated_solutions(call: Call) -> tuple[int, Any]:
    """List the results of an aggregation."""
    operation = operations.get(call.sandbox, call.parameters["operation_id"])
    if operation["type"] != "SOLUTION.AGGREGATE":
        raise errors.conflict("INVALID_OPERATION_TYPE")

    def present(solution: dict[str, Any]) -> dict[str, Any]:
        hidden = ("id", "operation_id")
        return {key: value for key, value in solution.items() if key not in hidden}

    where = {"operation_id": operation["id"]}
    return pages.page(call, SOLUTIONS, pages.SOLUTIONS, where, present)


@handles("getAnalytics")
def get_analytics(call: Call) -> tuple[int, Any]:
    """Measure pools; the results are in the operation's details."""
    for index, request in enumerate(call.body):
        if pools.get(call.sandbox, request["subject_id"]) is None:
            absent = errors.field("ENTITY_DOES_NOT_EXIST", errors.ABSENT)
            raise errors.invalid({f"{index}.subject_id": absent})
    return 202, operations.schedule(
        call.sandbox, "ANALYTICS", {"value": call.body}, "measure_pools"
    )
