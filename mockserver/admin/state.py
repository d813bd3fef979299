"""The documents of the sandbox, counted, listed and put by hand."""

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from mockserver.admin.pages import page
from mockserver.engine import deliveries
from mockserver.engine.errors import BadRequest, UnknownName
from mockserver.engine.service import Call, HandlerTable

if TYPE_CHECKING:
    from mockserver.engine.sandbox import Sandbox

handles = HandlerTable()

INTERNAL = "engine."
RESERVED = ("limit", "after", "sandbox")


@handles("getState")
def get_state(call: Call) -> tuple[int, Any]:
    """Number of documents by collection."""
    return 200, counts(call.sandbox, internal=call.parameters["internal"])


@handles("putDocuments")
def put_documents(call: Call) -> tuple[int, Any]:
    """Everything or nothing: the pipeline undoes what was put when one document cannot be."""
    for name in call.body:
        if name.startswith(INTERNAL) or not known(call.sandbox, name):
            services = ", ".join(call.sandbox.services)
            raise BadRequest(
                f"{name!r} is no collection to put into; "
                f"the name begins with a service and a dot: {services}."
            )
    for name, documents in call.body.items():
        call.sandbox.collection(name).put_many(documents)
    return 200, {name: len(call.sandbox.collection(name)) for name in call.body}


@handles("listDocuments")
def list_documents(call: Call) -> tuple[int, Any]:
    """Documents that have all the given values."""
    name = call.parameters["collection"]
    if not known(call.sandbox, name):
        there = ", ".join(counts(call.sandbox)) or "none yet"
        raise UnknownName(f"There is no collection {name!r}; there are: {there}.")
    collection = call.sandbox.collection(name)
    where = {
        field: _meanings(text)
        for field, text in parse_qsl(call.query_string, keep_blank_values=True)
        if field not in RESERVED
    }
    after = call.parameters.get("after")
    if after is not None and after not in collection:
        raise UnknownName(f"{name} has no document {after!r} to go on after.")
    items = collection.find(where, limit=call.parameters["limit"], after=after)
    if name == deliveries.COLLECTION:
        # Their headers and URLs hold what webhooks are signed with.
        items = [deliveries.view(each) for each in items]
    return 200, page(items, collection.count(where))


def counts(sandbox: "Sandbox", *, internal: bool = False) -> dict[str, int]:
    """Number of documents by collection; the sandbox's own collections only when asked for."""
    names = sorted(set(sandbox.store.collections()) | _declared(sandbox))
    return {
        name: len(sandbox.collection(name))
        for name in names
        if internal or not name.startswith(INTERNAL)
    }


def known(sandbox: "Sandbox", name: str) -> bool:
    """Whether a collection exists, or a service could have one of that name."""
    service, _, rest = name.partition(".")
    return name in sandbox.store.collections() or (bool(rest) and service in sandbox.services)


def _declared(sandbox: "Sandbox") -> set[str]:
    return {name for service in sandbox.services.values() for name in service.indexes}


def _meanings(text: str) -> tuple[Any, ...]:
    """The values that a text in a query can stand for: `7` is the text and the number."""
    try:
        value = json.loads(text)
    except ValueError:
        return (text,)
    return (text,) if isinstance(value, str) else (text, value)
