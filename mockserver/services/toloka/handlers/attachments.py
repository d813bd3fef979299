"""Handlers of attachments."""

from typing import Any
from urllib.parse import quote

from mockserver.engine.service import Answer, Call, HandlerTable
from mockserver.services.toloka import errors, pages, wire
from mockserver.services.toloka.solutions import ATTACHMENTS

handles = HandlerTable()


@handles("getAttachments")
def get_attachments(call: Call) -> tuple[int, Any]:
    """List the files of a pool or of an assignment; one of them must be given."""
    given = call.parameters
    if not (given.get("pool_id") or given.get("assignment_id")):
        raise errors.invalid({"pool_id": errors.required()})
    names = {
        "name": "name",
        "type": "attachment_type",
        "user_id": "details.user_id",
        "assignment_id": "details.assignment_id",
        "pool_id": "details.pool_id",
        "owner_id": "owner.id",
        "owner_company_id": "owner.company_id",
    }
    where = {field: given[name] for name, field in names.items() if name in given}
    return pages.page(call, ATTACHMENTS, pages.ATTACHMENTS, where)


@handles("getAttachment")
def get_attachment(call: Call) -> tuple[int, Any]:
    """Get what is known of a file."""
    return 200, wire.require(call, ATTACHMENTS)


@handles("downloadAttachment")
def download_attachment(call: Call) -> Answer:
    """The file's bytes; the Java client reads Content-Type without looking (fact 11)."""
    attachment = wire.require(call, ATTACHMENTS)
    key = f"toloka/attachments/{attachment['id']}"
    if call.sandbox.uploads.dropped(key):
        raise errors.missing()
    data = call.sandbox.uploads.read(key)
    disposition = f"attachment; filename*=UTF-8''{quote(attachment['name'], safe='')}"
    headers = {"Content-Disposition": disposition}
    return Answer(200, data, headers, media_type=attachment["media_type"])
