"""What the calls about extractors, classifiers and splitters have in common."""

from typing import Any

from mockserver.engine.service import Call
from mockserver.services.extend import definitions, files, pages
from mockserver.services.extend.events import Announcer
from mockserver.services.extend.kinds import Noun
from mockserver.services.extend.wire import Document, now, require


def list_all(call: Call, noun: Noun) -> tuple[int, Any]:
    """The page that is asked for."""
    sort, falling = pages.ordered(call)
    listing = pages.Listing(noun.collection, sort=sort, falling=falling)
    found, token = pages.of_call(call, listing)
    return 200, pages.envelope([definitions.summary(each) for each in found], token)


def create(call: Call, noun: Noun) -> tuple[int, Any]:
    """A new processor; `generate` infers the schema that extraction without one would."""
    body, sandbox = call.body, call.sandbox
    config = body.get("config")
    clone = body.get(f"clone{noun.name.capitalize()}Id")
    if clone is not None:
        original = require(sandbox, noun.collection, clone, noun.name.capitalize())
        config = definitions.version_of(sandbox, noun, original, "draft")["config"]
    elif "generate" in body:
        for number, source in enumerate(body["generate"]["files"]):
            files.check(sandbox, source, f"generate.files.{number}")
        config = definitions.INFERRED
    processor = definitions.create(sandbox, noun, body["name"], config)
    return _told(call, noun, "created", processor)


def get(call: Call, noun: Noun) -> tuple[int, Any]:
    """A processor with its draft."""
    return 200, definitions.full(call.sandbox, noun, find(call, noun))


def update(call: Call, noun: Noun) -> tuple[int, Any]:
    """A changed processor; a new draft is announced by an event of its own."""
    processor = definitions.change(call.sandbox, noun, find(call, noun), call.body)
    if "config" in call.body:
        _told(call, noun, "draft.updated", processor)
    return _told(call, noun, "updated", processor)


def list_versions(call: Call, noun: Noun) -> tuple[int, Any]:
    """The versions of a processor."""
    listing = pages.Listing(
        noun.versions,
        where={noun.key: find(call, noun)["id"]},
        sort="order",
        falling=call.parameters["sortDir"] == "desc",
    )
    found, token = pages.of_call(call, listing)
    shown = [definitions.version_summary(noun, version) for version in found]
    return 200, pages.envelope(shown, token)


def publish(call: Call, noun: Noun) -> tuple[int, Any]:
    """A new version."""
    processor = find(call, noun)
    version = definitions.publish(call.sandbox, noun, processor, call.body)
    shown = definitions.version_full(noun, version)
    Announcer(call.sandbox).announce(
        f"{noun.name}.version.published", processor["id"], now(call.sandbox), lambda: shown
    )
    return 200, shown


def get_version(call: Call, noun: Noun) -> tuple[int, Any]:
    """A version with its config."""
    wanted = call.parameters["versionId"]
    version = definitions.version_of(call.sandbox, noun, find(call, noun), wanted)
    return 200, definitions.version_full(noun, version)


def find(call: Call, noun: Noun) -> Document:
    """The processor of the path, or 404."""
    return require(call.sandbox, noun.collection, call.parameters["id"], noun.name.capitalize())


def _told(call: Call, noun: Noun, what: str, processor: Document) -> tuple[int, Any]:
    shown = definitions.full(call.sandbox, noun, processor)
    Announcer(call.sandbox).announce(
        f"{noun.name}.{what}", processor["id"], now(call.sandbox), lambda: shown
    )
    return 200, shown
