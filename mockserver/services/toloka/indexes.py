"""The indexes of every collection: one for each filter and order that a list is asked for."""

from collections.abc import Sequence

from mockserver.engine.store import Index
from mockserver.services.toloka import apps, assignments, batches, pools, suites, tasks
from mockserver.services.toloka.aggregation import SOLUTIONS
from mockserver.services.toloka.solutions import ATTACHMENTS
from mockserver.services.toloka.threads import COLLECTION as THREADS
from mockserver.services.toloka.threads import FOLDERS

_TIMES = ("submitted", "accepted", "rejected", "skipped", "expired")


def _listed(*fields: str, times: Sequence[str] = ("created",)) -> tuple[Index, ...]:
    """All by id and by each time, and each field's values by id."""
    whole = [Index(sort=name) for name in ("id", *times)]
    return (*whole, *(Index(field, sort="id") for field in fields))


INDEXES: dict[str, Sequence[Index]] = {
    "toloka.projects": (
        *_listed("status"),
        Index(sort="public_name"),
        Index(sort="private_comment"),
    ),
    pools.POOLS: (
        *_listed("status", "project_id", times=("created", "last_started")),
        Index("project_id", "status"),
        Index("quality_control.training_requirement.training_pool_id"),
    ),
    pools.TRAININGS: (
        *_listed("status", "project_id", times=("created", "last_started")),
        Index("project_id", "status"),
    ),
    pools.LOCKS: (Index("pool_id"), Index("operation")),
    tasks.COLLECTION: (
        Index("pool_id", sort="id"),
        Index("pool_id", sort="created"),
        Index("pool_id", "role", "infinite_overlap", sort="remaining_overlap"),
    ),
    suites.COLLECTION: (
        Index("pool_id", sort="id"),
        Index("pool_id", sort="created"),
        Index("pool_id", "role", "infinite_overlap", sort="remaining_overlap"),
    ),
    suites.LINKS: (Index("task_id"), Index("pool_id", sort="task_id")),
    assignments.COLLECTION: (
        Index("pool_id", sort="id"),
        Index("pool_id", sort="created"),
        *(Index("pool_id", sort=name) for name in _TIMES),
        Index("pool_id", "status", sort="id"),
        Index("pool_id", "status", sort="submitted"),
        Index("task_suite_id", sort="id"),
    ),
    assignments.LINKS: (Index("task_id"),),
    "toloka.pool_workers": (Index("pool_id"), Index("pool_id", "submitter")),
    "toloka.operations": (
        *_listed("type", "status", times=("submitted", "finished")),
        Index("type", "status", sort="id"),
    ),
    batches.SLICES: (Index("batch", sort="number"),),
    batches.COLLECTION: (),
    ATTACHMENTS: (
        Index("details.pool_id", sort="id"),
        Index("details.assignment_id", sort="id"),
        Index("details.pool_id", sort="created"),
    ),
    "toloka.webhook_subscriptions": (
        *_listed("pool_id", "event_type"),
        Index("pool_id", sort="created"),
        Index("pool_id", "event_type", "webhook_url"),
        Index("pool_id", "event_type", sort="created"),
    ),
    "toloka.user_bonuses": _listed("user_id", "assignment_id", "private_comment"),
    "toloka.skills": (*_listed("name"),),
    "toloka.user_skills": (
        *_listed("user_id", "skill_id", times=("created", "modified")),
        Index("user_id", "skill_id"),
        Index("skill_id", sort="created"),
        Index("skill_id", sort="modified"),
    ),
    "toloka.user_restrictions": (
        *_listed("user_id", "scope", "project_id", "pool_id"),
        Index("user_id", "scope"),
        Index("pool_id", sort="created"),
    ),
    THREADS: (*_listed(), *(Index(f"in.{name}", sort="id") for name in FOLDERS)),
    SOLUTIONS: (Index("operation_id", sort="task_id"),),
    apps.APPS: (Index(sort="id"),),
    apps.PROJECTS: (*_listed("app_id", "status"), Index(sort="name")),
    apps.ITEMS: (
        Index("app_project_id", sort="id"),
        Index("app_project_id", "batch_id", sort="id"),
        Index("batch_id", "status"),
    ),
    apps.BATCHES: (Index("app_project_id", sort="id"), Index("app_project_id", sort="created")),
}
