"""The services under test, each in a frozen world of its own, and what a call to it needs."""

import copy
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from mockserver.app import App, create_world
from mockserver.engine.sandbox import World
from mockserver.services import SERVICES
from mockserver.settings import Settings

HOST = "http://testserver"
START = 1_772_442_900.0
"""2026-03-02T09:15:00Z."""


@dataclass(frozen=True)
class Subject:
    """A service: where it is served, its credential, and values that lead to its fixtures."""

    name: str
    path: str
    auth: Mapping[str, Any]
    values: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    shards: int = 1
    starts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Operations that hardly fail, and the calls that sequences come to by these alone."""

    def app(self, folder: Path, **settings: Any) -> App:
        """The whole server with this service alone, not yet running."""
        world = _world(self.name)
        plain = {
            "data_dir": folder,
            "seed": 7,
            "clock": 0.0,
            "clock_start": START,
            "strict": True,
            "auth": "listed",
            "pace": "instant",
        }
        own = world.settings.services
        return App(replace(world, settings=Settings(**{**plain, **settings}, services=own)))

    def document(self, app: App) -> dict[str, Any]:
        """The contract, with this server in it."""
        document: dict[str, Any] = copy.deepcopy(app.world.contracts[self.name].document)
        document["servers"] = [{"url": HOST + self.path}]
        return document


SAMA = Subject(
    "sama",
    "/sama/v2",
    {"accessKey": {"api_key": "sama-demo-key"}},
    {"path.project_id": (117, 118)},
    shards=2,
)
EXTEND = Subject(
    "extend",
    "/extend",
    {"apiKey": {"bearer": "sk_test_1"}},
    {
        "path.id": (
            "workflow_purchase-orders-00001",
            "ex_purchase-order-000001",
            "cl_document-kinds-000001",
            "spl_document-packet-00001",
            "file_sample-invoice-000001",
            "ev_purchase-orders-00001",
            "edt_registration-form-001",
        )
    },
    {"header.x-extend-api-version": "2026-02-09"},
    shards=6,
)
TOLOKA = Subject(
    "toloka",
    "/toloka/api",
    {"token": {"api_key": "ApiKey toloka-token"}},
    {"path.id": ("1000001", "1000006", "1000007", "1000008")},
    shards=4,
    starts=dict.fromkeys(
        ("getRequester", "getProjects", "getPools", "getSkills", "getWebhookSubscriptions"),
        (
            "aggregateByPool",
            "createPool",
            "createTasks",
            "createTaskSuites",
            "setUserRestriction",
            "setUserSkill",
            "upsertWebhookSubscriptions",
        ),
    ),
)
PIPELINES = Subject(
    "pipelines",
    "/pipelines/api/v1",
    {"bearer": {"bearer": "pk_live_" + "1" * 40}},
    {
        "path.workflow_id": (41, 42, 43, 44, 45, 46, 91),
        "path.dataset_id": (5, 6),
        "path.project_id": (7, 8),
    },
    shards=3,
    starts={"getHealth": ("createTasksFromPipeline",)},
)
SUBJECTS = {each.name: each for each in (SAMA, EXTEND, TOLOKA, PIPELINES)}


@cache
def _world(name: str) -> World:
    """A service with its contract and fixtures, which take long to read and do not change."""
    service = next(each for each in SERVICES if each.name == name)
    own = {each.name: each.default for each in service.settings}
    return create_world(Settings(services=own), [service])


def chosen() -> list[Subject]:
    """All subjects, or those that the environment names for a long run."""
    names = os.environ.get("MOCKSERVER_CONTRACT_SERVICES", "")
    return [SUBJECTS[name] for name in names.split(",")] if names else list(SUBJECTS.values())
