"""What every test may use, and which tests are not what coverage is taken from."""

from pathlib import Path

import pytest

UNTRACED = ("clients", "contract", "test_complexity.py", "test_kills.py", "test_leaks.py")
"""Tests that put whole servers under load: traced, they would take half as long again."""


@pytest.fixture
def anyio_backend() -> str:
    """Async tests, marked `anyio`, run on asyncio, as the server does."""
    return "asyncio"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the tests that are long by nature out of the coverage that the gate asks for."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here) and item.path.relative_to(here).parts[0] in UNTRACED:
            item.add_marker("no_cover")
