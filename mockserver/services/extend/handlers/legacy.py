"""Calls about legacy processors, which 2026-02-09 still answers in their old shapes."""

from typing import Any

from mockserver.engine.service import Call, HandlerTable
from mockserver.services.extend import (
    batches,
    definitions,
    errors,
    fetching,
    legacy,
    lifecycle,
    lists,
    pages,
    starting,
)
from mockserver.services.extend.kinds import NOUNS, Noun
from mockserver.services.extend.wire import Document, require

handles: HandlerTable = HandlerTable()


@handles("listProcessors")
def list_processors(call: Call) -> tuple[int, Any]:
    """Processors of a type, or of all types one after the other.

    Not emulated: one order over all types; the list is sorted within each.
    """
    body: Document = {"success": True, "processors": []}
    nouns = _nouns(call.parameters.get("type"), call)
    sort, falling = pages.ordered(call)
    for noun in nouns:
        listing = pages.Listing(noun.collection, sort=sort, falling=falling)
        found, token = _chained(call, listing, len(body["processors"]))
        body["processors"] += [_listed(call, noun, each) for each in found]
        if token or len(body["processors"]) >= call.parameters["maxPageSize"]:
            token = token or _beginning_after(call, noun, nouns)
            if token:
                body["nextPageToken"] = f"{noun.name}.{token}" if "." not in token else token
            break
    return 200, body


def _nouns(type_: str | None, call: Call) -> list[Noun]:
    """The types that are still to be listed: from the one that the token names."""
    nouns = [noun for noun in NOUNS.values() if type_ in (None, noun.type)]
    first = call.parameters.get("nextPageToken", "").partition(".")[0]
    names = [noun.name for noun in nouns]
    if "nextPageToken" not in call.parameters:
        return nouns
    if first not in names:
        raise errors.invalid("nextPageToken: is not a token of this list; Path: nextPageToken")
    return nouns[names.index(first) :]


def _chained(call: Call, listing: pages.Listing, have: int) -> tuple[list[Document], str | None]:
    """The part of the page that one type gives; only the first type goes on from the token."""
    rest = call.parameters.pop("nextPageToken", "").partition(".")[2]
    place = pages.read_token(call.sandbox, listing, rest) if rest else None
    return pages.page(call.sandbox, listing, call.parameters["maxPageSize"] - have, place)


def _beginning_after(call: Call, noun: Noun, nouns: list[Noun]) -> str | None:
    """A token for the beginning of the next type that has anything."""
    for after in nouns[nouns.index(noun) + 1 :]:
        if len(call.sandbox.collection(after.collection)):
            return f"{after.name}."
    return None


def _listed(call: Call, noun: Noun, processor: Document) -> Document:
    versions = call.sandbox.collection(noun.versions).find(
        {noun.key: processor["id"]}, sort="-order", limit=100
    )
    shown = legacy.processor_view(call.sandbox, noun, processor)
    del shown["draftVersion"]
    return {**shown, "versions": [{"id": v["id"], "version": v["version"]} for v in versions]}


@handles("createProcessor")
def create_processor(call: Call) -> tuple[int, Any]:
    """A new processor, of the config given or a copy of another one."""
    body, noun = call.body, legacy.TYPES[call.body["type"]]
    config = legacy.config_of(noun, body["config"]) if "config" in body else None
    if "cloneProcessorId" in body:
        of, original = legacy.processor_of(call.sandbox, body["cloneProcessorId"])
        if of is not noun:
            raise errors.invalid("cloneProcessorId: is of another type; Path: cloneProcessorId")
        config = definitions.version_of(call.sandbox, noun, original, "draft")["config"]
    processor = definitions.create(call.sandbox, noun, body["name"], config)
    shown = legacy.processor_view(call.sandbox, noun, processor)
    return 200, {"success": True, "processor": shown}


@handles("updateProcessor")
def update_processor(call: Call) -> tuple[int, Any]:
    """Rename a processor, or change its draft."""
    noun, processor = legacy.processor_of(call.sandbox, call.parameters["id"])
    changes = dict(call.body)
    if "config" in changes:
        changes["config"] = legacy.config_of(noun, changes["config"])
    processor = definitions.change(call.sandbox, noun, processor, changes)
    shown = legacy.processor_view(call.sandbox, noun, processor)
    return 200, {"success": True, "processor": shown}


@handles("listProcessorVersions")
def list_processor_versions(call: Call) -> tuple[int, Any]:
    """The newest thousand versions; this list has no pages."""
    noun, processor = legacy.processor_of(call.sandbox, call.parameters["id"])
    found = call.sandbox.collection(noun.versions).find(
        {noun.key: processor["id"]}, sort="-order", limit=1000
    )
    shown = [legacy.version_view(noun, processor, version) for version in found]
    return 200, {"success": True, "versions": shown}


@handles("publishProcessor")
def publish_processor(call: Call) -> tuple[int, Any]:
    """Publish the draft, or the config given."""
    noun, processor = legacy.processor_of(call.sandbox, call.parameters["id"])
    release = dict(call.body)
    if "config" in release:
        release["config"] = legacy.config_of(noun, release["config"])
    version = definitions.publish(call.sandbox, noun, processor, release)
    shown = legacy.version_view(noun, processor, version)
    return 200, {"success": True, "processorVersion": shown}


@handles("getProcessorVersion")
def get_processor_version(call: Call) -> tuple[int, Any]:
    """A version by its number or id, the draft, or the latest one."""
    noun, processor = legacy.processor_of(call.sandbox, call.parameters["id"])
    wanted = call.parameters["versionId"]
    version = definitions.version_of(call.sandbox, noun, processor, wanted)
    return 200, {"success": True, "version": legacy.version_view(noun, processor, version)}


@handles("listProcessorRuns")
def list_processor_runs(call: Call) -> tuple[int, Any]:
    """Runs of the processor's type; without processor and type, those of extractors.

    Not emulated: one list over the runs of all types.
    """
    noun = NOUNS["extractor"]
    if "processorId" in call.parameters:
        noun = legacy.processor_of(call.sandbox, call.parameters["processorId"])[0]
        call.parameters[noun.key] = call.parameters["processorId"]
    elif "processorType" in call.parameters:
        noun = legacy.TYPES[call.parameters["processorType"]]
    kind = legacy.kind_of(noun)
    found, token = lists.of_runs(call, kind)
    shown = [legacy.run_summary(call.sandbox, kind, run) for run in found]
    body = {"success": True, "processorRuns": shown}
    return 200, body if token is None else {**body, "nextPageToken": token}


@handles("createProcessorRun")
async def create_processor_run(call: Call) -> tuple[int, Any]:
    """Run a processor on a file or a text; `sync` answers when the run is done."""
    await fetching.fetch(call)
    given = call.body
    noun, processor = legacy.processor_of(call.sandbox, given["processorId"])
    kind = legacy.kind_of(noun)
    reference = {"id": processor["id"], "version": given.get("version", "latest")}
    if "config" in given:
        reference["overrideConfig"] = legacy.config_of(noun, given["config"])
    body = {key: given[key] for key in ("priority", "metadata") if key in given}
    body |= {noun.name: reference, "file": _source(given)}
    run = starting.new_run(call, kind, body)
    if given.get("sync"):
        run = starting.carry_out(call, kind, run)
    else:
        lifecycle.begin(call.sandbox, kind, run)
    return _run(call, run["id"])


def _source(given: Document) -> Document:
    if "rawText" in given:
        return {"text": given["rawText"]}
    file = given["file"]
    if "fileId" in file:
        return {"id": file["fileId"]}
    name = {"name": file["fileName"]} if "fileName" in file else {}
    return {"url": file["fileUrl"], **name}


@handles("getProcessorRun")
def get_processor_run(call: Call) -> tuple[int, Any]:
    """One run; counts as a look at it."""
    _, run = legacy.run_of(call.sandbox, call.parameters["id"])
    call.sandbox.pace.polled(run["id"])
    return _run(call, run["id"])


@handles("deleteProcessorRun")
def delete_processor_run(call: Call) -> tuple[int, Any]:
    """Delete a run."""
    kind, run = legacy.run_of(call.sandbox, call.parameters["id"])
    call.sandbox.collection(kind.collection).delete(run["id"])
    call.sandbox.jobs.cancel(resource=run["id"])
    id = legacy.legacy_id(run)
    return 200, {"success": True, "documentProcessorRunId": id, "message": "The run was deleted."}


@handles("cancelProcessorRun")
def cancel_processor_run(call: Call) -> tuple[int, Any]:
    """Cancel a run that has not ended."""
    kind, run = legacy.run_of(call.sandbox, call.parameters["id"])
    if run["status"] not in kind.cancels:
        raise errors.invalid(f"The processor run is {run['status']} and cannot be cancelled.")
    lifecycle.cancel(call.sandbox, kind, run)
    return _run(call, run["id"])


@handles("getBatchProcessorRun")
def get_batch_processor_run(call: Call) -> tuple[int, Any]:
    """A batch of processor runs, in the older shape."""
    batch = require(call.sandbox, batches.RUNS, call.parameters["id"], "Batch processor run")
    return 200, {"success": True, "batchProcessorRun": legacy.batch_view(call.sandbox, batch)}


def _run(call: Call, id: str) -> tuple[int, Any]:
    kind, run = legacy.run_of(call.sandbox, id)
    return 200, {"success": True, "processorRun": legacy.run_view(call.sandbox, kind, run)}
