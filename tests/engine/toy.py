"""A service small enough to read at a glance, for tests of the engine as a whole."""

from typing import Any

from mockserver.engine.contract import Contract
from mockserver.engine.errors import Conflict, NotFound, ServiceError, Unauthorized
from mockserver.engine.pace import Transition
from mockserver.engine.sandbox import Sandbox, World
from mockserver.engine.service import (
    Answer,
    Call,
    ControlTable,
    HandlerTable,
    JobTable,
    Limit,
    Service,
    Setting,
)
from mockserver.engine.store import Index
from mockserver.engine.webhooks import Prepared, WebhookPolicy
from mockserver.settings import Settings

ITEM = {
    "type": "object",
    "required": ["id", "state"],
    "properties": {"id": {"type": "string"}, "state": {"enum": ["new", "done"]}},
    "additionalProperties": False,
}
ERROR = {
    "description": "What went wrong.",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["error"],
                "properties": {"error": {"type": "string"}},
            }
        }
    },
}


def answer(schema: Any) -> dict[str, Any]:
    """A response of the contract."""
    return {"description": "Done.", "content": {"application/json": {"schema": schema}}}


def operation(name: str, status: str, schema: Any, **more: Any) -> dict[str, Any]:
    """An operation of the contract."""
    return {"operationId": name, "responses": {status: answer(schema), "default": ERROR}, **more}


ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
BODY = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["id"],
                "properties": {"id": {"type": "string", "minLength": 1}},
            }
        }
    },
}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Toy", "version": "1"},
    "servers": [{"url": "https://toy.example/v1"}],
    "paths": {
        "/items": {
            "get": operation("listItems", "200", {"type": "array", "items": ITEM}),
            "post": operation("createItem", "201", ITEM, requestBody=BODY),
        },
        "/items/{id}": {
            "parameters": [ID],
            "get": operation("getItem", "200", ITEM),
            "delete": operation("failHalfway", "200", ITEM),
            "put": operation("breakContract", "200", ITEM),
        },
        "/example": {"get": operation("getExample", "200", {"type": "integer", "const": 7})},
        "/nothing": {
            "post": {"operationId": "doNothing", "responses": {"204": {"description": "Done."}}}
        },
    },
    "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    "webhooks": {
        "item_done": {
            "post": {
                "requestBody": {"content": {"application/json": {"schema": ITEM}}},
                "responses": {"200": {"description": "Taken."}},
            }
        }
    },
    "x-controls": {
        "/items/{id}/finish": {
            "post": {
                "operationId": "finishItem",
                "parameters": [ID],
                "responses": {"200": answer(ITEM), "default": {"description": "A problem."}},
            }
        }
    },
}

handles = HandlerTable()
runs = JobTable()
controls = ControlTable()


@handles("listItems")
def list_items(call: Call) -> tuple[int, Any]:
    """Every item."""
    return 200, call.sandbox.collection("toy.items").find()


@handles("createItem")
def create_item(call: Call) -> tuple[int, Any]:
    """A new item, done after a while."""
    items = call.sandbox.collection("toy.items")
    if call.body["id"] in items:
        raise Conflict("There is one already.")
    item = {"id": call.body["id"], "state": "new"}
    items.put(item)
    call.sandbox.pace.schedule("toy.finish", {"id": item["id"]}, resource=item["id"])
    call.answer_headers["X-Toy"] = "made"
    return 201, item


@handles("getItem")
def get_item(call: Call) -> tuple[int, Any]:
    """One item."""
    call.sandbox.pace.polled(call.parameters["id"])
    item = call.sandbox.collection("toy.items").get(call.parameters["id"])
    if item is None:
        raise NotFound("No such item.")
    return 200, item


@handles("failHalfway")
def fail_halfway(call: Call) -> tuple[int, Any]:
    """A handler with a mistake after its first change."""
    call.sandbox.collection("toy.items").delete(call.parameters["id"])
    raise RuntimeError("on purpose")


@handles("breakContract")
def break_contract(call: Call) -> tuple[int, Any]:
    """A handler whose answer is none that the contract knows."""
    call.sandbox.collection("toy.items").delete(call.parameters["id"])
    return 200, {"id": 1}


@handles("doNothing")
def do_nothing(call: Call) -> Answer:
    """An answer without a body."""
    return Answer(204)


@runs("finish")
def finish(sandbox: Sandbox, *, id: str) -> None:
    """The item is done; whoever asked is told."""
    item = {"id": id, "state": "done"}
    sandbox.collection("toy.items").put(item)
    target = sandbox.collection("toy.targets").get("target")
    if target:
        sandbox.webhooks.emit("toy", "item_done", target["url"], item)


@controls("finishItem")
def finish_item(call: Call) -> tuple[int, Any]:
    """Finish by hand."""
    finish(call.sandbox, id=call.parameters["id"])
    return 200, call.sandbox.collection("toy.items").get(call.parameters["id"])


def authenticate(call: Call) -> str:
    """Any token but an empty one."""
    token = call.headers.get("authorization", "").removeprefix("Bearer ")
    if not token:
        raise Unauthorized("No token.")
    return token


def refuse(call: Call, violations: Any) -> ServiceError:
    """The first violation in the toy's words."""
    return ServiceError(f"{violations[0].pointer} {violations[0].message}", status=400)


def render_error(error: ServiceError, call: Call | None) -> Answer:
    """The toy's envelope."""
    return Answer(error.status, {"error": error.message}, {"X-Toy-Error": error.code})


def prepare(sandbox: Sandbox, delivery: Any, body: bytes, now: float) -> Prepared:
    """An unsigned delivery."""
    return Prepared(delivery["url"], {})


service = Service(
    name="toy",
    title="Toy",
    hosts=("toy.example",),
    handlers=handles,
    jobs=runs,
    controls=controls,
    authenticate=authenticate,
    refuse=refuse,
    render_error=render_error,
    indexes={"toy.items": (Index("state"),)},
    transitions={"finish": Transition(fast=(1, 1), realistic=(60, 60))},
    webhooks=WebhookPolicy(retries=(5.0,), prepare=prepare),
    settings=(Setting("toy.slow", False, "One list a second."),),
    limits=(Limit("toy.slow", ("listItems",), 1, 1.0),),
)


def world(**settings: Any) -> World:
    """The toy alone, on a clock that only `advance` moves."""
    given = {"seed": 0, "clock": "frozen", "clock_start": "2026-01-01", **settings}
    return World(
        settings=Settings.load(given, services=service.settings),
        services={"toy": service},
        contracts={"toy": Contract(DOCUMENT, "toy.yaml")},
        fixtures={"toy.items": [{"id": "seeded", "state": "new"}]},
    )
