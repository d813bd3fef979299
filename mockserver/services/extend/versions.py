"""API versions: which one a call speaks, older requests translated up, answers translated down.

Handlers speak the current version only. The older ones are emulated for the workflow-run, batch and
file calls; all other calls answer in the current shapes, with errors in the older one.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from mockserver.engine.request import parse_json
from mockserver.engine.service import Answer, Call
from mockserver.services.extend import errors, older
from mockserver.services.extend.wire import Document

CURRENT = "2026-02-09"
OLDER = ("2025-04-21", "2024-12-23")
HEADER = "x-extend-api-version"
FURTHER = "extend.further"
RUNS = "extend.runs"
"""Notes of a call: the files after the first one, and the runs they became (older run request)."""


def spoken(call: Call) -> str:
    """The version that the header names, or the setting for calls without one."""
    return call.headers.get(HEADER) or str(call.sandbox.setting("extend.default_version"))


def is_older(version: str) -> bool:
    """Whether the version has the older bodies."""
    return version in OLDER


def adapt_request(call: Call) -> None:
    """Refuse a missing or unknown version; bring an older version's body into today's shape."""
    version = spoken(call)
    if not version:
        raise errors.invalid(f"The header {HEADER} is required; the current version is {CURRENT}.")
    if version != CURRENT and not is_older(version):
        known = ", ".join((CURRENT, *OLDER))
        raise errors.invalid(f"{HEADER}: {version!r} is not a supported version; use {known}.")
    translate = _REQUESTS.get(call.operation.id)
    if version == CURRENT or translate is None:
        return
    body = parse_json(call.raw)
    if isinstance(body, dict):
        call.body, call.notes[FURTHER] = translate(body)


def _batch_request(body: Mapping[str, Any]) -> tuple[Document, list[Document]]:
    found = _reference(body)
    if isinstance(body.get("inputs"), list):
        found["inputs"] = [_input(each) for each in body["inputs"]]
    return found, []


def _input(given: Any) -> Any:
    if not isinstance(given, dict):
        return given
    found = {key: given[key] for key in ("metadata", "secrets") if key in given}
    name = given.get("name")
    if isinstance(given.get("file"), dict):
        found["file"] = _file({"fileName": name, **given["file"]} if name else given["file"])
    elif "rawText" in given:
        found["file"] = {"text": given["rawText"], **({"name": name} if name else {})}
    elif "file" in given:
        found["file"] = given["file"]
    return found


def _run_request(body: Mapping[str, Any]) -> tuple[Document, list[Document]]:
    found = _reference(body) | {key: body[key] for key in ("metadata", "secrets") if key in body}
    files, texts = body.get("files"), body.get("rawTexts")
    sources = [_file(each) for each in files] if isinstance(files, list) else []
    sources += [{"text": text} for text in texts] if isinstance(texts, list) else []
    if sources:
        found["file"] = sources[0]
    return found, sources[1:]


def _reference(body: Mapping[str, Any]) -> Document:
    found: Document = {key: body[key] for key in ("priority",) if key in body}
    workflow = {"id": body.get("workflowId"), "version": body.get("version")}
    found["workflow"] = {key: value for key, value in workflow.items() if value is not None}
    return found


def _file(given: Any) -> Any:
    if not isinstance(given, dict):
        return given
    names = {"fileUrl": "url", "fileId": "id", "fileName": "name"}
    found = {new: given[old] for old, new in names.items() if old in given}
    if "id" in found:
        found.pop("name", None)
    return found


def _file_request(body: Mapping[str, Any]) -> tuple[Document, list[Document]]:
    return _file(body), []


_REQUESTS: Mapping[str, Callable[[Mapping[str, Any]], tuple[Document, list[Document]]]] = {
    "createWorkflowRunBatch": _batch_request,
    "createWorkflowRun": _run_request,
    "createFile": _file_request,
}


def adapt_answer(call: Call, answer: Answer) -> Answer:
    """Bring an answer into the shape of the version that the call speaks."""
    if not isinstance(answer.body, dict):
        return answer
    version = spoken(call)
    if not is_older(version):
        return answer
    if answer.status >= 400:
        return replace(answer, body={"success": False, "error": answer.body.get("message", "")})
    translate = _ANSWERS.get(call.operation.id)
    if translate is None:
        return answer
    return replace(answer, body={"success": True, **translate(call, version, answer.body)})


def _runs(call: Call, version: str, body: Document) -> Document:
    made = [body, *call.notes.get(RUNS, ())]
    return {"workflowRuns": [older.run(version, each) for each in made]}


def _run(call: Call, version: str, body: Document) -> Document:
    return {"workflowRun": older.run(version, body)}


def _list(call: Call, version: str, body: Document) -> Document:
    return {"workflowRuns": [older.summary(each) for each in body["data"]], **_token(body)}


def _files(call: Call, version: str, body: Document) -> Document:
    return {"files": body["data"], **_token(body)}


def _token(body: Document) -> Document:
    return {key: body[key] for key in ("nextPageToken",) if key in body}


def _same(call: Call, version: str, body: Document) -> Document:
    return body


def _one_file(call: Call, version: str, body: Document) -> Document:
    return {"file": body}


_ANSWERS: Mapping[str, Callable[[Call, str, Document], Document]] = {
    "createWorkflowRunBatch": _same,
    "createWorkflowRun": _runs,
    "getWorkflowRun": _run,
    "updateWorkflowRun": _run,
    "cancelWorkflowRun": _run,
    "deleteWorkflowRun": _same,
    "listWorkflowRuns": _list,
    "uploadFile": _one_file,
    "createFile": _one_file,
    "getFile": _one_file,
    "listFiles": _files,
    "deleteFile": _same,
}


def payload(version: str, event: str, body: Document) -> Document:
    """An event's payload in the version of the endpoint that gets it."""
    if is_older(version) and event.startswith("workflow_run.") and "stepRuns" in body:
        return older.run(version, body)
    return body
