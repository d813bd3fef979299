"""The bodies that calls and answers may have, by media type."""

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from mockserver.engine.contract.parameters import Parameter, Reading
from mockserver.engine.contract.schemas import Schema


@dataclass(frozen=True, slots=True, eq=False)
class MediaType:
    """One form that a body can have: its schema, its examples, how a form's fields are read."""

    name: str
    schema: Schema | None
    examples: tuple[Any, ...] = ()
    reading: Reading | None = None


@dataclass(frozen=True, slots=True, eq=False)
class RequestBody:
    """What an operation takes as the body of a call."""

    required: bool
    media_types: Mapping[str, MediaType]


@dataclass(frozen=True, slots=True, eq=False)
class Response:
    """What an operation declares for a status."""

    status: str
    media_types: Mapping[str, MediaType]
    headers: tuple[Parameter, ...] = ()


def essence(content_type: str | None) -> str:
    """A media type without its parameters."""
    return (content_type or "").partition(";")[0].strip().lower()


def is_json(media_type: str) -> bool:
    """Whether bodies of this media type are JSON."""
    return media_type.endswith(("/json", "+json"))


def of_type(declared: Mapping[str, MediaType], content_type: str) -> MediaType | None:
    """The declared media type that is meant: exactly, by a range, or as a dialect of JSON."""
    found = declared.get(content_type)
    if found is not None:
        return found
    name = essence(content_type)
    found = declared.get(name)
    if found is not None:
        return found
    for pattern, media in declared.items():
        if "*" in pattern and fnmatchcase(name, pattern):
            return media
    return declared.get("application/json") if name.endswith("+json") else None
