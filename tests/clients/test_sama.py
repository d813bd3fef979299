"""The official `sama` client, unmodified, over real sockets.

Its Databricks part is left out: it imports pandas and pyspark, which it does not declare (T37).
"""

import math
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import requests
from requests.adapters import HTTPAdapter
from sama import Client
from sama.client import RetriableHTTPExceptions
from sama.constants.tasks import TaskStates

from mockserver.server import ServerThread
from tests.clients.conftest import Starting

pytestmark = pytest.mark.client

REAL = "https://api.sama.com"
KEY = "any-key"
PROJECT = "117"
Task = dict[str, Any]


class Traffic:
    """Sends what the client addresses to the real host to a server; notes every request."""

    def __init__(self) -> None:
        self.url = ""
        self.requests: list[requests.PreparedRequest] = []

    def towards(self, url: str) -> Client:
        """A client whose calls arrive at this server."""
        self.url = url
        return Client(KEY)


@pytest.fixture
def traffic(monkeypatch: pytest.MonkeyPatch) -> Traffic:
    """T1: the client has no base URL, so its host is replaced below it."""
    found, send = Traffic(), HTTPAdapter.send

    def redirected(self: HTTPAdapter, request: requests.PreparedRequest, **more: Any) -> Any:
        assert request.url
        if request.url.startswith(REAL):
            request.url = f"{found.url}/sama{request.url.removeprefix(REAL)}"
        found.requests.append(request)
        return send(self, request, **more)

    monkeypatch.setattr(HTTPAdapter, "send", redirected)
    return found


@pytest.fixture
def client(server: ServerThread, traffic: Traffic) -> Client:
    """A client of a server that has been reset, where people work by themselves."""
    httpx.post(f"{server.url}/__admin/reset").raise_for_status()
    return traffic.towards(server.url)


@pytest.fixture(scope="module")
def manual(starting: Starting) -> ServerThread:
    """A server where people do nothing until played by hand."""
    return starting(pace="manual")


@pytest.fixture
def by_hand(manual: ServerThread, traffic: Traffic) -> Client:
    """A client of that server, which has been reset."""
    httpx.post(f"{manual.url}/__admin/reset").raise_for_status()
    return traffic.towards(manual.url)


def advance(server: ServerThread, seconds: float = 60) -> None:
    """Let time pass, and all that falls due be done."""
    url = f"{server.url}/__admin/clock/advance"
    httpx.post(url, json={"seconds": seconds}, timeout=120).raise_for_status()


def play(server: ServerThread, id: str, *steps: str) -> None:
    """People do these steps of a task."""
    for step in steps:
        url = f"{server.url}/__admin/services/sama/tasks/{id}/{step}"
        httpx.post(url).raise_for_status()


def urls(count: int, **more: Any) -> list[Task]:
    """Data of tasks that fit the project."""
    return [{"url": f"https://assets.example/{n}.jpg", **more} for n in range(count)]


def created(client: Client, server: ServerThread, count: int, **more: Any) -> tuple[int, list[str]]:
    """A batch by upload: its number and the ids of its tasks."""
    batch_id = client.create_task_batch(PROJECT, urls(count, **more))["batch_id"]
    advance(server)
    return batch_id, [t["id"] for t in client.get_status_batch_creation_job(PROJECT, batch_id)]


def ids(tasks: Iterator[Task]) -> list[str]:
    return [task["id"] for task in tasks]


def sent(traffic: Traffic) -> list[tuple[str | None, str]]:
    """Method and path of each request that the client made."""
    return [(each.method, urlsplit(each.url).path) for each in traffic.requests]  # type: ignore[misc]


# Methods 1, 2 and 10: batches.


def test_a_batch_is_made_in_three_calls(
    client: Client, server: ServerThread, traffic: Traffic
) -> None:
    """T2 to T7: nulls, no `tasks`, a bare array without key, an empty JSON body."""
    answer = client.create_task_batch(PROJECT, urls(2), batch_priority=-1)
    batch_id = answer["batch_id"]
    assert answer == {"batch_id": batch_id}
    assert sent(traffic) == [
        ("POST", "/sama/v2/projects/117/batches.json"),
        ("PUT", f"/__uploads/sama/batches/{batch_id}/tasks.json"),
        ("POST", f"/sama/v2/projects/117/batches/{batch_id}/continue.json"),
    ]
    assert "access_key" not in (traffic.requests[1].url or "")
    assert traffic.requests[2].body is None
    advance(server)
    items = list(client.get_status_batch_creation_job(PROJECT, batch_id))
    assert [item["state"] for item in items] == ["created", "created"]


def test_a_batch_of_nothing_goes_the_same_way(
    client: Client, server: ServerThread, traffic: Traffic
) -> None:
    """T8, T13."""
    batch_id = client.create_task_batch(PROJECT, [])["batch_id"]
    assert len(traffic.requests) == 3
    assert list(client.get_status_batch_creation_job(PROJECT, batch_id)) == []
    advance(server)
    assert list(client.get_status_batch_creation_job(PROJECT, batch_id)) == []


def test_failed_tasks_are_told_with_their_data_or_without(
    client: Client, server: ServerThread
) -> None:
    data = [*urls(1), {"name": "no url here"}]
    batch_id = client.create_task_batch(PROJECT, data)["batch_id"]
    advance(server)
    _, failed = client.get_status_batch_creation_job(PROJECT, batch_id)
    assert (failed["state"], failed["data"]) == ("failed", {"name": "no url here"})
    _, short = client.get_status_batch_creation_job(PROJECT, batch_id, omit_failed_task_data=True)
    assert "data" not in short


def test_a_batch_that_waits_can_be_cancelled(client: Client, server: ServerThread) -> None:
    """T34: NaN breaks the upload inside the client, and leaves a waiting batch behind."""
    with pytest.raises(requests.exceptions.InvalidJSONError):
        client.create_task_batch(PROJECT, [{"url": math.nan}])
    (orphan,) = httpx.get(f"{server.url}/__admin/state/sama.batches").json()["items"]
    assert orphan["state"] == "waiting"
    answer = client.cancel_batch_creation_job(PROJECT, orphan["id"])
    assert answer == {"batch_id": orphan["id"], "status": "cancelled"}
    with pytest.raises(requests.HTTPError, match="400"):
        client.cancel_batch_creation_job(PROJECT, orphan["id"])


def test_a_submitted_batch_is_completed_from_its_default_answers(
    by_hand: Client, manual: ServerThread
) -> None:
    by_hand.create_task_batch(PROJECT, urls(1, output_quality="dark"), submit=True)
    advance(manual)
    (task,) = by_hand.get_multi_task_status(PROJECT, state="completed", omit_answers=False)
    assert task["answers"] == {"quality": "dark"}


def test_mail_is_recorded(client: Client, server: ServerThread) -> None:
    client.create_task_batch(PROJECT, urls(1), notification_email="a@b.example")
    advance(server)
    (mail,) = httpx.get(f"{server.url}/__admin/state/sama.mails").json()["items"]
    assert (mail["to"], "python_sdk" in mail["subject"]) == ("a@b.example", True)


def test_the_1001st_task_is_on_the_second_page(
    client: Client, server: ServerThread, traffic: Traffic
) -> None:
    """T9, T14, T15: status and deliveries by pages of 1,000."""
    batch_id, made = created(client, server, 1001)
    assert len(set(made)) == 1001
    traffic.requests.clear()
    assert ids(client.get_delivered_tasks(PROJECT)) == made
    assert len(traffic.requests) == 2
    assert ids(client.get_delivered_tasks_since_last_call(PROJECT)) == made
    assert ids(client.get_delivered_tasks_since_last_call(PROJECT)) == []
    rest = client.create_task_batch(PROJECT, urls(999))["batch_id"]
    advance(server)
    traffic.requests.clear()
    # 2,000 are two full pages, so the client asks for a third one, which is empty.
    assert len(ids(client.get_delivered_tasks(PROJECT, batch_id=f"{batch_id},{rest}"))) == 2000
    assert len(traffic.requests) == 3


def test_multi_task_status_reaches_beyond_the_100th_page(
    by_hand: Client, manual: ServerThread, traffic: Traffic
) -> None:
    """T15, T16: pages of 100, so 10,001 tasks are 101 of them."""
    _, made = created(by_hand, manual, 10_001)
    traffic.requests.clear()
    found = ids(by_hand.get_multi_task_status(PROJECT))
    assert found == made
    assert len(traffic.requests) == 101


# Methods 3 to 5: changes.


def test_a_delivered_task_is_rejected_and_comes_back(client: Client, server: ServerThread) -> None:
    """T21, T33."""
    _, (id,) = created(client, server, 1)
    (before,) = client.get_delivered_tasks(PROJECT)
    answer = client.reject_task(PROJECT, id, ["too wide"])
    assert answer["task"]["state"] == "rejected"
    assert list(client.get_delivered_tasks(PROJECT)) == []
    advance(server)
    (after,) = client.get_delivered_tasks(PROJECT)
    assert after["delivered_at"] > before["delivered_at"]


def test_priorities_are_changed_and_tasks_deleted(by_hand: Client, manual: ServerThread) -> None:
    _, made = created(by_hand, manual, 3)
    assert by_hand.update_task_priorities(PROJECT, made[:2], -4) == {"success": True}
    found = by_hand.get_multi_task_status(PROJECT)
    assert [task["priority"] for task in found] == [-4, -4, 0]
    assert by_hand.delete_tasks(PROJECT, made[:1]) == {"success": True}
    assert ids(by_hand.get_multi_task_status(PROJECT)) == made[1:]
    play(manual, made[1], "start")
    with pytest.raises(requests.HTTPError, match="400"):
        by_hand.delete_tasks(PROJECT, made[1:])
    assert ids(by_hand.get_multi_task_status(PROJECT)) == made[1:]


# Methods 6 to 9: status and deliveries.


def test_single_status_is_one_task(client: Client, server: ServerThread) -> None:
    """T10, T26."""
    _, (id, _) = created(client, server, 2)
    (task,) = client.get_task_status(PROJECT, id)
    assert (task["id"], task["state"]) == (id, "delivered")
    (other,) = client.get_task_status(PROJECT, id, same_as_delivery=False)
    assert ("_extras" in task, "_extras" in other, "priority" in other) == (True, False, True)
    with pytest.raises(requests.HTTPError, match="404"):
        list(client.get_task_status(PROJECT, "6" * 24))


def test_multi_task_status_filters_by_state_batch_and_time(
    by_hand: Client, manual: ServerThread
) -> None:
    """T22 to T24."""
    batch_id, made = created(by_hand, manual, 3, client_batch_id="north-1")
    play(manual, made[0], "start")
    play(manual, made[1], "deliver")
    status = by_hand.get_multi_task_status
    assert ids(status(PROJECT, state=TaskStates.IN_PROGRESS)) == made[:1]
    assert ids(status(PROJECT, state="new", batch_id=batch_id)) == made[2:]
    assert ids(status(PROJECT, client_batch_id="north-1", omit_answers=None)) == made
    contains = {"client_batch_id_match_type": "contains"}
    assert ids(status(PROJECT, client_batch_id="north", **contains)) == made
    assert ids(status(PROJECT, from_timestamp="2023-01-01T00:00:36.536167366Z")) == made
    assert ids(status(PROJECT, to_timestamp="2023-01-01T00:00:00+00:00")) == []
    dated = {"date_type": "delivered_at", "from_timestamp": "2023-01-01"}
    assert ids(status(PROJECT, **dated)) == made[1:2]
    assert all("answers" not in task for task in status(PROJECT))


def test_every_state_is_one_that_can_be_asked_for(by_hand: Client) -> None:
    for state in TaskStates:
        assert list(by_hand.get_multi_task_status(PROJECT, state=state)) == []


def test_deliveries_are_filtered(client: Client, server: ServerThread) -> None:
    batch_id, made = created(client, server, 2, client_batch_id="b-7")
    _, others = created(client, server, 1)
    delivered = client.get_delivered_tasks
    assert ids(delivered(PROJECT)) == made + others
    assert ids(delivered(PROJECT, batch_id=batch_id)) == made
    assert ids(delivered(PROJECT, client_batch_id="b-7")) == made
    assert ids(delivered(PROJECT, task_id=made[1])) == made[1:]
    at = next(delivered(PROJECT, task_id=others[0]))["delivered_at"]
    assert ids(delivered(PROJECT, from_timestamp=at)) == others


def test_every_consumer_reads_on_from_its_own_place(client: Client, server: ServerThread) -> None:
    """T17 to T19."""
    batch_id, made = created(client, server, 2)
    following = client.get_delivered_tasks_since_last_call
    assert ids(following(PROJECT, consumer="ann")) == made
    assert ids(following(PROJECT, consumer="ann")) == []
    assert ids(following(PROJECT, batch_id=batch_id)) == made
    assert ids(following(PROJECT)) == []


# Methods 11 to 14: projects.


def test_a_project_tells_about_itself(client: Client, server: ServerThread) -> None:
    """T20."""
    created(client, server, 2)
    assert client.get_project_information(PROJECT)["id"] == 117
    creation = client.get_creation_task_schema(PROJECT)
    assert creation["properties"]["data"]["required"] == ["url"]
    assert "answers" in client.get_delivery_task_schema(PROJECT)["properties"]
    stats = client.get_project_stats(PROJECT)
    assert stats["tasks"]["delivered"] == 2
    later = client.get_project_stats(PROJECT, "2199-01-01T00:00:00Z", "2199-01-02T00:00:00Z")
    assert sum(later["tasks"].values()) == 0
    with pytest.raises(requests.HTTPError, match="404"):
        client.get_project_information("1")


def test_every_public_method_of_the_client_is_driven_here() -> None:
    text = Path(__file__).read_text()
    methods = [name for name in vars(Client) if not name.startswith("_")]
    assert [name for name in methods if f".{name}(" not in text and f".{name}\n" not in text] == [
        # Not a call to the service.
        "print_logger"
    ]


# What goes wrong.


def test_a_listed_key_is_needed_where_keys_are_listed(starting: Starting, traffic: Traffic) -> None:
    url = starting(auth="listed").url
    with pytest.raises(requests.HTTPError, match="401"):
        traffic.towards(url).get_project_information(PROJECT)
    traffic.towards(url)
    assert Client("sama-demo-key").get_project_information(PROJECT)["id"] == 117


def test_the_limit_of_one_call_a_second_runs_the_client_out_of_its_tries(
    starting: Starting, traffic: Traffic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T28: on a frozen clock no retry is ever late enough; once a second has passed, one is."""
    limited = starting(set=["sama.status_limit=true"])
    client = traffic.towards(limited.url)
    waits: list[float] = []
    monkeypatch.setattr("retry.api.time.sleep", waits.append)
    assert list(client.get_multi_task_status(PROJECT)) == []
    with pytest.raises(RetriableHTTPExceptions, match="429"):
        list(client.get_multi_task_status(PROJECT))
    assert waits == [1, 2, 4, 8]
    monkeypatch.setattr("retry.api.time.sleep", lambda seconds: advance(limited, seconds))
    assert list(client.get_multi_task_status(PROJECT)) == []
    assert list(client.get_multi_task_status(PROJECT)) == []


def test_a_key_is_masked_in_the_journal(client: Client, server: ServerThread) -> None:
    """T32: the key is in every URL."""
    client.get_project_information(PROJECT)
    answer = httpx.get(f"{server.url}/__admin/requests", params={"service": "sama"})
    assert answer.json()["total"] == 1
    assert KEY not in answer.text


@pytest.mark.parametrize("cut", [0, 1, 40])
def test_a_body_that_breaks_off_leaves_nothing_behind(
    client: Client, server: ServerThread, cut: int
) -> None:
    body = b'{"tasks": [{"data": {"url": "https://assets.example/1.jpg"}}]}'
    parts = urlsplit(server.url)
    with socket.create_connection((parts.hostname or "", parts.port or 0)) as raw:
        raw.sendall(
            b"POST /sama/v2/projects/117/batches.json?access_key=k HTTP/1.1\r\nHost: x\r\n"
            b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        )
        raw.sendall(body[:cut])
    assert client.get_project_information(PROJECT)["id"] == 117
    assert httpx.get(f"{server.url}/__admin/state").json().get("sama.batches", 0) == 0


# Whole runs: the server as a process of its own, its clock the real one.

Serving = Callable[..., tuple[str, "subprocess.Popen[str]"]]


@pytest.fixture
def serving() -> Iterator[Serving]:
    """Starts `mockserver serve` on a data folder, and ends what is left of it."""
    with ExitStack() as stack:

        def start(folder: Path, *flags: str) -> tuple[str, "subprocess.Popen[str]"]:
            command = [sys.executable, "-m", "mockserver", "serve", "--pace", "fast", "--strict"]
            process = subprocess.Popen(
                [*command, "--port", "0", "--data-dir", str(folder), *flags],
                stdout=subprocess.PIPE,
                text=True,
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            assert process.stdout
            line = process.stdout.readline()
            return line.split(" answers at ")[1].split()[0], process

        yield start


def idle(url: str) -> None:
    """Move the clock on until nothing is left to do; answers when all of it is done."""
    answer = httpx.post(f"{url}/__admin/clock/advance", json={"until_idle": True}, timeout=120)
    answer.raise_for_status()


def test_2500_tasks_come_all_the_way(serving: Serving, traffic: Traffic, tmp_path: Path) -> None:
    url, _ = serving(tmp_path)
    callbacks = {"task_creation": {"url": f"{url}/__inbox/sama"}}
    control = f"{url}/__admin/services/sama/projects/117/callbacks"
    httpx.put(control, json=callbacks).raise_for_status()
    client = traffic.towards(url)
    batch_id = client.create_task_batch(PROJECT, urls(2500))["batch_id"]
    idle(url)
    items = list(client.get_status_batch_creation_job(PROJECT, batch_id))
    assert [item["state"] for item in items] == ["created"] * 2500
    made = {item["id"] for item in items}
    assert len(made) == 2500
    delivered = list(client.get_delivered_tasks(PROJECT, batch_id=batch_id))
    assert [task["data"]["url"] for task in delivered] == [data["url"] for data in urls(2500)]
    assert {task["id"] for task in delivered} == made
    inbox = httpx.get(f"{url}/__admin/inbox/sama/messages", params={"limit": 10_000}).json()
    told = [message["json"]["tasks"][0]["id"] for message in inbox["items"]]
    assert (len(told), set(told)) == (2500, made)


@pytest.mark.parametrize("created_before", [1, 1200, 2500])
def test_a_server_that_is_killed_under_way_loses_nothing_and_doubles_nothing(
    serving: Serving, traffic: Traffic, tmp_path: Path, created_before: int
) -> None:
    url, process = serving(tmp_path)
    client = traffic.towards(url)
    batch_id = client.create_task_batch(PROJECT, urls(2500))["batch_id"]
    seen: list[str] = []
    while len(seen) < created_before:
        seen = ids(client.get_status_batch_creation_job(PROJECT, batch_id))
    inline = httpx.post(
        f"{url}/sama/v2/projects/117/batches.json?access_key=k",
        json={"tasks": [{"data": data} for data in urls(1000, client_batch_id="inline")]},
    ).json()
    os.kill(process.pid, signal.SIGKILL)
    process.wait()

    # Frozen, so that what the killed server left undone can be seen.
    url, _ = serving(tmp_path, "--clock", "frozen")
    client = traffic.towards(url)
    left = client.get_project_stats(PROJECT)["tasks"]
    assert sum(left.values()) >= created_before
    assert left["delivered"] < 3500
    idle(url)
    made = ids(client.get_status_batch_creation_job(PROJECT, batch_id))
    assert made[: len(seen)] == seen
    assert len(set(made)) == len(made) == 2500
    assert (
        ids(client.get_multi_task_status(PROJECT, batch_id=inline["batch_id"]))
        == (inline["task_ids"])
    )
    everything = list(client.get_delivered_tasks(PROJECT))
    assert sorted(task["id"] for task in everything) == sorted([*made, *inline["task_ids"]])
    assert sorted(task["data"]["url"] for task in everything) == sorted(
        data["url"] for data in [*urls(2500), *urls(1000)]
    )


def test_a_server_that_is_stopped_under_way_goes_on_after_a_restart(
    starting: Starting, traffic: Traffic, tmp_path: Path
) -> None:
    first = starting(data_dir=tmp_path)
    client = traffic.towards(first.url)
    batch_id = client.create_task_batch(PROJECT, urls(300))["batch_id"]
    advance(first, 0.001)
    first.stop()
    second = starting(data_dir=tmp_path)
    client = traffic.towards(second.url)
    advance(second)
    items = list(client.get_status_batch_creation_job(PROJECT, batch_id))
    assert [item["state"] for item in items] == ["created"] * 300
    assert len(ids(client.get_delivered_tasks(PROJECT))) == 300
