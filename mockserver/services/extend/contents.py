"""What is in a file: its bytes behind the presigned link, and its text once it was parsed."""

from collections.abc import Mapping
from typing import Any

import orjson

from mockserver.engine.sandbox import Sandbox
from mockserver.services.extend import fetching
from mockserver.services.extend.wire import Document

LINK_SECONDS = 15 * 60
_MEDIA = {
    "PDF": "application/pdf",
    "IMG": "image/png",
    "CSV": "text/csv",
    "TXT": "text/plain",
    "XML": "application/xml",
    "HTML": "text/html",
    "EXCEL": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "DOCX": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
# The smallest image there is: one grey pixel.
_PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010800000000"
    "3a7e9b550000000a49444154789c6360000000020001e221bc330000000049454e44ae426082"
)


def key_of(file_id: str) -> str:
    """Where the bytes of a file are among the uploads."""
    return f"extend/files/{file_id}"


def expired(sandbox: Sandbox, file: Mapping[str, Any]) -> bool:
    """Whether the bytes that were uploaded as this file are gone."""
    return "url" not in file and "text" not in file and sandbox.uploads.dropped(key_of(file["id"]))


def link(sandbox: Sandbox, file: Mapping[str, Any], base_url: str) -> str:
    """A URL that gives the file's bytes without a key, for 15 minutes.

    Where a file of a URL was not fetched, what stands behind the link is invented once, of the
    right type. Behind the link of a file that has expired there is nothing any more.
    """
    key = _stored_key(sandbox, file)
    if key is None:
        key = key_of(file["id"])
        if not expired(sandbox, file):
            store(sandbox, file, _invented(sandbox, file))
    media = media_of(file)
    return sandbox.uploads.presign(
        "GET", key, expires=LINK_SECONDS, base_url=base_url, response_content_type=media
    )


def _stored_key(sandbox: Sandbox, file: Mapping[str, Any]) -> str | None:
    """Where the bytes of a file are: its own, or those that were fetched from its URL."""
    keys = [key_of(file["id"]), *([fetching.key_of(file["url"])] if "url" in file else [])]
    return next((key for key in keys if sandbox.uploads.get(key) is not None), None)


def media_of(file: Mapping[str, Any]) -> str:
    """The media type that a file's type stands for."""
    return _MEDIA.get(file["type"] or "", "application/octet-stream")


def json_link(
    sandbox: Sandbox, key: str, value: Any, base_url: str, seconds: float = LINK_SECONDS
) -> str:
    """A URL that gives a JSON value without a key."""
    sandbox.uploads.put(key, orjson.dumps(value), content_type="application/json")
    return sandbox.uploads.presign("GET", key, expires=seconds, base_url=base_url)


def store(sandbox: Sandbox, file: Mapping[str, Any], data: bytes) -> None:
    """Keep the bytes of a file."""
    sandbox.uploads.put(key_of(file["id"]), data, content_type=media_of(file))


def pages(sandbox: Sandbox, file: Mapping[str, Any]) -> list[str]:
    """The text of each page: what was sent as text, or an invented page of this file's own."""
    if "text" in file:
        return [file["text"]]
    key = _stored_key(sandbox, file)
    stored = None if key is None else sandbox.uploads.get(key)
    if stored is not None and file["type"] in ("TXT", "CSV", "XML", "HTML"):
        return [stored.path.read_bytes().decode("utf-8", "replace")]
    faker = sandbox.examples.faker("extend.pages", file["id"])
    count = int(file["metadata"].get("pageCount", 1))
    return [f"# {faker.bs().title()}\n\n{faker.paragraph(4)}" for _ in range(count)]


def contents(
    sandbox: Sandbox, file: Mapping[str, Any], asked: Mapping[str, Any]
) -> Document | None:
    """The `contents` of a file: only what was asked for, and only once the file was parsed."""
    wanted = {name for name in ("rawText", "markdown", "html") if asked.get(name)}
    if not wanted or not file["parsed"]:
        return None
    texts = pages(sandbox, file)
    found: Document = {}
    if "rawText" in wanted:
        found["rawText"] = "\n\n".join(texts)
    if wanted & {"markdown", "html"}:
        found["pages"] = [
            {"pageNumber": number, "pageHeight": 792, "pageWidth": 612}
            | ({"markdown": text} if "markdown" in wanted else {})
            | ({"html": f"<p>{text}</p>"} if "html" in wanted else {})
            for number, text in enumerate(texts, 1)
        ]
    if "markdown" in wanted:
        found["sections"] = [
            {"startPageNumber": 1, "endPageNumber": len(texts), "markdown": "\n\n".join(texts)}
        ]
    return found


def _invented(sandbox: Sandbox, file: Mapping[str, Any]) -> bytes:
    text = "\n\n".join(pages(sandbox, file))
    if file["type"] == "PDF":
        return _pdf(text)
    return _PIXEL if file["type"] == "IMG" else text.encode()


def _pdf(text: str) -> bytes:
    """A document of one page that shows the first line of the text."""
    line = text.partition("\n")[0].encode("ascii", "replace").decode()
    shown = line.replace("\\", "").replace("(", "").replace(")", "")
    stream = f"BT /F1 14 Tf 60 720 Td ({shown}) Tj ET"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        " /Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    body, offsets = "%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += f"{number} 0 obj\n{content}\nendobj\n"
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    start = len(body)
    size = len(objects) + 1
    body += f"xref\n0 {size}\n0000000000 65535 f \n{table}"
    body += f"trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
    return body.encode("ascii")
