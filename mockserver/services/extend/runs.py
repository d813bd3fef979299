"""Runs of all kinds but workflows': how they are made, how they are shown, what they cost."""

from collections.abc import Mapping, Sequence
from typing import Any

from mockserver.engine.sandbox import Sandbox
from mockserver.services.extend import (
    contents,
    definitions,
    documents,
    files,
    forms,
    outputs,
    verification,
)
from mockserver.services.extend.kinds import EDIT, FORM, PARSE, VERIFY, Kind
from mockserver.services.extend.wire import Document, now, picked

_CREDITS = {"parse_run": 1, "extract_run": 2, "classify_run": 1, "split_run": 1}
_CREDITS |= {"edit_run": 3, "form_detection_run": 2, "verify_run": 4}
_COMMON = ("object", "id", "status")
_ENDINGS = ("failureReason", "failureMessage")


def new_run(
    sandbox: Sandbox, kind: Kind, id: str, taken: Sequence[Mapping[str, Any]], **own: Any
) -> Document:
    """The document of a run; the caller stores it. `taken` are its files."""
    at = own.pop("at", None) or now(sandbox)
    return {
        "object": kind.name,
        "id": id,
        "status": "PROCESSING",
        "files": [files.summary(file) for file in taken],
        "package": False,
        "configId": None,
        "versionId": None,
        "metadata": None,
        "batchId": None,
        "source": "API",
        "sourceId": None,
        "failureReason": None,
        "failureMessage": None,
        "given": None,
        "createdAt": at,
        "updatedAt": at,
        **own,
    }


def key_of(run: Mapping[str, Any]) -> str:
    """What the outputs of a run are invented from."""
    return str(run.get("outputKey") or run["id"])


def output_of(sandbox: Sandbox, run: Mapping[str, Any], *, original: bool = False) -> Any:
    """The output of a processed run: the one given or corrected, else the invented one."""
    file = run["files"][0]
    given = None if original else run["given"]
    if given is not None:
        return outputs.settled(sandbox, given, file, run["id"])
    config = definitions.kept(sandbox, run["configId"]) if run["configId"] else {}
    match run["object"]:
        case "extract_run":
            return outputs.extraction(sandbox, config, run["files"], key_of(run))
        case "classify_run":
            return outputs.classification(sandbox, config, key_of(run))
        case "split_run":
            return outputs.splits(sandbox, config, file, key_of(run))
        case "parse_run":
            return documents.parsed(sandbox, config, file)
        case "form_detection_run":
            return forms.detection(sandbox, config, file)
    return verification.output(sandbox, run)


def credits_of(run: Mapping[str, Any]) -> int:
    """Credits per page, by kind."""
    pages = sum(int(file["metadata"].get("pageCount", 1)) for file in run["files"])
    return _CREDITS[run["object"]] * max(1, pages)


def usage(run: Mapping[str, Any], *, short: bool = False) -> Document | None:
    """What a processed run has cost."""
    if run["status"] != "PROCESSED":
        return None
    cost = credits_of(run)
    if short:
        return {"credits": cost, "totalCredits": cost}
    # Verify runs are not among the objects that a breakdown can name (facts 2).
    entries = [{"object": run["object"], "id": run["id"], "credits": cost}]
    if run["object"] == VERIFY.name:
        entries = []
    return {"credits": cost, "totalCredits": cost, "breakdown": entries}


def full(
    sandbox: Sandbox, kind: Kind, run: Mapping[str, Any], base_url: str = "", *, link: bool = False
) -> Document:
    """A run as its own calls and its events show it; `link` asks for the output behind a URL."""
    if kind is PARSE:
        return _parse_run(sandbox, run, base_url, link=link)
    if kind is EDIT or kind is FORM:
        return _form_run(sandbox, kind, run, base_url)
    if kind is VERIFY:
        return _verify_run(sandbox, run)
    return _processor_run(sandbox, kind, run)


def summary(sandbox: Sandbox, kind: Kind, run: Mapping[str, Any]) -> Document:
    """A run in lists: without output and config, but with its times."""
    done = run["status"] == "PROCESSED"
    shown = picked(run, (*_COMMON, *_ENDINGS, "createdAt", "updatedAt"))
    shown["usage"] = usage(run, short=True)
    file = run["files"][0]
    if kind is PARSE:
        metrics = documents.metrics(file) if done else None
        return shown | picked(run, ("batchId", "metadata")) | {"file": file, "metrics": metrics}
    if kind is EDIT:
        return shown | {"file": file, "metrics": _form_metrics(sandbox, run)}
    if kind is VERIFY:
        # The summary's usage is the full one here (SDK 1.20.0 types/verify_run_summary.py).
        verified = _verify_run(sandbox, run)
        del verified["output"]
        risk = verification.risk(sandbox, run["id"]) if done else None
        return verified | {"riskLevel": risk}
    shown |= picked(run, ("metadata",)) | _processor_of(sandbox, kind, run) | _reviewed(run)
    return shown | _files_of(kind, run) | _places_of(run)


def status_payload(run: Mapping[str, Any]) -> Document:
    """What `parse_run.*` events carry: not the run, but its ParseRunStatus (facts 7.4)."""
    shown = picked(run, ("id", "status", *_ENDINGS, "metadata"))
    return {"object": "parse_run_status", **shown}


def _processor_run(sandbox: Sandbox, kind: Kind, run: Mapping[str, Any]) -> Document:
    done = run["status"] == "PROCESSED"
    reviewed = done and run.get("reviewed", False)
    output = output_of(sandbox, run) if done else None
    shown = picked(run, (*_COMMON, *_ENDINGS, "metadata", "createdAt", "updatedAt"))
    shown |= {
        "output": output,
        "initialOutput": output_of(sandbox, run, original=True) if reviewed else None,
        "reviewedOutput": output if reviewed else None,
        "config": definitions.kept(sandbox, run["configId"]),
        "usage": usage(run),
    }
    shown |= _processor_of(sandbox, kind, run) | _reviewed(run)
    if kind.name == "extract_run":
        shown["edits"] = _edits(shown) if reviewed and run.get("edited") else None
    return shown | _files_of(kind, run) | _places_of(run)


def _reviewed(run: Mapping[str, Any]) -> Document:
    return {"reviewed": run.get("reviewed", False), "edited": run.get("edited", False)}


def _edits(shown: Mapping[str, Any]) -> Document:
    """What a reviewer changed, by field."""
    before = (shown["initialOutput"] or {}).get("value", {})
    after = (shown["reviewedOutput"] or {}).get("value", {})
    return {
        name: {"originalValue": before.get(name), "editedValue": value}
        for name, value in after.items()
        if before.get(name) != value
    }


def _files_of(kind: Kind, run: Mapping[str, Any]) -> Document:
    """`file`, null for packages; extract runs also have `files`, null for all others."""
    file = None if run["package"] or not run["files"] else run["files"][0]
    if kind.name != "extract_run":
        return {"file": file}
    return {"file": file, "files": run["files"] if run["package"] else None}


def _places_of(run: Mapping[str, Any]) -> Document:
    tail = run["id"].partition("_")[2]
    parse_id = run.get("parseRunId", f"pr_{tail}")
    url = f"https://dashboard.extend.ai/runs/{run['id']}"
    return {"parseRunId": parse_id, "dashboardUrl": url}


def _processor_of(sandbox: Sandbox, kind: Kind, run: Mapping[str, Any]) -> Document:
    """Processor and version, null for a run of an inline config."""
    noun = kind.noun
    if noun is None:
        return {}
    processor = version = None
    if run["versionId"]:
        version = sandbox.collection(noun.versions).get(run["versionId"])
        processor = version and sandbox.collection(noun.collection).get(version[noun.key])
    return {
        noun.name: processor and definitions.summary(processor),
        f"{noun.name}Version": version and definitions.version_summary(noun, version),
    }


def _parse_run(sandbox: Sandbox, run: Mapping[str, Any], base_url: str, *, link: bool) -> Document:
    done = run["status"] == "PROCESSED"
    file = run["files"][0]
    config = definitions.kept(sandbox, run["configId"])
    output = output_of(sandbox, run) if done else None
    url = None
    if output is not None and link and base_url:
        url = contents.json_link(sandbox, f"extend/outputs/{run['id']}", output, base_url)
        output = None
    return {
        **picked(run, (*_COMMON, *_ENDINGS, "batchId", "metadata")),
        "file": file,
        "output": output,
        "outputUrl": url,
        "metrics": documents.metrics(file) if done else None,
        "config": config,
        "usage": usage(run),
    }


def _form_run(sandbox: Sandbox, kind: Kind, run: Mapping[str, Any], base_url: str) -> Document:
    done = run["status"] == "PROCESSED"
    config = definitions.kept(sandbox, run["configId"])
    output = None
    if done and kind is FORM:
        output = output_of(sandbox, run)
    elif done:
        edited = sandbox.collection(files.COLLECTION).get(edited_id(run))
        if edited is not None:
            url = contents.link(sandbox, edited, base_url or run["baseUrl"])
            values = forms.filled(sandbox, config, run["files"][0])
            output = {
                "editedFile": {"id": edited["id"], "presignedUrl": url},
                "filledValues": values,
            }
    return {
        **picked(run, (*_COMMON, *_ENDINGS)),
        "file": run["files"][0],
        "config": config,
        "output": output,
        "metrics": _form_metrics(sandbox, run),
        "usage": usage(run),
    }


def edited_id(run: Mapping[str, Any]) -> str:
    """The id of the file that an edit run makes."""
    return f"file_{run['id'].partition('_')[2]}"


def _form_metrics(sandbox: Sandbox, run: Mapping[str, Any]) -> Document | None:
    if run["status"] != "PROCESSED":
        return None
    file = run["files"][0]
    fields = len(forms.schema_of(sandbox, file)["properties"])
    return forms.metrics(file, fields, filling=run["object"] == EDIT.name)


def _verify_run(sandbox: Sandbox, run: Mapping[str, Any]) -> Document:
    done = run["status"] == "PROCESSED"
    file = run["files"][0]
    shown = (*_COMMON, *_ENDINGS, "metadata", "source", "sourceId", "createdAt", "updatedAt")
    return {
        **picked(run, shown),
        "file": file,
        "output": output_of(sandbox, run) if done else None,
        "metrics": documents.metrics(file) if done else None,
        "config": definitions.kept(sandbox, run["configId"]),
        "usage": usage(run),
    }
