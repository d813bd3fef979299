"""Task suites in a batch: how one is checked, and what is kept of it."""

from typing import Any

from mockserver.engine.sandbox import Sandbox
from mockserver.services.toloka import forms, ledger, wire
from mockserver.services.toloka.errors import Fields, field, required
from mockserver.services.toloka.forms import Item, Target, Targets

COLLECTION = "toloka.task_suites"
LINKS = "toloka.suite_tasks"
"""Which suites a task is in, for `GET /task-suites?task_id=`."""

_BASELINE = "Baseline solutions can't be used in a task suite"


class Suites:
    """The task suites of one batch."""

    operation = "TASK_SUITE.BATCH_CREATE"
    created_step = "TASK_SUITE_CREATE"
    failed_step = "TASK_SUITE_VALIDATE"
    output = "task_suite_id"
    collection = COLLECTION
    noun = "task_suite"
    pooled = True

    def __init__(self, sandbox: Sandbox, *, allow_defaults: bool) -> None:
        self._sandbox = sandbox
        self._machine = wire.machine(sandbox)
        self.targets = Targets(sandbox, suites=True, allow_defaults=allow_defaults)

    def errors(self, item: Any) -> Fields:
        """What is wrong with a submitted suite, by field path; keys that only the service sets
        are ignored, since toloka-kit sends them."""
        found: Fields = {}
        if type(item) is not dict:
            return {self.noun: field("OBJECT_EXPECTED", "Value must be an object")}
        target = forms.check_pool(self.targets, item, found)
        _check_tasks(item, target, found)
        if item.get("baseline_solutions") is not None:
            found["baseline_solutions"] = field("VALUE_NOT_ALLOWED", _BASELINE)
        forms.check_overlap(item, target, found)
        forms.check_access(item, found)
        order = (-99_999.99999, 99_999.99999)
        forms.check_number(
            item.get("issuing_order_override"), order, "issuing_order_override", found
        )
        forms.check_number(item.get("longitude"), (-180, 180), "longitude", found)
        forms.check_number(item.get("latitude"), (-90, 90), "latitude", found)
        return found

    def effective(self, item: Item) -> Item:
        """The item as the log repeats it: with its effective overlap."""
        overlap, infinite = forms.overlap_of(item, self._target(item))
        return {**item, "overlap": overlap, "infinite_overlap": infinite}

    def identify(self, item: Item, second: int, count: int) -> str:
        """The id of the suite with this number."""
        return wire.pool_object_id(item["pool_id"], second, self._machine, count)

    def create(self, items: list[Item], now: float) -> tuple[int, list[Item]]:
        """Keep valid suites; answers the first one's number and what was kept, in order."""
        numbers = [self._sandbox.ids.number("toloka.object") for _ in items]
        changes: dict[str, dict[str, float]] = {}
        kept, links = [], []
        for item, count in zip(items, numbers, strict=True):
            suite = self._kept(item, self.identify(item, int(now), count), now)
            _enter(changes.setdefault(suite["pool_id"], {}), suite)
            kept.append(suite)
            links += [link(task["id"], suite) for task in suite["tasks"]]
        self._sandbox.collection(COLLECTION).put_many(kept)
        self._sandbox.collection(LINKS).put_many(links)
        for pool_id, change in changes.items():
            ledger.add(self._sandbox, pool_id, **change)
        return (numbers[0] if numbers else 0), kept

    def _kept(self, item: Item, suite_id: str, now: float) -> Item:
        target = self._target(item)
        pool_id = str(item["pool_id"])
        overlap, infinite = forms.overlap_of(item, target)
        suite: Item = {
            "id": suite_id,
            "pool_id": pool_id,
            "tasks": [self._task(task, pool_id) for task in item["tasks"]],
            "overlap": overlap,
            "infinite_overlap": infinite,
            "remaining_overlap": overlap,
            "issuing_order_override": item.get("issuing_order_override") or 0,
            "mixed": wire.truth(item.get("mixed")),
            "automerged": False,
            **forms.access_of(item),
            "created": wire.written(now),
            "role": "suite",
        }
        for name in ("longitude", "latitude"):
            if item.get(name) is not None:
                suite[name] = item[name]
        return suite

    def _task(self, task: Item, pool_id: str) -> Item:
        kept: Item = {
            "id": task.get("id") or wire.next_object_id(self._sandbox, pool_id),
            "input_values": task["input_values"],
        }
        if task.get("known_solutions") is not None:
            solutions = task["known_solutions"]
            kept["known_solutions"] = forms.solutions_of(solutions, "correctness_weight")
        for name in ("message_on_unknown_solution", "origin_task_id"):
            if task.get(name) is not None:
                kept[name] = task[name]
        return kept

    def _target(self, item: Item) -> Target:
        target = self.targets.of(item["pool_id"])
        assert target is not None, "only items without errors get here"
        return target


def link(task_id: str, suite: Item) -> Item:
    """The record that a task is in a suite."""
    return {
        "id": f"{task_id}/{suite['id']}",
        "task_id": task_id,
        "suite_id": suite["id"],
        "pool_id": suite["pool_id"],
    }


def _check_tasks(item: Item, target: Target | None, found: Fields) -> None:
    tasks = item.get("tasks")
    if tasks is None:
        found["tasks"] = required()
        return
    if not isinstance(tasks, list):
        found["tasks"] = field("ARRAY_EXPECTED", "Value must be an array")
        return
    if not tasks:
        found["tasks"] = field("ARRAY_SIZE_LESS_THAN_MIN", "Value must not be empty", 1)
    for index, task in enumerate(tasks):
        at = f"tasks.{index}."
        if type(task) is not dict:
            found[at[:-1]] = field("OBJECT_EXPECTED", "Value must be an object")
            continue
        if target is not None:
            target.inputs.check(task.get("input_values"), f"{at}input_values", found)
        outputs = target.outputs if target else None
        forms.check_solutions(task, "known_solutions", "correctness_weight", outputs, found, at)
        forms.check_text(task, "message_on_unknown_solution", found, at)
        if task.get("baseline_solutions") is not None:
            found[f"{at}baseline_solutions"] = field("VALUE_NOT_ALLOWED", _BASELINE)


def _enter(change: dict[str, float], suite: Item) -> None:
    """Note a new suite for the pool's books."""
    change["suites"] = change.get("suites", 0) + 1
    if suite["infinite_overlap"]:
        change["endless"] = change.get("endless", 0) + 1
    else:
        change["overlap"] = change.get("overlap", 0) + suite["overlap"]
        change["left"] = change.get("left", 0) + suite["overlap"]
