"""Which operation a method and a path mean."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Generic, TypeVar

Target = TypeVar("Target")

_PARAMETER = re.compile(r"\{([^{}]*)\}")
_ALIKE = 0.6
_MOST = 250
_LONGEST = 200
"""Calls whose targets are remembered, and characters of their paths."""


class NoSuchPath(Exception):
    """No operation has this path."""


class MethodNotAllowed(Exception):
    """Operations have this path, but none this method."""

    def __init__(self, allowed: list[str]) -> None:
        super().__init__(f"allowed: {', '.join(allowed)}")
        self.allowed = allowed


class DuplicateRoute(Exception):
    """Another operation answers the same calls."""


def parameter_names(path: str) -> list[str]:
    """Names of the parameters in a path template, in order."""
    return _PARAMETER.findall(path)


@dataclass(slots=True)
class _Node(Generic[Target]):
    """What is known after some segments of a path."""

    literals: dict[str, "_Node[Target]"] = field(default_factory=dict)
    templates: list[tuple["_Segment", "_Node[Target]"]] = field(default_factory=list)
    methods: dict[str, tuple[Target, list[str]]] = field(default_factory=dict)


class _Segment:
    """A segment with parameters, such as `{task_id}.json`; a parameter is never empty."""

    __slots__ = ("_pattern", "_prefix", "_shortest", "_suffix", "shape", "weight")

    def __init__(self, text: str) -> None:
        literals = _PARAMETER.split(text)[::2]
        self.shape = "{}".join(literals)
        self.weight = sum(map(len, literals))
        self._prefix, self._suffix = literals[0], literals[-1]
        self._shortest = len(self._prefix) + len(self._suffix)
        many = "([^/]+)".join(map(re.escape, literals))
        self._pattern = re.compile(many, re.DOTALL) if len(literals) > 2 else None

    def read(self, text: str) -> tuple[str, ...] | None:
        if self._pattern is not None:
            match = self._pattern.fullmatch(text)
            return match.groups() if match else None
        if (
            len(text) > self._shortest
            and text.startswith(self._prefix)
            and text.endswith(self._suffix)
        ):
            return (text[len(self._prefix) : len(text) - len(self._suffix)],)
        return None


class Routes(Generic[Target]):
    """Paths with parameters in a tree of segments.

    Literals win over parameters, and of two segments with parameters the one with the longer
    literal part wins. Where the best path lacks the method, the next best is asked.
    """

    def __init__(self) -> None:
        self._root: _Node[Target] = _Node()
        self._paths: list[tuple[str, str]] = []
        # Those who poll ask for the same again and again.
        self._known = lru_cache(_MOST)(self._matched)

    def add(self, method: str, path: str, target: Target) -> None:
        """Route calls of this method and path template to the target."""
        node = self._root
        for text in _segments(path):
            node = self._step(node, text)
        method = method.upper()
        if method in node.methods:
            raise DuplicateRoute(f"{method} {path}")
        node.methods[method] = (target, parameter_names(path))
        self._paths.append((method, path))

    def _step(self, node: _Node[Target], text: str) -> _Node[Target]:
        if "{" not in text:
            return node.literals.setdefault(text, _Node())
        segment = _Segment(text)
        for known, next_node in node.templates:
            if known.shape == segment.shape:
                return next_node
        next_node = _Node()
        node.templates.append((segment, next_node))
        node.templates.sort(key=lambda entry: -entry[0].weight)
        return next_node

    def match(self, method: str, path: str) -> tuple[Target, dict[str, str]]:
        """The target for a call, with the values of the path's parameters."""
        matched = self._known if len(path) <= _LONGEST else self._matched
        target, values = matched(method, path)
        return target, values.copy()

    def _matched(self, method: str, path: str) -> tuple[Target, dict[str, str]]:
        segments = _segments(path)
        found = self._found(self._root, segments, 0, method)
        if found is not None:
            (target, names), values = found
            return target, dict(zip(names, reversed(values), strict=True)) if names else {}
        allowed = {name for node in self._ends(self._root, segments, 0) for name in node.methods}
        if allowed:
            raise MethodNotAllowed(sorted(allowed))
        raise NoSuchPath(path)

    def _found(
        self, node: _Node[Target], segments: list[str], depth: int, method: str
    ) -> tuple[tuple[Target, list[str]], list[str]] | None:
        """The best entry for the method, and the values on the way to it, the last one first."""
        while depth < len(segments):
            text = segments[depth]
            depth += 1
            literal = node.literals.get(text)
            if node.templates:
                if literal is not None:
                    found = self._found(literal, segments, depth, method)
                    if found is not None:
                        return found
                for segment, following in node.templates:
                    read = segment.read(text)
                    if read is not None:
                        found = self._found(following, segments, depth, method)
                        if found is not None:
                            found[1].extend(reversed(read))
                            return found
                return None
            if literal is None:
                return None
            node = literal
        entry = node.methods.get(method)
        return None if entry is None else (entry, [])

    def _ends(
        self, node: _Node[Target], segments: list[str], depth: int
    ) -> Iterator[_Node[Target]]:
        """Every end of the path, whatever the method."""
        if depth == len(segments):
            yield node
            return
        text = segments[depth]
        if text in node.literals:
            yield from self._ends(node.literals[text], segments, depth + 1)
        for segment, following in node.templates:
            if segment.read(text) is not None:
                yield from self._ends(following, segments, depth + 1)

    def nearest(self, method: str, path: str) -> str | None:
        """The known call most like an unknown one, as `GET /tasks/{task_id}.json`."""
        given = path.split("/")
        best, alike = None, _ALIKE
        for known, template in self._paths:
            likeness = SequenceMatcher(None, _filled(template, given), path).ratio()
            likeness += 0.02 * (known == method.upper()) + 0.01 * ("{" not in template)
            if likeness > alike:
                best, alike = f"{known} {template}", likeness
        return best


def _segments(path: str) -> list[str]:
    """The path's segments; a slash at the end makes no difference."""
    segments = path.split("/")[1:]
    if segments and segments[-1] == "":
        segments.pop()
    return segments


def _filled(template: str, given: list[str]) -> str:
    """The template with what the call has in place of whole-segment parameters."""
    segments = template.split("/")
    for index, text in enumerate(segments):
        if "{" in text and index < len(given):
            value = given[index]
            literals = _PARAMETER.split(text)[::2]
            if value.startswith(literals[0]) and value.endswith(literals[-1]):
                segments[index] = value
    return "/".join(segments)
