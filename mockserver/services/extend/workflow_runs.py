"""Workflow runs: how they are made, and how calls, lists and events show them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mockserver.engine.sandbox import Sandbox
from mockserver.services.extend import definitions, files, steps, workflows
from mockserver.services.extend.kinds import WORKFLOW
from mockserver.services.extend.wire import Document, now, picked

TAKEN = ("PROCESSED", "NEEDS_REVIEW", "REJECTED")
"""Statuses of runs that have taken steps."""
SHOWN_WITH = (workflows.COLLECTION, workflows.VERSIONS)
"""What else a run without steps is shown with."""
_CREDITS = {"PARSE": 1, "EXTRACT": 2, "CONDITIONAL_EXTRACT": 2, "CLASSIFY": 1, "SPLIT": 1}
_FULL = (
    "object", "id", "status", "metadata", "batchId", "files", "failureReason", "failureMessage",
    "initialRunAt", "reviewedByUser", "reviewed", "rejectionNote", "reviewedAt", "startTime",
    "endTime",
)  # fmt: skip
_SUMMARY = (
    "object", "id", "status", "reviewedByUser", "reviewedAt", "initialRunAt", "startTime",
    "endTime", "batchId", "rejectionNote", "files", "createdAt", "updatedAt",
)  # fmt: skip


def new_run(
    sandbox: Sandbox, id: str, made_by: Mapping[str, str], taken: Sequence[Document], **own: Any
) -> Document:
    """The document of a run; the caller stores it.

    `made_by` holds `workflowId`, `versionId` and `planId`, `taken` are the run's files.
    """
    at = own.pop("at", None) or now(sandbox)
    return {
        "object": WORKFLOW.name,
        "id": id,
        "status": "PROCESSING",
        **made_by,
        "metadata": {},
        "batchId": None,
        "files": [files.summary(file) for file in taken],
        "failureReason": None,
        "failureMessage": None,
        "initialRunAt": at,
        "reviewedByUser": None,
        "reviewed": False,
        "rejectionNote": None,
        "reviewedAt": None,
        "startTime": None,
        "endTime": None,
        "createdAt": at,
        "updatedAt": at,
        "outputs": [],
        "edits": {},
        **own,
    }


class Shown:
    """Shows runs; looks each plan up once for a whole page of them."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._plans: dict[str, list[Document]] = {}
        self._prices: dict[str, int] = {}

    def full(self, run: Mapping[str, Any]) -> Document:
        """The run with its steps, all twenty keys."""
        taken = run["status"] in TAKEN
        return {
            **picked(run, _FULL),
            **self._made_by(run),
            "stepRuns": self.step_runs(run) if taken else [],
            "usage": self._usage(run),
        }

    def summary(self, run: Mapping[str, Any]) -> Document:
        """The run in lists: without metadata and steps, with its times."""
        usage = None
        if run["status"] in TAKEN:
            total = self._credits(run)
            usage = {"credits": total, "totalCredits": total}
        return {**picked(run, _SUMMARY), **self._made_by(run), "usage": usage}

    def step_runs(self, run: Mapping[str, Any]) -> list[Document]:
        """The steps that the run has taken."""
        return steps.step_runs(self._sandbox, run, self.plan(run))

    def plan(self, run: Mapping[str, Any]) -> list[Document]:
        """The plan that the run follows."""
        id = run["planId"]
        if id not in self._plans:
            self._plans[id] = definitions.kept(self._sandbox, id)
        return self._plans[id]

    def workflow(self, run: Mapping[str, Any]) -> Document:
        """The run's workflow as it is shown; one that was deleted keeps its id."""
        found = self._shown(workflows.COLLECTION, run["workflowId"], workflows.summary)
        return found or workflows.summary(
            {
                "object": "workflow",
                "id": run["workflowId"],
                "name": "Deleted workflow",
                "createdAt": run["createdAt"],
                "updatedAt": run["createdAt"],
            }
        )

    def version(self, run: Mapping[str, Any]) -> Document:
        """The run's workflow version as it is shown."""
        found = self._shown(workflows.VERSIONS, run["versionId"], workflows.version_summary)
        return found or workflows.version_summary(
            {
                "object": "workflow_version",
                "id": run["versionId"],
                "version": "draft",
                "createdAt": run["createdAt"],
            }
        )

    def _shown(
        self, collection: str, id: str, summary: Callable[[Mapping[str, Any]], Document]
    ) -> Document | None:
        """A document as runs show it, worked out anew only when it may have changed."""

        def make() -> Document | None:
            found = self._sandbox.collection(collection).get(id)
            return None if found is None else summary(found)

        return self._sandbox.memo.of((collection,), (collection, id), make)

    def _made_by(self, run: Mapping[str, Any]) -> Document:
        workflow_id, id = run["workflowId"], run["id"]
        return {
            "workflow": self.workflow(run),
            "workflowVersion": self.version(run),
            "dashboardUrl": (
                f"https://dashboard.extend.ai/workflows/{workflow_id}?workflowRunId={id}"
            ),
        }

    def _credits(self, run: Mapping[str, Any]) -> int:
        """Credits of a run: so many per page for each step of its plan."""
        id = run["planId"]
        if id not in self._prices:
            self._prices[id] = sum(_CREDITS.get(step["type"], 0) for step in self.plan(run))
        return self._prices[id] * _pages(run)

    def _usage(self, run: Mapping[str, Any]) -> Document | None:
        """What a run with steps has cost, step by step; those of other branches count too.

        Not emulated: prices; a page costs one credit or two.
        """
        if run["status"] not in TAKEN:
            return None
        breakdown = []
        for place, step in enumerate(self.plan(run)):
            cost = _CREDITS.get(step["type"], 0) * _pages(run)
            if cost:
                sub = steps.RUNS[step["type"]][0]
                id = f"{sub.prefix}{steps.shifted(run['id'], place)}"
                breakdown.append({"object": sub.name, "id": id, "credits": cost})
        total = self._credits(run)
        return {"credits": total, "totalCredits": total, "breakdown": breakdown}


def _pages(run: Mapping[str, Any]) -> int:
    return max(1, sum(int(file["metadata"].get("pageCount", 1)) for file in run["files"]))


def merged(run: Mapping[str, Any], changes: Mapping[str, Any], at: str) -> Document:
    """A run with new metadata over the old, key by key, and a new name that nothing shows."""
    changed = {**run, "updatedAt": at}
    if "metadata" in changes:
        changed["metadata"] = {**run["metadata"], **changes["metadata"]}
    if "name" in changes:
        changed["name"] = changes["name"]
    return changed
