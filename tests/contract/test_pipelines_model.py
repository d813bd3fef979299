"""Pipelines' tasks, chains and infinite seeding against a small model, with work done by hand."""

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.contract.conftest import Depth
from tests.contract.pipelines_uploads import LIFE, Uploading
from tests.contract.pipelines_work import (
    CLAIM,
    FIRE,
    ON_PIPELINE,
    ON_TASK,
    Chain,
    Group,
    Task,
    Workflow,
)
from tests.contract.playing import UPLOADS, play
from tests.contract.subjects import PIPELINES

MADE: dict[str, Any] = {
    "project_id": 7,
    "name": "Made",
    "status": "active",
    "fields": [
        {"name": "text", "type": "long_text", "data_source": "predefined", "required": False},
        {"name": "answer", "type": "long_text"},
    ],
    "nodes": [{"id": "label", "type": "subtask"}],
    "settings": {"claim_timeout_seconds": int(CLAIM)},
}
ITEMS = {"full": {"text": "t"}, "empty": {}, "odd": {"nothing": "x"}}
STATUSES = ("pending", "in_progress", "finished", "failed", "escalated", "quarantined")
USERS = st.sampled_from(("u1", "u2"))


class Pipelines(Uploading):
    """Moves of a client, of contributors, of admins and of time over three workflows."""

    subject = PIPELINES
    headers: ClassVar = {"Authorization": "Bearer pk_live_" + "1" * 40}
    settings: ClassVar = {"pace": "manual"}
    seconds = (1.0, CLAIM - 1, CLAIM, LIFE)
    breakable = (
        "createTasks",
        "claimTask",
        "releaseTask",
        "submitTask",
        "setInfiniteSeeding",
        "startUpload",
        "confirmUpload",
        UPLOADS,
    )

    def __init__(self) -> None:
        super().__init__()
        fire = {"transition": "pipelines.fire_chain", "seconds": FIRE}
        self.admin("PUT", "/transitions", fire)
        self.workflows = [
            Workflow(self.control("/workflows", MADE).json()["id"], self.timeline) for _ in range(3)
        ]
        self.answers = count()
        self.known: set[int] = set()
        first, second, third = self.workflows
        self.connect(first, second, ON_PIPELINE)
        self.connect(first, third, ON_TASK)

    def pick(self, data: st.DataObject) -> Workflow:
        """One of the workflows."""
        return self.workflows[data.draw(st.integers(0, len(self.workflows) - 1))]

    def pick_task(self, data: st.DataObject) -> tuple[Workflow, Task] | None:
        """One of the tasks."""
        found = [(each, task) for each in self.workflows for task in each.tasks]
        if not found:
            return None
        return found[data.draw(st.integers(0, len(found) - 1))]

    @rule(data=st.data(), kinds=st.lists(st.sampled_from([*ITEMS]), min_size=1, max_size=3))
    def create(self, data: st.DataObject, kinds: list[str]) -> None:
        self.create_in(self.pick(data), kinds)

    def create_in(self, flow: Workflow, kinds: list[str]) -> None:
        """Tasks by JSON."""
        body = {"tasks": [{"fields": ITEMS[kind]} for kind in kinds]}
        tried = self.attempt("createTasks", "POST", f"/workflows/{flow.id}/tasks", body)
        wanted = 422 if "odd" in kinds else 201
        tried.must_be(wanted if flow.active else 409)
        if tried.reached and flow.active and wanted == 201:
            flow.make("api", [(ITEMS[kind].get("text"), None) for kind in kinds])

    @rule(data=st.data(), user=USERS, verb=st.sampled_from(("claim", "claim", "release", "submit")))
    def work(self, data: st.DataObject, user: str, verb: str) -> None:
        picked = self.pick_task(data)
        if picked is None:
            return
        flow, task = picked
        answer = f"answer {next(self.answers)}"
        body = {"fields": {"answer": answer}} if verb == "submit" else {}
        path = f"/workflows/{flow.id}/tasks/{task.id}/{verb}"
        tried = self.attempt(f"{verb}Task", "POST", path, body, headers={"Mockserver-User": user})
        if verb == "claim":
            allowed = task.status in ("pending", "in_progress") and task.node == "available"
        else:
            allowed = task.holder == user
        if verb != "release":
            allowed = allowed and flow.active
        tried.must_be(200 if allowed else 409)
        if not allowed or not tried.reached:
            return
        if verb == "claim":
            flow.claim(task, user)
        elif verb == "release":
            flow.release(task)
        else:
            flow.submit(task, answer)

    @rule(data=st.data(), status=st.sampled_from((*STATUSES, "finished", "finished")))
    def force(self, data: st.DataObject, status: str) -> None:
        picked = self.pick_task(data)
        if picked is not None:
            self.force_all([picked[1]], status)

    @rule(data=st.data())
    def finish_all(self, data: st.DataObject) -> None:
        """So that whole pipelines complete as often as chains on that need it."""
        flow = self.pick(data)
        self.force_all([task for task in flow.tasks if task.status != "finished"], "finished")

    def situations(self) -> Sequence[Callable[[st.DataObject], None]]:
        return *super().situations(), self.do_again, lambda data: self.overtake()

    def ask(self, data: st.DataObject) -> None:
        self.create_in(self.workflows[0], ["full"])
        self.compare()
        self.force_all([*self.workflows[0].tasks], "finished")

    def feeding(self) -> list[Task]:
        """The tasks of a workflow that feeds another one; there are some."""
        flow = next((each for each in self.workflows if each.feeds), self.workflows[0])
        if not flow.tasks:
            self.create_in(flow, ["full", "empty"])
            self.compare()
        return [*flow.tasks]

    @rule(data=st.data())
    def do_again(self, data: st.DataObject) -> None:
        """What a chain has made a task from is opened and finished once more; nothing is made of
        it again."""
        tasks = self.feeding()
        self.force_all(tasks, "finished")
        some = tasks[data.draw(st.integers(0, 1)) :]
        self.force_all(some, data.draw(st.sampled_from(STATUSES)))
        if data.draw(st.booleans()):
            self.pass_on()
        self.force_all(some, "finished")

    @rule()
    def overtake(self) -> None:
        """A task is opened again when a chain on completion is about to fire, and finished when
        it has made tasks from those behind it."""
        tasks = self.feeding()
        self.force_all(tasks, "finished")
        self.force_all(tasks[:1], "in_progress")
        self.pass_on()
        self.force_all(tasks[:1], "finished")
        self.pass_on()

    def force_all(self, tasks: list[Task], status: str) -> None:
        """Set the status of tasks by hand."""
        for task in tasks:
            flow = next(each for each in self.workflows if task in each.tasks)
            answer = self.control(f"/tasks/{task.id}/status", {"status": status})
            assert answer.status_code == 200, answer.text
            flow.force(task, status)

    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        picked = self.pick_task(data)
        if picked is not None:
            flow, task = picked
            assert self.control(f"/tasks/{task.id}", method="DELETE").status_code == 204
            flow.remove(task)

    @rule(data=st.data(), active=st.booleans())
    def pause(self, data: st.DataObject, active: bool) -> None:
        flow = self.pick(data)
        status = "active" if active else "paused"
        answer = self.control(f"/workflows/{flow.id}/status", {"status": status})
        assert answer.status_code == 200
        if active and not flow.active:
            flow.activate()
        flow.active = active

    @rule(data=st.data(), trigger=st.sampled_from((ON_TASK, ON_PIPELINE)))
    def chain(self, data: st.DataObject, trigger: str) -> None:
        self.connect(self.pick(data), self.pick(data), trigger)

    def connect(self, source: Workflow, target: Workflow, trigger: str) -> None:
        """Let one workflow feed another."""
        body = {
            "source_workflow_id": source.id,
            "trigger": trigger,
            "mapping": [{"target": "text", "source": "answer"}],
        }
        answer = self.call("POST", f"/workflows/{target.id}/chains", body)
        self.room.advance()
        twin = any((each.target, each.trigger) == (target, trigger) for each in source.feeds)
        if twin or source in self.downstream(target):
            assert answer.status_code == 409
            return
        assert answer.status_code == 201, answer.text
        made = Chain(answer.json()["id"], source, target, trigger)
        source.feeds.append(made)
        target.fed.append(made)
        source.look(made)

    def downstream(self, flow: Workflow) -> list[Workflow]:
        """A workflow, and all that it feeds."""
        return [flow, *(each for fed in flow.feeds for each in self.downstream(fed.target))]

    @rule(data=st.data())
    def delete_chain(self, data: st.DataObject) -> None:
        chains = [chain for flow in self.workflows for chain in flow.fed]
        place = data.draw(st.integers(0, 5))
        if place < len(chains):
            chain = chains[place]
            path = f"/workflows/{chain.target.id}/chains/{chain.id}"
            assert self.call("DELETE", path).status_code == 204
            chain.deleted = True
            chain.source.feeds.remove(chain)
            chain.target.fed.remove(chain)

    @rule(data=st.data(), most=st.sampled_from((None, 1, 3)), copies=st.booleans())
    def seed(self, data: st.DataObject, most: int | None, copies: bool) -> None:
        flow = self.pick(data)
        groups = list(dict.fromkeys(task.group for task in flow.tasks)) if copies else []
        groups.sort(key=lambda group: group.id)
        chosen = [group for group in groups if data.draw(st.booleans())]
        body = {"target_count": most, "copy_group_ids": [group.id for group in chosen]}
        path = f"/workflows/{flow.id}/infinite-seeding"
        tried = self.attempt("setInfiniteSeeding", "PUT", path, body)
        tried.must_be(200 if flow.active else 409)
        if not tried.reached or not flow.active:
            return
        seeder = flow.seeder
        if not seeder.enabled:
            seeder.made, seeder.group, seeder.last = 0, None, None
        elif chosen != seeder.copied:
            seeder.last = None
        seeder.enabled, seeder.target, seeder.copied = True, most, chosen
        flow.fill()

    @rule(data=st.data())
    def stop_seeding(self, data: st.DataObject) -> None:
        flow = self.pick(data)
        assert self.call("DELETE", f"/workflows/{flow.id}/infinite-seeding").status_code == 200
        flow.seeder.enabled = False

    def compare(self) -> None:
        self.timeline.pass_to(self.now)
        self.compare_uploads()
        for flow in self.workflows:
            page = self.read(f"/workflows/{flow.id}/tasks", page_size=200)
            assert page["total"] == len(flow.tasks) < 200
            for task, item in zip(flow.tasks, page["items"], strict=True):
                self.adopt(flow, task, item)
                paused = not flow.active and task.status in ("pending", "in_progress")
                assert item["id"] == task.id
                assert item["status"] == ("paused" if paused else task.status)
            self.compare_seeding(flow)
            items = self.read(f"/workflows/{flow.id}/chains")["items"]
            assert {each["id"]: each["status"] for each in items} == {
                chain.id: chain.status() for chain in flow.fed
            }
            assert {each["id"]: each["seeded_count"] for each in items} == {
                chain.id: len(chain.seeded) for chain in flow.fed
            }

    def adopt(self, flow: Workflow, task: Task, item: dict[str, Any]) -> None:
        """Learn the ids of a new task; it must be made from what the model says."""
        if task.id:
            return
        assert item["id"] not in self.known
        self.known.add(item["id"])
        task.id = item["id"]
        group: Group = task.group
        group.id = group.id or item["group_id"]
        assert (item["group_id"], item["source"]) == (group.id, task.source)
        found = self.read(f"/workflows/{flow.id}/tasks/{task.id}")
        assert found["fields"].get("text") == task.text
        reference = found["source_ref"] or {}
        made_from = reference.get("source_task_id") or reference.get("copied_from")
        assert made_from == (task.origin.id if task.origin else None)

    def compare_seeding(self, flow: Workflow) -> None:
        """The seeder counts as the model does."""
        seeder, shown = flow.seeder, self.read(f"/workflows/{flow.id}/infinite-seeding")
        state = "disabled"
        if seeder.enabled:
            state = "target_reached" if seeder.reached() else "running"
        assert (shown["state"], shown["created_count"]) == (state, seeder.made)


def test_tasks_and_chains_do_what_the_model_says(depth: Depth) -> None:
    play(Pipelines, depth)
