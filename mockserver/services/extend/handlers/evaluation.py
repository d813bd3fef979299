"""Calls about evaluation sets, their items and runs."""

from typing import Any

from mockserver.engine.service import Call, HandlerTable
from mockserver.services.extend import errors, evaluation, pages
from mockserver.services.extend.wire import Document, created_by, now, require

handles: HandlerTable = HandlerTable()


@handles("listEvaluationSets")
def list_evaluation_sets(call: Call) -> tuple[int, Any]:
    """All sets, or those of a processor."""
    sort, falling = pages.ordered(call)
    where = {key: call.parameters[key] for key in ("entityId",) if key in call.parameters}
    listing = pages.Listing(evaluation.SETS, where=where, sort=sort, falling=falling)
    found, token = pages.of_call(call, listing)
    shown = [evaluation.set_view(call.sandbox, each) for each in found]
    return 200, pages.envelope(shown, token)


@handles("createEvaluationSet")
def create_evaluation_set(call: Call) -> tuple[int, Any]:
    """A new set for a processor."""
    found = evaluation.create_set(call.sandbox, call.body, created_by(call))
    return 200, evaluation.set_view(call.sandbox, found)


@handles("getEvaluationSet")
def get_evaluation_set(call: Call) -> tuple[int, Any]:
    """One set."""
    return 200, evaluation.set_view(call.sandbox, _set(call))


@handles("listEvaluationSetItems")
def list_evaluation_set_items(call: Call) -> tuple[int, Any]:
    """The items of a set."""
    sort, falling = pages.ordered(call)
    where = {"evaluationSetId": _set(call)["id"]}
    listing = pages.Listing(evaluation.ITEMS, where=where, sort=sort, falling=falling)
    found, token = pages.of_call(call, listing)
    shown = [evaluation.item_summary(call.sandbox, each) for each in found]
    return 200, pages.envelope(shown, token)


@handles("createEvaluationSetItems")
def create_evaluation_set_items(call: Call) -> tuple[int, Any]:
    """New items, all or none."""
    given = call.body["items"]
    made = evaluation.create_items(call.sandbox, _set(call)["id"], given, created_by(call))
    shown = [evaluation.item_view(call.sandbox, item) for item in made]
    return 200, {"evaluationSetItems": shown}


@handles("getEvaluationSetItem")
def get_evaluation_set_item(call: Call) -> tuple[int, Any]:
    """One item."""
    return 200, evaluation.item_view(call.sandbox, _item(call))


@handles("updateEvaluationSetItem")
def update_evaluation_set_item(call: Call) -> tuple[int, Any]:
    """An item that expects something else."""
    expected = call.body["expectedOutput"]
    item = {**_item(call), "expectedOutput": expected, "updatedAt": now(call.sandbox)}
    call.sandbox.collection(evaluation.ITEMS).put(item)
    return 200, evaluation.item_view(call.sandbox, item)


@handles("deleteEvaluationSetItem")
def delete_evaluation_set_item(call: Call) -> tuple[int, Any]:
    """Delete an item."""
    item = _item(call)
    call.sandbox.collection(evaluation.ITEMS).delete(item["id"])
    return 200, {"id": item["id"]}


@handles("createEvaluationSetRun")
def create_evaluation_set_run(call: Call) -> tuple[int, Any]:
    """Run a processor against a set."""
    return 200, evaluation.run_view(call.sandbox, evaluation.start(call.sandbox, call.body))


@handles("getEvaluationSetRun")
def get_evaluation_set_run(call: Call) -> tuple[int, Any]:
    """One run with its measures."""
    id = call.parameters["id"]
    call.sandbox.pace.polled(id)
    run = require(call.sandbox, evaluation.RUNS, id, "Evaluation set run")
    return 200, evaluation.run_view(call.sandbox, run)


def _set(call: Call) -> Document:
    return require(call.sandbox, evaluation.SETS, call.parameters["id"], "Evaluation set")


def _item(call: Call) -> Document:
    item = call.sandbox.collection(evaluation.ITEMS).get(call.parameters["itemId"])
    if item is None or item["evaluationSetId"] != call.parameters["id"]:
        raise errors.not_found("Evaluation set item", call.parameters["itemId"])
    return item
