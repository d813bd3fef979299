"""Calls about extractors and their versions."""

from typing import Any

from mockserver.engine.service import Call, HandlerTable
from mockserver.services.extend import processors
from mockserver.services.extend.kinds import EXTRACTOR

handles: HandlerTable = HandlerTable()


@handles("listExtractors")
def list_extractors(call: Call) -> tuple[int, Any]:
    """All extractors."""
    return processors.list_all(call, EXTRACTOR)


@handles("createExtractor")
def create_extractor(call: Call) -> tuple[int, Any]:
    """A new one, of the config given, a copy of another one, or a schema made from samples."""
    return processors.create(call, EXTRACTOR)


@handles("getExtractor")
def get_extractor(call: Call) -> tuple[int, Any]:
    """One extractor with its draft."""
    return processors.get(call, EXTRACTOR)


@handles("updateExtractor")
def update_extractor(call: Call) -> tuple[int, Any]:
    """Rename it, or change its draft."""
    return processors.update(call, EXTRACTOR)


@handles("listExtractorVersions")
def list_extractor_versions(call: Call) -> tuple[int, Any]:
    """Its versions, the draft first."""
    return processors.list_versions(call, EXTRACTOR)


@handles("createExtractorVersion")
def create_extractor_version(call: Call) -> tuple[int, Any]:
    """Publish the draft, or the config given."""
    return processors.publish(call, EXTRACTOR)


@handles("getExtractorVersion")
def get_extractor_version(call: Call) -> tuple[int, Any]:
    """A version by its number or id, the draft, or the latest one."""
    return processors.get_version(call, EXTRACTOR)
