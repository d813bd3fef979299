"""Speed beside the bare floor, in one run: `python -m tests.benchmarks [--quick] [--json FILE]`."""

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

from tests.benchmarks import journeys, load
from tests.benchmarks.cases import CASES, Case, Request
from tests.benchmarks.servers import Server, cores, floor, mockserver

HEAD = ("case", "floor/s", "ours/s", "ratio", "p50 ms", "p99 ms", "floor p99", "MB", "start s")


def measured(
    server: Server, case: Case, request: Request, rounds: int, seconds: float
) -> dict[str, float]:
    """Medians over some rounds, after a warm-up."""
    _, cpu = cores()
    load.run(request, server.port, case.connections, 1, cpu)
    results = [
        load.run(request, server.port, case.connections, seconds, cpu) for _ in range(rounds)
    ]
    if failures := sum(result.failures for result in results):
        print(f"{case.name}: {failures} calls were refused", file=sys.stderr)
    return {
        "rate": statistics.median(result.rate for result in results),
        "p50": statistics.median(result.p50 for result in results),
        "p99": statistics.median(result.p99 for result in results),
        "memory": server.memory(),
        "start": server.start,
    }


def compare(case: Case, rounds: int, seconds: float) -> dict[str, Any]:
    """A case on this server, then on the floor, each fresh and on the same core."""
    with (
        tempfile.TemporaryDirectory() as folder,
        mockserver(Path(folder), "--pace", "realistic") as server,
    ):
        request = case.prepare(server.url)
        answer = httpx.request(
            request.method,
            server.url + request.path,
            headers=request.headers,
            content=request.body,
        )
        answer.raise_for_status()
        ours = measured(server, case, request, rounds, seconds)
    with floor(request, answer.content) as server:
        bare = measured(server, case, request, rounds, seconds)
    return {"case": case.name, "ratio": ours["rate"] / bare["rate"], "floor": bare, "ours": ours}


def show(row: dict[str, Any]) -> None:
    """One line of the table."""
    ours, bare = row["ours"], row["floor"]
    print(
        f"{row['case']:30}{bare['rate']:>9.0f}{ours['rate']:>9.0f}{row['ratio']:>7.2f}"
        f"{ours['p50']:>9.2f}{ours['p99']:>9.2f}{bare['p99']:>11.2f}"
        f"{ours['memory']:>7.0f}{ours['start']:>9.2f}",
        flush=True,
    )


def travel(tasks: int) -> dict[str, Any]:
    """The journeys, and how a store with so many tasks behaves."""
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        with mockserver(Path(folder, "a"), "--pace", "fast") as server:
            found["Sama: upload to created, 10,000, seconds"] = journeys.sama_upload(server, 10_000)
        found["deliveries a second"] = journeys.deliveries(Path(folder, "b"), 5_000)
        with mockserver(Path(folder, "c"), "--pace", "fast") as server:
            for name, value in journeys.toloka_ingest(server, tasks // 10_000, 10_000).items():
                found[f"Toloka: {name}"] = value
            for name, value in journeys.list_page(server).items():
                found[f"Toloka: list of 100 in the full store, {name}"] = value
            stopping = time.perf_counter()
        found["stop with a full store, seconds"] = time.perf_counter() - stopping
        with mockserver(Path(folder, "c"), "--pace", "fast") as server:
            found["start with a full store, seconds"] = server.start
    return found


def main() -> None:
    """Measure every case on the floor and on mockserver, then the journeys."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round of each case")
    parser.add_argument("--tasks", type=int, help="tasks in the full store (100,000; 10,000 quick)")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args()
    rounds, seconds = (1, 2.0) if options.quick else (3, 5.0)
    tasks = options.tasks or (10_000 if options.quick else 100_000)
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"{HEAD[0]:30}{HEAD[1]:>9}{HEAD[2]:>9}{HEAD[3]:>7}", end="")
    print(f"{HEAD[4]:>9}{HEAD[5]:>9}{HEAD[6]:>11}{HEAD[7]:>7}{HEAD[8]:>9}")
    table = []
    for case in CASES:
        table.append(compare(case, rounds, seconds))
        show(table[-1])
    found = travel(tasks)
    print()
    for name, value in found.items():
        print(f"{name:56}{value:>14,.2f}")
    if options.json:
        options.json.write_text(json.dumps({"cases": table, "journeys": found}, indent=2))


if __name__ == "__main__":
    main()
