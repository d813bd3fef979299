"""The steps that a workflow run takes through its graph, and what each of them shows."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mockserver.engine.ids import URL_SAFE
from mockserver.engine.sandbox import Sandbox
from mockserver.services.extend import definitions, runs
from mockserver.services.extend.kinds import CLASSIFY, EXTRACT, PARSE, SPLIT, WORKFLOW, Kind
from mockserver.services.extend.wire import Document
from mockserver.services.extend.workflows import NEED_CONFIG

# Steps of other types have no step run: clients drop or choke on them (facts 2, trap T1).
RUNS = {
    "PARSE": (PARSE, "parseRun"),
    "EXTRACT": (EXTRACT, "extractRun"),
    "CONDITIONAL_EXTRACT": (EXTRACT, "extractRun"),
    "MERGE_EXTRACT": (EXTRACT, "extractRun"),
    "CLASSIFY": (CLASSIFY, "classifyRun"),
    "SPLIT": (SPLIT, "splitRun"),
}
_CHECKS = ("RULE_VALIDATION", "VALIDATION", "EXTERNAL_DATA_VALIDATION", "ROUTER")
_PASSES = 9
"""In ten: how many validations are passed."""


@dataclass(frozen=True, slots=True)
class Path:
    """The steps taken, in order, and whether a person must look before the rest."""

    taken: list[tuple[int, Document]]
    waits: bool


def needs_review(plan: Sequence[Document]) -> bool:
    """Whether any run of this plan could have to wait for a person."""
    return any(step["type"] == "HUMAN_REVIEW" for step in plan)


def fault(plan: Sequence[Document]) -> str | None:
    """Why the plan cannot be carried out, if so: drafts may hold steps without their config."""
    for step in plan:
        wanted = "configId" if step["type"] in RUNS else "config"
        if step["type"] in NEED_CONFIG and not step.get(wanted):
            return f"Step {step['name']!r} has no config"
    return None


def path(sandbox: Sandbox, run: Mapping[str, Any], plan: Sequence[Document]) -> Path:
    """Walk from the trigger; each step is taken once, branches by what the steps found."""
    by_name = {step["name"]: (place, step) for place, step in enumerate(plan)}
    start = next((step["name"] for step in plan if step["type"] == "TRIGGER"), None)
    waiting, seen = deque([start] if start else []), {start}
    taken, waits = [], False
    while waiting:
        place, step = by_name[waiting.popleft()]
        if step["type"] == "HUMAN_REVIEW" and not _approved(run):
            waits = True
            continue
        taken.append((place, step))
        for name in _leads(sandbox, run, place, step):
            if name not in seen and name in by_name:
                seen.add(name)
                waiting.append(name)
    return Path(taken, waits)


def _approved(run: Mapping[str, Any]) -> bool:
    return bool(run["reviewed"]) and run["status"] == "PROCESSED"


def _leads(
    sandbox: Sandbox, run: Mapping[str, Any], place: int, step: Mapping[str, Any]
) -> Iterator[str]:
    chosen: set[str] | None = None
    match step["type"]:
        case "CLASSIFY" | "SPLIT":
            output = runs.output_of(sandbox, sub_run(sandbox, run, place, step))
            parts = output.get("splits") or [{"classificationId": output.get("id")}]
            key, chosen = "classificationId", {part["classificationId"] for part in parts}
        case "CONDITIONAL":
            conditions = [each["id"] for each in step["config"]["conditions"]]
            key, chosen = "conditionId", {_chosen(sandbox, run, step, conditions)}
        case "ROUTER":
            key, chosen = "branchId", {_branch(sandbox, run, step)}
        case "RULE_VALIDATION" | "VALIDATION":
            passed = all(_verdicts(sandbox, run, step))
            key, chosen = "result", {"pass" if passed else "fail"}
        case _:
            key = ""
    for entry in step.get("next") or ():
        if chosen is None or key not in entry or entry[key] in chosen:
            yield entry["step"]


def _chosen(
    sandbox: Sandbox, run: Mapping[str, Any], step: Mapping[str, Any], choices: Sequence[str]
) -> str:
    if not choices:
        return ""
    return choices[sandbox.ids.derived("extend.branch", run["id"], step["name"]) % len(choices)]


def _branch(sandbox: Sandbox, run: Mapping[str, Any], step: Mapping[str, Any]) -> str:
    branches = (step.get("config") or {}).get("branches", ())
    return _chosen(sandbox, run, step, [branch["id"] for branch in branches])


def _checked(step: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    config = step.get("config") or {}
    found: Sequence[Mapping[str, Any]] = config.get("rules") or config.get("blocks") or ()
    return found


def _verdicts(sandbox: Sandbox, run: Mapping[str, Any], step: Mapping[str, Any]) -> list[bool]:
    """Whether each rule of a validation holds."""
    return [
        sandbox.ids.derived("extend.rules", run["id"], step["name"], number) % 10 < _PASSES
        for number, _ in enumerate(_checked(step))
    ]


def step_runs(sandbox: Sandbox, run: Mapping[str, Any], plan: Sequence[Document]) -> list[Document]:
    """The step runs of a run that has taken its steps, all processed."""
    return [
        step_run(sandbox, run, place, step)
        for place, step in path(sandbox, run, plan).taken
        if step["type"] in RUNS or step["type"] in _CHECKS
    ]


def step_run(
    sandbox: Sandbox, run: Mapping[str, Any], place: int, step: Mapping[str, Any]
) -> Document:
    """One processed step; `stepType` and `step.type` carry the same value (facts 2)."""
    return {
        "object": "workflow_step_run",
        "id": f"workflow_step_run_{shifted(run['id'], place)}",
        "workflowRunId": run["id"],
        "stepType": step["type"],
        "status": "PROCESSED",
        "step": {
            "object": "workflow_step",
            "id": step["id"],
            "name": step["name"],
            "type": step["type"],
        },
        "files": run["files"],
        "result": _result(sandbox, run, place, step),
    }


def _result(
    sandbox: Sandbox, run: Mapping[str, Any], place: int, step: Mapping[str, Any]
) -> Document:
    if step["type"] in RUNS:
        kind, name = RUNS[step["type"]]
        sub = sub_run(sandbox, run, place, step)
        result: Document = {name: runs.full(sandbox, kind, sub)}
        if step["type"] == "MERGE_EXTRACT":
            result["mergedExtractors"] = []
        return result
    if step["type"] == "EXTERNAL_DATA_VALIDATION":
        # Not emulated: the call to the URL of the step; it is taken to have answered 200.
        return {"response": {"status": 200, "data": {"valid": True}}}
    if step["type"] == "ROUTER":
        return _routed(sandbox, run, step)
    verdicts = _verdicts(sandbox, run, step)
    if step["type"] == "RULE_VALIDATION":
        rules = [
            {"name": rule["name"], "valid": valid}
            | ({} if valid else {"failureReason": "RULE_FAILED"})
            for rule, valid in zip(_checked(step), verdicts, strict=True)
        ]
        return {"rules": rules, "allPassed": all(verdicts)}
    blocks = [
        {"id": block.get("id", f"block_{number}"), "name": block["name"], "valid": valid}
        for number, (block, valid) in enumerate(zip(_checked(step), verdicts, strict=True))
    ]
    return {"valid": all(verdicts), "blocks": blocks}


def _routed(sandbox: Sandbox, run: Mapping[str, Any], step: Mapping[str, Any]) -> Document:
    chosen = _branch(sandbox, run, step)
    branches = [
        {
            "id": branch["id"],
            "name": branch.get("name", branch["id"]),
            "matched": branch["id"] == chosen,
        }
        for branch in (step.get("config") or {}).get("branches", ())
    ]
    matched = next(({"id": b["id"], "name": b["name"]} for b in branches if b["matched"]), None)
    return {"matchedBranch": matched, "branches": branches}


def sub_run(
    sandbox: Sandbox, run: Mapping[str, Any], place: int, step: Mapping[str, Any]
) -> Document:
    """The extract, classify, split or parse run within a step.

    It is not stored: its id is the workflow run's with the last character moved on by the step's
    place, which leads back to it (`of_id`).
    """
    kind, _ = RUNS[step["type"]]
    correction = run["edits"].get(step["name"])
    given = correction
    if given is None:
        provided = (
            each for each in run["outputs"] if each["processorId"] == step.get("processorId")
        )
        given = next((each["output"] for each in provided), None)
    document = runs.new_run(
        sandbox,
        kind,
        f"{kind.prefix}{shifted(run['id'], place)}",
        [],
        at=run["startTime"] or run["createdAt"],
        status="PROCESSED",
        configId=step["configId"],
        versionId=step.get("versionId"),
        source="WORKFLOW_RUN",
        sourceId=run["id"],
        given=given,
        reviewed=correction is not None,
        edited=correction is not None,
        outputKey=f"{run['id']}:{step['name']}",
        parseRunId=f"pr_{shifted(run['id'], step['parsePlace'])}",
    )
    return {**document, "files": run["files"], "updatedAt": run["endTime"] or run["updatedAt"]}


def shifted(run_id: str, place: int) -> str:
    """The tail of a run's id with its last character moved on."""
    tail = run_id.removeprefix(WORKFLOW.prefix)
    return tail[:-1] + URL_SAFE[(URL_SAFE.index(tail[-1]) + place + 1) % len(URL_SAFE)]


def of_id(sandbox: Sandbox, kind: Kind, id: str) -> Document | None:
    """The run within a step of a workflow run that has this id, if it has come to that."""
    tail = id.removeprefix(kind.prefix)
    collection = sandbox.collection(WORKFLOW.collection)
    if not tail or tail[-1] not in URL_SAFE:
        return None
    for place in range(len(URL_SAFE) - 1):
        last = URL_SAFE[(URL_SAFE.index(tail[-1]) - place - 1) % len(URL_SAFE)]
        run_id = f"{WORKFLOW.prefix}{tail[:-1]}{last}"
        if run_id not in collection:
            continue
        run = collection.get(run_id)
        if run is None or run["status"] not in ("PROCESSED", "NEEDS_REVIEW", "REJECTED"):
            continue
        for taken, step in path(sandbox, run, definitions.kept(sandbox, run["planId"])).taken:
            if taken == place and step["type"] in RUNS and RUNS[step["type"]][0] is kind:
                return sub_run(sandbox, run, place, step)
    return None
