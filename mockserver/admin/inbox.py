"""The built-in webhook receiver: what it got, and how it answers."""

from typing import Any

from mockserver.admin.pages import page
from mockserver.engine.service import Answer, Call, HandlerTable

handles = HandlerTable()


@handles("listInboxes")
def list_inboxes(call: Call) -> tuple[int, Any]:
    """The inboxes that got something, or were told how to answer."""
    return 200, page([_view(call, name) for name in call.sandbox.inbox.names()])


@handles("getInbox")
def get_inbox(call: Call) -> tuple[int, Any]:
    """How an inbox answers, and how much it got."""
    return 200, _view(call, call.parameters["name"])


@handles("setInbox")
def set_inbox(call: Call) -> tuple[int, Any]:
    """Say how an inbox answers from now on."""
    call.sandbox.inbox.configure(call.parameters["name"], call.body)
    return 200, _view(call, call.parameters["name"])


@handles("clearInbox")
def clear_inbox(call: Call) -> Answer:
    """Forget an inbox's messages and how it answers."""
    call.sandbox.inbox.clear(call.parameters["name"])
    return Answer(204)


@handles("listMessages")
def list_messages(call: Call) -> tuple[int, Any]:
    """What an inbox got, oldest first."""
    items, total = call.sandbox.inbox.messages(
        call.parameters["name"],
        limit=call.parameters["limit"],
        after=call.parameters.get("after"),
    )
    return 200, page(items, total)


def _view(call: Call, name: str) -> dict[str, Any]:
    inbox = call.sandbox.inbox
    return {
        "name": name,
        "url": f"{call.base_url}/__inbox/{name}",
        "messages": inbox.count(name),
        "answer": inbox.configuration(name),
    }
