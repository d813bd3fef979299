"""What submitted tasks and suites have in common: their pools, overlap, access and solutions."""

from dataclasses import dataclass
from typing import Any

from mockserver.engine.sandbox import Sandbox
from mockserver.services.toloka import errors, pools, wire
from mockserver.services.toloka.errors import ABSENT, Fields, field, required
from mockserver.services.toloka.specs import Spec

Item = dict[str, Any]

MOST_OVERLAP = 30_000
_ACCESS = (
    "reserved_for",
    "unavailable_for",
    "traits_all_of",
    "traits_any_of",
    "traits_none_of_any",
)
_NO_SPEC: dict[str, Any] = {"input_spec": {}, "output_spec": {}}


@dataclass(frozen=True, slots=True)
class Target:
    """A pool as the items of one batch see it."""

    pool: dict[str, Any]
    inputs: Spec
    outputs: Spec
    overlap: int | None
    """For items without one; None where they must have their own."""
    infinite: bool


class Targets:
    """The pools that a batch writes into, each looked up and compiled once."""

    def __init__(self, sandbox: Sandbox, *, suites: bool, allow_defaults: bool) -> None:
        self._sandbox = sandbox
        self._suites = suites
        self._allow_defaults = allow_defaults
        self._known: dict[str, Target | None] = {}

    def of(self, pool_id: Any) -> Target | None:
        """The pool of an item, if there is one."""
        key = str(pool_id)
        if key not in self._known:
            pool = pools.get(self._sandbox, key)
            self._known[key] = None if pool is None else self._compiled(pool)
        return self._known[key]

    def _compiled(self, pool: dict[str, Any]) -> Target:
        project = self._sandbox.collection("toloka.projects").get(pool["project_id"])
        spec = _NO_SPEC if project is None else project["task_spec"]
        overlap, infinite = default_overlap(
            pool, suites=self._suites, allow_defaults=self._allow_defaults
        )
        return Target(pool, Spec(spec["input_spec"]), Spec(spec["output_spec"]), overlap, infinite)


def default_overlap(
    pool: dict[str, Any], *, suites: bool, allow_defaults: bool
) -> tuple[int | None, bool]:
    """Overlap, and whether it is infinite, of items that name neither.

    Training tasks are infinite (fact f.2). With `allow_defaults` a task falls back to the default
    of suites, which is all that most published programs set (fact f.1); it may be 0 there.
    """
    if pools.is_training(pool):
        return None, True
    defaults = pool.get("defaults") or {}
    of_tasks = defaults.get("default_overlap_for_new_tasks")
    of_suites = defaults.get("default_overlap_for_new_task_suites")
    found = of_suites if suites else of_tasks
    if found is None and allow_defaults:
        found = max(1, of_suites or of_tasks or 1)
    return found, False


def check_pool(targets: Targets, item: Item, found: Fields) -> Target | None:
    """The pool of an item; what is wrong with its id is noted."""
    pool_id = item.get("pool_id")
    if pool_id is None:
        found["pool_id"] = required()
        return None
    if not isinstance(pool_id, str | int):
        found["pool_id"] = field("STRING_EXPECTED", "Value must be a string")
        return None
    target = targets.of(pool_id)
    if target is None:
        found["pool_id"] = field("ENTITY_DOES_NOT_EXIST", ABSENT)
    return target


def check_overlap(item: Item, target: Target | None, found: Fields) -> None:
    """Overlap and infinite overlap must agree; without either the pool has to say."""
    infinite = item.get("infinite_overlap")
    if infinite is not None and str(infinite) not in ("True", "False", "true", "false"):
        found["infinite_overlap"] = field("BOOLEAN_EXPECTED", "Value must be a boolean")
        return
    overlap = item.get("overlap")
    if overlap is None:
        missing = target is not None and target.overlap is None and not target.infinite
        if missing and not wire.truth(infinite):
            found["overlap"] = required()
        return
    value = whole(overlap)
    if value is None:
        found["overlap"] = field("INTEGER_EXPECTED", "Value must be an integer")
    elif value < 1:
        found["overlap"] = field("VALUE_LESS_THAN_MIN", "Value must be greater or equal to 1", 1)
    elif value > MOST_OVERLAP:
        found["overlap"] = field(
            "VALUE_GREATER_THAN_MAX", f"Value must be less or equal to {MOST_OVERLAP}", MOST_OVERLAP
        )
    elif wire.truth(infinite):
        found["overlap"] = field("VALUE_NOT_ALLOWED", "Value must be null with infinite overlap")


def whole(value: Any) -> int | None:
    """An integer, also as text (fact f.3)."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    if isinstance(value, str) and value.strip().lstrip("-").isdecimal():
        return int(value)
    return None


def overlap_of(item: Item, target: Target) -> tuple[int | None, bool]:
    """The effective overlap of a valid item, and whether it is infinite."""
    if wire.truth(item.get("infinite_overlap")):
        return None, True
    own = item.get("overlap")
    if own is not None:
        return whole(own), False
    return target.overlap, target.infinite


def check_access(item: Item, found: Fields) -> None:
    """Lists of Tolokers and of traits."""
    for name in _ACCESS:
        value = item.get(name)
        if value is None:
            continue
        if not isinstance(value, list):
            found[name] = field("ARRAY_EXPECTED", "Value must be an array")
            continue
        for index, each in enumerate(value):
            if not isinstance(each, str | int) or isinstance(each, bool):
                found[f"{name}.{index}"] = field("STRING_EXPECTED", "Value must be a string")


def access_of(item: Item) -> Item:
    """The lists as they are kept; the two of Tolokers are always there."""
    kept: Item = {"reserved_for": [], "unavailable_for": []}
    for name in _ACCESS:
        if item.get(name) is not None:
            kept[name] = [str(each) for each in item[name]]
    return kept


def check_solutions(
    item: Item, name: str, weight: str, outputs: Spec | None, found: Fields, at: str = ""
) -> None:
    """Known or baseline solutions: their values fit the output specification, their weights
    lie between 0 and 1."""
    solutions = item.get(name)
    if solutions is None:
        return
    at = f"{at}{name}"
    if not isinstance(solutions, list):
        found[at] = field("ARRAY_EXPECTED", "Value must be an array")
        return
    for index, solution in enumerate(solutions):
        place = f"{at}.{index}"
        if not isinstance(solution, dict):
            found[place] = field("OBJECT_EXPECTED", "Value must be an object")
            continue
        if outputs is not None:
            outputs.check(solution.get("output_values"), f"{place}.output_values", found)
        check_number(solution.get(weight), (0, 1), f"{place}.{weight}", found)


def check_number(value: Any, limits: tuple[float, float], at: str, found: Fields) -> None:
    """A number within bounds, if there is one."""
    if value is None:
        return
    low, high = limits
    if isinstance(value, bool) or not isinstance(value, int | float):
        found[at] = field("FLOAT_EXPECTED", "Value must be a number")
    elif value < low:
        found[at] = field("VALUE_LESS_THAN_MIN", f"Value must be greater or equal to {low}", low)
    elif value > high:
        found[at] = field("VALUE_GREATER_THAN_MAX", f"Value must be less or equal to {high}", high)


def solutions_of(solutions: list[Item], weight: str) -> list[Item]:
    """Solutions as they are kept: the weight is 1 where none was given."""
    return [
        {
            "output_values": solution["output_values"],
            weight: 1 if solution.get(weight) is None else solution[weight],
        }
        for solution in solutions
    ]


def check_text(item: Item, name: str, found: Fields, at: str = "") -> None:
    """A text, if there is one."""
    value = item.get(name)
    if value is not None and not isinstance(value, str):
        found[f"{at}{name}"] = errors.field("STRING_EXPECTED", "Value must be a string")


def role_of(task: Item, pool: dict[str, Any]) -> str:
    """What a task is for: a training task has known solutions and a hint, a control task known
    solutions alone."""
    if pools.is_training(pool):
        return "training"
    if not task.get("known_solutions"):
        return "real"
    return "training" if task.get("message_on_unknown_solution") else "golden"
