"""A task's way through the nodes: which are open, held, done, and what opens next."""

from collections.abc import Iterable, Mapping
from typing import Any

from mockserver.services.pipelines import fields
from mockserver.services.pipelines.graph import Graph

Task = dict[str, Any]
Instance = dict[str, Any]

DONE = ("finished", "n_a")
MODEL = "llm"
"""The assignee of a node whose fields a language model fills."""

# What a task has open for whom, as one word, so that an index finds work without looking at tasks.
# `fresh` is a first node in its first round: the pool that infinite seeding keeps filled.
_KINDS = ("fresh", "subtask", "review", "llm")


def words_with(*kinds: str) -> tuple[str, ...]:
    """Every word for open work that includes one of these kinds."""
    found = []
    for number in range(1, 2 ** len(_KINDS)):
        chosen = [kind for place, kind in enumerate(_KINDS) if number >> place & 1]
        if "fresh" in chosen and "subtask" in chosen:
            continue
        if any(kind in chosen for kind in kinds):
            found.append("+".join(chosen))
    return tuple(found)


FRESH = words_with("fresh")
SUBTASKS = words_with("fresh", "subtask")
REVIEWS = words_with("review")
MODELS = words_with("llm")


def instances(task: Task, graph: Graph, llm: Iterable[str] = ()) -> dict[str, Instance]:
    """The task's node instances; those of a task that nobody has touched are not stored."""
    found: dict[str, Instance] | None = task.get("nodes")
    if found is None:
        found = {name: instance(task["created_at"]) for name in graph.order}
        advance(found, graph, {}, task["created_at"], llm)
    return found


def instance(at: str) -> Instance:
    """A node instance that the task has not reached."""
    return {"status": "pending", "round": 1, "updated_at": at, "assignee": None}


def move(found: Instance, status: str, at: str, **changes: Any) -> None:
    """Put an instance into a status."""
    found.update(status=status, updated_at=at, **changes)


def advance(
    found: dict[str, Instance],
    graph: Graph,
    values: Mapping[str, Any],
    at: str,
    llm: Iterable[str] = (),
) -> bool:
    """Open what has become open, pass gates, skip paths not taken; whether End was reached."""
    for name in graph.order:
        node, current = graph.nodes[name], found[name]
        if current["status"] not in ("pending", "deferred"):
            continue
        ways = [_way(graph.nodes[before], found[before], name) for before in graph.before[name]]
        if None in ways:
            waiting = "deferred" if True in ways else "pending"
            if current["status"] != waiting:
                move(current, waiting, at)
        elif ways and not any(ways) and node["type"] != "end":
            move(current, "n_a", at)
        elif node["type"] == "logic_gate":
            move(current, "finished", at, taken=_taken(node, values))
        elif node["type"] in ("start", "end"):
            move(current, "finished", at)
        elif name in llm:
            move(current, "claimed", at, assignee=MODEL)
        else:
            move(current, "available", at, assignee=None)
    end = next(name for name in graph.order if graph.nodes[name]["type"] == "end")
    return bool(found[end]["status"] == "finished")


def _way(node: Mapping[str, Any], current: Instance, to: str) -> bool | None:
    """Whether the path from a node is taken; None while that is open."""
    if current["status"] == "n_a":
        return False
    if current["status"] != "finished":
        return None
    return to in current["taken"] if node["type"] == "logic_gate" else True


def _taken(gate: Mapping[str, Any], values: Mapping[str, Any]) -> list[str]:
    """The first path whose condition holds, else those without a condition."""
    for path in gate["next"]:
        if path["when"] and holds(path["when"], values):
            return [path["to"]]
    return [path["to"] for path in gate["next"] if not path["when"]]


def holds(condition: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """Whether a gate's condition holds for the task's values."""
    value, wanted = values.get(condition["field"]), condition.get("value")
    match condition["operator"]:
        case "equals":
            return bool(value == wanted)
        case "not_equals":
            return bool(value != wanted)
        case "is_empty":
            return fields.is_empty(value)
        case "is_not_empty":
            return not fields.is_empty(value)
        case "contains":
            return wanted in value if isinstance(value, list) else str(wanted) in str(value)
    if not isinstance(value, int | float) or not isinstance(wanted, int | float):
        return False
    return value > wanted if condition["operator"] == "greater_than" else value < wanted


def open_work(found: Mapping[str, Instance], graph: Graph) -> tuple[str | None, str | None]:
    """The word for what is open, and the one person whom all of it is reserved for."""
    kinds, reserved = set[str](), set[str | None]()
    for name in graph.tracked:
        current = found[name]
        if current["status"] == "claimed" and current["assignee"] == MODEL:
            kinds.add("llm")
        elif current["status"] == "available":
            kinds.add(graph.nodes[name]["type"])
            reserved.add(current.get("reserved_for"))
    first = found[graph.first]
    if first["status"] == "available" and first["round"] == 1:
        kinds = (kinds - {"subtask"}) | {"fresh"}
    word = "+".join(kind for kind in _KINDS if kind in kinds) or None
    return word, next(iter(reserved)) if len(reserved) == 1 else None


def values(task: Task, definitions: Iterable[fields.Field]) -> dict[str, Any]:
    """Every value of a task by column: those that came with it, fixed ones, and answers.

    A name that two nodes share is written `node_id.field` (fact 4.4).
    """
    found: dict[str, Any] = {}
    stored = task.get("nodes") or {}
    for column, field in columns(definitions):
        source = field["data_source"]
        if source == "predefined":
            value = task["fields"].get(field["name"])
        elif source == "static":
            value = field.get("value")
        else:
            value = (stored.get(field["node_id"], {}).get("fields") or {}).get(field["name"])
        found[column] = value
    return found


def columns(definitions: Iterable[fields.Field]) -> list[tuple[str, fields.Field]]:
    """The fields under the names of their columns."""
    listed = list(definitions)
    names = [field["name"] for field in listed]
    return [
        (
            f"{field['node_id']}.{field['name']}"
            if names.count(field["name"]) > 1 and field.get("node_id")
            else field["name"],
            field,
        )
        for field in listed
    ]
