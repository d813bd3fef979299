"""How a request becomes runs: what is checked first, then what is stored."""

import re
from collections.abc import Mapping
from typing import Any

import orjson

from mockserver.engine.sandbox import Sandbox
from mockserver.engine.service import Call
from mockserver.services.extend import (
    batches,
    definitions,
    documents,
    endings,
    errors,
    files,
    lifecycle,
    runs,
    versions,
    workflow_runs,
    workflows,
)
from mockserver.services.extend.events import Announcer
from mockserver.services.extend.kinds import WORKFLOW, Kind
from mockserver.services.extend.wire import METADATA_BYTES, Document, new_id, now, require

TAGS = "extend:usage_tags"
BATCH_PRIORITY = 90
PRIORITY = 50
_NOT_IN_TAGS = re.compile(r"[^A-Za-z0-9_-]")


def metadata_of(body: Mapping[str, Any], path: str = "metadata") -> Document | None:
    """The metadata of a request or an input: at most 10 KB, usage tags cleaned (facts 1.7)."""
    found: Document | None = body.get("metadata")
    if not found:
        return found
    if len(orjson.dumps(found)) > METADATA_BYTES:
        raise errors.invalid(f"{path}: must not be larger than 10 KB; Path: {path}")
    tags = found.get(TAGS)
    if isinstance(tags, list):
        clean = [_NOT_IN_TAGS.sub("", tag) for tag in tags if isinstance(tag, str)]
        return {**found, TAGS: clean}
    return found


def start_workflow_run(call: Call) -> Document:
    """The run of one file or package, stored and under way."""
    sandbox, body = call.sandbox, call.body
    sources = _sources(sandbox, body)
    sources_after = call.notes.get(versions.FURTHER, ())
    if "package" in body and "outputs" in body:
        raise errors.invalid("outputs: cannot be given with package; Path: outputs")
    made_by = workflows.made_by(sandbox, body["workflow"])
    own = {
        "metadata": metadata_of(body) or {},
        "priority": body.get("priority", PRIORITY),
        "outputs": body.get("outputs", []),
        "status": sandbox.setting("extend.new_run_status"),
    }
    first, *others = [
        _start_on(sandbox, each, made_by, own)
        for each in (sources, *([source] for source in sources_after))
    ]
    call.notes[versions.RUNS] = [workflow_runs.Shown(sandbox).full(run) for run in others]
    return first


def _start_on(
    sandbox: Sandbox, sources: list[Document], made_by: Mapping[str, str], own: Document
) -> Document:
    taken = [files.take(sandbox, source) for source in sources]
    id = new_id(sandbox, WORKFLOW.prefix)
    run = workflow_runs.new_run(sandbox, id, made_by, taken, **own)
    lifecycle.begin(sandbox, WORKFLOW, run)
    return run


def _sources(sandbox: Sandbox, body: Mapping[str, Any]) -> list[Document]:
    """The one file of a request, or the different files of its package; ids must be known."""
    if "file" in body:
        files.check(sandbox, body["file"])
        return [body["file"]]
    sources: list[Document] = body["package"]["files"]
    names = [source.get("id") or source.get("url") for source in sources]
    for number, source in enumerate(sources):
        path = f"package.files.{number}"
        if names.index(names[number]) != number:
            raise errors.invalid(f"{path}: is in the package twice; Path: {path}")
        files.check(sandbox, source, path)
    return sources


def start_workflow_batch(call: Call) -> str:
    """A batch of runs, queued; answers its id. Nothing is stored when any part is invalid."""
    body = call.body
    made_by = workflows.made_by(call.sandbox, body["workflow"])
    inputs, raw = _inputs(call)
    id = WORKFLOW.batch_prefix + call.sandbox.ids.token("extend.batch", 8)
    own = {**made_by, "priority": body.get("priority", BATCH_PRIORITY)}
    lifecycle.queue(call.sandbox, WORKFLOW, id, own, inputs, raw)
    return id


def _inputs(call: Call) -> tuple[list[Document], bytes | None]:
    """What is kept of the inputs: file and metadata, never secrets; refused when one is too large.

    A thousand inputs come at once, and most have nothing but a file: then they can be kept as they
    came, which is the second part of the answer.
    """
    inputs: list[Document] = call.body["inputs"]
    if call.sandbox.setting("extend.unknown_files") == "refuse":
        _check_ids(call.sandbox, inputs)
    if sum(map(len, inputs)) == len(inputs):
        return inputs, call.raw if _is_plain(call) else None
    kept = []
    for number, each in enumerate(inputs):
        kept.append({"file": each["file"]})
        if "metadata" in each:
            kept[-1]["metadata"] = metadata_of(each, f"inputs.{number}.metadata")
    return kept, None


def _is_plain(call: Call) -> bool:
    """Whether a body is one line of JSON in today's shape, without anything that is not kept."""
    return (
        versions.spoken(call) == versions.CURRENT
        and "secrets" not in call.body
        and b"\n" not in call.raw
        and b"\r" not in call.raw
    )


def _check_ids(sandbox: Sandbox, inputs: list[Document]) -> None:
    known = sandbox.collection(files.COLLECTION)
    for number, each in enumerate(inputs):
        id = each["file"].get("id")
        if id is not None and id not in known:
            path = f"inputs.{number}.file.id"
            raise errors.invalid(f"{path}: there is no file {id}; Path: {path}")


def config_of(sandbox: Sandbox, kind: Kind, body: Mapping[str, Any]) -> Document:
    """What a run of a processor is made with: `configId`, `versionId` and the processor's id."""
    noun = kind.noun
    if noun is None:
        config = body.get("config") or (
            documents.DEFAULT_CONFIG if kind.name == "parse_run" else {}
        )
        return {"configId": definitions.keep(sandbox, config)}
    reference = body.get(noun.name)
    if reference is None:
        # Only extraction may have neither: the schema is inferred from the document then.
        config = definitions.completed(noun, body.get("config") or definitions.INFERRED)
        return {"configId": definitions.keep(sandbox, config), "versionId": None, noun.key: None}
    processor = require(sandbox, noun.collection, reference["id"], noun.name.capitalize())
    wanted = reference.get("version", "latest")
    version = definitions.version_of(sandbox, noun, processor, wanted)
    config = {**version["config"], **reference.get("overrideConfig", {})}
    return {
        "configId": definitions.keep(sandbox, config),
        "versionId": version["id"],
        noun.key: processor["id"],
    }


def new_run(call: Call, kind: Kind, body: Mapping[str, Any] | None = None) -> Document:
    """The document of a run of any other kind, checked; not stored yet."""
    sandbox, body = call.sandbox, call.body if body is None else body
    sources = _sources(sandbox, body)
    own = config_of(sandbox, kind, body)
    if kind.has_metadata:
        own["metadata"] = metadata_of(body)
    if kind.noun is not None:
        own["priority"] = body.get("priority", PRIORITY)
    own |= {"package": "package" in body, "baseUrl": call.base_url}
    taken = [files.take(sandbox, source) for source in sources]
    return runs.new_run(sandbox, kind, new_id(sandbox, kind.prefix), taken, **own)


def begin(call: Call, kind: Kind) -> Document:
    """A run of any other kind, stored and under way."""
    run = new_run(call, kind)
    lifecycle.begin(call.sandbox, kind, run)
    return run


def carry_out(call: Call, kind: Kind, run: Document | None = None) -> Document:
    """A run that is done when the call is answered; 422 when it fails, and nothing is kept.

    Not emulated: the time that a synchronous call takes, and its end after five minutes.
    """
    run = endings.end_run(call.sandbox, kind, run or new_run(call, kind), Announcer(call.sandbox))
    if run["status"] == "FAILED":
        raise errors.unprocessable(run["failureReason"], run["failureMessage"])
    return run


def start_batch(call: Call, kind: Kind) -> Document:
    """A batch of parse or processor runs, queued: its BatchRun."""
    sandbox, body = call.sandbox, call.body
    own = {
        **config_of(sandbox, kind, body),
        "priority": body.get("priority", PRIORITY),
        "baseUrl": call.base_url,
    }
    inputs, raw = _inputs(call)
    batch: Document = {
        "object": "batch_run",
        "id": new_id(sandbox, kind.batch_prefix),
        "status": "PENDING",
        "runCount": len(inputs),
        "createdAt": now(sandbox),
        "updatedAt": now(sandbox),
        "kind": kind.name,
        "owner": own.get(kind.owner) if kind.owner else None,
        "versionId": own.get("versionId"),
        "left": batches.moves_of(len(inputs)),
    }
    sandbox.collection(batches.RUNS).put(batch)
    lifecycle.queue(sandbox, kind, batch["id"], own, inputs, raw)
    return batch
