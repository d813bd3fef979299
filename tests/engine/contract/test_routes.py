"""Routes: which operation a method and a path mean, and what is said when there is none."""

import pytest

from mockserver.engine.contract import MethodNotAllowed, NoSuchPath, Routes
from mockserver.engine.contract.routes import DuplicateRoute

TABLE = (
    ("GET", "/"),
    ("GET", "/tasks/{task_id}.json"),
    ("DELETE", "/tasks/{task_id}.json"),
    ("GET", "/tasks/delivered.json"),
    ("GET", "/tasks/{task_id}"),
    ("GET", "/tasks/{task_id}/files/{name}.{extension}"),
    ("GET", "/b/{id}"),
    ("POST", "/b/{id}:cancel"),
    ("POST", "/b/{id}"),
    ("GET", "/{tenant}/settings"),
    ("GET", "/tasks/{file-id}/log"),
    ("GET", "/v{major}-{minor}/x"),
)


@pytest.fixture
def routes() -> Routes[str]:
    """Routes whose targets are their own templates."""
    found: Routes[str] = Routes()
    for method, path in TABLE:
        found.add(method, path, path)
    return found


@pytest.mark.parametrize(
    ("method", "path", "template", "values"),
    [
        ("GET", "/", "/", {}),
        ("GET", "/tasks/7.json", "/tasks/{task_id}.json", {"task_id": "7"}),
        ("GET", "/tasks/delivered.json", "/tasks/delivered.json", {}),
        ("GET", "/tasks/delivered", "/tasks/{task_id}", {"task_id": "delivered"}),
        ("GET", "/tasks/a.b.json", "/tasks/{task_id}.json", {"task_id": "a.b"}),
        ("GET", "/tasks/.json", "/tasks/{task_id}", {"task_id": ".json"}),
        ("POST", "/b/1:cancel", "/b/{id}:cancel", {"id": "1"}),
        ("POST", "/b/1:start", "/b/{id}", {"id": "1:start"}),
        ("GET", "/tasks/7.json/", "/tasks/{task_id}.json", {"task_id": "7"}),
        ("GET", "/tasks/settings", "/tasks/{task_id}", {"task_id": "settings"}),
        ("GET", "/acme/settings", "/{tenant}/settings", {"tenant": "acme"}),
        ("GET", "/tasks/5/log", "/tasks/{file-id}/log", {"file-id": "5"}),
        ("GET", "/v1-2/x", "/v{major}-{minor}/x", {"major": "1", "minor": "2"}),
        ("GET", "/b/line\nbreak", "/b/{id}", {"id": "line\nbreak"}),
        (
            "GET",
            "/tasks/5/files/a.tar.gz",
            "/tasks/{task_id}/files/{name}.{extension}",
            {"task_id": "5", "name": "a.tar", "extension": "gz"},
        ),
    ],
)
def test_the_most_literal_path_wins(
    routes: Routes[str], method: str, path: str, template: str, values: dict[str, str]
) -> None:
    assert routes.match(method, path) == (template, values)


def test_the_order_in_which_paths_are_added_does_not_matter(routes: Routes[str]) -> None:
    backwards: Routes[str] = Routes()
    for method, path in reversed(TABLE):
        backwards.add(method, path, path)
    for path in ("/tasks/7.json", "/tasks/delivered.json", "/b/1:cancel", "/tasks/settings"):
        for method in ("GET", "POST"):
            try:
                expected: object = routes.match(method, path)
            except MethodNotAllowed as error:
                expected = error.allowed
            try:
                found: object = backwards.match(method, path)
            except MethodNotAllowed as error:
                found = error.allowed
            assert found == expected


def test_a_literal_path_without_the_method_leaves_the_call_to_the_template(
    routes: Routes[str],
) -> None:
    assert routes.match("DELETE", "/tasks/delivered.json")[1] == {"task_id": "delivered"}


@pytest.mark.parametrize("path", ["", "/nothing", "/tasks", "/tasks//log", "//", "/b/1/2", "/b/"])
def test_an_unknown_path_is_not_found(routes: Routes[str], path: str) -> None:
    if path == "":
        assert routes.match("GET", path) == ("/", {})
        return
    with pytest.raises(NoSuchPath):
        routes.match("GET", path)


def test_another_method_is_refused_with_those_that_are_allowed(routes: Routes[str]) -> None:
    with pytest.raises(MethodNotAllowed) as raised:
        routes.match("PATCH", "/tasks/7.json")
    assert raised.value.allowed == ["DELETE", "GET"]


def test_head_is_not_get(routes: Routes[str]) -> None:
    with pytest.raises(MethodNotAllowed):
        routes.match("HEAD", "/b/1")


@pytest.mark.parametrize("path", ["/b/{other}", "/b/{id}/"])
def test_two_templates_of_one_shape_are_refused(routes: Routes[str], path: str) -> None:
    with pytest.raises(DuplicateRoute):
        routes.add("GET", path, path)


@pytest.mark.parametrize(
    ("method", "path", "nearest"),
    [
        ("GET", "/task/7.json", "GET /tasks/{task_id}.json"),
        ("GET", "/taskz/delivered.json", "GET /tasks/delivered.json"),
        ("POST", "/bb/1:cancel", "POST /b/{id}:cancel"),
        ("GET", "/completely/else/where/far/away", None),
    ],
)
def test_the_nearest_operation_is_a_hint_where_there_is_one(
    routes: Routes[str], method: str, path: str, nearest: str | None
) -> None:
    assert routes.nearest(method, path) == nearest
