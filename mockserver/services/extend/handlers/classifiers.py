"""Calls about classifiers and their versions."""

from typing import Any

from mockserver.engine.service import Call, HandlerTable
from mockserver.services.extend import processors
from mockserver.services.extend.kinds import CLASSIFIER

handles: HandlerTable = HandlerTable()


@handles("listClassifiers")
def list_classifiers(call: Call) -> tuple[int, Any]:
    """All classifiers."""
    return processors.list_all(call, CLASSIFIER)


@handles("createClassifier")
def create_classifier(call: Call) -> tuple[int, Any]:
    """A new one, of the config given or a copy of another one."""
    return processors.create(call, CLASSIFIER)


@handles("getClassifier")
def get_classifier(call: Call) -> tuple[int, Any]:
    """One classifier with its draft."""
    return processors.get(call, CLASSIFIER)


@handles("updateClassifier")
def update_classifier(call: Call) -> tuple[int, Any]:
    """Rename it, or change its draft."""
    return processors.update(call, CLASSIFIER)


@handles("listClassifierVersions")
def list_classifier_versions(call: Call) -> tuple[int, Any]:
    """Its versions, the draft first."""
    return processors.list_versions(call, CLASSIFIER)


@handles("createClassifierVersion")
def create_classifier_version(call: Call) -> tuple[int, Any]:
    """Publish the draft, or the config given."""
    return processors.publish(call, CLASSIFIER)


@handles("getClassifierVersion")
def get_classifier_version(call: Call) -> tuple[int, Any]:
    """A version by its number or id, the draft, or the latest one."""
    return processors.get_version(call, CLASSIFIER)
