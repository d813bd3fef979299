"""What is measured: each case is one request, sent again and again."""

from dataclasses import dataclass

import orjson

from mockserver.data import data_folder

CONTRACT = data_folder("openapi") / "sama.yaml"
KEY = "?access_key=benchmark"


@dataclass(frozen=True, slots=True)
class Case:
    """One request and how many connections send it at once."""

    name: str
    method: str
    path: str
    body: bytes = b""
    connections: int = 16


def batch(size: int) -> bytes:
    """A body that creates `size` tasks."""
    tasks = [{"data": {"url": f"https://assets.example/{n}.jpg"}} for n in range(size)]
    return orjson.dumps({"tasks": tasks})


CASES = (
    Case("small GET", "GET", f"/sama/v2/projects/117.json{KEY}"),
    Case("POST, batch of 1", "POST", f"/sama/v2/projects/117/batches.json{KEY}", batch(1)),
    Case("POST, batch of 1,000", "POST", f"/sama/v2/projects/117/batches.json{KEY}",
         batch(1_000), connections=4),
)  # fmt: skip
