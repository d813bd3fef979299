"""What is measured alone: whole journeys of a batch, and how a full store behaves."""

import contextlib
import http.server
import statistics
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import httpx
import orjson

from tests.benchmarks.servers import Server, mockserver

TOLOKA = {"Authorization": "OAuth benchmark", "Content-Type": "application/json"}
POOL = "1000006"
SAMA = {"access_key": "benchmark"}


def percentile(times: list[float], share: float) -> float:
    """A percentile of some durations."""
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


def sama_upload(server: Server, size: int) -> float:
    """Seconds from the creation of a batch by upload until the last task is created."""
    with httpx.Client(base_url=f"{server.url}/sama/v2/projects/117", params=SAMA) as client:
        started = time.perf_counter()
        batch = client.post("/batches.json", json={"notification_email": None}).json()
        tasks = [{"data": {"url": f"https://assets.example/{n}.jpg"}} for n in range(size)]
        httpx.put(batch["tasks_put_url"], content=orjson.dumps(tasks)).raise_for_status()
        client.post(f"/batches/{batch['batch_id']}/continue.json").raise_for_status()
        while True:
            found = client.get(
                f"/batches/{batch['batch_id']}.json", params={**SAMA, "page_size": 1}
            )
            if found.json()["state"] == "completed":
                return time.perf_counter() - started
            time.sleep(0.01)


def toloka_ingest(server: Server, batches: int, size: int) -> dict[str, float]:
    """Seconds to take in batches asynchronously, and how other calls fare meanwhile."""
    tasks = orjson.dumps(
        [
            {"pool_id": POOL, "input_values": {"image": f"https://a.example/{n}.png"}, "overlap": 1}
            for n in range(size)
        ]
    )
    lists: list[float] = []
    with httpx.Client(
        base_url=f"{server.url}/toloka/api/v1", headers=TOLOKA, timeout=120
    ) as client:
        started = time.perf_counter()
        operations = []
        for number in range(batches):
            id = str(UUID(int=number + 1, version=4))
            answer = client.post(
                "/tasks", params={"async_mode": "true", "operation_id": id}, content=tasks
            )
            answer.raise_for_status()
            operations.append(answer.json()["id"])
            lists.append(_timed(client, "/tasks", pool_id=POOL, limit="100"))
        for id in operations:
            while client.get(f"/operations/{id}").json()["status"] in ("PENDING", "RUNNING"):
                lists.append(_timed(client, "/tasks", pool_id=POOL, limit="100"))
        spent = time.perf_counter() - started
    return {
        "tasks": batches * size,
        "seconds": spent,
        "tasks a second": batches * size / spent,
        "list of 100 meanwhile, p99 ms": percentile(lists, 0.99),
        "memory MB": server.memory(),
    }


def list_page(server: Server, calls: int = 200) -> dict[str, float]:
    """Milliseconds of a list page of 100 in a store that is full."""
    with httpx.Client(base_url=f"{server.url}/toloka/api/v1", headers=TOLOKA) as client:
        times = [_timed(client, "/tasks", pool_id=POOL, limit="100") for _ in range(calls)]
    return {"p50 ms": statistics.median(times), "p99 ms": percentile(times, 0.99)}


def deliveries(folder: Path, size: int) -> float:
    """Deliveries a second to a receiver in this process."""
    with receiver() as (url, arrived), mockserver(folder, "--pace", "fast") as server:
        control = f"{server.url}/__admin/services/sama/projects/117/callbacks"
        httpx.put(control, json={"task_creation": {"url": url}}).raise_for_status()
        sama_upload(server, size)
        while arrived() < size:
            time.sleep(0.01)
        first, last = arrived.first, arrived.last
    return (size - 1) / (last - first)


class Arrived:
    """Counts arrivals and remembers the first and the last."""

    def __init__(self) -> None:
        self.count, self.first, self.last = 0, 0.0, 0.0
        self._lock = threading.Lock()

    def add(self) -> None:
        """One more."""
        with self._lock:
            self.last = time.perf_counter()
            self.first = self.first or self.last
            self.count += 1

    def __call__(self) -> int:
        return self.count


@contextlib.contextmanager
def receiver() -> Iterator[tuple[str, Arrived]]:
    """A webhook target on a free port."""
    arrived = Arrived()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            arrived.add()

        def log_message(self, format: str, *args: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/", arrived
    finally:
        server.shutdown()
        server.server_close()


def _timed(client: httpx.Client, path: str, **query: str) -> float:
    started = time.perf_counter()
    client.get(path, params=query).raise_for_status()
    return (time.perf_counter() - started) * 1e3
