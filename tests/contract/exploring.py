"""Generated calls to a service: schemathesis's engine over its contract, and checks of our own."""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any

import schemathesis
from schemathesis import CheckContext, GenerationMode, Response
from schemathesis.engine import events, from_schema

from mockserver.app import App
from mockserver.engine.journal import Entry
from tests.contract.conftest import Depth
from tests.contract.links import add_links
from tests.contract.sequences import APPS, AnyCase, app_of, each_in_a_new_world
from tests.contract.subjects import Subject

BUSINESS = ["2xx", "3xx", "400", "401", "402", "403", "404", "409", "410", "415", "422", "429"]
"""What valid data may still meet: a rule that no schema can say, never the schema's own."""

PHASES = ("examples", "coverage", "fuzzing", "stateful")

CASE = "x-schemathesis-testcaseid"


class Finding(str):
    """One thing that a generated call showed to be wrong."""


@schemathesis.check
def the_server_reads_the_contract_alike(
    ctx: CheckContext, response: Response, case: AnyCase
) -> bool | None:
    """Data that the contract allows never breaks it in the server's eyes."""
    entry = _entry(case)
    generation = case.meta.generation.mode if case.meta else None
    asked = entry is not None and [each for each in entry.violations if each.side == "request"]
    if asked and generation is GenerationMode.POSITIVE and response.status_code < 500:
        raise AssertionError(f"valid data breaks the contract: {asked[0]}")
    return None


@schemathesis.check
def no_answer_breaks_the_contract(
    ctx: CheckContext, response: Response, case: AnyCase
) -> bool | None:
    """Neither an answer nor a refusal is marked as one that breaks the contract."""
    marked = response.headers.get("mockserver-violation")
    if marked:
        raise AssertionError(f"marked as a violation: {marked}: {response.text[:300]}")
    return None


def _entry(case: AnyCase) -> Entry | None:
    app = app_of(case)
    if app is None:
        return None
    # Other checks repeat the call, so it is found by the id that only it carries.
    latest = islice(reversed(app.sandboxes["default"].journal._entries), 8)
    return next((each for each in latest if each.header(CASE) == case.id), None)


def overlapped(document: Mapping[str, Any]) -> list[str]:
    """Operations whose path another one's template matches as well.

    `OPTIONS /files/upload` rightly names the methods of `/files/{id}` too, and `GET /files/upload`
    asks for a file of that id and is a 404; the checks of methods know nothing of that.
    """
    paths = document["paths"]
    templates = {
        path: re.compile(re.sub(r"\\{[^}]+\\}", "[^/]+", re.escape(path))) for path in paths
    }
    return [
        operation["operationId"]
        for path, item in paths.items()
        if any(other != path and form.fullmatch(path) for other, form in templates.items())
        for operation in item.values()
        if isinstance(operation, dict) and "operationId" in operation
    ]


def schema_of(
    subject: Subject, app: App, depth: Depth, phases: list[str], shard: int | None = None
) -> Any:
    """The contract, or one shard of its paths, as schemathesis reads it, set up to this depth."""
    examples = depth.scenarios if phases == ["stateful"] else depth.examples
    document = subject.document(app)
    if phases == ["stateful"]:
        add_links(document, subject.starts)
    config = schemathesis.Config.from_dict(
        {
            "operations": [
                {
                    "include-operation-id": id,
                    "checks": {
                        "allow_header_conformance": {"enabled": False},
                        "unsupported_method": {"enabled": False},
                    },
                }
                for id in overlapped(document)
            ],
            "seed": depth.seed,
            "continue-on-failure": True,
            "workers": 1,
            "auth": {"openapi": subject.auth},
            "parameters": dict(subject.fixed),
            "generation": {
                "max-examples": examples,
                "deterministic": True,
                "database": "none",
                # Every service ignores parameters that it does not know.
                "allow-extra-parameters": False,
                "no-shrink": not depth.deep,
            },
            "checks": {"positive_data_acceptance": {"expected-statuses": BUSINESS}},
            "phases": {
                **{name: {"enabled": name in phases} for name in PHASES},
                "stateful": {
                    "enabled": "stateful" in phases,
                    # Longer ones run out of links to follow, which the engine takes for an error.
                    "max-steps": min(depth.steps, 10),
                    # Links are written in the documents; guessed ones send nulls as ids.
                    "inference": {"algorithms": []},
                },
            },
            **_dictionaries(subject),
        }
    )
    if shard is not None:
        kept = [*document["paths"]][shard :: subject.shards]
        document["paths"] = {path: document["paths"][path] for path in kept}
    schema = schemathesis.openapi.from_dict(document, config=config)
    schema.app = app
    if depth.coverage is not None:
        _bound_coverage(schema, depth.coverage)
    if phases == ["stateful"]:
        each_in_a_new_world(schema, app)
    APPS[schema.raw_schema["info"]["title"]] = app
    return schema


def _dictionaries(subject: Subject) -> dict[str, Any]:
    """Real ids, which half of the generated calls use."""
    if not subject.values:
        return {}
    named = {name.replace(".", "_"): {"values": [*ids]} for name, ids in subject.values.items()}
    bound = {
        name: {"dictionary": name.replace(".", "_"), "probability": 0.5} for name in subject.values
    }
    return {"dictionaries": named, "parameters": {**subject.fixed, **bound}}


def _bound_coverage(schema: Any, most: int) -> None:
    """Let an operation have so many valid boundary cases and so many invalid ones."""
    every = schema.iter_coverage_cases

    def some(operation: Any, *, generation_modes: Iterable[Any], **more: Any) -> Iterator[AnyCase]:
        return chain.from_iterable(
            islice(every(operation, generation_modes=[mode], **more), 0, most * 3, 3)
            for mode in generation_modes
        )

    schema.iter_coverage_cases = some


def explore(schema: Any, least: int = 0) -> Iterator[Finding]:
    """What the engine finds; its own errors are findings, and so is that it tries too little."""
    tried = 0
    for event in from_schema(schema).execute():
        if isinstance(event, events.FatalError):
            yield Finding(f"engine: {event.exception!r}")
        elif isinstance(event, events.NonFatalError):
            yield Finding(f"{event.label}: {event.value!r}")
        elif isinstance(event, events.ScenarioFinished):
            tried += 1
            yield from _of_scenario(event)
    if tried < least:
        yield Finding(f"the engine gave up after {tried} of {least}")


def _of_scenario(event: events.ScenarioFinished) -> Iterator[Finding]:
    for id, checks in event.recorder.checks.items():
        for check in checks:
            if check.failure_info is None:
                continue
            failure = check.failure_info.failure
            case = event.recorder.cases[id].value
            if check.name == "negative_data_rejection" and _arrives_as_text(case, str(failure)):
                continue
            yield Finding(
                f"{case.operation.label} [{event.phase.value}] {check.name}: {failure.message}\n"
                f"    {check.failure_info.code_sample}"
            )


def _arrives_as_text(case: AnyCase, failure: str) -> bool:
    """Whether what is wrong is that a form's text is something else: a form has nothing else."""
    form = (case.media_type or "").startswith("multipart/")
    return form and "violates `type`" in failure and "(was string, " in failure


def shown(findings: Iterable[Finding]) -> str:
    """The findings, each kind once."""
    kinds: dict[str, Finding] = {}
    for finding in findings:
        kinds.setdefault(finding.partition("\n")[0], finding)
    return "\n\n".join(islice(kinds.values(), 40))
