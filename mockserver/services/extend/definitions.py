"""Extractors, classifiers and splitters: drafts, versions, and what a run was made with."""

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson

from mockserver.engine.sandbox import Sandbox
from mockserver.services.extend import errors
from mockserver.services.extend.kinds import NOUNS, Noun
from mockserver.services.extend.wire import Document, new_id, now, picked

COLLECTION = "extend.definitions"
DRAFT_ORDER = 1_000_000_000
"""The draft comes before every published version where the newest come first."""

_BASE = {
    "extractor": {"baseProcessor": "extraction_performance", "baseVersion": "4.8.0"},
    "classifier": {"baseProcessor": "classification_performance", "baseVersion": "3.2.0"},
    "splitter": {"baseProcessor": "splitting_performance", "baseVersion": "1.4.0"},
}
_EMPTY: dict[str, Document] = {
    "extractor": {"schema": {"type": "object", "properties": {}}},
    "classifier": {"classifications": []},
    "splitter": {"splitClassifications": []},
}
INFERRED: Document = {
    "schema": {
        "type": "object",
        "properties": {
            "document_title": {"type": ["string", "null"]},
            "document_date": {"type": ["string", "null"], "extend:type": "date"},
            "issuer_name": {"type": ["string", "null"]},
            "total_amount": {"type": ["number", "null"]},
        },
        "additionalProperties": False,
    }
}
"""What extraction without extractor and config makes do with: the service infers a schema then."""


def keep(sandbox: Sandbox, value: Any) -> str:
    """The id of a value that never changes; equal values are kept once."""
    text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    id = hashlib.blake2b(text, digest_size=12).hexdigest()
    collection = sandbox.collection(COLLECTION)
    if id not in collection:
        collection.put({"id": id, "value": value})
    return id


def kept(sandbox: Sandbox, id: str) -> Any:
    """The value that was kept under an id."""
    found = sandbox.collection(COLLECTION).get(id)
    return None if found is None else found["value"]


def completed(noun: Noun, config: Mapping[str, Any] | None) -> Document:
    """A config with the model that the service chooses where the caller does not."""
    return {**_BASE[noun.name], **(config or _EMPTY[noun.name])}


def create(sandbox: Sandbox, noun: Noun, name: str, config: Mapping[str, Any] | None) -> Document:
    """A new processor with its draft, stored."""
    at = now(sandbox)
    draft = {
        "object": f"{noun.name}_version",
        "id": new_id(sandbox, noun.version_prefix),
        noun.key: "",
        "version": "draft",
        "order": DRAFT_ORDER,
        "description": None,
        "config": completed(noun, config),
        "createdAt": at,
        "updatedAt": at,
        "createdBy": None,
    }
    processor = {
        "object": noun.name,
        "id": new_id(sandbox, noun.prefix),
        "name": name,
        "createdAt": at,
        "updatedAt": at,
        "draftId": draft["id"],
        "latestId": None,
        "published": 0,
    }
    draft[noun.key] = processor["id"]
    sandbox.collection(noun.collection).put(processor)
    sandbox.collection(noun.versions).put(draft)
    return processor


def change(
    sandbox: Sandbox, noun: Noun, processor: Document, changes: Mapping[str, Any]
) -> Document:
    """Rename a processor, change its draft, or both."""
    at = now(sandbox)
    if "config" in changes:
        versions = sandbox.collection(noun.versions)
        draft = versions.get(processor["draftId"]) or {}
        versions.put({**draft, "config": completed(noun, changes["config"]), "updatedAt": at})
    processor = {**processor, "name": changes.get("name", processor["name"]), "updatedAt": at}
    sandbox.collection(noun.collection).put(processor)
    return processor


def publish(
    sandbox: Sandbox, noun: Noun, processor: Document, release: Mapping[str, Any]
) -> Document:
    """A new version of the draft, or of the config given: `1.0`, `1.1`, `2.0`."""
    versions = sandbox.collection(noun.versions)
    latest = versions.get(processor["latestId"]) if processor["latestId"] else None
    major, _, minor = (latest["version"] if latest else "0.0").partition(".")
    number = f"{int(major) + 1}.0"
    if release["releaseType"] == "minor":
        number = f"{major}.{int(minor) + 1}"
    draft = versions.get(processor["draftId"]) or {}
    config = completed(noun, release["config"]) if "config" in release else draft["config"]
    at = now(sandbox)
    version = {
        **draft,
        "id": new_id(sandbox, noun.version_prefix),
        "version": number,
        "order": processor["published"] + 1,
        "description": release.get("description"),
        "config": config,
        "createdAt": at,
        "updatedAt": at,
    }
    versions.put(version)
    changed = {"latestId": version["id"], "published": version["order"], "updatedAt": at}
    sandbox.collection(noun.collection).put({**processor, **changed})
    return version


def version_of(sandbox: Sandbox, noun: Noun, processor: Document, wanted: str) -> Document:
    """The version of a number or an id, the draft, or the latest one; 404 without one."""
    versions = sandbox.collection(noun.versions)
    if wanted == "latest":
        wanted = processor["latestId"] or processor["draftId"]
    elif wanted == "draft":
        wanted = processor["draftId"]
    found = versions.get(wanted)
    if found is None:
        same = versions.find({noun.key: processor["id"], "version": wanted}, limit=1)
        found = same[0] if same else None
    if found is None or found[noun.key] != processor["id"]:
        raise errors.not_found(f"{noun.name.capitalize()} version", wanted)
    return found


def of_version(sandbox: Sandbox, version_id: str) -> tuple[Noun, Document, Document] | None:
    """Noun, processor and version of a version's id."""
    for noun in NOUNS.values():
        version = sandbox.collection(noun.versions).get(version_id)
        processor = version and sandbox.collection(noun.collection).get(version[noun.key])
        if version and processor:
            return noun, processor, version
    return None


def of_processor(sandbox: Sandbox, id: str) -> tuple[Noun, Document] | None:
    """Noun and document of a processor's id."""
    for noun in NOUNS.values():
        found = sandbox.collection(noun.collection).get(id)
        if found is not None:
            return noun, found
    return None


def summary(processor: Mapping[str, Any]) -> Document:
    """A processor in lists and runs."""
    return picked(processor, ("object", "id", "name", "createdAt", "updatedAt"))


def full(sandbox: Sandbox, noun: Noun, processor: Mapping[str, Any]) -> Document:
    """A processor with its draft."""
    draft = sandbox.collection(noun.versions).get(processor["draftId"]) or {}
    return {**summary(processor), "draftVersion": version_full(noun, draft)}


def version_summary(noun: Noun, version: Mapping[str, Any]) -> Document:
    """A version without its config."""
    keys = ("object", "id", "description", "version", noun.key, "createdAt", "createdBy")
    return picked(version, keys)


def version_full(noun: Noun, version: Mapping[str, Any]) -> Document:
    """A version with its config."""
    return {**version_summary(noun, version), "config": version["config"]}
