"""Toloka's pools, batches and operations against a small model, with a crowd played by hand."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, floor
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.contract.conftest import Depth
from tests.contract.playing import play
from tests.contract.posting import Receiving
from tests.contract.subjects import HOST, START, TOLOKA
from tests.contract.toloka_pools import DEFAULT, SECRET, TIME, UPDATE, Pool, Task, signature

USERS = st.sampled_from([f"{number:032x}" for number in (1, 2, 3)])
DAY = 86_400.0
POOL_FORM: dict[str, Any] = {
    "project_id": "1000001",
    "private_name": "Pool",
    "may_contain_adult_content": False,
    "will_expire": "2026-03-09T09:15:00",
    "reward_per_assignment": 0.01,
    "assignment_max_duration_seconds": int(TIME),
    "auto_accept_period_day": 1,
    "defaults": {"default_overlap_for_new_tasks": DEFAULT},
    "mixer_config": {"real_tasks_count": 2, "golden_tasks_count": 0, "training_tasks_count": 0},
}
LIFE = 7 * DAY
"""Seconds until pools expire."""
STEPS = {
    "start_operation": 0.1,
    "create_tasks": 0.1,
    "open_pool": 0.2,
    "close_pool": 0.3,
    "close_pool_for_update": 0.4,
    "archive_pool": 0.5,
    "complete_pool": 2.0,
}
"""Seconds that each step of the service takes; no two ways to the same end take equally long."""
TOLD = ("SUBMITTED", "SKIPPED", "REJECTED")
"""What is told of assignments: what happens to one alone, by hand."""
OVERLAPS = {"once": 1, "twice": 2, "plain": DEFAULT, "endless": None}
WRONG = {"bare": "input_values.image", "odd": "input_values.imagis", "stray": "pool_id"}
"""What is wrong with an item, by its kind."""
ITEMS = st.lists(st.sampled_from([*OVERLAPS, *WRONG]), min_size=1, max_size=4)
VERBS = {"open": "openPool", "close": "closePool", "archive": "archivePool"} | {
    "close-for-update": "closePoolForUpdate"
}


@dataclass
class Operation:
    """What the model knows of an operation; items are pictures with their kinds."""

    type: str
    pool: str
    items: dict[str, str] = field(default_factory=dict)
    flags: dict[str, bool] = field(default_factory=dict)
    status: str = "PENDING"
    counts: dict[str, int] | None = None


class Pools(Receiving):
    """Moves of a requester, of Tolokers and of time; everything is read after each of them."""

    subject = TOLOKA
    headers: ClassVar = {"Authorization": "OAuth toloka-token"}
    settings: ClassVar = {"pace": "manual"}
    seconds = (1.0, 2.0, TIME - 1, UPDATE, DAY, 9 * DAY)
    retries = (1.0, 5.0, 25.0)
    inbox = "toloka"
    breakable = ("createTasks", *VERBS.values(), "patchAssignment", "patchTask")
    jobs: ClassVar = {
        "toloka.create_tasks": ({"type": "fail"}, {"type": "partial", "share": 0.5}),
        "toloka.open_pool": ({"type": "fail"},),
    }

    def __init__(self) -> None:
        super().__init__()
        for name, seconds in STEPS.items():
            self.admin("PUT", "/transitions", {"transition": f"toloka.{name}", "seconds": seconds})
        self.pools: dict[str, Pool] = {}
        self.operations: dict[str, Operation] = {}
        self.newest: Operation | None = None
        self.ids: dict[str, str] = {}
        self.pictures = 0
        self.create_pool(accepts=False)

    @rule(accepts=st.booleans())
    def create_pool(self, accepts: bool) -> None:
        if len(self.pools) == 3:
            return
        answer = self.call("POST", "/v1/pools", {**POOL_FORM, "auto_accept_solutions": accepts})
        assert answer.status_code == 201
        id = answer.json()["id"]
        self.pools[id] = Pool(self.timeline, accepts, START + LIFE)
        inbox = {"pool_id": id, "webhook_url": f"{HOST}/__inbox/toloka", "secret_key": SECRET}
        forms = [{"event_type": f"ASSIGNMENT_{verb}", **inbox} for verb in TOLD]
        assert self.call("PUT", "/v1/webhook-subscriptions", forms).status_code == 200

    def told(self, message: dict[str, Any]) -> tuple[str, str]:
        """What a message tells: what became of an assignment."""
        (event,) = message["events"]
        return event["type"], event["assignment_id"]

    def signature(self, message: Mapping[str, Any], at: float) -> Mapping[str, str]:
        return {"toloka-signature": signature(message["body"], at)}

    def situations(self) -> Sequence[Callable[[st.DataObject], None]]:
        return self.hand_in_unheard, *super().situations()

    @rule(data=st.data())
    def hand_in_unheard(self, data: st.DataObject) -> None:
        """An assignment is handed in, and nobody takes what is told of it."""
        self.create_now(data, ["plain", "once"], False, True, False)
        self.compare()
        self.take(data, "1" * 32, 1)
        self.answer(data, "submit")
        self.refuse_for_long(data)

    def ask(self, data: st.DataObject) -> None:
        self.create_later(data, ["plain", "once"], False, True, False)

    def pick(self, data: st.DataObject) -> tuple[str, Pool]:
        """One of the pools."""
        id = data.draw(st.sampled_from(list(self.pools)))
        return id, self.pools[id]

    def form(self, pool_id: str, picture: str, kind: str) -> dict[str, Any]:
        """An item as it is sent."""
        item: dict[str, Any] = {"pool_id": pool_id, "input_values": {"image": picture}}
        if kind in ("once", "twice"):
            item["overlap"] = OVERLAPS[kind]
        if kind == "endless":
            item["infinite_overlap"] = True
        if kind == "odd":
            item["input_values"]["imagis"] = "y"
        if kind == "bare":
            item["input_values"] = {}
        if kind == "stray":
            item["pool_id"] = "1"
        return {**item, "__item_idx": picture}

    def name(self, kinds: list[str]) -> dict[str, str]:
        """A picture of its own for each item."""
        first = self.pictures
        self.pictures += len(kinds)
        return {f"https://example.com/{first + n}.jpg": kind for n, kind in enumerate(kinds)}

    @rule(data=st.data(), kinds=ITEMS, skip=st.booleans(), opens=st.booleans(), one=st.booleans())
    def create_now(
        self, data: st.DataObject, kinds: list[str], skip: bool, opens: bool, one: bool
    ) -> None:
        (id, pool), items = self.pick(data), self.name(kinds[:1] if one else kinds)
        forms = [self.form(id, *item) for item in items.items()]
        flags = {"skip_invalid_items": skip, "open_pool": opens, "allow_defaults": True}
        tried = self.attempt(
            "createTasks", "POST", "/v1/tasks", forms[0] if one else forms, **flags
        )
        wrong = {str(n): WRONG[k] for n, k in enumerate(items.values()) if k in WRONG}
        good = {picture: kind for picture, kind in items.items() if kind not in WRONG}
        if pool.status == "ARCHIVED" and any(form["pool_id"] == id for form in forms):
            tried.must_be(409)
        elif not good or (wrong and (one or not skip)):
            tried.must_be(400)
            shown = tried.json() and tried.json()["payload"]
            expected = {WRONG[kinds[0]]} if one else wrong.keys()
            assert tried.lost or shown.keys() == expected
        else:
            tried.must_be(201)
            if tried.reached:
                self.keep(pool, good, opens=opens)
            if not tried.lost and not one:
                assert tried.json()["validation_errors"].keys() == wrong.keys()

    def keep(self, pool: Pool, good: dict[str, str], *, opens: bool) -> None:
        """Tasks have been created."""
        pool.tasks |= {picture: Task(OVERLAPS[kind]) for picture, kind in good.items()}
        if opens:
            pool.open()
        pool.settle()

    @rule(data=st.data(), kinds=ITEMS, skip=st.booleans(), opens=st.booleans(), own=st.booleans())
    def create_later(
        self, data: st.DataObject, kinds: list[str], skip: bool, opens: bool, own: bool
    ) -> None:
        (id, pool), items = self.pick(data), self.name(kinds)
        forms = [self.form(id, *item) for item in items.items()]
        flags = {"skip_invalid_items": skip, "open_pool": opens, "allow_defaults": True}
        chosen = str(uuid.UUID(int=self.pictures)) if own else None
        query: dict[str, Any] = {**flags, "async_mode": True, "operation_id": chosen}
        tried = self.attempt("createTasks", "POST", "/v1/tasks", forms, **query)
        if pool.status == "ARCHIVED" and any(form["pool_id"] == id for form in forms):
            return tried.must_be(409)
        tried.must_be(202)
        if tried.reached:
            self.begin(Operation("TASK.BATCH_CREATE", id, items, flags), "create_tasks")
            again = (
                self.call("POST", "/v1/tasks", forms, **query) if own and not tried.lost else None
            )
            assert not again or again.json()["code"] == "OPERATION_ALREADY_EXISTS"
        return None

    def begin(self, operation: Operation, transition: str) -> None:
        """An operation is accepted; its fate is decided when it starts."""
        self.newest = operation

        def start() -> None:
            what = self.spoiled.get(f"toloka.{transition}", {})
            if what.get("type") == "fail":
                return self.finish(operation, transition, failed=True)
            operation.status = "RUNNING"
            share = what.get("share", 0.0)
            end = lambda: self.finish(operation, transition, share=share)  # noqa: E731
            return self.timeline.after(STEPS[transition], end)

        self.timeline.after(STEPS["start_operation"], start)

    def finish(
        self, operation: Operation, transition: str, *, failed: bool = False, share: float = 0.0
    ) -> None:
        """An operation has ended, and what it is for has happened."""
        pool = self.pools[operation.pool]
        operation.status = "FAIL" if failed else "SUCCESS"
        if transition == "create_tasks":
            self.finish_batch(operation, pool, failed=failed, share=share)
        elif failed:
            pass
        elif transition == "open_pool":
            if not pool.may_open():
                operation.status = "FAIL"
                return
            pool.open()
            pool.settle()
        elif transition == "archive_pool" and pool.status != "ARCHIVED":
            if not pool.may_archive():
                operation.status = "FAIL"
                return
            pool.status = "ARCHIVED"
        elif transition in ("close_pool", "close_pool_for_update"):
            pool.close("MANUAL" if transition == "close_pool" else "FOR_UPDATE")

    def finish_batch(self, operation: Operation, pool: Pool, *, failed: bool, share: float) -> None:
        """The log tells which items a fault has broken; all else must be as the items say."""
        id = next(id for id, each in self.operations.items() if each is operation)
        log = self.read(f"/v1/operations/{id}/log")
        seen = {each["input"]["__item_idx"]: each for each in log if each["type"] != "POOL_OPEN"}
        items, skip = operation.items, operation.flags["skip_invalid_items"]
        wrong = {picture for picture, kind in items.items() if kind in WRONG}
        stopped = bool(wrong) and not skip and not failed
        assert seen.keys() == (wrong if stopped else items.keys())
        assert len([each for each in log if each["type"] != "POOL_OPEN"]) == len(seen)
        created = {p: each["output"]["task_id"] for p, each in seen.items() if each["success"]}
        lost = items.keys() - created.keys() - wrong
        if failed:
            assert not created
        elif not stopped:
            most = ceil(len(items) * share)
            assert floor(len(items) * share) - len(wrong) <= len(lost) <= most
            assert not wrong & created.keys()
        for picture in () if failed else wrong:
            assert WRONG[items[picture]] in seen[picture]["output"]
        page = self.read("/v1/tasks", pool_id=operation.pool, limit=1000)["items"]
        listed = {task["id"]: task["input_values"]["image"] for task in page}
        assert {task_id: listed.get(task_id) for task_id in created.values()} == {
            task_id: picture for picture, task_id in created.items()
        }
        valid = len(items) - (0 if failed else len(wrong))
        operation.status = "SUCCESS" if created else "FAIL"
        operation.counts = {
            "total_count": len(items),
            "valid_count": valid,
            "not_valid_count": len(items) - valid,
            "success_count": len(created),
            "failed_count": len(items) - len(created),
        }
        opens = bool(created) and operation.flags["open_pool"]
        self.keep(pool, {picture: items[picture] for picture in created}, opens=opens)

    @rule(data=st.data(), verb=st.sampled_from(list(VERBS)))
    def change_pool(self, data: st.DataObject, verb: str) -> None:
        id, pool = self.pick(data)
        tried = self.attempt(VERBS[verb], "POST", f"/v1/pools/{id}/{verb}")
        wanted = {"open": "OPEN", "archive": "ARCHIVED"}.get(verb, "CLOSED")
        allowed = {"open": pool.may_open(), "archive": pool.may_archive()}
        if pool.status == wanted:
            tried.must_be(204)
        elif not allowed.get(verb, pool.status == "OPEN"):
            tried.must_be(409)
        else:
            tried.must_be(202)
            if tried.reached:
                kind = f"POOL.{verb.partition('-')[0].upper()}"
                transition = verb.replace("close-for-update", "close").replace("-", "_") + "_pool"
                if verb == "close-for-update":
                    transition = "close_pool_for_update"
                self.begin(Operation(kind, id), transition)

    @rule(data=st.data(), user=USERS, count=st.integers(1, 2))
    def take(self, data: st.DataObject, user: str, count: int) -> None:
        id, pool = self.pick(data)
        answer = self.control(f"/pools/{id}/assignments", {"user_id": user, "count": count})
        if pool.status != "OPEN":
            assert answer.status_code == 422
            return
        items = answer.json()["items"]
        for each in items:
            pool.take(each["id"], user, [task["input_values"]["image"] for task in each["tasks"]])
        assert len(items) == count or not any(pool.eligible(user))

    @rule(data=st.data(), verb=st.sampled_from(("submit", "skip", "expire")))
    def answer(self, data: st.DataObject, verb: str) -> None:
        _, pool = self.pick(data)
        if not pool.assignments:
            return
        chosen = data.draw(st.sampled_from(list(pool.assignments)))
        assignment, active = pool.assignments[chosen], pool.in_status("ACTIVE")
        answer = self.control(f"/assignments/{chosen}/{verb}", {} if verb == "submit" else None)
        assert answer.status_code == (200 if chosen in active else 422), answer.text
        if chosen in active and verb == "submit":
            pool.submit(assignment)
            self.post.send(("ASSIGNMENT_SUBMITTED", chosen))
        elif chosen in active:
            pool.give_back(assignment, "SKIPPED" if verb == "skip" else "EXPIRED")
            if verb == "skip":
                self.post.send(("ASSIGNMENT_SKIPPED", chosen))

    @rule(data=st.data(), status=st.sampled_from(("ACCEPTED", "REJECTED")))
    def judge(self, data: st.DataObject, status: str) -> None:
        _, pool = self.pick(data)
        if not pool.assignments:
            return
        id = data.draw(st.sampled_from(list(pool.assignments)))
        tried = self.attempt(
            "patchAssignment", "PATCH", f"/v1/assignments/{id}", {"status": status}
        )
        before = ("SUBMITTED",) if status == "REJECTED" else ("SUBMITTED", "REJECTED")
        tried.must_be(200 if id in pool.in_status(*before) else 409)
        if tried.reached and pool.judge(pool.assignments[id], status) and status == "REJECTED":
            self.post.send(("ASSIGNMENT_REJECTED", id))

    @rule(data=st.data(), overlap=st.sampled_from((0, 1, 2, 4, None)), or_min=st.booleans())
    def change_overlap(self, data: st.DataObject, overlap: int | None, or_min: bool) -> None:
        _, pool = self.pick(data)
        if not pool.tasks or (or_min and overlap is None):
            return
        picture = data.draw(st.sampled_from(list(pool.tasks)))
        body = {"overlap": overlap, "infinite_overlap": overlap is None}
        path = f"/v1/tasks/{self.ids[picture]}"
        if or_min:
            answer = self.call("PATCH", f"{path}/set-overlap-or-min", body)
            assert answer.status_code == 200, answer.text
            pool.ask_for(picture, overlap, or_min=True)
            return
        tried = self.attempt("patchTask", "PATCH", path, body)
        tried.must_be(409 if overlap is not None and overlap < pool.issued(picture) else 200)
        if tried.reached:
            pool.ask_for(picture, overlap, or_min=False)

    def compare(self) -> None:
        self.timeline.pass_to(self.now)
        self.compare_post()
        shown = {each["id"]: each for each in self.read("/v1/operations", limit=500)["items"]}
        for id in shown.keys() - self.operations.keys():
            assert self.newest, "an operation that nobody asked for"
            self.operations[id], self.newest = self.newest, None
        assert not self.newest
        for id, operation in self.operations.items():
            assert (shown[id]["type"], shown[id]["status"]) == (operation.type, operation.status)
            assert operation.counts is None or shown[id]["details"] == operation.counts
        for id, pool in self.pools.items():
            found = self.read(f"/v1/pools/{id}")
            assert (found["status"], found.get("last_close_reason")) == (pool.status, pool.reason)
            self.compare_tasks(id, pool)
            items = self.read("/v1/assignments", pool_id=id, limit=1000)["items"]
            assert {each["id"]: each["status"] for each in items} == {
                id: each.status for id, each in pool.assignments.items()
            }

    def compare_tasks(self, id: str, pool: Pool) -> None:
        """Tasks are those that were created, with the overlap that is left."""
        tasks = self.read("/v1/tasks", pool_id=id, limit=1000)["items"]
        seen = {task["input_values"]["image"]: task for task in tasks}
        assert len(seen) == len(tasks)
        for picture, task in seen.items():
            assert self.ids.setdefault(picture, task["id"]) == task["id"]
        assert {
            picture: (task["overlap"], task["remaining_overlap"]) for picture, task in seen.items()
        } == {
            picture: (task.overlap, pool.remaining(picture)) for picture, task in pool.tasks.items()
        }


def test_pools_do_what_the_model_says(depth: Depth) -> None:
    play(Pools, depth)
