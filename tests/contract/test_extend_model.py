"""Extend's runs, batches, reviews and webhooks with their retries against a small model."""

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import rule

from mockserver.engine.clock import rfc3339
from tests.contract.conftest import Depth
from tests.contract.extend_runs import EVENTS, PLAIN, REVIEWED, STEPS, Batch, Run, Runs
from tests.contract.playing import play
from tests.contract.posting import Receiving
from tests.contract.subjects import EXTEND, HOST

VERSION = "2026-02-09"
ENDPOINT = {
    "url": f"{HOST}/__inbox/extend",
    "name": "Inbox",
    "enabledEvents": [],
    "apiVersion": VERSION,
}
WORKFLOWS = st.sampled_from((PLAIN, REVIEWED))
FILES = st.lists(st.sampled_from(("good", "good", "lost")), min_size=1, max_size=3)


class Extend(Receiving):
    """Moves of a client, of reviewers, of a receiver of webhooks and of time."""

    subject = EXTEND
    headers: ClassVar = {"Authorization": "Bearer sk_test_1", "x-extend-api-version": VERSION}
    settings: ClassVar = {"pace": "manual"}
    seconds = (0.5, 1.0, 2.5, 4.5, 30.0, 600.0, 3600.0)
    retries = (5.0, 30.0, 120.0, 600.0, 3600.0)
    inbox = "extend"
    breakable = (
        "createWorkflowRun",
        "createWorkflowRunBatch",
        "cancelWorkflowRun",
        "deleteWorkflowRun",
    )
    jobs: ClassVar = {
        "extend.finish_run": ({"type": "fail"},),
        "extend.finish_slice": ({"type": "fail"}, {"type": "partial", "share": 0.5}),
    }

    def __init__(self) -> None:
        super().__init__()
        for name, seconds in STEPS.items():
            self.admin("PUT", "/transitions", {"transition": f"extend.{name}", "seconds": seconds})
        answer = self.call("POST", "/webhook_endpoints", ENDPOINT)
        assert answer.status_code == 200, answer.text
        self.endpoint = answer.json()["id"]
        self.model = Runs(
            self.timeline,
            lambda event, file: self.post.send((event, file)),
            lambda job: self.spoiled.get(job, {}),
            self.look_at,
        )
        self.files = count()
        self.subscribe_to(PLAIN)

    def source(self, kind: str) -> tuple[str, dict[str, str]]:
        """A file of a new name, and how a call names it."""
        name = f"{next(self.files)}.pdf"
        host = "files.invalid" if kind == "lost" else "files.example.com"
        return name, {"url": f"https://{host}/{name}", "name": name}

    @rule(workflow=WORKFLOWS)
    def subscribe(self, workflow: str) -> None:
        self.subscribe_to(workflow)

    def subscribe_to(self, workflow: str) -> None:
        """Events of runs that begin from now on are told."""
        if workflow in self.model.since:
            return
        body = {
            "webhookEndpointId": self.endpoint,
            "resourceType": "workflow",
            "resourceId": workflow,
            "enabledEvents": list(EVENTS.values()),
        }
        assert self.call("POST", "/webhook_subscriptions", body).status_code == 200
        self.model.since[workflow] = self.now

    @rule(workflow=WORKFLOWS, kind=st.sampled_from(("good", "lost")))
    def create_run(self, workflow: str, kind: str) -> None:
        name, file = self.source(kind)
        body = {"workflow": {"id": workflow}, "file": file}
        tried = self.attempt("createWorkflowRun", "POST", "/workflow_runs", body)
        tried.must_be(200)
        if tried.reached:
            self.model.begin(Run(name, workflow, self.now, kind == "lost"))

    @rule(workflow=WORKFLOWS, kinds=FILES, priority=st.sampled_from((10, 90)))
    def create_batch(self, workflow: str, kinds: list[str], priority: int) -> None:
        named = [(kind, *self.source(kind)) for kind in kinds]
        inputs = [{"file": file} for _, _, file in named]
        body = {"workflow": {"id": workflow}, "inputs": inputs, "priority": priority}
        tried = self.attempt("createWorkflowRunBatch", "POST", "/workflow_runs/batch", body)
        tried.must_be(200)
        if not tried.reached:
            return
        batch = Batch(priority, [], None if tried.lost else tried.json()["batchId"])
        for kind, name, _ in named:
            batch.runs.append(Run(name, workflow, self.now, kind == "lost", batch, "PENDING"))
        self.model.submit(batch)

    @rule(data=st.data())
    def look(self, data: st.DataObject) -> None:
        """What nobody has looked at is kept otherwise; from now on the batch is compared."""
        unseen = [batch for batch in self.model.batches if not batch.seen]
        if unseen:
            self.look_at(unseen[data.draw(st.integers(0, len(unseen) - 1))])

    def look_at(self, batch: Batch) -> dict[str, str | None]:
        """Read a batch by its list and its runs one by one; why each failed, by file."""
        batch.seen = True
        query = {"batchId": batch.id} if batch.id else {}
        listed = self.read("/workflow_runs", maxPageSize=1000, **query)["data"]
        ids = {each["files"][0]["name"]: each["id"] for each in listed}
        alive = [run for run in batch.runs if not run.deleted]
        if batch.id:
            assert len(listed) == len(alive)
        found = {}
        for run in alive:
            run.id = run.id or ids[run.file]
            found[run.file] = self.read(f"/workflow_runs/{run.id}")["failureReason"]
        return found

    def pick(self, data: st.DataObject) -> Run | None:
        """One of the runs whose ids are known."""
        known = [run for run in self.model.runs if run.id]
        return known[data.draw(st.integers(0, len(known) - 1))] if known else None

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        run = self.pick(data)
        if run is None:
            return
        tried = self.attempt("cancelWorkflowRun", "POST", f"/workflow_runs/{run.id}/cancel")
        if run.deleted:
            return tried.must_be(404)
        tried.must_be(200 if run.status in ("PENDING", "PROCESSING") else 400)
        if tried.reached:
            self.model.cancel(run)
        return None

    @rule(data=st.data(), sure=st.booleans())
    def delete(self, data: st.DataObject, sure: bool) -> None:
        run = self.pick(data)
        if run is None or not sure:
            return
        tried = self.attempt("deleteWorkflowRun", "DELETE", f"/workflow_runs/{run.id}")
        tried.must_be(404 if run.deleted else 200)
        run.deleted = run.deleted or tried.reached

    @rule(data=st.data(), verb=st.sampled_from(("approve", "approve", "reject", "fail")))
    def play_by_hand(self, data: st.DataObject, verb: str) -> None:
        run = self.pick(data)
        if run is None:
            return
        answer = self.control(f"/workflow_runs/{run.id}/{verb}", {"note": "By hand"})
        open_ = ("PENDING", "PROCESSING", "CANCELLING", "NEEDS_REVIEW")
        allowed = run.status in (open_ if verb == "fail" else ("NEEDS_REVIEW",))
        wanted = 404 if run.deleted else 200 if allowed else 409
        assert answer.status_code == wanted, answer.text
        if wanted == 200 and verb == "fail":
            self.model.end(run, "FAILED", "INTERNAL_ERROR")
        elif wanted == 200:
            self.model.end(run, "PROCESSED" if verb == "approve" else "REJECTED")

    def situations(self) -> Sequence[Callable[[st.DataObject], None]]:
        return *super().situations(), self.crowd_the_queue, self.run_unheard

    def ask(self, data: st.DataObject) -> None:
        self.create_run(PLAIN, "good")

    @rule(data=st.data())
    def run_unheard(self, data: st.DataObject) -> None:
        """A run ends, and nobody takes what is told of it."""
        self.create_run(PLAIN, "good")
        self.refuse_for_long(data)

    @rule(data=st.data())
    def crowd_the_queue(self, data: st.DataObject) -> None:
        """Batches that come one after the other and wait together, so that it shows who goes
        first."""
        workflow = data.draw(WORKFLOWS)
        for priority in data.draw(st.permutations((10, 50, 90))):
            self.create_batch(workflow, ["good"], priority)
            self.pass_to(self.now + STEPS["start_slice"] / 4)
        if data.draw(st.booleans()):
            self.look(data)
        while self.model.queue:
            self.pass_on()

    def compare(self) -> None:
        self.timeline.pass_to(self.now)
        missing = [run for run in self.model.runs if not (run.id or run.batch or run.deleted)]
        if missing:
            listed = self.read("/workflow_runs", maxPageSize=1000)["data"]
            ids = {each["files"][0]["name"]: each["id"] for each in listed}
            for run in missing:
                run.id = ids[run.file]
        for run in self.model.runs:
            if run.batch and not run.batch.seen:
                continue
            if run.deleted:
                assert self.call("GET", f"/workflow_runs/{run.id}").status_code == 404
                continue
            found = self.read(f"/workflow_runs/{run.id}")
            assert (found["status"], found["failureReason"]) == (run.status, run.reason)
            assert (found["batchId"] is not None) == (run.batch is not None)
            times = [each and rfc3339(each) for each in (run.started, run.ended)]
            assert [found["startTime"], found["endTime"]] == times
        self.compare_post()

    def told(self, message: dict[str, Any]) -> tuple[str, str]:
        """What a message tells: an event of the run of a file."""
        return message["eventType"], message["payload"]["files"][0]["name"]


def test_runs_and_their_webhooks_do_what_the_model_says(depth: Depth) -> None:
    play(Extend, depth)
