"""Handlers of message threads."""

from typing import Any

from mockserver.engine.service import Call, HandlerTable
from mockserver.services.toloka import errors, pages, threads, wire
from mockserver.services.toloka.threads import COLLECTION, FOLDERS

handles = HandlerTable()


@handles("getMessageThreads")
def get_message_threads(call: Call) -> tuple[int, Any]:
    """List threads that are in all of some folders and in none of others."""
    wanted = _folders(call, "folder")
    unwanted = _folders(call, "folder_ne")
    where: dict[str, Any] = {f"in.{name}": True for name in wanted}
    where |= {f"in.{name}": None for name in unwanted}
    return pages.page(call, COLLECTION, pages.THREADS, where, threads.present)


def _folders(call: Call, name: str) -> tuple[str, ...]:
    found = pages.listed(call.parameters.get(name, ""))
    if any(folder not in FOLDERS for folder in found):
        raise errors.invalid({name: errors.field("UNKNOWN_ENUM_VALUE")})
    return found


@handles("composeMessageThread")
def compose_message_thread(call: Call) -> tuple[int, Any]:
    """Write to Tolokers."""
    form = wire.without_nulls(call.body)
    if form["recipients_select_type"] == "DIRECT" and not form.get("recipients_ids"):
        raise errors.invalid({"recipients_ids": errors.required()})
    return 201, threads.present(threads.compose(call.sandbox, form))


@handles("replyMessageThread")
def reply_message_thread(call: Call) -> tuple[int, Any]:
    """Answer in a thread."""
    thread = wire.require(call, COLLECTION)
    return 200, threads.present(threads.reply(call.sandbox, thread, call.body["text"]))


@handles("addMessageThreadToFolders")
def add_message_thread_to_folders(call: Call) -> tuple[int, Any]:
    """Put a thread into folders."""
    thread = wire.require(call, COLLECTION)
    return 200, threads.present(threads.file(call.sandbox, thread, call.body["folders"]))


@handles("removeMessageThreadFromFolders")
def remove_message_thread_from_folders(call: Call) -> tuple[int, Any]:
    """Take a thread out of folders."""
    thread = wire.require(call, COLLECTION)
    return 200, threads.present(threads.take_out(call.sandbox, thread, call.body["folders"]))
