"""Prints one table of ratios: `python -m tests.benchmarks [--quick] [--json FILE]`."""

import argparse
import contextlib
import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks import load
from tests.benchmarks.cases import CASES, Case


def free_port() -> int:
    """A port that no one listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def server(command: list[str], port: int, cpu: int | None) -> Iterator[tuple[int, float]]:
    """A server as a child process on one core; gives its pid and the seconds to a first answer."""
    pin = ["taskset", "-c", str(cpu)] if cpu is not None else []
    started = time.perf_counter()
    child = subprocess.Popen([*pin, sys.executable, *command])
    try:
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            if child.poll() is not None:
                raise RuntimeError(f"{command} ended with {child.returncode}")
            time.sleep(0.002)
        yield child.pid, time.perf_counter() - started
    finally:
        child.terminate()
        child.wait(60)


def memory(pid: int) -> float:
    """Resident megabytes of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return float("nan")


def measure(name: str, case: Case, rounds: int, seconds: float) -> dict[str, float]:
    """Medians of a case against a fresh server, after a warm-up."""
    cores = sorted(os.sched_getaffinity(0))
    here, there = (cores[0], cores[1]) if len(cores) > 1 else (None, None)
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        commands = {
            "floor": ["-m", "tests.benchmarks.floor", str(port)],
            "mockserver": ["-m", "mockserver", "serve", "--port", str(port), "--data-dir", folder,
                           "--pace", "manual", "--log-level", "warning"],
        }  # fmt: skip
        with server(commands[name], port, here) as (pid, start):
            load.run(case, port, 1, there)
            results = [load.run(case, port, seconds, there) for _ in range(rounds)]
            failures = sum(result.failures for result in results)
            if failures:
                print(f"{name}: {case.name}: {failures} calls were refused", file=sys.stderr)
            return {
                "rate": statistics.median(result.rate for result in results),
                "p50": statistics.median(result.p50 for result in results),
                "p99": statistics.median(result.p99 for result in results),
                "memory": memory(pid),
                "start": start,
            }


def main() -> None:
    """Measure every case on the floor and on mockserver, and print how they compare."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round of each case")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args()
    rounds, seconds = (1, 2.0) if options.quick else (3, 5.0)
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"{'case':24}{'floor/s':>10}{'ours/s':>10}{'ratio':>8}"
          f"{'p50 ms':>9}{'p99 ms':>9}{'floor p99':>11}{'MB':>7}{'start s':>9}")  # fmt: skip
    table = []
    for case in CASES:
        floor = measure("floor", case, rounds, seconds)
        ours = measure("mockserver", case, rounds, seconds)
        ratio = ours["rate"] / floor["rate"]
        print(f"{case.name:24}{floor['rate']:>10.0f}{ours['rate']:>10.0f}{ratio:>8.2f}"
              f"{ours['p50']:>9.2f}{ours['p99']:>9.2f}{floor['p99']:>11.2f}"
              f"{ours['memory']:>7.0f}{ours['start']:>9.2f}", flush=True)  # fmt: skip
        table.append({"case": case.name, "ratio": ratio, "floor": floor, "mockserver": ours})
    if options.json:
        options.json.write_text(json.dumps(table, indent=2))


if __name__ == "__main__":
    main()
