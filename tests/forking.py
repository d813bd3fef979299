"""Starts servers on one data folder in no time: each is a fork of a process that has loaded all.

`python -m tests.forking FOLDER` answers each line that it reads with the URL and the process id of
one more server. A server makes checkpoints all the time, so that a kill may come amidst one.
"""

import asyncio
import gc
import json
import os
import random
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import httpx

from mockserver.app import App, create_world, declared
from mockserver.server import Running, loop_factory
from mockserver.settings import Settings
from tests.calls import KINDS


class Forge:
    """The process that servers are forked from, as the tests see it."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.forking", str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parent.parent,
        )

    def server(self) -> tuple[str, int]:
        """URL and process id of a new server that answers."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(b"start\n")
        self._process.stdin.flush()
        said = json.loads(self._process.stdout.readline())
        return said["url"], said["pid"]

    def close(self) -> None:
        """End the process; servers that are left are the caller's."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream:
                stream.close()
        self._process.wait(30)


async def _checkpoints(app: App) -> None:
    chance = random.Random(os.getpid())
    while True:
        await asyncio.sleep(chance.uniform(0.02, 0.2))
        for sandbox in app.sandboxes:
            sandbox.store.checkpoint(wait=False)


def _serve(settings: Settings, app: App) -> None:
    running = Running(settings, app)
    tasks = []

    def ready(started: App) -> None:
        tasks.append(asyncio.get_running_loop().create_task(_checkpoints(started)))
        print(json.dumps({"url": running.url, "pid": os.getpid()}), flush=True)

    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(running.run(ready))


async def _warm(app: App) -> None:
    """Load and compile what the first calls need, as every server has its own first calls."""
    async with app.running():
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            for kind in KINDS.values():
                (await client.request(**kind.request("warm"))).raise_for_status()


def _main(folder: Path) -> None:
    given = {"port": 0, "data_dir": folder, "seed": 7, "pace": "manual", "log_level": "error"}
    settings = Settings.load(given, services=declared())
    world = create_world(settings)
    asyncio.run(_warm(App(replace(world, settings=replace(settings, data_dir=None)))))
    app = App(world)
    gc.freeze()
    # Nobody waits for the servers; they are killed.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while sys.stdin.readline():
        if not os.fork():
            _serve(settings, app)
            os._exit(0)


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
