"""The floor: a bare Starlette application that parses, validates and answers a constant."""

import sys

import jsonschema_rs
import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mockserver.engine.contract import Contract
from tests.benchmarks.cases import CONTRACT

ANSWER = orjson.dumps({"batch_id": 612584, "task_ids": ["65f0c0de9b1e4a0001a00001"]})
PROJECT = orjson.dumps({"id": 117, "name": "Demo", "state": "active", "client": {"id": 23}})


def validator() -> jsonschema_rs.Validator:
    """The validator of the body of Sama's batch creation, as the contract has it."""
    document = Contract.load(CONTRACT).document
    operation = document["paths"]["/projects/{project_id}/batches.json"]["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    return jsonschema_rs.Draft202012Validator({**schema, "components": document["components"]})


def application() -> Starlette:
    """The two routes that the cases call."""
    batch = validator()

    async def create(request: Request) -> Response:
        body = orjson.loads(await request.body())
        if not batch.is_valid(body):
            return Response(b"{}", status_code=400, media_type="application/json")
        return Response(ANSWER, status_code=202, media_type="application/json")

    async def read(request: Request) -> Response:
        return Response(PROJECT, media_type="application/json")

    return Starlette(
        routes=[
            Route("/sama/v2/projects/{project_id}/batches.json", create, methods=["POST"]),
            Route("/sama/v2/projects/{project_id}.json", read),
        ]
    )


if __name__ == "__main__":
    uvicorn.run(
        application(), port=int(sys.argv[1]), log_level="warning", access_log=False,
        http="httptools", loop="uvloop",
    )  # fmt: skip
