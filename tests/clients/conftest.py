"""Running servers for the official clients: real sockets, frozen time."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from mockserver.app import declared
from mockserver.server import ServerThread
from mockserver.settings import Settings

Starting = Callable[..., ServerThread]


@pytest.fixture(scope="module")
def starting() -> Iterator[Starting]:
    """Starts servers with other settings; they stop after the module's last test.

    Each is strict, seeded and on a free port, and its clock is frozen: `POST
    /__admin/clock/advance` moves it.
    """
    with ExitStack() as stack:

        def start(**settings: Any) -> ServerThread:
            flags = {"port": 0, "seed": 7, "clock": 0.0, "strict": True, **settings}
            loaded = Settings.load(flags, services=declared())
            return stack.enter_context(ServerThread(loaded))

        yield start


@pytest.fixture(scope="module")
def server(starting: Starting) -> ServerThread:
    """A server with `.url` for the tests of one module, at the default pace."""
    return starting()
