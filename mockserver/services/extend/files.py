"""Files: made from a URL, a text or an upload; their types, and whether they can be had."""

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

import orjson

from mockserver.engine.sandbox import Sandbox
from mockserver.services.extend import contents, errors, fetching
from mockserver.services.extend.wire import Document, new_id, now, picked

COLLECTION = "extend.files"
LARGEST = 100 * 1024 * 1024
"""No limit is documented for uploads; 100 MB (facts (a))."""

_TYPES = {
    "PDF": "pdf",
    "IMG": "png jpg jpeg tiff tif svg heic heif bmp gif webp psd pcx",
    "EXCEL": "xls xlsx xltm xltx ods",
    "DOCX": "docx doc wpd dotx pptx ppt ppm",
    "CSV": "csv",
    "TXT": "txt rtf lis md eml",
    "XML": "xml",
    "HTML": "html htm",
}
_BY_EXTENSION = {extension: type for type, listed in _TYPES.items() for extension in listed.split()}
_SUMMARY = (
    "object", "id", "name", "type", "parentFileId", "metadata", "createdAt", "updatedAt"
)  # fmt: skip


def summary(file: Mapping[str, Any]) -> Document:
    """The FileSummary that runs and lists show."""
    return picked(file, _SUMMARY)


def type_of(name: str) -> str | None:
    """The type that a file name's ending stands for; None for an ending of no known type."""
    return _BY_EXTENSION.get(PurePosixPath(name).suffix.lower().removeprefix("."))


def new_file(
    sandbox: Sandbox, name: str, *, id: str | None = None, at: str | None = None
) -> Document:
    """The document of a file; the caller stores it."""
    id = id or new_id(sandbox, "file_")
    at = at or now(sandbox)
    pages = 1 + sandbox.ids.derived("extend.pages", id) % 4
    return {
        "object": "file",
        "id": id,
        "name": name,
        "type": type_of(name),
        "parentFileId": None,
        "metadata": {"pageCount": pages},
        "createdAt": at,
        "updatedAt": at,
        "parsed": False,
    }


def name_in(url: str) -> str:
    """A name defaults to the last part of the URL."""
    try:
        parts = urlsplit(url)
    except ValueError:  # `http://[`
        return PurePosixPath(url).name
    return unquote(PurePosixPath(parts.path).name) or parts.netloc


def unavailable(sandbox: Sandbox, source: Mapping[str, Any]) -> str | None:
    """Why a file cannot be had, or None: an unknown id, or a host that ends in `.invalid`.

    URLs are not fetched, so that everything works offline, unless `extend.fetch_files` is set.
    """
    if "id" in source:
        file = sandbox.collection(COLLECTION).get(source["id"])
        if file is None:
            return f"There is no file {source['id']}"
        return f"The file {file['id']} has expired" if contents.expired(sandbox, file) else None
    if "url" not in source:
        return None
    reason = fetching.unreachable(sandbox, source["url"])
    if reason is not None:
        return f"Could not download {source['url']}: {reason}"
    if doubtful(source):
        try:
            host = urlsplit(source["url"]).hostname or ""
        except ValueError:
            host = "invalid"
        if host == "invalid" or host.endswith(".invalid"):
            return f"Could not download {source['url']}"
    return None


def doubtful(source: Mapping[str, Any]) -> bool:
    """Whether a source could be one that cannot be had."""
    return "id" in source or ("url" in source and "invalid" in source["url"].lower())


def doubtful_of(sandbox: Sandbox, inputs: Sequence[Document]) -> list[int]:
    """The places of those inputs whose file is doubtful; quick, for a thousand at once."""
    if sandbox.setting(fetching.SETTING):
        return [*range(len(inputs))]
    text = orjson.dumps(inputs)
    if b'"id"' not in text and b"invalid" not in text.lower():
        return []
    return [place for place, each in enumerate(inputs) if doubtful(each["file"])]


def take(
    sandbox: Sandbox, source: Mapping[str, Any], *, id: str | None = None, at: str | None = None
) -> Document:
    """The file that a run's input means: the stored one of an id, or a new one, stored here.

    A run of an unknown id has a file of that id all the same, in its own summary alone.
    """
    collection = sandbox.collection(COLLECTION)
    if "id" in source:
        known = collection.get(source["id"])
        if known is None:
            return new_file(sandbox, source["id"], id=source["id"], at=at)
        if not known["parsed"]:
            known["parsed"] = True
            collection.put(known)
        return known
    file = made_of(sandbox, source, id=id, at=at)
    collection.put(file)
    return file


def made_of(
    sandbox: Sandbox, source: Mapping[str, Any], *, id: str | None = None, at: str | None = None
) -> Document:
    """The new file of a URL or a text; the caller stores it."""
    id = id or new_id(sandbox, "file_")
    if "text" in source:
        name = source.get("name") or f"text-{id[-8:]}.txt"
        file = new_file(sandbox, name, id=id, at=at)
        return {**file, "type": "TXT", "metadata": {"pageCount": 1}, "parsed": True} | {
            "text": source["text"]
        }
    file = new_file(sandbox, source.get("name") or name_in(source["url"]), id=id, at=at)
    type_ = file["type"] or type_of(name_in(source["url"])) or "PDF"
    return {**file, "type": type_, "parsed": True, "url": source["url"]}


def check(sandbox: Sandbox, source: Mapping[str, Any], path: str = "file") -> None:
    """Refuse a file id that is not known (404; fact 3.2), before anything is stored."""
    if "id" in source and source["id"] not in sandbox.collection(COLLECTION):
        raise errors.not_found(f"{path}: File", source["id"])
