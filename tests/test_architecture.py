"""Fences: who may import whom, which library has which door, and how large a room may grow."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "mockserver"
MODULES = sorted(PACKAGE.rglob("*.py"))
TESTS = ROOT / "tests"

DOORS = {
    "tinydb": ("engine/store/",),
    "sortedcontainers": ("engine/store/",),
    "jsonschema": ("engine/contract/",),
    "jsonschema_rs": ("engine/contract/",),
    "yaml": ("engine/contract/",),
    "faker": ("engine/examples.py",),
    "uvicorn": ("server.py", "protocol.py"),
    "uvloop": ("server.py",),
    "httptools": ("server.py", "engine/connections.py"),
    "httpx": (
        "engine/webhooks.py",
        "engine/sending.py",
        "cli/",
        "client/",
        "memory.py",
    ),
    "click": ("cli/",),
    "trustme": ("certificates.py",),
    "certifi": ("certificates.py",),
    "time": ("engine/clock.py",),
    "random": ("engine/ids.py",),
    "secrets": ("engine/ids.py",),
    "jsonpath_ng": ("services/pipelines/mapping.py",),
    "pickle": (),
}


def name_of(path: Path) -> str:
    """A module's path inside the package."""
    return str(path.relative_to(PACKAGE))


def imported(path: Path) -> Iterator[str]:
    """The full names of all modules that a module imports, wherever it does so."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method of a module."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_each_library_has_one_door() -> None:
    strays = {
        (library, name_of(path))
        for path in MODULES
        for library in {name.partition(".")[0] for name in imported(path)}
        if library in DOORS and not name_of(path).startswith(DOORS[library])
    }
    assert not strays


def test_the_engine_knows_no_service_and_no_surface() -> None:
    allowed = ("mockserver.engine", "mockserver.settings")
    strays = {
        (name_of(path), name)
        for path in (PACKAGE / "engine").rglob("*.py")
        for name in imported(path)
        if name.startswith("mockserver") and not name.startswith(allowed)
    }
    assert not strays


def test_a_service_imports_the_engine_and_itself_alone() -> None:
    strays = {
        (name_of(path), name)
        for path in (PACKAGE / "services").glob("*/**/*.py")
        for name in imported(path)
        if name.startswith("mockserver.")
        and not name.startswith("mockserver.engine")
        and not name.startswith(f"mockserver.services.{path.relative_to(PACKAGE).parts[1]}")
    }
    assert not strays


@pytest.mark.parametrize("folder", [PACKAGE, TESTS], ids=["package", "tests"])
def test_every_module_opens_with_a_sentence(folder: Path) -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in folder.rglob("*.py")
        if not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert not silent


def test_no_file_and_no_function_has_become_a_drawer() -> None:
    large = [name_of(path) for path in MODULES if len(path.read_text().splitlines()) > 400]
    long = [
        f"{name_of(path)}:{node.name}"
        for path in MODULES
        for node in functions(path)
        if (node.end_lineno or 0) - node.lineno >= 60
    ]
    assert (large, long) == ([], [])


def test_no_room_has_a_name_that_says_nothing() -> None:
    empty = {"helper", "helpers", "util", "utils", "manager", "common", "misc", "base", "processor"}
    assert not [name_of(path) for path in MODULES if path.stem in empty]


def test_every_service_has_the_same_file_names() -> None:
    expected = {"__init__", "handlers", "lifecycle", "controls", "errors", "wire"}
    for service in (PACKAGE / "services").iterdir():
        if service.is_dir() and service.name != "__pycache__":
            found = {path.stem for path in service.iterdir()}
            assert expected <= found, service.name


def test_every_room_of_the_engine_has_its_tests() -> None:
    rooms = {
        path.stem
        for path in (PACKAGE / "engine").iterdir()
        if path.suffix == ".py" or (path.is_dir() and path.name != "__pycache__")
    }
    tested = {path.stem.removeprefix("test_") for path in (TESTS / "engine").iterdir()}
    # errors.py and service.py hold declarations alone.
    assert rooms - {"__init__", "errors", "service"} <= tested
