"""A frozen sandbox with Toloka alone, called in process."""

from pathlib import Path
from typing import Any

import httpx

from mockserver.app import App, create_world
from mockserver.engine.sandbox import Sandbox
from mockserver.engine.sending import Sender
from mockserver.engine.targets import Targets
from mockserver.services.toloka import service
from mockserver.settings import Settings

START = 1_772_359_200.120
"""2026-03-01T10:00:00.120Z."""
CLOSED, OPEN, TRAINING, PROJECT = "1000006", "1000007", "1000008", "1000001"
"""What the fixtures have."""
USER = "0f3c5d7e9a1b2c3d4e5f60718293a4b5"
OPERATION = "2ed92b7f-75c0-4771-ae2f-3911232d6d4e"

REQUIRED = {"code": "VALUE_REQUIRED", "message": "Value must be present and not equal to null"}

PROJECT_FORM: dict[str, Any] = {
    "public_name": "Cats",
    "assignments_issuing_type": "AUTOMATED",
    "task_spec": {
        "input_spec": {"image": {"type": "url"}},
        "output_spec": {"result": {"type": "string", "allowed_values": ["cat", "dog"]}},
        "view_spec": {"markup": "", "script": "", "styles": ""},
    },
}
POOL_FORM: dict[str, Any] = {
    "project_id": PROJECT,
    "private_name": "Pool",
    "may_contain_adult_content": False,
    "will_expire": "2035-01-01T00:00:00",
    "reward_per_assignment": 0.01,
    "assignment_max_duration_seconds": 600,
    "auto_accept_solutions": False,
    "defaults": {"default_overlap_for_new_task_suites": 1, "default_overlap_for_new_tasks": 2},
    "mixer_config": {"real_tasks_count": 2, "golden_tasks_count": 0, "training_tasks_count": 0},
}
TRAINING_FORM: dict[str, Any] = {
    "project_id": PROJECT,
    "private_name": "Training",
    "training_tasks_in_task_suite_count": 2,
}


def settings_of(folder: Path, **settings: Any) -> Settings:
    """Frozen, seeded and strict, whatever else is asked for; `toloka_…` are the service's own."""
    own = {each.name: each.default for each in service.settings}
    for name in [name for name in settings if name.startswith("toloka_")]:
        own[f"toloka.{name.removeprefix('toloka_')}"] = settings.pop(name)
    fixed = {"data_dir": folder, "seed": 7, "clock": 0.0, "clock_start": START, "strict": True}
    return Settings(**{**fixed, **settings}, services=own)


def task(number: int = 1, pool_id: str = CLOSED, **more: Any) -> dict[str, Any]:
    """A good task of the fixtures' project."""
    values = {"image": f"https://example.com/{number}.jpg"}
    return {"pool_id": pool_id, "input_values": values, "overlap": 1, **more}


def suite(*numbers: int, pool_id: str = CLOSED, **more: Any) -> dict[str, Any]:
    """A good suite of the fixtures' project."""
    tasks = [{"input_values": task(number)["input_values"]} for number in numbers or (1,)]
    return {"pool_id": pool_id, "tasks": tasks, "overlap": 1, **more}


class World:
    """The application, and the calls that tests make to it."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1:8080"
        )

    @classmethod
    def of(cls, folder: Path, **settings: Any) -> "World":
        """A world in a folder, not yet running."""
        return cls(App(create_world(settings_of(folder, **settings), [service])))

    @property
    def sandbox(self) -> Sandbox:
        """The sandbox behind the calls."""
        return self.app.sandboxes["default"]

    async def call(self, method: str, path: str, body: Any = None, **query: Any) -> httpx.Response:
        """A call to a path below `/api/v1`, or to one that begins with `//` below `/api`."""
        whole = f"/toloka/api{path[1:]}" if path.startswith("//") else f"/toloka/api/v1{path}"
        return await self.client.request(
            method,
            whole,
            params={key: _text(value) for key, value in query.items()},
            headers={"Authorization": "OAuth token"},
            **({} if body is None else {"json": body}),
        )

    async def ask(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """The parsed answer of a call that must succeed."""
        answer = await self.call(method, path, body, **query)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    async def refused(
        self, method: str, path: str, body: Any = None, **query: Any
    ) -> tuple[int, str, Any]:
        """Status, code and payload of a call that must fail and leave no trace."""
        before = self.counts()
        answer = await self.call(method, path, body, **query)
        assert answer.status_code >= 400, answer.text
        assert self.counts() == before
        error = answer.json()
        assert error["request_id"]
        assert error["message"]
        return answer.status_code, error["code"], error.get("payload")

    async def invalid(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """The codes of a validation error by field."""
        status, code, payload = await self.refused(method, path, body, **query)
        assert (status, code) == (400, "VALIDATION_ERROR")
        return codes(payload)

    async def control(
        self, method: str, path: str, body: Any = None, status: int | None = None
    ) -> Any:
        """The parsed answer of a control."""
        answer = await self.client.request(
            method,
            f"/__admin/services/toloka{path}",
            **({} if body is None else {"json": body}),
        )
        expected = (200, 201) if status is None else (status,)
        assert answer.status_code in expected, answer.text
        return answer.json()

    async def batch(self, items: Any, path: str = "/tasks", **query: Any) -> dict[str, Any]:
        """An asynchronous batch, to its end; answers the operation."""
        operation = await self.ask("POST", path, items, async_mode=True, **query)
        await self.advance(1)
        found: dict[str, Any] = await self.ask("GET", f"/operations/{operation['id']}")
        return found

    async def log(self, operation_id: str) -> list[dict[str, Any]]:
        """The log of an operation."""
        found: list[dict[str, Any]] = await self.ask("GET", f"/operations/{operation_id}/log")
        return found

    async def pool(self, **more: Any) -> str:
        """The id of a new pool."""
        created = await self.ask("POST", "/pools", {**POOL_FORM, **more})
        return str(created["id"])

    async def opened(self, *tasks: dict[str, Any], **more: Any) -> str:
        """The id of a new open pool with tasks."""
        pool_id = await self.pool(**more)
        items = [{**each, "pool_id": pool_id} for each in tasks]
        await self.ask("POST", "/tasks", items, open_pool=True)
        return pool_id

    async def state(self, pool_id: str) -> str:
        """The state of a pool."""
        return str((await self.ask("GET", f"/pools/{pool_id}"))["status"])

    async def assignments(self, pool_id: str, **query: Any) -> list[dict[str, Any]]:
        """The assignments of a pool."""
        page = await self.ask("GET", "/assignments", pool_id=pool_id, limit=100_000, **query)
        found: list[dict[str, Any]] = page["items"]
        return found

    def documents(self, name: str) -> list[dict[str, Any]]:
        """All documents of a collection."""
        return self.sandbox.collection(f"toloka.{name}").find()

    def counts(self) -> dict[str, int]:
        """How many documents each of the service's collections has."""
        names = [name for name in self.sandbox.store.collections() if name.startswith("toloka.")]
        return {name: len(self.sandbox.collection(name)) for name in names}

    def listen(self) -> None:
        """Reach inboxes in this process."""

        async def here(host: str, port: int) -> list[str]:
            return ["127.0.0.1"]

        transport = httpx.ASGITransport(app=self.app)
        self.sandbox.webhooks._sender = Sender(Targets((), here), transport=transport)

    async def subscribe(self, pool_id: str, *events: str, **more: Any) -> list[dict[str, Any]]:
        """Subscriptions of an inbox to events of a pool."""
        self.listen()
        url = "http://127.0.0.1:8080/__inbox/toloka"
        forms = [
            {"event_type": event, "pool_id": pool_id, "webhook_url": url, **more}
            for event in events
        ]
        answer = await self.ask("PUT", "/webhook-subscriptions", forms)
        assert not answer["validation_errors"]
        return list(answer["items"].values())

    def inbox(self) -> list[dict[str, Any]]:
        """What came to the inbox, the oldest first."""
        messages, _ = self.sandbox.inbox.messages("toloka", limit=10_000)
        return messages

    def events(self) -> list[dict[str, Any]]:
        """The events that came to the inbox."""
        return [event for message in self.inbox() for event in message["json"]["events"]]

    async def advance(self, seconds: float = 60.0) -> None:
        """Let time pass."""
        await self.sandbox.advance(seconds=seconds)


def _text(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def codes(payload: Any) -> Any:
    """Field errors as their codes."""
    if isinstance(payload, dict) and "code" not in payload:
        return {key: codes(value) for key, value in payload.items()}
    return payload["code"]
