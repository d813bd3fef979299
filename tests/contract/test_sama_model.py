"""Sama's batches against a small model: uploads that expire, clock advances, restarts."""

import asyncio
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from mockserver.app import App
from tests.contract.conftest import Depth
from tests.contract.subjects import SAMA

LIFE = 14_400.0
ALL = {"waiting", "expired", "completed", "failed", "cancelled"}
COUNTS = st.integers(0, 3)


@dataclass
class Batch:
    """What the model knows of a batch."""

    state: str
    url: str = ""
    expires: float = 0.0
    file: tuple[int, int] | None = None
    good: int = 0
    bad: int = 0


class Batches(RuleBasedStateMachine):
    """Moves that a client, time and an operator make; every batch is read after each of them."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.runner = asyncio.Runner()
        self.batches: dict[int, Batch] = {}
        self.now = 0.0
        self.start()

    def start(self) -> None:
        """Start the server in the machine's folder."""
        self.app: App = SAMA.app(Path(self.folder.name))
        self.running = self.app.running()
        self.runner.run(self.running.__aenter__())

    def teardown(self) -> None:
        self.runner.run(self.running.__aexit__(None, None, None))
        self.runner.close()
        self.folder.cleanup()

    def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        """A call below the project, or to a URL that was handed out."""

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://testserver"
            ) as client:
                return await client.request(method, path, **more)

        if path.startswith("/"):
            path = f"/sama/v2/projects/117{path}?access_key=sama-demo-key"
        return self.runner.run(send())

    @rule(good=COUNTS, bad=COUNTS)
    def create_inline(self, good: int, bad: int) -> None:
        if not good + bad:
            return
        answer = self.call("POST", "/batches.json", json={"tasks": tasks(good, bad)})
        assert answer.status_code == 202
        assert len(answer.json()["task_ids"]) == good + bad
        found = Batch(outcome(good, bad), good=good, bad=bad)
        self.batches[answer.json()["batch_id"]] = found

    @rule()
    def create_waiting(self) -> None:
        answer = self.call("POST", "/batches.json", json={"tasks_file_name": "tasks"}).json()
        found = Batch("waiting", answer["tasks_put_url"], self.now + LIFE)
        self.batches[answer["batch_id"]] = found

    @rule(data=st.data(), good=st.integers(1, 3), bad=COUNTS)
    def put_the_file(self, data: st.DataObject, good: int, bad: int) -> None:
        batch = self.pick(data, {"waiting", "expired"})
        if batch is None:
            return
        late = self.now >= self.batches[batch].expires
        answer = self.call("PUT", self.batches[batch].url, json=tasks(good, bad))
        assert answer.status_code == (403 if late else 200), answer.text
        if not late:
            self.batches[batch].file = (good, bad)

    @rule(data=st.data())
    def go_on(self, data: st.DataObject) -> None:
        id = self.pick(data, ALL)
        if id is None:
            return
        batch = self.batches[id]
        answer = self.call("POST", f"/batches/{id}/continue.json")
        if batch.state == "waiting" and batch.file:
            assert answer.status_code == 202
            batch.good, batch.bad = batch.file
            batch.state = outcome(batch.good, batch.bad)
        else:
            assert answer.status_code == 400

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        id = self.pick(data, ALL)
        if id is None:
            return
        answer = self.call("POST", f"/batches/{id}/cancel.json")
        if self.batches[id].state == "waiting":
            assert answer.status_code == 200
            self.batches[id].state = "cancelled"
        else:
            assert answer.status_code == 400

    @rule(seconds=st.sampled_from((1.0, 3_599.0, LIFE - 1, LIFE)))
    def advance(self, seconds: float) -> None:
        self.runner.run(self.app.sandboxes["default"].advance(seconds=seconds))
        self.now += seconds
        for batch in self.batches.values():
            if batch.state == "waiting" and not batch.file and self.now >= batch.expires:
                batch.state = "expired"

    @rule()
    def restart(self) -> None:
        self.runner.run(self.running.__aexit__(None, None, None))
        self.start()

    @invariant()
    def every_batch_is_as_the_model_says(self) -> None:
        for id, batch in self.batches.items():
            found = self.call("GET", f"/batches/{id}.json").json()
            seen = found["state"], found["created_count"], found["failed_count"]
            assert seen == (batch.state, batch.good, batch.bad)

    def pick(self, data: st.DataObject, states: set[str]) -> int | None:
        """One of the batches in these states."""
        found = [id for id, batch in self.batches.items() if batch.state in states]
        return data.draw(st.sampled_from(found)) if found else None


def outcome(good: int, bad: int) -> str:
    """How a batch ends: failed means that no task could be made (fact F166)."""
    return "failed" if bad and not good else "completed"


def tasks(good: int, bad: int) -> list[dict[str, Any]]:
    """Tasks that fit the project, and tasks without what it requires."""
    return [{"data": {"url": "https://assets.example/1.jpg"}}] * good + [{"data": {}}] * bad


def test_batches_do_what_the_model_says(depth: Depth) -> None:
    run_state_machine_as_test(
        seed(depth.seed)(Batches),
        settings=settings(
            max_examples=depth.runs,
            stateful_step_count=depth.steps,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
