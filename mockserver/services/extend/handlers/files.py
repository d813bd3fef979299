"""Calls about files."""

from pathlib import PurePosixPath
from typing import Any

from mockserver.engine.service import Call, HandlerTable
from mockserver.services.extend import batches, contents, errors, files, pages, versions
from mockserver.services.extend.kinds import KINDS
from mockserver.services.extend.wire import Document, require

handles: HandlerTable = HandlerTable()

_PASSWORD_MARK = b"/Encrypt"
_OFFICE = ("DOCX",)


@handles("uploadFile")
def upload_file(call: Call) -> tuple[int, Any]:
    """Store a file under the name that it was sent with; the type is that of the name's ending.

    400 for a type that is not supported, for more than 100 MB, for a PDF without its header
    (CORRUPT_FILE), and for an encrypted one without a password (PASSWORD_PROTECTED_FILE).
    Not emulated: real conversion; `convertToPdf` and Office files only change type and name.
    """
    sent = call.files.get("file")
    if sent is None:
        raise errors.invalid("file: is required as a file part; Path: file")
    # The npm SDK streams every file as application/octet-stream, so the name decides (trap T17).
    name = PurePosixPath(sent.filename.replace("\\", "/")).name or "upload"
    type_ = files.type_of(name)
    _check_bytes(name, type_, sent.data, "password" in call.form)
    file = files.new_file(call.sandbox, name)
    if call.parameters.get("convertToPdf") or type_ in _OFFICE:
        file |= {"type": "PDF", "name": f"{PurePosixPath(name).stem}.pdf"}
    elif type_ is None:
        file["type"] = "PDF" if sent.data.startswith(b"%PDF") else "TXT"
    call.sandbox.collection(files.COLLECTION).put(file)
    contents.store(call.sandbox, file, sent.data)
    return 200, _view(file)


def _check_bytes(name: str, type_: str | None, data: bytes, password: bool) -> None:
    if len(data) > files.LARGEST:
        raise errors.invalid(f"{name} is larger than 100 MB.", code="FILE_SIZE_TOO_LARGE")
    if type_ is None and PurePosixPath(name).suffix:
        raise errors.invalid(
            f"Files of type {PurePosixPath(name).suffix} are not supported.",
            code="FILE_TYPE_NOT_SUPPORTED",
        )
    if type_ == "PDF" and not data.lstrip().startswith(b"%PDF"):
        raise errors.invalid(f"{name} is not a PDF, or is damaged.", code="CORRUPT_FILE")
    if type_ == "PDF" and _PASSWORD_MARK in data and not password:
        raise errors.invalid(f"{name} needs its password.", code="PASSWORD_PROTECTED_FILE")


@handles("createFile")
def create_file(call: Call) -> tuple[int, Any]:
    """Create a file from a URL: of the versions before 2026-02-09 only, else 410."""
    if versions.spoken(call) == versions.CURRENT:
        raise errors.removed("POST /files/upload")
    return 200, _view(files.take(call.sandbox, call.body))


@handles("listFiles")
def list_files(call: Call) -> tuple[int, Any]:
    """All files, those of runs and of batches included."""
    falling = call.parameters["sortDir"] == "desc"
    part = call.parameters.get("nameContains", "").lower()
    listing = pages.Listing(
        files.COLLECTION,
        falling=falling,
        accepts=(lambda file: part in file["name"].lower()) if part else None,
        folded=batches.FoldedRuns(
            call.sandbox, {"kind": tuple(KINDS)}, "createdAt", falling=falling
        ),
    )
    found, token = pages.of_call(call, listing)
    return 200, pages.envelope([files.summary(file) for file in found], token)


@handles("getFile")
def get_file(call: Call) -> tuple[int, Any]:
    """A file with a link to its bytes for 15 minutes; contents only when parsed and asked for."""
    file = _file(call)
    shown = _view(file)
    shown["presignedUrl"] = contents.link(call.sandbox, file, call.base_url)
    shown["contents"] = contents.contents(call.sandbox, file, call.parameters)
    return 200, shown


@handles("deleteFile")
def delete_file(call: Call) -> tuple[int, Any]:
    """Delete a file and its bytes; runs keep their summary of it."""
    file = _file(call)
    call.sandbox.collection(files.COLLECTION).delete(file["id"])
    call.sandbox.uploads.delete(contents.key_of(file["id"]))
    return 200, {"id": file["id"]}


def _file(call: Call) -> Document:
    return require(call.sandbox, files.COLLECTION, call.parameters["id"], "File")


def _view(file: Document) -> Document:
    return {**files.summary(file), "presignedUrl": None, "contents": None}
