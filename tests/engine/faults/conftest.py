"""A world of its own for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.faults.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """No rules yet; the clock is frozen."""
    made = World(tmp_path)
    yield made
    made.store.close()
