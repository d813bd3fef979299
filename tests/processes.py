"""Servers as processes of their own, which can be killed."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

PATIENCE = 60.0
"""Real seconds that a server is given to start, on a machine that has other things to do."""


def start(folder: Path, ready: Path, *options: str) -> subprocess.Popen[bytes]:
    """A server on a data folder; it writes the file `ready` once it answers."""
    ready.unlink(missing_ok=True)
    command = ["--port", "0", "--data-dir", str(folder), "--ready-file", str(ready)]
    return subprocess.Popen(
        [sys.executable, "-m", "mockserver", "serve", *command, *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def url_of(process: subprocess.Popen[bytes], ready: Path) -> str:
    """Where a started server answers."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if ready.exists():
            return str(json.loads(ready.read_text())["url"])
        if process.poll() is not None:
            assert process.stderr
            raise AssertionError(process.stderr.read().decode())
        time.sleep(0.005)
    raise AssertionError("the server does not answer")


@contextmanager
def serving(
    folder: Path, ready: Path, *options: str
) -> Iterator[tuple[subprocess.Popen[bytes], httpx.Client]]:
    """A server that is killed in the end if it is still there, and a client of it."""
    process = start(folder, ready, *options)
    try:
        with httpx.Client(base_url=url_of(process, ready), timeout=30) as client:
            yield process, client
    finally:
        process.kill()
        process.wait()
        if process.stderr:
            process.stderr.close()
