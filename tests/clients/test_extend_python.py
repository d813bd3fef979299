"""The official Python SDK, `extend-ai`, unmodified, over real sockets."""

import asyncio
import io
import json
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
import pytest
from extend_ai import AsyncExtend, Extend
from extend_ai.core.api_error import ApiError
from extend_ai.errors import BadRequestError, NotFoundError, UnauthorizedError
from extend_ai.types import WorkflowRun

from mockserver.server import ServerThread
from tests.clients.conftest import Starting

pytestmark = pytest.mark.client

WORKFLOW = "workflow_purchase-orders-00001"
REVIEWED = "workflow_reviewed-invoices-001"
EXTRACTOR = "ex_purchase-order-000001"
ENDED = ["completed", "failed", "needs_review", "rejected", "cancelled", "step_run.processed"]


class Site:
    """A server, a client of it, and the control API."""

    def __init__(self, server: ServerThread, http: httpx.Client) -> None:
        self.url = server.url
        self.http = http
        self.client = self.of("sk_test_1")

    def of(self, key: str, **more: Any) -> Extend:
        """A client with another key."""
        url = f"{self.url}/extend"
        return Extend(token=key, base_url=url, httpx_client=self.http, **more)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """What the control API answers."""
        answer = self.http.request(method, f"{self.url}/__admin{path}", json=body)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def settle(self) -> None:
        """Let time pass until nothing is left to do."""
        self.control("POST", "/clock/advance", {"until_idle": True})

    def messages(self, inbox: str) -> list[dict[str, Any]]:
        """What a built-in receiver got."""
        found = self.control("GET", f"/inbox/{inbox}/messages?limit=10000")
        return found["items"]  # type: ignore[no-any-return]

    def counts(self) -> dict[str, int]:
        """How many documents there are of each kind."""
        return self.control("GET", "/state")  # type: ignore[no-any-return]

    def listen(
        self, inbox: str, workflow: str = WORKFLOW, ends: Sequence[str] = ENDED, **options: Any
    ) -> str:
        """Subscribe an inbox to events of a workflow's runs; its signing secret."""
        endpoint = self.client.webhook_endpoints.create(
            url=f"{self.url}/__inbox/{inbox}",
            name=inbox,
            enabled_events=[],
            api_version="2026-02-09",
            **options,
        )
        self.client.webhook_subscriptions.create(
            webhook_endpoint_id=endpoint.id,
            resource_type="workflow",
            resource_id=workflow,
            enabled_events=[f"workflow_run.{end}" for end in ends],
        )
        return str(endpoint.signing_secret)


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    """Connections that are closed in the end."""
    with httpx.Client(timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def site(server: ServerThread, http: httpx.Client) -> Site:
    """A server whose clock stands still until `settle`."""
    return Site(server, http)


@pytest.fixture(scope="module")
def moving(starting: Starting, http: httpx.Client) -> Site:
    """A server in real time, where work takes fractions of a second."""
    return Site(starting(clock=1.0), http)


def inputs_of(count: int, **more: Any) -> Any:
    """So many inputs, each with metadata of its own."""
    return [
        {"file": {"url": f"https://files.example.com/po-{n}.pdf"}, "metadata": {"n": n}, **more}
        for n in range(count)
    ]


def test_a_batch_is_polled_to_its_end_by_listing_it(moving: Site) -> None:
    client = moving.client
    batch = client.workflow_runs.create_batch(
        workflow={"id": WORKFLOW, "version": "2"},
        inputs=[
            {"file": {"url": "https://files.example.com/po-1187.pdf"}, "metadata": {"c": 1}},
            {"file": {"id": "file_sample-invoice-000001"}, "metadata": {"c": 2}},
            {"file": {"text": "Order 12", "name": "po-12.txt"}, "secrets": {"token": "hush"}},
            {"file": {"url": "https://lost.invalid/a.pdf"}},
        ],
    )
    assert batch.model_dump() == {"batch_id": batch.batch_id}
    assert len(client.workflow_runs.list(batch_id=batch.batch_id).data) == 4

    runs: list[Any] = []
    while not runs or any(run.status in ("PENDING", "PROCESSING") for run in runs):
        runs = client.workflow_runs.list(batch_id=batch.batch_id).data

    assert [run.status for run in runs].count("PROCESSED") == 3
    by_name = {run.files[0].name: client.workflow_runs.retrieve(run.id) for run in runs}
    assert by_name["po-1187.pdf"].metadata == {"c": 1}
    assert by_name["sample-order.txt"].metadata == {"c": 2}
    assert by_name["po-12.txt"].metadata == {}
    assert by_name["a.pdf"].failure_reason == "FAILED_TO_PROCESS_FILE"
    assert {run.batch_id for run in by_name.values()} == {batch.batch_id}
    assert "hush" not in json.dumps(moving.control("GET", "/state/extend.workflow_runs"))


def test_a_run_is_polled_by_the_sdk_until_it_ends(moving: Site) -> None:
    run = moving.client.workflow_runs.create_and_poll(
        workflow={"id": WORKFLOW}, file={"url": "https://files.example.com/po.pdf"}
    )

    assert run.status == "PROCESSED"
    parse, extract = run.step_runs
    assert (parse.step_type, extract.step_type) == ("PARSE", "EXTRACT")
    found: Any = extract.result
    output = found.extract_run.output
    assert set(output.value) >= {"po_number", "supplier", "line_items"}
    assert output.metadata["po_number"].citations[0].file_id == run.files[0].id
    assert moving.client.extract_runs.retrieve(found.extract_run.id).output == output
    assert moving.client.workflow_runs.retrieve(run.id) == run


def test_the_async_client_gets_the_same(moving: Site) -> None:
    async def drive() -> WorkflowRun:
        async with httpx.AsyncClient(timeout=20) as http:
            client = AsyncExtend(
                token="sk_test_1", base_url=f"{moving.url}/extend", httpx_client=http
            )
            batch = await client.workflow_runs.create_batch(
                workflow={"id": WORKFLOW}, inputs=inputs_of(3)
            )
            listed = await client.workflow_runs.list(batch_id=batch.batch_id)
            assert len(listed.data) == 3
            return await client.workflow_runs.create_and_poll(
                workflow={"id": WORKFLOW}, file={"text": "Order 7"}
            )

    assert asyncio.run(drive()).status == "PROCESSED"


def test_a_thousand_runs_end_in_a_thousand_verified_events(starting: Starting) -> None:
    with httpx.Client(timeout=120) as http:
        site = Site(starting(), http)
        secret = site.listen("thousand", ends=["completed"])
        batch = site.client.workflow_runs.create_batch(
            workflow={"id": WORKFLOW}, inputs=inputs_of(1000)
        )

        site.settle()

        seen: dict[int, str] = {}
        messages = site.messages("thousand")
        for number, message in enumerate(messages):
            assert site.client.webhooks.verify(message["body"], message["headers"], secret)
            if number % 50 == 0:
                # The SDK tries all its forty types on each event, which takes it 0.08 s.
                event: Any = site.client.webhooks.parse(message["body"])
                assert event.event_type == "workflow_run.completed"
                assert event.payload.batch_id == batch.batch_id
            run = message["json"]["payload"]
            assert run["batchId"] == batch.batch_id
            assert run["files"][0]["name"] == f"po-{run['metadata']['n']}.pdf"
            seen[run["metadata"]["n"]] = run["id"]
        assert sorted(seen) == list(range(1000))
        assert len(set(seen.values())) == len({m["json"]["eventId"] for m in messages}) == 1000


def test_a_long_event_comes_behind_a_link(site: Site) -> None:
    options = {"payload": {"format": "url", "urlThresholdBytes": 100}, "headers": {"x-team": "a"}}
    secret = site.listen("linked", workflow=REVIEWED, advanced_options=options)
    site.client.workflow_runs.create(workflow={"id": REVIEWED}, file={"text": "Order 7"})
    site.settle()

    events = []
    for message in site.messages("linked"):
        assert message["headers"]["x-team"] == "a"
        signed: Any = site.client.webhooks.verify_and_parse(
            message["body"], message["headers"], secret, allow_signed_url=True
        )
        assert site.client.webhooks.is_signed_url_event(signed)
        body = httpx.get(signed.payload.data).json()
        events.append((signed.event_type, body["id"]))
    assert {name for name, _ in events} >= {
        "workflow_run.needs_review",
        "workflow_run.step_run.processed",
    }


def test_an_uploaded_file_comes_back_by_its_link(site: Site) -> None:
    data = b"%PDF-1.4\n" + bytes(range(256)) * 40
    uploaded = site.client.files.upload(file=("order 1.pdf", io.BytesIO(data)), password="s3cret")
    assert (uploaded.name, uploaded.type, uploaded.presigned_url) == ("order 1.pdf", "PDF", None)

    stored = site.client.files.retrieve(uploaded.id)

    assert stored.presigned_url
    assert httpx.get(stored.presigned_url).content == data
    site.control("POST", "/clock/advance", {"seconds": 901})
    assert httpx.get(stored.presigned_url).status_code == 403


def pages_of(method: Any, **query: Any) -> list[str]:
    """The ids of everything in a list, walked page by page."""
    ids, token = [], None
    while True:
        page = method(**query, **({"next_page_token": token} if token else {}))
        ids += [each.id for each in page.data]
        token = page.next_page_token
        if not token:
            return ids


def test_every_list_is_walked_to_its_end(site: Site) -> None:
    client = site.client
    for n in range(3):
        reference: Any = {"id": EXTRACTOR}
        source: Any = {"url": f"https://files.example.com/listed-{n}.pdf"}
        client.extract_runs.create(extractor=reference, file=source)
        client.parse_runs.create(file=source)
        client.verify_runs.create(file=source)
        client.edit_runs.create(file=source)
        client.workflows.create(name=f"Listed {n}")
        site.listen(f"listed-{n}")
    client.workflow_runs.create_batch(workflow={"id": WORKFLOW}, inputs=inputs_of(7))
    site.settle()
    whole, two = {"max_page_size": 1000}, {"max_page_size": 2}
    methods: list[tuple[Any, dict[str, Any]]] = [
        (client.workflow_runs.list, {"sort_by": "createdAt"}),
        (client.workflow_runs.list, {"sort_dir": "asc", "status": "PROCESSED"}),
        (client.workflow_runs.list, {"workflow_id": WORKFLOW, "file_name_contains": "PO-3"}),
        (client.extract_runs.list, {"extractor_id": EXTRACTOR}),
        (client.parse_runs.list, {}),
        (client.verify_runs.list, {}),
        (client.edit_runs.list, {}),
        (client.workflows.list, {"sort_dir": "asc"}),
        (client.workflow_versions.list, {"id": WORKFLOW}),
        (client.extractor_versions.list, {"extractor_id": EXTRACTOR}),
        (client.files.list, {}),
        (client.webhook_endpoints.list, {}),
    ]
    for method, query in methods:
        expected = pages_of(method, **query, **whole)
        assert expected, method
        assert pages_of(method, **query, **two) == expected
        assert len(set(expected)) == len(expected)


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"inputs": []}, "inputs"),
        ({"inputs": inputs_of(1001)}, "inputs"),
        ({"inputs": [{"metadata": {}}]}, "inputs.0.file"),
        ({"inputs": [{"file": {"url": "https://a.example/b", "id": "file_1"}}]}, "inputs.0.file"),
        ({"inputs": [{"file": {"url": 7}}]}, "inputs.0.file"),
        ({"inputs": inputs_of(2, metadata={"long": "x" * 11_000})}, "inputs.0.metadata"),
        ({"inputs": inputs_of(1), "priority": 0}, "priority"),
        ({"inputs": inputs_of(1), "priority": 101}, "priority"),
        ({"inputs": "all of them"}, "inputs"),
    ],
)
def test_a_bad_batch_is_refused_as_a_whole(site: Site, body: Any, word: str) -> None:
    before = site.counts()

    with pytest.raises(BadRequestError) as refused:
        site.client.workflow_runs.create_batch(workflow={"id": WORKFLOW}, **body)

    found: Any = refused.value.body
    assert found["code"] == "INVALID_REQUEST"
    assert word in found["message"]
    assert found["retryable"] is False
    assert found["requestId"].startswith("req_")
    assert site.counts() == before


def test_an_unknown_workflow_or_version_is_not_found(site: Site) -> None:
    before = site.counts()
    for workflow in ({"id": "workflow_none"}, {"id": WORKFLOW, "version": "99"}):
        with pytest.raises(NotFoundError):
            site.client.workflow_runs.create_batch(workflow=workflow, inputs=inputs_of(1))  # type: ignore[arg-type]
    assert site.counts() == before


@pytest.mark.parametrize(
    ("key", "status"),
    [("sk_test_revoked", 401), ("sk_test_no_credits", 402), ("sk_test_read_only", 403)],
)
def test_a_key_says_what_its_calls_get(site: Site, key: str, status: int) -> None:
    with pytest.raises(ApiError) as refused:
        site.of(key).workflow_runs.create_batch(workflow={"id": WORKFLOW}, inputs=inputs_of(1))

    assert refused.value.status_code == status
    if status == 401:
        assert isinstance(refused.value, UnauthorizedError)


def test_a_synchronous_run_that_fails_is_a_422(site: Site) -> None:
    with pytest.raises(ApiError) as refused:
        site.client.parse(file={"url": "https://lost.invalid/a.pdf"})

    assert refused.value.status_code == 422
    body: Any = refused.value.body
    assert body.code == "UNABLE_TO_DOWNLOAD_FILE"


def test_an_older_version_is_spoken_by_client_option(site: Site) -> None:
    older = site.of("sk_test_1", extend_api_version="2025-04-21")
    with pytest.raises(ApiError) as refused:
        older.workflow_runs.retrieve("workflow_run_none")

    assert refused.value.body == {"success": False, "error": refused.value.body["error"]}
