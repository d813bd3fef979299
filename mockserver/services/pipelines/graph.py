"""A pipeline's nodes and the paths between them."""

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

from mockserver.services.pipelines import errors

WORK = ("subtask", "review")
TRACKED = ("subtask", "review", "logic_gate")

REVIEW_SETTINGS: dict[str, Any] = {
    "routing_mode": "same_person",
    "max_re_reviews": 2,
    "on_max_re_reviews": "quarantine",
    "prevent_self_review": True,
    "pass_assignment_mode": "same_person",
}

Node = dict[str, Any]


class Graph:
    """The nodes of one version, in an order in which each comes after those that lead to it."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        self.nodes: dict[str, Node] = {node["id"]: node for node in nodes}
        self.before: dict[str, list[str]] = {name: [] for name in self.nodes}
        for node in self.nodes.values():
            for path in node["next"]:
                self.before[path["to"]].append(node["id"])
        self.order = self._ordered()
        self.tracked = [name for name in self.order if self.nodes[name]["type"] in TRACKED]

    @property
    def first(self) -> str:
        """The first work node, whose available instances are the pool of fresh tasks."""
        return next(name for name in self.order if self.nodes[name]["type"] == "subtask")

    def reviewed(self, review: str) -> list[str]:
        """The subtasks whose work a review judges: the nearest before it on each path."""
        found, seen, stack = [], set[str](), list(self.before[review])
        while stack:
            name = stack.pop(0)
            if name in seen:
                continue
            seen.add(name)
            if self.nodes[name]["type"] == "subtask":
                found.append(name)
            else:
                stack.extend(self.before[name])
        return found

    def between(self, starts: Iterable[str], end: str) -> list[str]:
        """The nodes on the paths from any of the starts to the end, both included."""
        upstream = self._reach([end], self.before)
        paths = {name: [path["to"] for path in node["next"]] for name, node in self.nodes.items()}
        downstream = self._reach(starts, paths)
        return [name for name in self.order if name in upstream and name in downstream]

    @staticmethod
    def _reach(starts: Iterable[str], steps: Mapping[str, list[str]]) -> set[str]:
        seen, stack = set[str](), list(starts)
        while stack:
            name = stack.pop()
            if name not in seen:
                seen.add(name)
                stack.extend(steps[name])
        return seen

    def _ordered(self) -> list[str]:
        """As the nodes were given, as far as each may come only after those before it."""
        waiting = {name: len(before) for name, before in self.before.items()}
        found: list[str] = []
        ready = [name for name in self.nodes if not waiting[name]]
        while ready:
            name = ready.pop(0)
            found.append(name)
            for path in self.nodes[name]["next"]:
                waiting[path["to"]] -= 1
                if not waiting[path["to"]]:
                    ready.append(path["to"])
        return found


def complete(given: Iterable[Mapping[str, Any]]) -> list[Node]:
    """The nodes with names, settings and paths filled in; refused when the rules are broken.

    Start and End are added where they are missing; when no node says what comes next, they stand
    in a row.
    """
    nodes = [dict(node) for node in given] or [{"id": "label", "type": "subtask"}]
    if not any(node["type"] == "start" for node in nodes):
        nodes.insert(0, {"id": "start", "type": "start"})
    if not any(node["type"] == "end" for node in nodes):
        nodes.append({"id": "end", "type": "end"})
    names = [node["id"] for node in nodes]
    if len(set(names)) < len(names):
        raise _broken("Each node needs an id of its own")
    if not any(node.get("next") for node in nodes):
        nodes.sort(key=lambda node: {"start": -1, "end": 1}.get(node["type"], 0))
        for node, following in pairwise(nodes):
            node["next"] = [following["id"]]
    found = [_complete(node, nodes) for node in nodes]
    _check(found)
    return found


def _complete(node: dict[str, Any], nodes: list[dict[str, Any]]) -> Node:
    given = node.get("next") or []
    if not given and node["type"] == "start":
        # Nothing is said of Start: it leads to the subtasks that nothing else leads to.
        led = {_target(path) for other in nodes for path in other.get("next") or []}
        given = [n["id"] for n in nodes if n["type"] == "subtask" and n["id"] not in led]
    found: Node = {
        "id": node["id"],
        "name": node.get("name") or node["id"].replace("_", " ").capitalize(),
        "type": node["type"],
        "next": [{"to": _target(path), "when": _condition(path)} for path in given],
    }
    if node["type"] == "review":
        found["settings"] = {**REVIEW_SETTINGS, **(node.get("settings") or {})}
    return found


def _target(path: Any) -> str:
    return path if isinstance(path, str) else str(path["to"])


def _condition(path: Any) -> dict[str, Any] | None:
    when = None if isinstance(path, str) else path.get("when")
    return {"operator": "equals", **when} if when else None


def _check(nodes: list[Node]) -> None:
    """The rules of a pipeline's graph (fact 1)."""
    types = [node["type"] for node in nodes]
    by_name = {node["id"]: node for node in nodes}
    if types.count("start") != 1 or types.count("end") != 1:
        raise _broken("A pipeline has exactly one Start and one End")
    for node in nodes:
        for path in node["next"]:
            target = by_name.get(path["to"])
            if target is None or target["type"] == "start":
                raise _broken(f"{node['id']} leads to {path['to']}, which it cannot")
            if node["type"] == "start" and target["type"] != "subtask":
                raise _broken("Start may lead to Subtask nodes only")
        if node["type"] == "end" and node["next"]:
            raise _broken("End leads nowhere")
    found = Graph(nodes)
    if len(found.order) < len(nodes):
        raise _broken("The paths of a pipeline never lead back")
    start = next(node["id"] for node in nodes if node["type"] == "start")
    end = next(node["id"] for node in nodes if node["type"] == "end")
    lost = set(by_name) - set(found.between([start], end))
    if lost:
        raise _broken(f"{', '.join(sorted(lost))} must lie on a path from Start to End")


def _broken(message: str) -> Exception:
    return errors.refused("graph_invalid", f"{message}.")
