"""Speed beside the bare floor, in one run: `python -m tests.benchmarks [--quick] [--json FILE]`."""

import argparse
import contextlib
import json
import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from tests.benchmarks import journeys, load
from tests.benchmarks.cases import CASES, Case, Request
from tests.benchmarks.servers import Server, contract_path, cores, floor, mockserver, prism

HEAD = ("case", "floor/s", "ours/s", "ratio", "p50 ms", "p99 ms", "floor p99", "MB", "start s")
WIDTHS = (9, 9, 7, 9, 9, 11, 7, 9)

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Effort:
    """Rounds of each case, seconds of each round, tasks in the full store."""

    rounds: int
    seconds: float
    full: int


def measured(server: Server, case: Case, request: Request, effort: Effort) -> dict[str, float]:
    """Medians over some rounds, after a warm-up."""
    _, cpu = cores()
    load.run(request, server.port, case.connections, 1, cpu)
    results = [
        load.run(request, server.port, case.connections, effort.seconds, cpu)
        for _ in range(effort.rounds)
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


def compare(case: Case, effort: Effort, *, beside_prism: bool) -> Row:
    """A case on this server, then on the floor, each fresh and on the same core."""
    with (
        tempfile.TemporaryDirectory() as folder,
        mockserver(Path(folder), "--pace", "realistic") as server,
    ):
        request = case.prepare(server.url)
        answer = answered(server, request)
        ours = measured(server, case, request, effort)
    row = {"case": case.name, "ours": ours, "floor": on_floor(case, request, answer, effort)}
    if beside_prism:
        with prism(request) as server:
            bare = replace(request, path=contract_path(request))
            answered(server, bare)
            row["prism"] = measured(server, case, bare, effort)
    return row


def on_floor(case: Case, request: Request, answer: bytes, effort: Effort) -> dict[str, float]:
    """The same case on the floor."""
    with floor(request, answer) as server:
        return measured(server, case, request, effort)


def answered(server: Server, request: Request) -> bytes:
    """The body of one answer."""
    answer = httpx.request(
        request.method,
        server.url + request.path,
        headers=request.headers,
        content=request.body,
        timeout=60,
    )
    answer.raise_for_status()
    return answer.content


def show(row: Row) -> None:
    """One line of the table."""
    ours, bare = row["ours"], row["floor"]
    line = (
        f"{row['case']:34}{bare['rate']:>9.0f}{ours['rate']:>9.0f}"
        f"{ours['rate'] / bare['rate']:>7.2f}{ours['p50']:>9.2f}{ours['p99']:>9.2f}"
        f"{bare['p99']:>11.2f}{ours['memory']:>7.0f}{ours['start']:>9.2f}"
    )
    if "prism" in row:
        line += f"{row['prism']['rate']:>9.0f}"
    print(line, flush=True)


def travel(effort: Effort) -> tuple[list[Row], dict[str, float]]:
    """The journeys, and how a store that is full behaves, with the cases repeated on it."""
    found: dict[str, float] = {}
    rows: list[Row] = []

    def note(name: str, value: float) -> None:
        found[name] = value
        print(f"{name:56}{value:>14,.2f}", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        # By hand: what people do with the tasks meanwhile is not what is measured.
        with mockserver(Path(folder, "a"), "--pace", "manual") as server:
            note("idle memory, MB", server.memory())
            note("Sama: upload to created, 10,000, seconds", journeys.sama_upload(server, 10_000))
        with mockserver(Path(folder, "d"), "--pace", "fast") as server:
            one = journeys.toloka_ingest(server, 1, 10_000)
            note("Toloka: async to created, 10,000, seconds", one["created, seconds"])
        note("deliveries a second", journeys.deliveries(Path(folder, "b"), 5_000))
        half, number = Path(folder, "e"), effort.full // 2
        with mockserver(half, "--pace", "fast") as server:
            journeys.toloka_ingest(server, number // 10_000, 10_000)
        with mockserver(half, "--pace", "realistic") as server:
            note(f"restart with {number:,} tasks, seconds", server.start)
            for name, value in journeys.full_reads(server).items():
                note(f"{number:,} tasks: {name}", value)
        full = Path(folder, "c")
        with mockserver(full, "--pace", "fast") as server:
            ingested = journeys.toloka_ingest(server, effort.full // 10_000, 10_000)
            for name, value in ingested.items():
                note(f"Toloka ingest: {name}", value)
            stopping = time.perf_counter()
        note("full store: stop, seconds", time.perf_counter() - stopping)
        with mockserver(full, "--pace", "realistic") as server:
            note("full store: start, seconds", server.start)
            note("full store: memory after start, MB", server.memory())
            for name, value in journeys.full_reads(server).items():
                note(f"full store: {name}", value)
            full_cases = []
            for case in CASES:
                request = case.prepare(server.url)
                answer = answered(server, request)
                full_cases.append((case, request, answer, measured(server, case, request, effort)))
    # The core is the floor's alone once the server has stopped.
    for case, request, answer, ours in full_cases:
        bare = on_floor(case, request, answer, effort)
        rows.append({"case": f"{case.name}, full", "ours": ours, "floor": bare})
    return rows, found


def main() -> None:
    """Measure every case on the floor and on mockserver, then the journeys."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round of each case")
    parser.add_argument(
        "--full", type=int, help="tasks in the full store (2,000,000; 20,000 quick)"
    )
    parser.add_argument(
        "--prism", action="store_true", help="also beside Prism, if it is installed"
    )
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args()
    full = options.full or (20_000 if options.quick else 2_000_000)
    effort = Effort(1, 2.0, full) if options.quick else Effort(3, 5.0, full)
    if options.prism and shutil.which("prism") is None:
        parser.error("prism is not installed; npm install --global @stoplight/prism-cli")
    machine = f"{processor()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(machine)
    columns = list(zip(HEAD[1:], WIDTHS, strict=True)) + [("prism/s", 9)] * options.prism
    print(f"{HEAD[0]:34}" + "".join(f"{name:>{width}}" for name, width in columns))
    table = []
    for case in CASES:
        table.append(compare(case, effort, beside_prism=options.prism))
        show(table[-1])
    print()
    rows, found = travel(effort)
    print()
    for row in rows:
        show(row)
    if options.json:
        kept = {"machine": machine, "cases": [*table, *rows], "journeys": found}
        options.json.write_text(json.dumps(kept, indent=2))


def processor() -> str:
    """The name of the processor, where the system tells it."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


if __name__ == "__main__":
    main()
