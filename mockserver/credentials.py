"""Where a call carries its credential, as its contract says, before any service has seen it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl


@dataclass(frozen=True, slots=True)
class Place:
    """A header or a query parameter that holds a credential."""

    where: str
    name: str


def credential_places(document: Mapping[str, Any]) -> tuple[Place, ...]:
    """The places that a contract's security schemes name."""
    schemes = document.get("components", {}).get("securitySchemes", {})
    return tuple(
        Place(scheme["in"], scheme["name"].lower())
        if scheme["type"] == "apiKey"
        else Place("header", "authorization")
        for scheme in schemes.values()
    )


def credential_of(
    places: tuple[Place, ...], headers: Mapping[bytes, bytes], query: bytes
) -> str | None:
    """The credential of a call without its scheme (`Bearer`, `OAuth`), or None."""
    for place in places:
        if place.where == "header":
            value = headers.get(place.name.encode(), b"").decode("latin-1").strip()
            if value:
                return value.rpartition(" ")[2]
        elif place.where == "query" and place.name.encode() in query.lower():
            given = {name.lower(): value for name, value in parse_qsl(query.decode("latin-1"))}
            if given.get(place.name):
                return given[place.name]
    return None
