"""Tasks in a batch: how one is checked, and what is kept of it."""

from typing import Any

from mockserver.engine.sandbox import Sandbox
from mockserver.services.toloka import forms, ledger, wire
from mockserver.services.toloka.errors import Fields, field
from mockserver.services.toloka.forms import Item, Target, Targets
from mockserver.services.toloka.specs import Spec

COLLECTION = "toloka.tasks"


class Tasks:
    """The tasks of one batch."""

    operation = "TASK.BATCH_CREATE"
    created_step = "TASK_CREATE"
    failed_step = "TASK_VALIDATE"
    output = "task_id"
    collection = COLLECTION
    noun = "task"
    pooled = True

    def __init__(self, sandbox: Sandbox, *, allow_defaults: bool) -> None:
        self._sandbox = sandbox
        self._machine = wire.machine(sandbox)
        self.targets = Targets(sandbox, suites=False, allow_defaults=allow_defaults)

    def errors(self, item: Any) -> Fields:
        """What is wrong with a submitted task, by field path; keys that are not known are left
        alone, as toloka-kit needs its own `__item_idx` back (trap B2)."""
        found: Fields = {}
        if type(item) is not dict:
            return {self.noun: field("OBJECT_EXPECTED", "Value must be an object")}
        target = forms.check_pool(self.targets, item, found)
        if target is not None:
            target.inputs.check(item.get("input_values"), "input_values", found)
        elif type(item.get("input_values")) is not dict:
            _NO_FIELDS.check(item.get("input_values"), "input_values", found)
        outputs = target.outputs if target else None
        forms.check_solutions(item, "known_solutions", "correctness_weight", outputs, found)
        forms.check_solutions(item, "baseline_solutions", "confidence_weight", outputs, found)
        forms.check_text(item, "message_on_unknown_solution", found)
        forms.check_overlap(item, target, found)
        forms.check_access(item, found)
        return found

    def effective(self, item: Item) -> Item:
        """The item as the log repeats it: with its effective overlap."""
        target = self._target(item)
        overlap, infinite = forms.overlap_of(item, target)
        return {**item, "overlap": overlap, "infinite_overlap": infinite}

    def identify(self, item: Item, second: int, count: int) -> str:
        """The id of the task with this number."""
        return wire.pool_object_id(item["pool_id"], second, self._machine, count)

    def create(self, items: list[Item], now: float) -> tuple[int, list[Item]]:
        """Keep valid tasks; answers the first one's number and what was kept, in order."""
        numbers = [self._sandbox.ids.number("toloka.object") for _ in items]
        created = wire.written(now)
        changes: dict[str, dict[str, float]] = {}
        kept = []
        for item, count in zip(items, numbers, strict=True):
            target = self._target(item)
            task = {"id": self.identify(item, int(now), count), **_kept(item, target, created)}
            enter(changes.setdefault(task["pool_id"], {}), task)
            kept.append(task)
        self._sandbox.collection(COLLECTION).put_many(kept)
        for pool_id, change in changes.items():
            ledger.add(self._sandbox, pool_id, **change)
        return (numbers[0] if numbers else 0), kept

    def _target(self, item: Item) -> Target:
        target = self.targets.of(item["pool_id"])
        assert target is not None, "only items without errors get here"
        return target


def present(task: Item) -> Item:
    """A task as the service shows it; its role is for the sandbox alone."""
    task.pop("role", None)
    return task


def _kept(item: Item, target: Target, created: str) -> Item:
    overlap, infinite = forms.overlap_of(item, target)
    task: Item = {"pool_id": str(item["pool_id"]), "input_values": item["input_values"]}
    if item.get("known_solutions") is not None:
        solutions = item["known_solutions"]
        task["known_solutions"] = forms.solutions_of(solutions, "correctness_weight")
    if item.get("baseline_solutions") is not None:
        solutions = item["baseline_solutions"]
        task["baseline_solutions"] = forms.solutions_of(solutions, "confidence_weight")
    for name in ("message_on_unknown_solution", "origin_task_id", "localization_config"):
        if item.get(name) is not None:
            task[name] = item[name]
    task |= {
        "overlap": overlap,
        "infinite_overlap": infinite,
        "remaining_overlap": overlap,
        **forms.access_of(item),
        "created": created,
    }
    task["role"] = forms.role_of(task, target.pool)
    return task


def enter(change: dict[str, float], task: Item) -> None:
    """Note a new task for the pool's books."""
    role = task["role"]
    change[role] = change.get(role, 0) + 1
    if role != "real":
        return
    if task["infinite_overlap"]:
        change["endless"] = change.get("endless", 0) + 1
    else:
        change["overlap"] = change.get("overlap", 0) + task["overlap"]
        change["left"] = change.get("left", 0) + task["overlap"]


_NO_FIELDS = Spec({})
