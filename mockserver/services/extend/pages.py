"""Lists: opaque page tokens, filters that no index covers, and folded runs brought to light."""

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson

from mockserver.engine.sandbox import Sandbox
from mockserver.engine.service import Call
from mockserver.engine.store import Range
from mockserver.services.extend import errors
from mockserver.services.extend.wire import Document

LOOKED_AT = 2_000
"""Documents that one call may look at; a page that would take more ends early, with a token.

"You may get fewer" says the service of its pages, and so no list grows slow with what is stored.
"""
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended: the last document and its value in the order of the list."""

    value: Any
    id: str


class Folded(Protocol):
    """Documents that exist only in their compact form until someone looks at them."""

    def unfold_between(self, place: Place | None, edge: Any | None, wanted: int) -> bool:
        """Bring the next `wanted` of the list to light that belong before `edge`; whether any."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What to list: indexed equalities, an order, and conditions that are looked at one by one."""

    collection: str
    where: Mapping[str, Any] = field(default_factory=dict)
    sort: str = "createdAt"
    falling: bool = True
    accepts: Callable[[Document], bool] | None = None
    folded: Folded | None = None


def of_call(call: Call, listing: Listing) -> tuple[list[Document], str | None]:
    """The documents of the page that a call asks for, and the token of the next one."""
    size = call.parameters.get("limit") or call.parameters["maxPageSize"]
    token = call.parameters.get("nextPageToken")
    place = None if token is None else read_token(call.sandbox, listing, token)
    return page(call.sandbox, listing, size, place)


def page(
    sandbox: Sandbox, listing: Listing, size: int, place: Place | None
) -> tuple[list[Document], str | None]:
    """Up to `size` documents after a place, and the token of the next page if there is more."""
    while True:
        found, last, more = _scan(sandbox, listing, size, place)
        edge = last[listing.sort] if last is not None and more else None
        if listing.folded is None or not listing.folded.unfold_between(place, edge, size):
            break
    if not more or last is None:
        return found, None
    return found, _token(sandbox, listing, Place(last[listing.sort], last["id"]))


def _scan(
    sandbox: Sandbox, listing: Listing, size: int, place: Place | None
) -> tuple[list[Document], Document | None, bool]:
    """The accepted documents, the last one that the page covers, and whether there are more."""
    found: list[Document] = []
    last: Document | None = None
    for seen, document in enumerate(_in_order(sandbox, listing, size, place)):
        if len(found) == size or seen == LOOKED_AT:
            return found, last, True
        last = document
        if listing.accepts is None or listing.accepts(document):
            found.append(document)
    return found, last, False


def _in_order(
    sandbox: Sandbox, listing: Listing, size: int, place: Place | None
) -> Iterator[Document]:
    collection = sandbox.collection(listing.collection)
    sort = f"-{listing.sort}" if listing.falling else listing.sort
    ranges: dict[str, Range] = {}
    after: str | None = None
    if place is not None and place.id in collection:
        after = place.id
    elif place is not None:
        # The document that ended the page was deleted: go on from where it stood.
        ranges[listing.sort] = Range(lt=place.value) if listing.falling else Range(gt=place.value)
    chunk = size + 1 if listing.accepts is None else _CHUNK
    while True:
        part = collection.find(
            listing.where, ranges=ranges or None, sort=sort, after=after, limit=chunk
        )
        yield from part
        if len(part) < chunk:
            return
        after = part[-1]["id"]


def _token(sandbox: Sandbox, listing: Listing, place: Place) -> str:
    """A token of the real shape, `<22 characters>==:<many>=`, with `/` and `+` in it (fact 1.6).

    The first half seals the second, so that an invented token is refused.
    """
    text = orjson.dumps([place.value, place.id])
    padding = b" " * (-(len(text) + 1) % 3)
    body = base64.b64encode(text + padding).decode()
    return f"{_seal(sandbox, listing, body)}:{body}"


def _seal(sandbox: Sandbox, listing: Listing, body: str) -> str:
    parts = ("extend.pages", listing.collection, body)
    number = sandbox.ids.derived(*parts, 0) << 64 | sandbox.ids.derived(*parts, 1)
    return base64.b64encode(number.to_bytes(16)).decode()


def read_token(sandbox: Sandbox, listing: Listing, token: str) -> Place:
    """The place that a token of this list means; 400 for any other text."""
    # A client that forgets to encode `+` sends a space; the real service's reading of that is
    # unknown, and refusing it shows the mistake.
    seal, _, body = token.partition(":")
    if seal != _seal(sandbox, listing, body):
        raise errors.invalid("nextPageToken: is not a token of this list; Path: nextPageToken")
    try:
        value, id = orjson.loads(base64.b64decode(body, validate=True))
    except (binascii.Error, ValueError):
        raise errors.invalid("nextPageToken: cannot be read; Path: nextPageToken") from None
    return Place(value, id)


def envelope(data: list[Document], token: str | None) -> Document:
    """The body of a list; the token's key is left out on the last page."""
    body: Document = {"object": "list", "data": data}
    if token is not None:
        body["nextPageToken"] = token
    return body


def ordered(call: Call) -> tuple[str, bool]:
    """The field and whether values fall, from `sortBy` and `sortDir`."""
    return call.parameters.get("sortBy", "createdAt"), call.parameters["sortDir"] == "desc"
