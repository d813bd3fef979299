"""Workflows and their versions: step graphs, which version a run means, and the plan it follows."""

from collections.abc import Mapping, Sequence
from typing import Any

from mockserver.engine.sandbox import Sandbox
from mockserver.services.extend import definitions, documents, errors
from mockserver.services.extend.kinds import CLASSIFIER, EXTRACTOR, NOUNS, SPLITTER, Noun
from mockserver.services.extend.wire import Document, derived_tail, new_id, now, picked, require

COLLECTION = "extend.workflows"
VERSIONS = "extend.workflow_versions"
DEFAULT_STEPS: list[Document] = [
    {"type": "TRIGGER", "name": "trigger", "next": [{"step": "parse"}]},
    {"type": "PARSE", "name": "parse"},
]
NEED_CONFIG = frozenset(
    (
        "EXTRACT",
        "CLASSIFY",
        "SPLIT",
        "CONDITIONAL_EXTRACT",
        "RULE_VALIDATION",
        "EXTERNAL_DATA_VALIDATION",
    )
)
"""Steps that cannot be deployed without a config (facts 4)."""
_PROCESSORS: dict[str, Noun] = {"EXTRACT": EXTRACTOR, "CLASSIFY": CLASSIFIER, "SPLIT": SPLITTER}
_EXTRACTS: dict[str, Noun] = {**_PROCESSORS, "CONDITIONAL_EXTRACT": EXTRACTOR}
_PLANNED_FROM = (
    COLLECTION,
    VERSIONS,
    definitions.COLLECTION,
    *(noun.collection for noun in NOUNS.values()),
    *(noun.versions for noun in NOUNS.values()),
)


def check_steps(sandbox: Sandbox, steps: Sequence[Document], *, deploying: bool) -> None:
    """Refuse a graph that is not one: names, the trigger, where steps lead, what they refer to."""
    names = [step["name"] for step in steps]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise errors.invalid(f"steps: the name {twice!r} is used twice; Path: steps")
    triggers = [step for step in steps if step["type"] == "TRIGGER"]
    if len(triggers) != 1:
        raise errors.invalid("steps: exactly one step must be a TRIGGER; Path: steps")
    for number, step in enumerate(steps):
        for place, entry in enumerate(step.get("next") or ()):
            if entry["step"] not in names:
                path = f"steps.{number}.next.{place}.step"
                raise errors.invalid(f"{path}: there is no step {entry['step']!r}; Path: {path}")
        if deploying and step["type"] in NEED_CONFIG and not step.get("config"):
            path = f"steps.{number}.config"
            raise errors.invalid(f"{path}: is required to deploy the step; Path: {path}")
        _check_references(sandbox, number, step)
    leads = triggers[0].get("next") or []
    first = next((step for step in steps if leads and step["name"] == leads[0]["step"]), None)
    if len(leads) != 1 or first is None or first["type"] != "PARSE":
        raise errors.invalid("steps: the TRIGGER must lead to exactly one PARSE; Path: steps")


def _check_references(sandbox: Sandbox, number: int, step: Mapping[str, Any]) -> None:
    noun = _PROCESSORS.get(step["type"])
    config = step.get("config") or {}
    if noun is None or not config:
        return
    path = f"steps.{number}.config"
    if (noun.name in config) == (f"{noun.name}Config" in config):
        message = f"give exactly one of {noun.name} and {noun.name}Config"
        raise errors.invalid(f"{path}: {message}; Path: {path}")
    if noun.name in config:
        reference = config[noun.name]
        processor = sandbox.collection(noun.collection).get(reference["id"])
        if processor is None:
            raise errors.not_found(f"{path}.{noun.name}", reference["id"])
        definitions.version_of(sandbox, noun, processor, reference.get("version", "latest"))


def create(sandbox: Sandbox, given: Mapping[str, Any], created_by: Document) -> Document:
    """A new workflow with its draft, stored."""
    at = now(sandbox)
    workflow = {
        "object": "workflow",
        "id": new_id(sandbox, "workflow_"),
        "name": given["name"],
        "createdAt": at,
        "updatedAt": at,
        "createdBy": created_by,
        "latestId": None,
        "deployed": 0,
    }
    draft = _new_version(sandbox, workflow, given.get("steps") or DEFAULT_STEPS)
    workflow["draftId"] = draft["id"]
    draft["createdBy"] = created_by
    sandbox.collection(VERSIONS).put(draft)
    sandbox.collection(COLLECTION).put(workflow)
    return workflow


def _new_version(sandbox: Sandbox, workflow: Document, steps: Sequence[Document]) -> Document:
    return {
        "object": "workflow_version",
        "id": new_id(sandbox, "workflow_version_"),
        "workflowId": workflow["id"],
        "version": "draft",
        "order": definitions.DRAFT_ORDER,
        "name": None,
        "createdAt": now(sandbox),
        "createdBy": None,
        "steps": list(steps),
    }


def change(sandbox: Sandbox, workflow: Document, changes: Mapping[str, Any]) -> Document:
    """Rename a workflow, replace the steps of its draft, or both."""
    if "steps" in changes:
        draft = require(sandbox, VERSIONS, workflow["draftId"], "Workflow version")
        sandbox.collection(VERSIONS).put({**draft, "steps": changes["steps"]})
    workflow = {**workflow, "name": changes.get("name", workflow["name"])}
    workflow["updatedAt"] = now(sandbox)
    sandbox.collection(COLLECTION).put(workflow)
    return workflow


def deploy(
    sandbox: Sandbox, workflow: Document, given: Mapping[str, Any], created_by: Document
) -> Document:
    """A new numbered version, of the draft or of the steps given; the draft stays as it is."""
    steps = given.get("steps")
    if steps is None:
        steps = require(sandbox, VERSIONS, workflow["draftId"], "Workflow version")["steps"]
    check_steps(sandbox, steps, deploying=True)
    version = _new_version(sandbox, workflow, steps)
    number = workflow["deployed"] + 1
    version.update(version=str(number), order=number, name=given.get("name"), createdBy=created_by)
    sandbox.collection(VERSIONS).put(version)
    sandbox.collection(COLLECTION).put(
        {**workflow, "latestId": version["id"], "deployed": number, "updatedAt": now(sandbox)}
    )
    return version


def version_of(sandbox: Sandbox, workflow: Document, wanted: str | None) -> Document:
    """The version of a number or an id, `draft` or `latest`; by default the newest deployed one."""
    if wanted is None or wanted == "latest":
        wanted = workflow["latestId"] or workflow["draftId"]
    elif wanted == "draft":
        wanted = workflow["draftId"]
    versions = sandbox.collection(VERSIONS)
    found = versions.get(wanted)
    if found is None:
        same = versions.find({"workflowId": workflow["id"], "version": wanted}, limit=1)
        found = same[0] if same else None
    if found is None or found["workflowId"] != workflow["id"]:
        raise errors.not_found("Workflow version", wanted)
    return found


def made_by(sandbox: Sandbox, reference: Mapping[str, Any]) -> Mapping[str, str]:
    """`workflowId`, `versionId` and `planId` of the runs that a request asks for.

    404 where workflow or version do not exist.
    """

    def make() -> dict[str, str]:
        workflow = require(sandbox, COLLECTION, reference["id"], "Workflow")
        version = version_of(sandbox, workflow, reference.get("version"))
        planned = _plan(sandbox, version)
        return {"workflowId": workflow["id"], "versionId": version["id"], "planId": planned}

    key = ("extend.made_by", reference["id"], reference.get("version"))
    return sandbox.memo.of(_PLANNED_FROM, key, make)


def _plan(sandbox: Sandbox, version: Mapping[str, Any]) -> str:
    """The id of what a run of this version will do, with the configs that hold now.

    A draft may change, and `latest` move on, while the run waits; its outputs must not.
    """
    steps = []
    kinds = [step["type"] for step in version["steps"]]
    parse_place = kinds.index("PARSE") if "PARSE" in kinds else 0
    for step in version["steps"]:
        planned = {key: step[key] for key in ("type", "name", "next", "config") if key in step}
        tail = derived_tail(sandbox.ids, "extend.steps", version["workflowId"], step["name"])
        planned["id"] = f"step_{tail}"
        planned["parsePlace"] = parse_place
        config = step.get("config") or {}
        if step["type"] == "PARSE":
            parse_config = config.get("parseConfig") or documents.DEFAULT_CONFIG
            planned["configId"] = definitions.keep(sandbox, parse_config)
        elif step["type"] == "MERGE_EXTRACT":
            merged = definitions.completed(EXTRACTOR, definitions.INFERRED)
            planned["configId"] = definitions.keep(sandbox, merged)
        elif step["type"] in _EXTRACTS:
            planned |= _resolved(sandbox, _EXTRACTS[step["type"]], config)
        steps.append(planned)
    return definitions.keep(sandbox, steps)


def _resolved(sandbox: Sandbox, noun: Noun, config: Mapping[str, Any]) -> Document:
    """The processor that a step uses, and the id of its config; nothing when it has none."""
    inline = config.get(f"{noun.name}Config")
    if inline is not None:
        return {"configId": definitions.keep(sandbox, definitions.completed(noun, inline))}
    reference = config.get(noun.name)
    if reference is None and config.get("rules"):
        reference = config["rules"][0].get("extractor")
    if reference is None:
        return {}
    processor = sandbox.collection(noun.collection).get(reference["id"])
    if processor is None:
        return {}
    wanted = reference.get("version", "latest")
    version = definitions.version_of(sandbox, noun, processor, wanted)
    config_id = definitions.keep(sandbox, version["config"])
    return {"processorId": processor["id"], "versionId": version["id"], "configId": config_id}


def summary(workflow: Mapping[str, Any]) -> Document:
    """A workflow in lists and runs."""
    return picked(workflow, ("object", "id", "name", "createdAt", "updatedAt", "createdBy"))


def full(sandbox: Sandbox, workflow: Mapping[str, Any]) -> Document:
    """A workflow with its draft."""
    draft = require(sandbox, VERSIONS, workflow["draftId"], "Workflow version")
    return {**summary(workflow), "draftVersion": version_full(draft)}


def version_summary(version: Mapping[str, Any]) -> Document:
    """A version without its steps."""
    return picked(version, ("object", "id", "version", "name", "createdAt", "createdBy"))


def version_full(version: Mapping[str, Any]) -> Document:
    """A version with its steps."""
    return {**version_summary(version), "steps": version["steps"]}
