"""Evaluation sets, their items, and what a run of a processor against them measures."""

from collections.abc import Mapping, Sequence
from typing import Any

from mockserver.engine.sandbox import Sandbox
from mockserver.engine.service import JobTable
from mockserver.services.extend import definitions, errors, files
from mockserver.services.extend.wire import Document, new_id, now, picked, require

SETS = "extend.evaluation_sets"
ITEMS = "extend.evaluation_set_items"
RUNS = "extend.evaluation_set_runs"

runs: JobTable = JobTable()


def create_set(sandbox: Sandbox, given: Mapping[str, Any], created_by: Document) -> Document:
    """A new evaluation set for a processor, stored."""
    if definitions.of_processor(sandbox, given["entityId"]) is None:
        raise errors.not_found("entityId: Processor", given["entityId"])
    at = now(sandbox)
    found = {
        "object": "evaluation_set",
        "id": new_id(sandbox, "ev_"),
        "name": given["name"],
        "description": given.get("description", ""),
        "entityId": given["entityId"],
        "createdAt": at,
        "updatedAt": at,
        "createdBy": created_by,
    }
    sandbox.collection(SETS).put(found)
    return found


def set_view(sandbox: Sandbox, found: Mapping[str, Any]) -> Document:
    """An evaluation set with its processor."""
    keys = ("object", "id", "name", "description", "createdAt", "updatedAt", "createdBy")
    owner = definitions.of_processor(sandbox, found["entityId"])
    if owner is None:
        raise errors.not_found("Processor", found["entityId"])
    return {**picked(found, keys), "entity": definitions.summary(owner[1])}


def create_items(
    sandbox: Sandbox, set_id: str, given: Sequence[Mapping[str, Any]], created_by: Document
) -> list[Document]:
    """New items, stored; none when a file of one is not known."""
    at = now(sandbox)
    made = []
    for number, each in enumerate(given):
        ids = each.get("fileIds") or [each["fileId"]]
        for id in ids:
            files.check(sandbox, {"id": id}, f"items.{number}")
        made.append(
            {
                "object": "evaluation_set_item",
                "id": new_id(sandbox, "evi_"),
                "evaluationSetId": set_id,
                "fileIds": ids,
                "package": "fileIds" in each,
                "expectedOutput": each["expectedOutput"],
                "createdAt": at,
                "updatedAt": at,
                "createdBy": created_by,
            }
        )
    sandbox.collection(ITEMS).put_many(made)
    return made


def item_summary(sandbox: Sandbox, item: Mapping[str, Any]) -> Document:
    """An item in lists: without what it expects."""
    collection = sandbox.collection(files.COLLECTION)
    stored = [
        files.summary(collection.get(id) or files.new_file(sandbox, id, id=id))
        for id in item["fileIds"]
    ]
    shown = picked(item, ("object", "id", "createdBy"))
    return {**shown, "file": stored[0], "files": stored if item["package"] else None}


def item_view(sandbox: Sandbox, item: Mapping[str, Any]) -> Document:
    """An item with what it expects."""
    shown = picked(item, ("evaluationSetId", "expectedOutput"))
    return {**item_summary(sandbox, item), **shown}


def start(sandbox: Sandbox, given: Mapping[str, Any]) -> Document:
    """Run a processor, by default the set's own draft, against the set's items."""
    found = require(sandbox, SETS, given["evaluationSetId"], "Evaluation set")
    entity = given.get("entity") or {"id": found["entityId"]}
    owner = definitions.of_processor(sandbox, entity["id"])
    if owner is None:
        raise errors.not_found("entity: Processor", entity["id"])
    noun, processor = owner
    version = definitions.version_of(sandbox, noun, processor, entity.get("version", "draft"))
    for id in given.get("evaluationSetItemIds", ()):
        item = sandbox.collection(ITEMS).get(id)
        if item is None or item["evaluationSetId"] != found["id"]:
            raise errors.not_found("Evaluation set item", id)
    wanted = given.get("evaluationSetItemIds")
    at = now(sandbox)
    run = {
        "object": "evaluation_set_run",
        "id": new_id(sandbox, "evr_"),
        "evaluationSetId": found["id"],
        "versionId": version["id"],
        "items": len(wanted) if wanted else sandbox.collection(ITEMS).count(
            {"evaluationSetId": found["id"]}
        ),
        "status": "PENDING",
        "createdAt": at,
        "updatedAt": at,
    }  # fmt: skip
    sandbox.collection(RUNS).put(run)
    sandbox.pace.schedule("extend.finish_evaluation", {"id": run["id"]}, resource=run["id"])
    return run


@runs("finish_evaluation")
def finish_evaluation(sandbox: Sandbox, *, id: str) -> None:
    """All items were run and measured."""
    run = sandbox.collection(RUNS).get(id)
    if run is not None and run["status"] == "PENDING":
        run |= {"status": "PROCESSED", "updatedAt": now(sandbox)}
        sandbox.collection(RUNS).put(run)


def run_view(sandbox: Sandbox, run: Mapping[str, Any]) -> Document:
    """A run with its measures, which are invented once it is done."""
    found = definitions.of_version(sandbox, run["versionId"])
    if found is None:
        raise errors.not_found("Version", run["versionId"])
    noun, processor, version = found
    keys = ("object", "id", "evaluationSetId", "status", "createdAt", "updatedAt")
    metrics: Document = {"type": noun.type}
    if run["status"] == "PROCESSED":
        metrics |= _measured(sandbox, run, noun.type, version["config"])
    return {
        **picked(run, keys),
        "entity": definitions.summary(processor),
        "entityVersion": definitions.version_summary(noun, version),
        "metrics": metrics,
        "options": {},
    }


def _measured(
    sandbox: Sandbox, run: Mapping[str, Any], type_: str, config: Mapping[str, Any]
) -> Document:
    chance = sandbox.ids.random("extend.evaluation", run["id"])
    count = run["items"]
    found: Document = dict.fromkeys(("numFilesTotal", "numFilesProcessed", "numFiles"), count)
    found["meanLatencyMs"] = chance.randrange(800, 4000)
    if type_ == "SPLITTER":
        return found | {name: round(chance.uniform(0.8, 1), 3) for name in ("precision", "recall")}
    found["accuracy"] = round(chance.uniform(0.8, 1), 3)
    if type_ == "EXTRACT":
        names = (config.get("schema") or {}).get("properties", {})
        found["fieldMetrics"] = {
            name: {"countTotal": count, "accuracy": round(chance.uniform(0.8, 1), 3)}
            for name in names
        }
    return found
