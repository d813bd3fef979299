"""Calls that write to each service, each with a mark by which its traces are found again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid5

import orjson

JSON = {"Content-Type": "application/json"}
TOLOKA = {"Authorization": "OAuth any", **JSON}
PIPELINES = {"Authorization": f"Bearer pk_live_{'1' * 40}", **JSON}
EXTEND = {"Authorization": "Bearer sk_any", "x-extend-api-version": "2026-02-09", **JSON}
POOL = "1000006"
WORKFLOW = "workflow_purchase-orders-00001"
PROJECT = "/sama/v2/projects/117"


@dataclass(frozen=True, slots=True)
class Kind:
    """One way to write: `body` gets a mark and a number of items."""

    method: str
    path: str
    body: Callable[[str, int], Any]
    headers: Mapping[str, str] = field(default_factory=lambda: JSON)

    def request(self, mark: str, count: int = 1) -> dict[str, Any]:
        """What an HTTP client needs."""
        return {
            "method": self.method,
            "url": self.path.format(operation=operation_id(mark)),
            "headers": dict(self.headers),
            "content": orjson.dumps(self.body(mark, count)),
        }


def operation_id(mark: str) -> str:
    """The id under which Toloka is to know an asynchronous call."""
    return str(UUID(bytes=uuid5(UUID(int=0), mark).bytes, version=4))


def _images(mark: str, count: int) -> list[str]:
    return [f"https://assets.example/{mark}-{number}.png" for number in range(count)]


def _sama(mark: str, count: int) -> Any:
    return {"tasks": [{"data": {"url": url}} for url in _images(mark, count)]}


def _toloka(mark: str, count: int) -> Any:
    return [
        {"pool_id": POOL, "overlap": 1, "input_values": {"image": url}}
        for url in _images(mark, count)
    ]


def _pipelines(mark: str, count: int) -> Any:
    return {
        "tasks": [
            {"fields": {"input_text": url, "category": "kitchen"}} for url in _images(mark, count)
        ]
    }


def _extend(mark: str, count: int) -> Any:
    files = [{"file": {"url": url}} for url in _images(mark, count)]
    return {"workflow": {"id": WORKFLOW}, "inputs": files}


def _extend_run(mark: str, count: int) -> Any:
    return {"workflow": {"id": WORKFLOW}, "file": {"url": _images(mark, 1)[0]}}


def _document(mark: str, count: int) -> Any:
    return {"sama.marks": [{"id": f"{mark}-{number}"} for number in range(count)]}


KINDS = {
    "sama": Kind("POST", f"{PROJECT}/batches.json?access_key=any", _sama),
    "toloka": Kind("POST", "/toloka/api/v1/tasks", _toloka, TOLOKA),
    "toloka, later": Kind(
        "POST",
        "/toloka/api/v1/tasks?async_mode=true&operation_id={operation}",
        _toloka,
        TOLOKA,
    ),
    "pipelines": Kind("POST", "/pipelines/api/v1/workflows/42/tasks", _pipelines, PIPELINES),
    "extend": Kind("POST", "/extend/workflow_runs/batch", _extend, EXTEND),
    "extend, one": Kind("POST", "/extend/workflow_runs", _extend_run, EXTEND),
    "admin": Kind("POST", "/__admin/state", _document),
}

LOOKS: dict[str, tuple[str, Mapping[str, str]]] = {
    "sama": (f"{PROJECT}.json?access_key=any", JSON),
    "sama's tasks": (f"{PROJECT}/tasks.json?access_key=any", JSON),
    "toloka": (f"/toloka/api/v1/tasks?pool_id={POOL}", TOLOKA),
    "toloka's pool": (f"/toloka/api/v1/pools/{POOL}", TOLOKA),
    "pipelines": ("/pipelines/api/v1/workflows/42/tasks", PIPELINES),
    "extend": ("/extend/workflow_runs", EXTEND),
    "extend's files": ("/extend/files", EXTEND),
    "admin": ("/__admin/state", JSON),
    "health": ("/__admin/health", JSON),
}
"""Calls that only look: path and headers."""
