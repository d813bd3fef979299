"""Worlds for the tests of Toloka."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.services.toloka.world import World

Opening = Callable[..., Awaitable[World]]


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Opening]:
    """Opens worlds with other settings, each in its own folder, and closes them."""
    async with AsyncExitStack() as stack:

        async def open_world(folder: str = "data", **settings: Any) -> World:
            world = World.of(tmp_path / folder, **settings)
            await stack.enter_async_context(world.app.running())
            await stack.enter_async_context(world.client)
            return world

        yield open_world


@pytest.fixture
async def world(opened: Opening) -> World:
    """A world where nothing moves before `advance`."""
    return await opened()


@pytest.fixture
async def by_hand(opened: Opening) -> World:
    """The same at the pace where people do nothing by themselves."""
    return await opened(pace="manual")
