"""Workflow runs in the shapes of the versions before 2026-02-09."""

from collections.abc import Mapping
from typing import Any

from mockserver.services.extend.wire import Document, picked

_RESULTS = {"extractRun": "extractor", "classifyRun": "classifier", "splitRun": "splitter"}
_TYPES = {"extractor": "EXTRACT", "classifier": "CLASSIFY", "splitter": "SPLITTER"}
_KEPT = (
    "object", "id", "status", "metadata", "batchId", "files", "failureReason", "failureMessage",
    "initialRunAt", "reviewed", "rejectionNote", "reviewedAt", "startTime", "endTime",
)  # fmt: skip
_VALIDATIONS = ("RULE_VALIDATION", "EXTERNAL_DATA_VALIDATION")


def run(version: str, body: Mapping[str, Any]) -> Document:
    """A run as the older versions show it: its outputs beside its steps (facts 8)."""
    return {
        **picked(body, _KEPT),
        "name": name_of(body),
        "url": body["dashboardUrl"],
        "reviewedBy": body["reviewedByUser"],
        "workflow": _workflow(body),
        "outputs": [
            output(version, name, result)
            for step in body["stepRuns"]
            for name, result in (step["result"] or {}).items()
            if name in _RESULTS
        ],
        "stepRuns": [_validation(step) for step in body["stepRuns"] if _validates(step)],
        "usage": body["usage"],
    }


def name_of(body: Mapping[str, Any]) -> str:
    """Older runs have a name, which is their file's."""
    return str(body["files"][0]["name"]) if body["files"] else str(body["id"])


def summary(body: Mapping[str, Any]) -> Document:
    """A run in lists: flat."""
    workflow, version = body["workflow"], body["workflowVersion"]
    return {
        "id": body["id"],
        "name": name_of(body),
        "url": body["dashboardUrl"],
        "status": body["status"],
        "batchId": body["batchId"],
        "workflowId": workflow["id"],
        "workflowName": workflow["name"],
        "workflowVersionId": version["id"],
        "reviewedByUser": body["reviewedByUser"],
        **picked(body, ("initialRunAt", "startTime", "endTime", "createdAt", "updatedAt")),
        "usage": body["usage"],
    }


def _workflow(body: Mapping[str, Any]) -> Document:
    version = body["workflowVersion"]
    return {
        "object": "workflow",
        "id": body["workflow"]["id"],
        "version": version["version"],
        "name": body["workflow"]["name"],
        "versionId": version["id"],
    }


def output(version: str, name: str, result: Mapping[str, Any]) -> Document:
    """A processor's run within a workflow run: `document_processor_run`, `dpr_…`."""
    noun = _RESULTS[name]
    processor = result[noun] or {}
    made_by = result[f"{noun}Version"] or {}
    keys = ("status", "reviewed", "edited", "initialOutput", "reviewedOutput", "usage")
    return {
        "object": "document_processor_run",
        "id": f"dpr_{result['id'].partition('_')[2]}",
        "processorId": processor.get("id"),
        "processorVersionId": made_by.get("id"),
        "processorName": processor.get("name"),
        "output": _output(version, result["output"]),
        "metadata": result["metadata"] or {},
        "edits": result.get("edits") or {},
        "type": _TYPES[noun],
        "config": {"type": _TYPES[noun], **(result["config"] or {})},
        "files": [result["file"]] if result["file"] else result.get("files") or [],
        "url": result["dashboardUrl"],
        **picked(result, keys),
    }


def _output(version: str, found: Any) -> Any:
    """2024-12-23 calls the parts of a split `subDocumentClassifications`."""
    if version == "2024-12-23" and isinstance(found, dict) and "splits" in found:
        return {"subDocumentClassifications": found["splits"]}
    return found


def _validates(step: Mapping[str, Any]) -> bool:
    return step["stepType"] in _VALIDATIONS


def _validation(step: Mapping[str, Any]) -> Document:
    shown = {key: value for key, value in step.items() if key not in ("stepType", "result")}
    return {**shown, "output": step["result"]}
