"""Message threads between the requester and Tolokers."""

from collections.abc import Sequence
from typing import Any

from mockserver.engine.sandbox import Sandbox
from mockserver.services.toloka import wire

COLLECTION = "toloka.message_threads"
FOLDERS = ("INBOX", "OUTBOX", "AUTOMATIC_NOTIFICATION", "IMPORTANT", "UNREAD")

Thread = dict[str, Any]

ME = {"id": wire.REQUESTER, "role": "REQUESTER", "myself": True}


def _toloker(user_id: str) -> dict[str, Any]:
    return {"id": user_id, "role": "USER", "myself": False}


def compose(sandbox: Sandbox, form: dict[str, Any]) -> Thread:
    """Write to Tolokers: a new thread, in the outbox.

    Not emulated: a thread of its own for each of several recipients once they answer.
    """
    recipients = [str(each) for each in form.get("recipients_ids") or ()]
    details: dict[str, Any] = {"recipients_select_type": form["recipients_select_type"]}
    if recipients:
        details["recipients_ids"] = recipients
    if form.get("recipients_filter"):
        details["recipients_filter"] = form["recipients_filter"]
    thread = _new(sandbox, form["topic"], recipients, folder="OUTBOX")
    thread["answerable"] = wire.truth(form.get("answerable", True))
    thread["compose_details"] = details
    return _say(sandbox, thread, ME, form["text"])


def receive(
    sandbox: Sandbox,
    user_id: str,
    topic: dict[str, str],
    text: dict[str, str],
    meta: dict[str, str],
) -> Thread:
    """A Toloker writes: a new thread, unread in the inbox."""
    thread = _new(sandbox, topic, [user_id], folder="INBOX")
    thread["folders"].append("UNREAD")
    thread["meta"] = meta
    return _say(sandbox, thread, _toloker(user_id), text)


def reply(sandbox: Sandbox, thread: Thread, text: dict[str, str]) -> Thread:
    """The requester answers."""
    _file(thread, ("OUTBOX",))
    return _say(sandbox, thread, ME, text)


def file(sandbox: Sandbox, thread: Thread, folders: Sequence[str]) -> Thread:
    """Put a thread into folders."""
    _file(thread, folders)
    return _keep(sandbox, thread)


def take_out(sandbox: Sandbox, thread: Thread, folders: Sequence[str]) -> Thread:
    """Take a thread out of folders."""
    thread["folders"] = [name for name in thread["folders"] if name not in folders]
    return _keep(sandbox, thread)


def _new(sandbox: Sandbox, topic: dict[str, str], users: Sequence[str], *, folder: str) -> Thread:
    people = [_toloker(user_id) for user_id in users]
    return {
        "id": wire.next_object_id(sandbox),
        "topic": topic,
        "interlocutors_inlined": True,
        "interlocutors": sorted([*people, ME], key=lambda person: str(person["id"])),
        "messages_inlined": True,
        "messages": [],
        "meta": {},
        "answerable": True,
        "folders": [folder],
        "created": wire.stamp(sandbox),
    }


def _say(sandbox: Sandbox, thread: Thread, person: dict[str, Any], text: dict[str, str]) -> Thread:
    """Add a message; newer ones come first."""
    message = {"text": text, "from": person, "created": wire.stamp(sandbox)}
    thread["messages"].insert(0, message)
    return _keep(sandbox, thread)


def _keep(sandbox: Sandbox, thread: Thread) -> Thread:
    """Keep a thread, with a mark for each folder by which it is found."""
    thread["in"] = dict.fromkeys(thread["folders"], True)
    sandbox.collection(COLLECTION).put(thread)
    return thread


def present(thread: Thread) -> Thread:
    """A thread as the service shows it."""
    return {key: value for key, value in thread.items() if key != "in"}


def _file(thread: Thread, folders: Sequence[str]) -> None:
    thread["folders"] += [name for name in folders if name not in thread["folders"]]
