"""Calls about splitters and their versions."""

from typing import Any

from mockserver.engine.service import Call, HandlerTable
from mockserver.services.extend import processors
from mockserver.services.extend.kinds import SPLITTER

handles: HandlerTable = HandlerTable()


@handles("listSplitters")
def list_splitters(call: Call) -> tuple[int, Any]:
    """All splitters."""
    return processors.list_all(call, SPLITTER)


@handles("createSplitter")
def create_splitter(call: Call) -> tuple[int, Any]:
    """A new one, of the config given or a copy of another one."""
    return processors.create(call, SPLITTER)


@handles("getSplitter")
def get_splitter(call: Call) -> tuple[int, Any]:
    """One splitter with its draft."""
    return processors.get(call, SPLITTER)


@handles("updateSplitter")
def update_splitter(call: Call) -> tuple[int, Any]:
    """Rename it, or change its draft."""
    return processors.update(call, SPLITTER)


@handles("listSplitterVersions")
def list_splitter_versions(call: Call) -> tuple[int, Any]:
    """Its versions, the draft first."""
    return processors.list_versions(call, SPLITTER)


@handles("createSplitterVersion")
def create_splitter_version(call: Call) -> tuple[int, Any]:
    """Publish the draft, or the config given."""
    return processors.publish(call, SPLITTER)


@handles("getSplitterVersion")
def get_splitter_version(call: Call) -> tuple[int, Any]:
    """A version by its number or id, the draft, or the latest one."""
    return processors.get_version(call, SPLITTER)
