"""Sama's batches against a small model: uploads that expire, callbacks, time, restarts, faults."""

from dataclasses import dataclass, field
from itertools import count
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.contract.conftest import Depth
from tests.contract.playing import UPLOADS, Tried, play
from tests.contract.posting import Receiving
from tests.contract.subjects import HOST, SAMA

LIFE = 14_400.0
CREATION = 1.0
"""Seconds until the tasks of a batch are made."""
ALL = {"waiting", "expired", "uploaded", "completed", "failed", "cancelled"}
COUNTS = st.integers(0, 3)

Tasks = tuple[tuple[str, bool], ...]
"""Names of tasks, and whether each fits the project."""


@dataclass
class Batch:
    """What the model knows of a batch."""

    state: str
    url: str = ""
    expires: float = 0.0
    file: Tasks | None = None
    tasks: Tasks = ()
    counts: tuple[int, int] = field(default=(0, 0))


class Batches(Receiving):
    """Moves of a client, a receiver, an operator and time; every batch is read after each."""

    subject = SAMA
    settings: ClassVar = {"pace": "manual"}
    seconds = (1.0, 30.0, 3_599.0, LIFE - 1, LIFE)
    retries = (10.0,) * 4
    inbox = "sama"
    breakable = ("createBatch", "continueBatch", "cancelBatch", UPLOADS)
    jobs: ClassVar = {
        "sama.create_tasks": ({"type": "fail"}, {"type": "partial", "share": 0.5}),
    }

    def __init__(self) -> None:
        super().__init__()
        self.batches: dict[int, Batch] = {}
        self.names = count()
        making = {"transition": "sama.create_tasks", "seconds": CREATION}
        self.admin("PUT", "/transitions", making)
        told = {"task_creation": {"url": f"{HOST}/__inbox/{self.inbox}"}}
        assert self.control("/projects/117/callbacks", told, "PUT").status_code == 200

    def ask(self, data: st.DataObject) -> None:
        self.create_inline(2, 1)

    def below(self, operation: str, path: str, body: Any = None) -> Tried:
        """A call below the project that changes something."""
        path = f"/projects/117{path}"
        return self.attempt(operation, "POST", path, body, access_key="sama-demo-key")

    def name(self, good: int, bad: int) -> Tasks:
        """Tasks of new names."""
        fits = [True] * good + [False] * bad
        return tuple((f"https://assets.example/{next(self.names)}.jpg", each) for each in fits)

    def keep(self, tried: Tried, batch: Batch) -> int:
        """Keep a new batch; an id that was lost with its answer is found by the control API."""
        if tried.lost:
            stored = self.admin("GET", "/state/sama.batches?limit=10000")["items"]
            (id,) = {each["id"] for each in stored} - self.batches.keys()
        else:
            id = tried.json()["batch_id"]
        self.batches[id] = batch
        return int(id)

    @rule(good=COUNTS, bad=COUNTS)
    def create_inline(self, good: int, bad: int) -> None:
        if not good + bad:
            return
        tasks = self.name(good, bad)
        tried = self.below("createBatch", "/batches.json", {"tasks": as_data(tasks)})
        tried.must_be(202)
        assert tried.lost or len(tried.json()["task_ids"]) == good + bad
        if tried.reached:
            self.begin(self.keep(tried, Batch("uploaded")), tasks)

    def begin(self, id: int, tasks: Tasks) -> None:
        """The tasks of a batch will be made, unless it is cancelled or its file replaced."""
        batch = self.batches[id]
        batch.state, batch.tasks = "uploaded", tasks
        self.timeline.after(CREATION, lambda: self.make(id, batch))

    def make(self, id: int, batch: Batch) -> None:
        """The tasks are made, but for those that do not fit and those that a fault breaks."""
        if batch.state != "uploaded":
            return
        what = self.spoiled.get("sama.create_tasks", {})
        if what.get("type") == "fail" or batch.file not in (None, batch.tasks):
            batch.state = "failed"
            return
        outcomes = [fits for _, fits in batch.tasks]
        if what.get("type") == "partial":
            shown = [each["state"] == "created" for each in self.status(id)["tasks"]]
            assert not any(made and not fits for made, fits in zip(shown, outcomes, strict=True))
            half, odd = divmod(len(shown), 2)
            assert shown.count(False) >= half
            assert shown.count(False) <= half + odd + outcomes.count(False)
            outcomes = shown
        made = outcomes.count(True)
        batch.counts = (made, len(outcomes) - made)
        # Failed means that no task could be made (fact F166).
        batch.state = "failed" if outcomes and not made else "completed"
        for (name, _), each in zip(batch.tasks, outcomes, strict=True):
            self.post.send((name, each))

    @rule()
    def create_waiting(self) -> None:
        tried = self.below("createBatch", "/batches.json", {"tasks_file_name": "tasks"})
        if tried.reached:
            url = "" if tried.lost else tried.json()["tasks_put_url"]
            batch = Batch("waiting", url, self.now + LIFE)
            self.keep(tried, batch)
            self.timeline.after(LIFE, lambda: self.expire(batch))

    @staticmethod
    def expire(batch: Batch) -> None:
        """A batch whose file has not come in time is given up."""
        if batch.state == "waiting" and not batch.file:
            batch.state = "expired"

    @rule(data=st.data(), good=st.integers(1, 3), bad=COUNTS)
    def put_the_file(self, data: st.DataObject, good: int, bad: int) -> None:
        id = self.pick(data, ALL)
        if id is None or not self.batches[id].url:
            return
        batch, tasks = self.batches[id], self.name(good, bad)
        content = as_data(tasks)
        tried = self.watch(UPLOADS, lambda: self.room.call("PUT", batch.url, json=content))
        late = self.now >= batch.expires
        tried.must_be(403 if late else 200)
        if tried.reached and not late:
            batch.file = tasks

    @rule(data=st.data())
    def go_on(self, data: st.DataObject) -> None:
        id = self.pick(data, ALL)
        if id is None:
            return
        batch = self.batches[id]
        tried = self.below("continueBatch", f"/batches/{id}/continue.json")
        allowed = batch.state == "waiting" and batch.file is not None
        tried.must_be(202 if allowed else 400)
        if allowed and tried.reached and batch.file:
            self.begin(id, batch.file)

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        id = self.pick(data, ALL)
        if id is None:
            return
        tried = self.below("cancelBatch", f"/batches/{id}/cancel.json")
        allowed = self.batches[id].state in ("waiting", "uploaded")
        tried.must_be(200 if allowed else 400)
        if allowed and tried.reached:
            self.batches[id].state = "cancelled"

    def told(self, message: dict[str, Any]) -> tuple[str, bool]:
        """What a callback tells: the name of a task, and whether it was made."""
        if message["success"]:
            return message["tasks"][0]["data"]["url"], True
        asked = message["errors"][0]["request_data"]["questions"]
        return asked.get("url") or asked["name"], False

    def status(self, id: int) -> Any:
        """A batch as its status shows it."""
        return self.read(f"/projects/117/batches/{id}.json", access_key="sama-demo-key")

    def compare(self) -> None:
        self.timeline.pass_to(self.now)
        for id, batch in self.batches.items():
            found = self.status(id)
            seen = found["state"], (found["created_count"], found["failed_count"])
            assert seen == (batch.state, batch.counts)
        self.compare_post()

    def pick(self, data: st.DataObject, states: set[str]) -> int | None:
        """One of the batches in these states."""
        found = [id for id, batch in self.batches.items() if batch.state in states]
        return data.draw(st.sampled_from(found)) if found else None


def as_data(tasks: Tasks) -> list[dict[str, Any]]:
    """Tasks as they are sent: what does not fit lacks what the project requires."""
    return [{"data": {"url" if fits else "name": name}} for name, fits in tasks]


def test_batches_do_what_the_model_says(depth: Depth) -> None:
    play(Batches, depth)
