"""The load: wrk where it is installed, else a small asyncio client; both measure the same."""

import asyncio
import re
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.cases import Request

WRK_UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}


@dataclass(frozen=True, slots=True)
class Measure:
    """What one round gave: requests a second, and latencies in milliseconds."""

    rate: float
    p50: float
    p99: float
    failures: int


def run(request: Request, port: int, connections: int, seconds: float, cpu: int | None) -> Measure:
    """Send the request from one process for some seconds."""
    if shutil.which("wrk"):
        return _wrk(request, port, connections, seconds, cpu)
    return asyncio.run(_asyncio(request, port, connections, seconds))


def _wrk(request: Request, port: int, connections: int, seconds: float, cpu: int | None) -> Measure:
    with tempfile.TemporaryDirectory() as folder:
        script, body = Path(folder, "case.lua"), Path(folder, "body")
        body.write_bytes(request.body)
        headers = "".join(f'wrk.headers["{k}"] = "{v}"\n' for k, v in request.headers.items())
        script.write_text(
            f'wrk.method = "{request.method}"\n{headers}'
            f'local file = io.open("{body}", "rb")\nwrk.body = file:read("*a")\n'
            "if #wrk.body == 0 then wrk.body = nil end\n"
        )
        url = f"http://127.0.0.1:{port}{request.path}"
        command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s"]
        command += ["--latency", "-s", str(script), url]
        if cpu is not None and shutil.which("taskset"):
            command = ["taskset", "-c", str(cpu), *command]
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    failures = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    if rate is None:
        raise RuntimeError(f"wrk printed no rate:\n{text}")
    return Measure(
        float(rate[1]),
        _percentile(text, 50),
        _percentile(text, 99),
        int(failures[1]) if failures else 0,
    )


def _percentile(text: str, which: int) -> float:
    found = re.search(rf"\s{which}%\s+([\d.]+)(us|ms|s|m)\b", text)
    return float(found[1]) * WRK_UNITS[found[2]] if found else float("nan")


async def _asyncio(request: Request, port: int, connections: int, seconds: float) -> Measure:
    headers = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    message = (
        f"{request.method} {request.path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{headers}"
        f"Content-Length: {len(request.body)}\r\n\r\n"
    ).encode() + request.body
    end = time.perf_counter() + seconds
    times: list[float] = []
    failures = 0

    async def connection() -> None:
        nonlocal failures
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (sent := time.perf_counter()) < end:
            writer.write(message)
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: (\d+)", head)
            await reader.readexactly(int(length[1]) if length else 0)
            times.append((time.perf_counter() - sent) * 1e3)
            failures += not head.startswith(b"HTTP/1.1 2")
        writer.close()

    started = time.perf_counter()
    await asyncio.gather(*(connection() for _ in range(connections)))
    spent = time.perf_counter() - started
    times.sort()
    return Measure(
        len(times) / spent, times[len(times) // 2], times[int(len(times) * 0.99)], failures
    )
