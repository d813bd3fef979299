"""A frozen sandbox with Extend alone, called in process."""

from pathlib import Path
from typing import Any

import httpx

from mockserver.app import App, create_world
from mockserver.engine.sandbox import Sandbox
from mockserver.services.extend import service
from mockserver.settings import Settings

START = 1_772_442_900.0
"""2026-03-02T09:15:00Z."""
VERSION = "2026-02-09"
WORKFLOW = "workflow_purchase-orders-00001"
REVIEWED = "workflow_reviewed-invoices-001"
MIXED = "workflow_mixed-documents-00001"
EXTRACTOR = "ex_purchase-order-000001"
CLASSIFIER = "cl_document-kinds-000001"
SPLITTER = "spl_document-packet-00001"
SAMPLE = "file_sample-invoice-000001"
URL = {"url": "https://files.example.com/order.pdf"}
LOST = {"url": "https://files.invalid/lost.pdf"}


def settings_of(folder: Path, own: dict[str, Any], **settings: Any) -> Settings:
    """Frozen, seeded and strict, whatever else is asked for; `own` are Extend's settings."""
    defaults = {setting.name: setting.default for setting in service.settings}
    plain = {"data_dir": folder, "seed": 7, "clock": 0.0, "clock_start": START, "strict": True}
    return Settings(**{**plain, **settings}, services={**defaults, **own})


class World:
    """The application, and the calls that tests make to it."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1:8080"
        )

    @classmethod
    def of(cls, folder: Path, own: dict[str, Any], **settings: Any) -> "World":
        """A world in a folder, not yet running."""
        return cls(App(create_world(settings_of(folder, own, **settings), [service])))

    @property
    def sandbox(self) -> Sandbox:
        """The sandbox behind the calls."""
        return self.app.sandboxes["default"]

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
        **query: Any,
    ) -> httpx.Response:
        """A call with a key and the current version, unless the headers say otherwise."""
        sent = {"authorization": "Bearer sk_test_1", "x-extend-api-version": VERSION}
        return await self.client.request(
            method,
            f"/extend{path}",
            params=query or None,
            headers={k: v for k, v in {**sent, **(headers or {})}.items() if v},
            **({} if body is None else {"json": body}),
        )

    async def ask(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """The parsed answer of a call that must succeed."""
        answer = await self.call(method, path, body, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def refused(
        self, method: str, path: str, body: Any = None, **more: Any
    ) -> tuple[int, str, str]:
        """Status, code and message of a call that must fail and change nothing."""
        before = self.counts()
        answer = await self.call(method, path, body, **more)
        assert self.counts() == before
        found = answer.json()
        assert found["requestId"] == answer.headers["x-extend-request-id"]
        assert {*found} == {"code", "message", "retryable", "requestId"}
        return answer.status_code, found["code"], found["message"]

    async def control(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """A call to Extend's part of the control API."""
        return await self.client.request(
            method, f"/__admin/services/extend{path}", **({} if body is None else {"json": body})
        )

    async def batch(self, *inputs: Any, workflow: str = WORKFLOW, **more: Any) -> str:
        """The id of a batch of these files; a pair also has metadata."""
        pairs = [each if isinstance(each, tuple) else (each, {}) for each in inputs]
        listed = [{"file": file, "metadata": metadata} for file, metadata in pairs]
        body = {"workflow": {"id": workflow}, "inputs": listed, **more}
        answer = await self.ask("POST", "/workflow_runs/batch", body)
        return answer["batchId"]  # type: ignore[no-any-return]

    async def runs(self, **query: Any) -> list[dict[str, Any]]:
        """The runs of a list, at most 1,000."""
        found = await self.ask("GET", "/workflow_runs", maxPageSize=1000, **query)
        return found["data"]  # type: ignore[no-any-return]

    async def run(self, workflow: str = WORKFLOW, **more: Any) -> dict[str, Any]:
        """A new run, as the answer to it shows it."""
        body = {
            "workflow": {"id": workflow},
            **({} if "package" in more else {"file": URL}),
            **more,
        }
        return await self.ask("POST", "/workflow_runs", body)  # type: ignore[no-any-return]

    async def get(self, run: dict[str, Any]) -> dict[str, Any]:
        """A run as it is now."""
        return await self.ask("GET", f"/workflow_runs/{run['id']}")  # type: ignore[no-any-return]

    async def listen(
        self, inbox: str, events: list[str], resource: str = WORKFLOW, **options: Any
    ) -> dict[str, Any]:
        """An endpoint that is subscribed to events of a resource."""
        endpoint = await self.endpoint(inbox, [], **options)
        kind = {"wo": "workflow", "ex": "extractor", "cl": "classifier", "sp": "splitter"}
        subscription = {
            "webhookEndpointId": endpoint["id"],
            "resourceType": kind[resource[:2]],
            "resourceId": resource,
            "enabledEvents": events,
        }
        await self.ask("POST", "/webhook_subscriptions", subscription)
        return endpoint

    async def endpoint(self, inbox: str, events: list[str], **options: Any) -> dict[str, Any]:
        """A webhook endpoint for global events."""
        body = {
            "url": f"http://127.0.0.1:9/__inbox/{inbox}",
            "name": inbox,
            "enabledEvents": events,
            "apiVersion": VERSION,
            **options,
        }
        return await self.ask("POST", "/webhook_endpoints", body)  # type: ignore[no-any-return]

    def deliveries(self) -> list[dict[str, Any]]:
        """The deliveries made so far."""
        return self.sandbox.collection("engine.deliveries").find()

    def counts(self) -> dict[str, int]:
        """How many documents there are of each kind."""
        store = self.sandbox.store
        return {
            name: len(store.collection(name))
            for name in store.collections()
            if name.startswith("extend.")
        }

    def work(self, seconds: float | None = None) -> None:
        """Let jobs run until none is left, or for some seconds; deliveries wait."""
        sandbox = self.sandbox
        end = None if seconds is None else sandbox.clock.now() + seconds
        while (due := sandbox.jobs.next_due()) is not None and (end is None or due <= end):
            sandbox.clock.forward(due)
            sandbox.jobs.run_due(sandbox)
        if end is not None:
            sandbox.clock.forward(end)
