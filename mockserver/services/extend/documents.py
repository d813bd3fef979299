"""What parsing would have read: chunks and their blocks, from a file's own text."""

from collections.abc import Mapping
from typing import Any

from mockserver.engine.sandbox import Sandbox
from mockserver.services.extend import contents, files
from mockserver.services.extend.wire import Document, derived_tail

PAGE = {"width": 612.0, "height": 792.0}
DEFAULT_CONFIG: Document = {
    "target": "markdown",
    "chunkingStrategy": {"type": "page"},
    "engine": "parse_performance",
}


def parsed(sandbox: Sandbox, config: Mapping[str, Any], file: Mapping[str, Any]) -> Document:
    """The output of a parse run, in chunks of the config's strategy."""
    stored = sandbox.collection(files.COLLECTION).get(file["id"]) or {**file, "parsed": True}
    texts = contents.pages(sandbox, stored)
    kind = (config.get("chunkingStrategy") or {}).get("type", "page")
    blocks = [_block(sandbox, file["id"], number, text) for number, text in enumerate(texts, 1)]
    if kind == "page":
        return {
            "chunks": [
                _chunk(kind, [block], (number, number)) for number, block in enumerate(blocks, 1)
            ]
        }
    return {"chunks": [_chunk(kind, blocks, (1, len(blocks)))]}


def _chunk(kind: str, blocks: list[Document], pages: tuple[int, int]) -> Document:
    return {
        "object": "chunk",
        "type": kind,
        "content": "\n\n".join(block["content"] for block in blocks),
        "metadata": {
            "pageRange": {"start": pages[0], "end": pages[1]},
            "minOcrConfidence": 0.97,
            "avgOcrConfidence": 0.99,
        },
        "blocks": blocks,
    }


def _block(sandbox: Sandbox, file_id: str, number: int, text: str) -> Document:
    left, top, right, bottom = 56.0, 64.0, 556.0, 728.0
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    return {
        "object": "block",
        "id": f"block_{derived_tail(sandbox.ids, 'extend.blocks', file_id, number)}",
        "type": "text",
        "content": text,
        "details": {"type": "text_details"},
        "metadata": {"page": {"number": number, **PAGE}},
        "polygon": [{"x": x, "y": y} for x, y in corners],
        "boundingBox": {"left": left, "top": top, "right": right, "bottom": bottom},
    }


def metrics(file: Mapping[str, Any]) -> Document:
    """How long it took, and how many pages there were."""
    pages = int(file["metadata"].get("pageCount", 1))
    return {"processingTimeMs": 180 + 240 * pages, "pageCount": pages}
