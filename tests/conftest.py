"""What every test may use."""

import pytest


@pytest.fixture
def anyio_backend() -> str:
    """Async tests, marked `anyio`, run on asyncio, as the server does."""
    return "asyncio"
