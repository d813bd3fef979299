"""Legacy processors and their runs: the shapes that today's processors once had."""

from collections.abc import Mapping
from typing import Any

from mockserver.engine.sandbox import Sandbox
from mockserver.services.extend import definitions, errors, runs
from mockserver.services.extend.kinds import BY_NOUN, NOUNS, Kind, Noun
from mockserver.services.extend.wire import Document, picked

PREFIX = "dpr_"
TYPES = {noun.type: noun for noun in NOUNS.values()}


def config_of(noun: Noun, given: Mapping[str, Any]) -> Document:
    """A legacy config in today's shape: no type, and the parser is the parse config."""
    if given["type"] != noun.type:
        raise errors.invalid(f"config.type: must be {noun.type} here; Path: config.type")
    config = {key: value for key, value in given.items() if key not in ("type", "parser")}
    if "parser" in given:
        config["parseConfig"] = given["parser"]
    return config


def config_view(noun: Noun, config: Mapping[str, Any]) -> Document:
    """A config of today in the legacy shape."""
    shown = {key: value for key, value in config.items() if key != "parseConfig"}
    if "parseConfig" in config:
        shown["parser"] = config["parseConfig"]
    return {"type": noun.type, **shown}


def processor_of(sandbox: Sandbox, id: str) -> tuple[Noun, Document]:
    """The processor of any type that has this id, or 404."""
    found = definitions.of_processor(sandbox, id)
    if found is None:
        raise errors.not_found("Processor", id)
    return found


def processor_view(sandbox: Sandbox, noun: Noun, processor: Mapping[str, Any]) -> Document:
    """A processor with its draft."""
    draft = definitions.version_of(sandbox, noun, dict(processor), "draft")
    return {
        "object": "document_processor",
        **picked(processor, ("id", "name", "createdAt", "updatedAt")),
        "type": noun.type,
        "draftVersion": version_view(noun, processor, draft),
    }


def version_view(noun: Noun, processor: Mapping[str, Any], version: Mapping[str, Any]) -> Document:
    """A version with its config."""
    shown = {
        "object": "document_processor_version",
        **picked(version, ("id", "version", "createdAt", "updatedAt")),
        "processorId": processor["id"],
        "processorName": processor["name"],
        "processorType": noun.type,
        "config": config_view(noun, version["config"]),
    }
    if version["description"] is not None:
        shown["description"] = version["description"]
    return shown


def kind_of(noun: Noun) -> Kind:
    """The kind of run that a processor has."""
    return BY_NOUN[noun.name]


def run_of(sandbox: Sandbox, id: str) -> tuple[Kind, Document]:
    """The run that a legacy id, or one of today, means; 404 without one."""
    tail = id.partition("_")[2]
    for kind in BY_NOUN.values():
        if id.startswith((PREFIX, kind.prefix)):
            run = sandbox.collection(kind.collection).get(kind.prefix + tail)
            if run is not None:
                return kind, run
    raise errors.not_found("Processor run", id)


def run_view(sandbox: Sandbox, kind: Kind, run: Mapping[str, Any]) -> Document:
    """A run with its output."""
    noun = kind.noun
    assert noun is not None
    shown = runs.full(sandbox, kind, run)
    file_keys = {"presignedUrl": None, "contents": None}
    found = {
        "object": "document_processor_run",
        "id": legacy_id(run),
        **_made_by(sandbox, noun, run),
        "status": run["status"],
        "output": shown["output"],
        "metadata": run["metadata"] or {},
        "reviewed": shown["reviewed"],
        "edited": shown["edited"],
        "edits": shown.get("edits") or {},
        "type": noun.type,
        "config": config_view(noun, shown["config"]),
        "files": [{**file, **file_keys} for file in run["files"]],
        "mergedProcessors": [],
        "url": shown["dashboardUrl"],
    }
    if run["failureReason"]:
        found |= picked(run, ("failureReason", "failureMessage"))
    if shown["usage"]:
        found["usage"] = {"credits": shown["usage"]["credits"]}
    return found


def run_summary(sandbox: Sandbox, kind: Kind, run: Mapping[str, Any]) -> Document:
    """A run in lists."""
    noun = kind.noun
    assert noun is not None
    return {
        "id": legacy_id(run),
        **picked(run, ("status", "createdAt", "updatedAt")),
        **_made_by(sandbox, noun, run),
        "type": noun.type,
    }


def legacy_id(run: Mapping[str, Any]) -> str:
    """The id of a run with the prefix that all processors' runs once had."""
    id: str = run["id"]
    return PREFIX + id.partition("_")[2]


def _made_by(sandbox: Sandbox, noun: Noun, run: Mapping[str, Any]) -> Document:
    processor = sandbox.collection(noun.collection).get(run.get(noun.key) or "") or {}
    return {
        "processorId": processor.get("id", ""),
        "processorVersionId": run["versionId"] or "",
        "processorName": processor.get("name", ""),
    }


def batch_view(sandbox: Sandbox, batch: Mapping[str, Any]) -> Document:
    """A batch of processor runs; its source is one of those that the older type knows."""
    found = definitions.of_version(sandbox, batch["versionId"] or "")
    processor = found[1] if found else {"id": "", "name": ""}
    return {
        "object": "batch_processor_run",
        **picked(batch, ("id", "status", "runCount", "createdAt", "updatedAt")),
        "processorId": processor["id"],
        "processorVersionId": batch["versionId"] or "",
        "processorName": processor["name"],
        "metrics": {"numFiles": batch["runCount"]},
        "source": "STUDIO",
        "options": {},
    }
