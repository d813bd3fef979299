"""What is measured alone: whole journeys of a batch, and how a full store behaves."""

import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import httpx
import orjson

from tests.benchmarks.servers import Server, mockserver, receiver

TOLOKA = {"Authorization": "OAuth benchmark", "Content-Type": "application/json"}
POOL = "1000006"
SAMA = {"access_key": "benchmark"}

Figures = dict[str, float]


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


def toloka(server: Server) -> httpx.Client:
    """A client of Toloka."""
    return httpx.Client(base_url=f"{server.url}/toloka/api/v1", headers=TOLOKA, timeout=120)


def toloka_ingest(server: Server, batches: int, size: int) -> Figures:
    """Seconds to take in batches asynchronously, and how other calls fare meanwhile."""
    tasks = orjson.dumps(
        [
            {"pool_id": POOL, "input_values": {"image": f"https://a.example/{n}.png"}, "overlap": 1}
            for n in range(size)
        ]
    )
    with toloka(server) as client, reading(server) as times:
        started = time.perf_counter()
        operations = []
        for number in range(batches):
            id = str(UUID(int=number + 1, version=4))
            answer = client.post(
                "/tasks", params={"async_mode": "true", "operation_id": id}, content=tasks
            )
            answer.raise_for_status()
            operations.append(answer.json()["id"])
        taken = time.perf_counter() - started
        for id in operations:
            while client.get(f"/operations/{id}").json()["status"] in ("PENDING", "RUNNING"):
                time.sleep(0.05)
        spent = time.perf_counter() - started
    found = {
        "tasks": batches * size,
        "accepted, seconds": taken,
        "created, seconds": spent,
        "tasks a second": batches * size / spent,
        "memory, MB": server.memory(),
    }
    for name, each in times.items():
        found[f"{name} meanwhile, p50 ms"] = statistics.median(each)
        found[f"{name} meanwhile, p99 ms"] = percentile(each, 0.99)
    return found


@contextmanager
def reading(server: Server) -> Iterator[dict[str, list[float]]]:
    """Another caller that lists and gets tasks all the while; its times in milliseconds."""
    times: dict[str, list[float]] = {"list of 100": [], "get": []}
    done = threading.Event()

    def read() -> None:
        with toloka(server) as client:
            while not done.wait(0.02):
                page, spent = _timed(client, "/tasks", pool_id=POOL, limit="100")
                times["list of 100"].append(spent)
                if page["items"]:
                    times["get"].append(_timed(client, f"/tasks/{page['items'][-1]['id']}")[1])

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield times
    finally:
        done.set()
        thread.join()


def full_reads(server: Server, calls: int = 300) -> Figures:
    """Milliseconds of a list page of 100 and of a get in a store that is full."""
    lists, gets = [], []
    after: dict[str, str] = {}
    with toloka(server) as client:
        for _ in range(calls):
            page, spent = _timed(client, "/tasks", pool_id=POOL, limit="100", **after)
            lists.append(spent)
            last = page["items"][-1]["id"]
            gets.append(_timed(client, f"/tasks/{last}")[1])
            after = {"id_gt": last} if page["has_more"] else {}
    return {
        "list of 100, p50 ms": statistics.median(lists),
        "list of 100, p99 ms": percentile(lists, 0.99),
        "get, p50 ms": statistics.median(gets),
        "get, p99 ms": percentile(gets, 0.99),
    }


def deliveries(folder: Path, size: int) -> float:
    """Deliveries a second to a receiver on another core."""
    with receiver() as target, mockserver(folder, "--pace", "fast") as server:
        control = f"{server.url}/__admin/services/sama/projects/117/callbacks"
        url = f"{target.url}/hook"
        httpx.put(control, json={"task_creation": {"url": url}}).raise_for_status()
        sama_upload(server, size)
        while (seen := httpx.get(target.url).json())["count"] < size:
            time.sleep(0.05)
    return float((size - 1) / (seen["last"] - seen["first"]))


def _timed(
    client: httpx.Client, path: str, **query: str
) -> tuple[dict[str, list[dict[str, str]]], float]:
    started = time.perf_counter()
    answer = client.get(path, params=query).raise_for_status()
    spent = (time.perf_counter() - started) * 1e3
    found: dict[str, list[dict[str, str]]] = orjson.loads(answer.content)
    return found, spent
