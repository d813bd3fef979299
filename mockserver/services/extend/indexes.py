"""The indexes of Extend's collections: one for each filter and order that a call can ask for."""

from mockserver.engine.store import Index
from mockserver.services.extend import batches, evaluation, files, forms, webhooks, workflows
from mockserver.services.extend.kinds import KINDS, NOUNS, PARSE, Kind, Noun

_TIMES = ("createdAt", "updatedAt")


def _sorted(*fields: str, by: tuple[str, ...] = _TIMES) -> tuple[Index, ...]:
    return tuple(Index(*fields, sort=sort) for sort in by)


def _of_runs(kind: Kind) -> tuple[Index, ...]:
    """Parse runs have one order; batches are small enough to be sorted when asked for."""
    by = _TIMES if kind is not PARSE else _TIMES[:1]
    found = (*_sorted(by=by), *_sorted("status", by=by))
    if kind.owner is not None:
        found += _sorted(kind.owner, by=by)
    return (*found, Index("batchId")) if kind.batch_prefix else found


def _of_versions(noun: Noun) -> tuple[Index, ...]:
    return (Index(noun.key, sort="order"), Index(noun.key, "version"))


_SLICES = (
    Index("queued", sort="rank"),
    *_sorted("folded", "kind"),
    *_sorted("folded", "kind", "status"),
    *_sorted("folded", "kind", "owner"),
    *_sorted("folded", "kind", "owner", "status"),
)

_WAITING = (
    Index(sort="rank"),
    Index(sort="startsAt"),
    Index("kind", sort="createdAt"),
    Index("kind", "owner", sort="createdAt"),
)

indexes = {
    **{kind.collection: _of_runs(kind) for kind in KINDS.values()},
    **{noun.collection: _sorted() for noun in NOUNS.values()},
    **{noun.versions: _of_versions(noun) for noun in NOUNS.values()},
    batches.WAITING: _WAITING,
    batches.SLICES: _SLICES,
    files.COLLECTION: _sorted(by=_TIMES[:1]),
    forms.TEMPLATES: _sorted(),
    workflows.COLLECTION: _sorted(),
    workflows.VERSIONS: (Index("workflowId", sort="order"), Index("workflowId", "version")),
    evaluation.SETS: (*_sorted(), *_sorted("entityId")),
    evaluation.ITEMS: _sorted("evaluationSetId"),
    webhooks.ENDPOINTS: (*_sorted(by=_TIMES[:1]), *_sorted("status", by=_TIMES[:1])),
    webhooks.SUBSCRIPTIONS: (
        *_sorted(by=_TIMES[:1]),
        *_sorted("webhookEndpointId", by=_TIMES[:1]),
        *_sorted("resourceId", by=_TIMES[:1]),
        Index("webhookEndpointId", "resourceId", sort="createdAt"),
    ),
    webhooks.ROUTES: (Index("event", "resource"), Index("owner")),
}
"""By collection."""
