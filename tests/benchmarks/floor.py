"""The floor: a bare Starlette application that parses, validates and answers a constant."""

import sys
from pathlib import Path

import jsonschema_rs
import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mockserver.data import data_folder
from mockserver.engine.contract import Contract


def body_validator(service: str, operation: str) -> jsonschema_rs.Validator | None:
    """The validator of an operation's JSON body, None when it takes none."""
    contract = Contract.load(data_folder("openapi") / f"{service}.yaml")
    document = contract.document
    path, _, method = contract.operations[operation].pointer.removeprefix("/paths/").rpartition("/")
    found = document["paths"][path.replace("~1", "/").replace("~0", "~")][method]
    if "requestBody" not in found:
        return None
    body = found["requestBody"]
    if "$ref" in body:
        body = document["components"]["requestBodies"][body["$ref"].rpartition("/")[2]]
    schema = body["content"]["application/json"]["schema"]
    return jsonschema_rs.Draft202012Validator({**schema, "components": document["components"]})


def application(path: str, service: str, operation: str, answer: bytes) -> Starlette:
    """One route that takes what the case sends."""
    validator = body_validator(service, operation)

    async def respond(request: Request) -> Response:
        if validator is not None and not validator.is_valid(orjson.loads(await request.body())):
            return Response(b"{}", status_code=400, media_type="application/json")
        return Response(answer, media_type="application/json")

    return Starlette(routes=[Route(path, respond, methods=["GET", "POST"])])


if __name__ == "__main__":
    port, path, service, operation, answer = sys.argv[1:]
    uvicorn.run(
        application(path, service, operation, Path(answer).read_bytes()),
        port=int(port),
        log_level="warning",
        access_log=False,
        http="httptools",
        loop="uvloop",
    )
