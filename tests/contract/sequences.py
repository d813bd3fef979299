"""Sequences of generated calls: each in a new world, with bodies that fit it and files put."""

import json
from functools import cache
from typing import Any, cast

import requests
import schemathesis
from schemathesis import Case, CheckContext, GenerationMode, Response
from schemathesis.engine.recorder import CaseNode
from schemathesis.generation.stateful.control import TransitionController
from schemathesis.python import asgi

from mockserver.app import App
from mockserver.data import data_folder
from tests.contract.links import follow
from tests.contract.subjects import HOST

AnyCase = Case[Any]

APPS: dict[str, App] = {}
"""The running apps by the title of their document, for the checks and hooks."""

BEGINNINGS = 2
"""Calls that a sequence begins with."""

TASKS = b'[{"data": {"url": "https://assets.example/1.jpg"}}, {"data": {"name": "no url"}}]'


def app_of(case: AnyCase) -> App | None:
    """The running app that a case is for."""
    return APPS.get(case.operation.schema.raw_schema["info"]["title"])


class Onwards(TransitionController):
    """Go on from what has begun, rather than begin ever more: that alone would fill a sequence."""

    def allow_root_transition(self, source: str, bundles: dict[str, Any]) -> bool:
        """Begin something, unless enough has begun and can be followed."""
        begun = sum(self._root_calls(root) for root in self.roots)
        return begun < BEGINNINGS or not any(
            values and name == f"{label} -> {link.status_code}"  # type: ignore[attr-defined]
            for name, values in bundles.items()
            for label in self.transitions.producer_labels_for_bundle(name)
            for link in self.transitions.operations[label].outgoing
            if self.allow_transition(label, link.target.label)
        )


def each_in_a_new_world(schema: Any, app: App) -> None:
    """Let every sequence begin with the fixtures alone.

    If one found what another had left, the engine would meet other answers when it repeats moves,
    and would give up without a word.
    """
    build = schema.build_state_machine

    def anew(**more: Any) -> Any:
        class Sequence(build(**more)):  # type: ignore[misc]
            def __init__(self) -> None:
                super().__init__()
                self.control = Onwards(self._transitions, self._root_labels)
                assert _direct(app, "POST", "/__admin/reset").ok

        return Sequence

    schema.build_state_machine = anew


def _direct(app: App, method: str, path: str, **more: Any) -> requests.Response:
    with asgi.get_client(cast(Any, app)) as client:
        answer: requests.Response = client.request(method, path, **more)
    return answer


@schemathesis.hook
def before_call(context: Any, case: AnyCase, **more: Any) -> None:
    """Let half of the valid bodies of a sequence be those of the contract, which fit the fixtures.

    Which half depends on the body alone, since the engine repeats what it has done.
    """
    meta = case.meta
    if meta is None or meta.phase.name.value != "stateful" or not case.media_type:
        return
    examples = _examples(case) if meta.generation.mode is GenerationMode.POSITIVE else []
    chosen = len(json.dumps(case.body, default=str)) if examples else 1
    if chosen % 2 == 0:
        case.body = examples[chosen // 2 % len(examples)]


def _examples(case: AnyCase) -> list[Any]:
    """The contract's own bodies for such a call; a form has none."""
    root = case.operation.schema.raw_schema
    body = follow(root, root["paths"][case.operation.path][case.operation.method]["requestBody"])
    content = body["content"].get("application/json", {})
    if case.media_type != "application/json":
        return []
    named = [follow(root, each)["value"] for each in content.get("examples", {}).values()]
    return [content["example"], *named] if "example" in content else named


@schemathesis.hook
def after_call(context: Any, case: AnyCase, response: Response) -> None:
    """Put the file that an answer asks for, so that what follows in a sequence finds it."""
    app, asked = app_of(case), _upload_asked(response)
    if app is None or asked is None:
        return
    url, content, media_type = asked
    url = url.replace("http://127.0.0.1:8080", HOST)
    answer = _direct(app, "PUT", url, data=content, headers={"Content-Type": media_type})
    assert answer.status_code == 200, answer.text


@cache
def _archive() -> bytes:
    return (data_folder("fixtures") / "payloads" / "pipelines-photos.zip").read_bytes()


def _upload_asked(response: Response) -> tuple[str, bytes, str] | None:
    """Where the answer wants a file to be put, and one that fits."""
    if response.status_code not in (200, 201, 202) or not response.content.startswith(b"{"):
        return None
    body = response.json()
    if "tasks_put_url" in body:
        return body["tasks_put_url"], TASKS, "application/json"
    if "upload_url" in body:
        return body["upload_url"], _archive(), body["upload_headers"]["Content-Type"]
    return None


@schemathesis.check
def what_was_made_is_found(ctx: CheckContext, response: Response, case: AnyCase) -> bool | None:
    """What a call has made can be read by the id that it answered, until something deletes it."""
    recorder = ctx.internals.recorder
    step = recorder.cases.get(case.id) if recorder else None
    if response.status_code != 404 or case.method != "GET" or not (recorder and step):
        return None
    if step.parent_id is None or not _led_here(step, case):
        return None
    maker = recorder.cases[step.parent_id].value
    made = recorder.interactions[maker.id].response
    deleted = any(each.value.method == "DELETE" for each in recorder.cases.values())
    if maker.method in ("POST", "PUT") and made and made.status_code in (200, 201) and not deleted:
        raise AssertionError(f"not found after {maker.operation.label}: {response.text[:300]}")
    return None


def _led_here(step: CaseNode, case: AnyCase) -> bool:
    """Whether a link gave the call all of its path."""
    if step.transition is None:
        return False
    given = step.transition.parameters.get("path_parameters", {})
    extracted = {name: each.value.ok() for name, each in given.items() if hasattr(each.value, "ok")}
    return bool(given) and extracted == case.path_parameters
