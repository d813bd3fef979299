"""What is measured beside the floor: each case is one request, sent again and again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import httpx
import orjson

EXTEND = {
    "Authorization": "Bearer sk_benchmark",
    "x-extend-api-version": "2026-02-09",
    "Content-Type": "application/json",
}
WORKFLOW = "workflow_purchase-orders-00001"


@dataclass(frozen=True, slots=True)
class Request:
    """One request; `operation` is its name in the contract of `service`."""

    service: str
    operation: str
    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Case:
    """A request that is made once the server is up, and how many connections send it."""

    name: str
    prepare: Callable[[str], Request]
    connections: int = 16


def inputs(size: int) -> bytes:
    """A body that starts `size` runs in one batch."""
    files = [{"file": {"url": f"https://assets.example/{n}.pdf"}} for n in range(size)]
    return orjson.dumps({"workflow": {"id": WORKFLOW}, "inputs": files})


def batch_of(size: int) -> Callable[[str], Request]:
    """The creation of a batch of workflow runs."""

    def prepare(url: str) -> Request:
        return Request(
            "extend",
            "createWorkflowRunBatch",
            "POST",
            "/extend/workflow_runs/batch",
            EXTEND,
            inputs(size),
        )

    return prepare


def get_run(url: str) -> Request:
    """The reading of one workflow run."""
    body = {"workflow": {"id": WORKFLOW}, "file": {"url": "https://assets.example/1.pdf"}}
    made = httpx.post(f"{url}/extend/workflow_runs", headers=EXTEND, json=body)
    made.raise_for_status()
    path = f"/extend/workflow_runs/{made.json()['id']}"
    return Request("extend", "getWorkflowRun", "GET", path, EXTEND)


def get_project(url: str) -> Request:
    """The reading of a small resource of Sama."""
    return Request("sama", "getProject", "GET", "/sama/v2/projects/117.json?access_key=benchmark")


CASES = (
    Case("Extend: GET of a run", get_run),
    Case("Sama: GET of a project", get_project),
    Case("Extend: POST, batch of 1", batch_of(1)),
    Case("Extend: POST, batch of 1,000", batch_of(1_000), connections=4),
)
