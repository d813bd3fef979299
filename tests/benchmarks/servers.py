"""The servers under load, as child processes: started on one core, ended when done."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from mockserver.data import data_folder
from mockserver.engine.contract import Contract
from tests.benchmarks.cases import Request


@dataclass(frozen=True, slots=True)
class Server:
    """One running server and the seconds from its start to its first answer."""

    port: int
    pid: int
    start: float

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http://127.0.0.1:{self.port}"

    def memory(self) -> float:
        """Resident megabytes."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        return float("nan")


def cores() -> tuple[int | None, int | None]:
    """A core for the server and another one for the load, where there are two."""
    there = sorted(os.sched_getaffinity(0))
    return (there[0], there[1]) if len(there) > 1 and shutil.which("taskset") else (None, None)


@contextlib.contextmanager
def mockserver(folder: Path, *options: str) -> Iterator[Server]:
    """This server on a data folder, with everything on that is on by default."""
    command = ["-m", "mockserver", "serve", "--data-dir", str(folder), "--log-level", "warning"]
    with _running([*command, *options], "/__admin/health", port_flag="--port") as server:
        yield server


@contextlib.contextmanager
def floor(request: Request, answer: bytes) -> Iterator[Server]:
    """The bare floor that answers one case."""
    with tempfile.NamedTemporaryFile() as kept:
        kept.write(answer)
        kept.flush()
        path = request.path.partition("?")[0]
        arguments = [path, request.service, request.operation, kept.name]
        with _running(["-m", "tests.benchmarks.floor"], "/", arguments=arguments) as server:
            yield server


@contextlib.contextmanager
def receiver() -> Iterator[Server]:
    """A webhook target, on the core of the load."""
    with _running(["-m", "tests.benchmarks.receiver"], "/", core=1) as server:
        yield server


def contract_path(request: Request) -> str:
    """The path as the contract spells it, which is all that Prism serves."""
    contract = Contract.load(data_folder("openapi") / f"{request.service}.yaml")
    base = urlsplit(contract.document["servers"][0]["url"]).path
    return request.path.removeprefix(f"/{request.service}").removeprefix(base)


@contextlib.contextmanager
def prism(request: Request) -> Iterator[Server]:
    """Prism with the contract of one case, silent."""
    document = data_folder("openapi") / f"{request.service}.yaml"
    command = [shutil.which("prism") or "prism", "mock", "--verboseLevel", "silent", str(document)]
    with _running(command, "/", port_flag="--port", python=False) as server:
        yield server


@contextlib.contextmanager
def _running(
    command: list[str],
    probe: str,
    *,
    port_flag: str | None = None,
    arguments: Sequence[str] = (),
    core: int = 0,
    python: bool = True,
) -> Iterator[Server]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
    cpu = cores()[core]
    pin = ["taskset", "-c", str(cpu)] if cpu is not None else []
    place = [port_flag, str(port)] if port_flag else [str(port)]
    # As an installed package: with bytecode on the disk.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    interpreter = [sys.executable] if python else []
    started = time.perf_counter()
    child = subprocess.Popen(
        [*pin, *interpreter, *command, *place, *arguments],
        stdout=subprocess.DEVNULL,
        env=environment,
    )
    try:
        while not _answers(port, probe):
            if child.poll() is not None:
                raise RuntimeError(f"{command} ended with {child.returncode}")
            time.sleep(0.002)
        yield Server(port, child.pid, time.perf_counter() - started)
    finally:
        child.terminate()
        child.wait(120)


def _answers(port: int, path: str) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True
