"""Every method of the Python SDK gets an answer that keeps the contract."""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx
import pytest
from extend_ai import Extend

from tests.clients.conftest import Starting

pytestmark = pytest.mark.client

WORKFLOW = "workflow_purchase-orders-00001"
PROCESSORS = {
    "extractor": "ex_purchase-order-000001",
    "classifier": "cl_document-kinds-000001",
    "splitter": "spl_document-packet-00001",
}
URL = {"url": "https://files.example.com/order.pdf"}
STEPS = [
    {"type": "TRIGGER", "name": "start", "next": [{"step": "parse"}]},
    {"type": "PARSE", "name": "parse"},
]
CONFIGS: dict[str, Any] = {
    "extractor": {"schema": {"type": "object", "properties": {"total": {"type": "number"}}}},
    "classifier": {"classifications": [{"id": "a", "type": "a", "description": "A"}]},
    "splitter": {"splitClassifications": [{"id": "a", "type": "a", "description": "A"}]},
}
LISTS = {"max_page_size": 1, "sort_by": "createdAt", "sort_dir": "asc"}
# Methods that call nobody: they read a webhook's body, or what a link leads to.
LOCAL = {f"webhooks.{name}" for name in ("parse", "verify", "verify_and_parse")} | {
    f"webhooks.{name}"
    for name in ("is_signed_url_event", "fetch_signed_payload", "fetch_signed_payload_sync")
}


@dataclass
class Known:
    """A client, and the ids of what it makes on the way."""

    client: Extend
    ids: dict[str, str] = field(default_factory=dict)

    def id(self, name: str, make: Callable[[Extend], Any]) -> str:
        """The id of something made once."""
        if name not in self.ids:
            self.ids[name] = make(self.client).id
        return self.ids[name]

    def fresh(self, resource: str, **given: Any) -> str:
        """The id of a run made for one call alone."""
        made: str = getattr(self.client, resource).create(**given).id
        return made


@pytest.fixture(scope="module")
def known(starting: Starting) -> Iterator[Known]:
    """A client of a server where work is done at once."""
    with httpx.Client(timeout=20) as http:
        url = f"{starting(pace='instant').url}/extend"
        yield Known(Extend(token="sk_test_1", base_url=url, httpx_client=http))


@pytest.fixture(scope="module")
def waiting(starting: Starting) -> Iterator[Extend]:
    """A client of a server where nothing moves, so that runs can be cancelled."""
    with httpx.Client(timeout=20) as http:
        url = f"{starting().url}/extend"
        yield Extend(token="sk_test_1", base_url=url, httpx_client=http)


Method = Callable[[Known], Any]
CALLS: dict[str, Method] = {}


def call(name: str) -> Callable[[Method], Method]:
    """Lists a call under the SDK's own name for it."""

    def register(method: Method) -> Method:
        CALLS[name] = method
        return method

    return register


def add(name: str, /, **given: Any) -> None:
    """Lists a call with fixed arguments."""
    CALLS[name] = lambda known: _of(known.client, name)(**given)


def _of(client: Extend, name: str) -> Callable[..., Any]:
    found: Any = client
    for part in name.split("."):
        found = getattr(found, part)
    return found  # type: ignore[no-any-return]


def _run_calls() -> None:
    """The calls that all kinds of runs have."""
    given: dict[str, dict[str, Any]] = {
        "workflow_runs": {"workflow": {"id": WORKFLOW}, "file": URL},
        "parse_runs": {"file": URL},
        "edit_runs": {"file": URL},
        "verify_runs": {"file": URL},
        "form_detection_runs": {"file": URL},
    }
    batches: dict[str, dict[str, Any]] = {
        "workflow_runs": {"workflow": {"id": WORKFLOW}, "inputs": [{"file": URL}]},
        "parse_runs": {"inputs": [{"file": URL}]},
    }
    for noun, verb in zip(PROCESSORS, ("extract", "classify", "split"), strict=True):
        reference = {noun: {"id": PROCESSORS[noun]}}
        given[f"{verb}_runs"] = {**reference, "file": URL}
        batches[f"{verb}_runs"] = {**reference, "inputs": [{"file": URL}]}
        add(verb, **given[f"{verb}_runs"])
    for name in ("parse", "edit", "verify", "detect_form"):
        add(name, file=URL)
    for resource, body in given.items():
        _calls_of(resource, body)
        if resource in batches:
            add(f"{resource}.create_batch", **batches[resource])


def _calls_of(resource: str, body: dict[str, Any]) -> None:
    add(f"{resource}.create", **body)
    if resource not in ("verify_runs", "form_detection_runs"):
        add(f"{resource}.create_and_poll", **body)
    CALLS[f"{resource}.retrieve"] = lambda known: getattr(known.client, resource).retrieve(
        known.id(resource, lambda client: getattr(client, resource).create(**body))
    )
    if resource == "form_detection_runs":
        return
    paged = LISTS if resource != "parse_runs" else {"max_page_size": 1}
    add(f"{resource}.list", **paged)
    CALLS[f"{resource}.delete"] = lambda known: getattr(known.client, resource).delete(
        known.fresh(resource, **body)
    )
    if resource != "edit_runs":
        CANCELS[f"{resource}.cancel"] = (resource, body)


CANCELS: dict[str, tuple[str, dict[str, Any]]] = {}
_run_calls()


def _processor_calls() -> None:
    """The calls that extractors, classifiers and splitters have, and their versions."""
    for noun, id in PROCESSORS.items():
        key = f"{noun}_id"
        add(f"{noun}s.list", **LISTS)
        add(f"{noun}s.create", name="Made", config=CONFIGS[noun])
        add(f"{noun}s.retrieve", id=id)
        CALLS[f"{noun}s.update"] = partial(_update, noun)
        add(f"{noun}_versions.list", **{key: id}, max_page_size=1)
        add(f"{noun}_versions.retrieve", **{key: id}, version_id="1.0")
        CALLS[f"{noun}_versions.create"] = partial(_publish, noun)


def _update(noun: str, known: Known) -> Any:
    resource = getattr(known.client, f"{noun}s")
    return resource.update(_processor(known, noun), name="Renamed", config=CONFIGS[noun])


def _publish(noun: str, known: Known) -> Any:
    given = {f"{noun}_id": _processor(known, noun), "config": CONFIGS[noun]}
    resource = getattr(known.client, f"{noun}_versions")
    return resource.create(**given, release_type="minor")


def _processor(known: Known, noun: str) -> str:
    return known.id(
        noun, lambda client: getattr(client, f"{noun}s").create(name="Own", config=CONFIGS[noun])
    )


_processor_calls()

add("workflows.list", **LISTS)
add("workflows.create", name="Made", steps=STEPS)
add("workflows.retrieve", id=WORKFLOW)
add("workflow_versions.list", id=WORKFLOW, max_page_size=1, sort_dir="asc")
add("workflow_versions.retrieve", id=WORKFLOW, version_id="latest")
add("files.list", max_page_size=1, sort_dir="asc")
add("files.retrieve", id="file_sample-invoice-000001", raw_text=True, markdown=True, html=True)
add("edit_schemas.generate", file=URL)
add("edit_templates.list", **LISTS)
add("edit_templates.retrieve", id="edt_registration-form-001")
add("evaluation_sets.list", **LISTS)
add("evaluation_sets.create", name="Made", entity_id=PROCESSORS["splitter"])
add("evaluation_sets.retrieve", id="ev_purchase-orders-00001")
add("evaluation_set_items.list", evaluation_set_id="ev_purchase-orders-00001", **LISTS)
add("evaluation_set_runs.create", evaluation_set_id="ev_purchase-orders-00001")
add("webhook_endpoints.list", max_page_size=1)
add("webhook_subscriptions.list", max_page_size=1)
add("processor.list", **LISTS)
add("processor.create", name="Old", type="EXTRACT")
add("processor_run.list", **LISTS)
add("processor_run.create", processor_id=PROCESSORS["extractor"], raw_text="Total 4", sync=True)
add("processor_version.list", id=PROCESSORS["extractor"])
add(
    "processor_version.get",
    processor_id=PROCESSORS["extractor"],
    processor_version_id="exv_purchase-order-000002",
)


@call("workflows.update")
def _(known: Known) -> Any:
    return known.client.workflows.update(_workflow(known), name="Renamed", steps=STEPS)  # type: ignore[arg-type]


@call("workflow_versions.create")
def _(known: Known) -> Any:
    return known.client.workflow_versions.create(_workflow(known), name="First")


@call("workflow_runs.update")
def _(known: Known) -> Any:
    id = known.fresh("workflow_runs", workflow={"id": WORKFLOW}, file=URL)
    return known.client.workflow_runs.update(id, metadata={"a": 1})


@call("files.upload")
def _(known: Known) -> Any:
    return known.client.files.upload(file=("order.txt", io.BytesIO(b"Total 4")))


@call("files.delete")
def _(known: Known) -> Any:
    made = known.client.files.upload(file=("order.txt", io.BytesIO(b"Total 4")))
    return known.client.files.delete(made.id)


@call("batch_runs.get")
def _(known: Known) -> Any:
    made = known.client.parse_runs.create_batch(inputs=[{"file": {"url": URL["url"]}}])
    return known.client.batch_runs.get(made.id)


@call("batch_processor_run.get")
def _(known: Known) -> Any:
    reference: Any = {"id": PROCESSORS["classifier"]}
    inputs: Any = [{"file": URL}]
    made = known.client.classify_runs.create_batch(classifier=reference, inputs=inputs)
    return known.client.batch_processor_run.get(made.id)


@call("evaluation_set_runs.retrieve")
def _(known: Known) -> Any:
    made = known.client.evaluation_set_runs.create(evaluation_set_id="ev_purchase-orders-00001")
    return known.client.evaluation_set_runs.retrieve(made.id)


def _items(known: Known) -> Any:
    return known.client.evaluation_set_items.create(
        "ev_purchase-orders-00001",
        items=[{"file_id": "file_sample-invoice-000001", "expected_output": {"value": {"a": 1}}}],
    )


@call("evaluation_set_items.create")
def _(known: Known) -> Any:
    return _items(known)


@call("evaluation_set_items.retrieve")
def _(known: Known) -> Any:
    id = "evi_purchase-orders-00001"
    return known.client.evaluation_set_items.retrieve("ev_purchase-orders-00001", id)


@call("evaluation_set_items.update")
def _(known: Known) -> Any:
    id = _items(known).evaluation_set_items[0].id
    return known.client.evaluation_set_items.update(
        "ev_purchase-orders-00001", id, expected_output={"value": {"a": 2}}
    )


@call("evaluation_set_items.delete")
def _(known: Known) -> Any:
    id = _items(known).evaluation_set_items[0].id
    return known.client.evaluation_set_items.delete("ev_purchase-orders-00001", id)


def _endpoint(client: Extend) -> Any:
    return client.webhook_endpoints.create(
        url="http://127.0.0.1:9/hook", name="Own", enabled_events=[], api_version="2026-02-09"
    )


def _subscription(known: Known) -> Any:
    return known.client.webhook_subscriptions.create(
        webhook_endpoint_id=known.id("endpoint", _endpoint),
        resource_type="workflow",
        resource_id=WORKFLOW,
        enabled_events=["workflow_run.completed"],
    )


CALLS["webhook_endpoints.create"] = lambda known: _endpoint(known.client)
CALLS["webhook_endpoints.retrieve"] = lambda known: known.client.webhook_endpoints.retrieve(
    known.id("endpoint", _endpoint)
)
CALLS["webhook_endpoints.update"] = lambda known: known.client.webhook_endpoints.update(
    known.id("endpoint", _endpoint), name="Renamed"
)
CALLS["webhook_endpoints.delete"] = lambda known: known.client.webhook_endpoints.delete(
    _endpoint(known.client).id
)
CALLS["webhook_subscriptions.create"] = _subscription
CALLS["webhook_subscriptions.retrieve"] = lambda known: known.client.webhook_subscriptions.retrieve(
    _subscription(known).id
)
CALLS["webhook_subscriptions.update"] = lambda known: known.client.webhook_subscriptions.update(
    _subscription(known).id, enabled_events=["workflow_run.failed"]
)
CALLS["webhook_subscriptions.delete"] = lambda known: known.client.webhook_subscriptions.delete(
    _subscription(known).id
)
CALLS["processor.update"] = lambda known: known.client.processor.update(
    _processor(known, "extractor"), name="Older"
)
CALLS["processor_version.create"] = lambda known: known.client.processor_version.create(
    _processor(known, "extractor"),
    release_type="major",  # type: ignore[arg-type]
)


def _old_run(known: Known) -> str:
    run = known.client.processor_run.create(
        processor_id=PROCESSORS["extractor"], file={"file_url": URL["url"]}
    )
    return run.processor_run.id


CALLS["processor_run.get"] = lambda known: known.client.processor_run.get(_old_run(known))
CALLS["processor_run.delete"] = lambda known: known.client.processor_run.delete(_old_run(known))


def _workflow(known: Known) -> str:
    return known.id("workflow", lambda client: client.workflows.create(name="Own"))


def methods_of(client: Extend) -> set[str]:
    """The public methods of a client and of the resources that it has."""
    found = set()
    for name in dir(type(client)):
        if name.startswith("_") or name == "with_raw_response":
            continue
        if not isinstance(getattr(type(client), name), property):
            found.add(name)
            continue
        resource = type(getattr(client, name))
        found |= {
            f"{name}.{each}"
            for each in dir(resource)
            if not each.startswith("_")
            and each != "with_raw_response"
            and callable(getattr(resource, each))
        }
    return found


def test_no_method_of_the_client_is_left_out() -> None:
    client = Extend(token="unused", base_url="http://127.0.0.1:1")

    assert methods_of(client) == {*CALLS, *CANCELS, *LOCAL, "processor_run.cancel"}


@pytest.mark.parametrize("name", sorted(CALLS))
def test_a_method_gets_an_answer(known: Known, name: str) -> None:
    answer = CALLS[name](known)

    assert answer is not None
    assert answer.model_fields_set


@pytest.mark.parametrize("name", sorted(CANCELS))
def test_a_run_that_has_not_ended_is_cancelled(waiting: Extend, name: str) -> None:
    resource, body = CANCELS[name]
    run = getattr(waiting, resource).create(**body)

    assert getattr(waiting, resource).cancel(run.id).id == run.id


def test_a_legacy_run_that_has_not_ended_is_cancelled(waiting: Extend) -> None:
    run = waiting.processor_run.create(
        processor_id=PROCESSORS["extractor"], file={"file_url": URL["url"]}
    )

    cancelled = waiting.processor_run.cancel(run.processor_run.id)

    assert cancelled.processor_run.status == "CANCELLED"
