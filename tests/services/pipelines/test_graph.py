"""Tests of a pipeline's nodes and paths."""

from typing import Any

import pytest

from mockserver.engine.errors import ServiceError
from mockserver.services.pipelines import graph

Nodes = list[dict[str, Any]]

FORKED: Nodes = [
    {"id": "start", "type": "start", "next": ["a"]},
    {"id": "a", "type": "subtask", "next": ["gate", "c"]},
    {"id": "gate", "type": "logic_gate", "next": [{"to": "b", "when": {"field": "x"}}, "end"]},
    {"id": "b", "type": "review", "next": ["end"]},
    {"id": "c", "type": "subtask", "next": ["check"]},
    {"id": "check", "type": "review", "next": ["end"]},
    {"id": "end", "type": "end"},
]


def test_nodes_without_paths_stand_in_a_row_between_start_and_end() -> None:
    nodes = graph.complete([{"id": "a", "type": "subtask"}, {"id": "b", "type": "review"}])
    assert [(node["id"], [path["to"] for path in node["next"]]) for node in nodes] == [
        ("start", ["a"]),
        ("a", ["b"]),
        ("b", ["end"]),
        ("end", []),
    ]
    assert nodes[2]["settings"]["routing_mode"] == "same_person"


def test_a_pipeline_without_nodes_has_one_subtask() -> None:
    assert graph.Graph(graph.complete([])).tracked == ["label"]


def test_start_leads_to_the_subtasks_that_nothing_else_leads_to() -> None:
    nodes = graph.complete(
        [
            {"id": "a", "type": "subtask", "next": ["end"]},
            {"id": "b", "type": "subtask", "next": ["end"]},
        ]
    )
    assert [path["to"] for path in nodes[0]["next"]] == ["a", "b"]


def test_a_review_judges_the_nearest_subtasks() -> None:
    found = graph.Graph(graph.complete(FORKED))
    assert found.first == "a"
    assert found.reviewed("b") == ["a"]
    assert found.reviewed("check") == ["c"]
    assert found.between(["a"], "b") == ["a", "gate", "b"]
    assert found.tracked == ["a", "gate", "c", "b", "check"]


@pytest.mark.parametrize(
    "nodes",
    [
        [
            {"id": "a", "type": "review", "next": ["end"]},
            {"id": "s", "type": "start", "next": ["a"]},
        ],
        [{"id": "a", "type": "subtask"}, {"id": "a", "type": "subtask"}],
        [
            {"id": "s", "type": "start"},
            {"id": "t", "type": "start"},
            {"id": "a", "type": "subtask"},
        ],
        [{"id": "a", "type": "subtask"}, {"id": "e", "type": "end"}, {"id": "f", "type": "end"}],
        [{"id": "a", "type": "subtask", "next": ["nowhere"]}],
        [{"id": "a", "type": "subtask", "next": ["start"]}],
        [
            {"id": "start", "type": "start", "next": ["a"]},
            {"id": "a", "type": "subtask", "next": ["b", "end"]},
            {"id": "b", "type": "subtask", "next": ["a"]},
        ],
        [
            {"id": "start", "type": "start", "next": ["a"]},
            {"id": "a", "type": "subtask", "next": ["end"]},
            {"id": "b", "type": "subtask", "next": ["end"]},
        ],
        [
            {"id": "start", "type": "start", "next": ["a"]},
            {"id": "a", "type": "subtask", "next": ["end", "b"]},
            {"id": "b", "type": "subtask", "next": []},
        ],
        [
            {"id": "a", "type": "subtask", "next": ["end"]},
            {"id": "end", "type": "end", "next": ["a"]},
        ],
    ],
)
def test_the_rules_of_a_graph_are_kept(nodes: Nodes) -> None:
    """Fact 1."""
    with pytest.raises(ServiceError) as refusal:
        graph.complete(nodes)
    assert refusal.value.code == "graph_invalid"
