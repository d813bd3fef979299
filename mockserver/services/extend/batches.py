"""Batches: up to 1,000 runs from one call, kept in compact slices until someone looks at them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from mockserver.engine.sandbox import Sandbox
from mockserver.engine.store import Range
from mockserver.services.extend import files, runs, workflow_runs
from mockserver.services.extend.kinds import KINDS, WORKFLOW, Kind
from mockserver.services.extend.pages import Place
from mockserver.services.extend.wire import Document, derived_tail, now

WAITING = "extend.waiting_batches"
SLICES = "extend.slices"
INPUTS = "extend.batch_inputs"
RUNS = "extend.batch_runs"
MOVE = "extend.start_slice"
"""The job by which the queue moves on by one slice."""
SIZE = 250
"""Runs of a slice: what one job does at once, and what one look brings to light."""
MOST = 1_000
"""Inputs that one batch may have (facts 4.1)."""
FEW = 8
"""So many inputs are kept with the batch or slice itself, which is written again when it moves."""
MIXED = "MIXED"
"""Status of a slice in which some runs were processed and some failed."""


def submit(
    sandbox: Sandbox,
    kind: Kind,
    id: str,
    own: Mapping[str, Any],
    inputs: Sequence[Document],
    *,
    raw: bytes | None,
    starts_at: float | None,
) -> None:
    """Store a batch whose runs all share `own`, and its inputs: all that a request writes.

    `raw` is the body that the inputs came in, if it can be kept as it is. At `starts_at` the queue
    moves on because of this batch, unless a job sees to that.
    """
    waiting = sandbox.collection(WAITING)
    batch = {
        "id": id,
        "kind": kind.name,
        "owner": own.get(kind.owner) if kind.owner else None,
        "own": own,
        "count": len(inputs),
        # Lower priority first, then batch by batch, then slice by slice.
        "rank": (own["priority"] * 10**12 + waiting.following) * MOST,
        "createdAt": now(sandbox),
        "startsAt": starts_at,
    }
    if len(inputs) <= FEW:
        batch["inputs"] = inputs
    else:
        kept = {"inputs": inputs} if raw is None else {"body": orjson.Fragment(raw)}
        sandbox.collection(INPUTS).put({"id": id, **kept})
    waiting.put(batch)


def moves_of(count: int) -> int:
    """How many slices there are for so many runs."""
    return -(-count // SIZE)


def admit(sandbox: Sandbox, batch: Document) -> list[Document]:
    """Make the slices of a batch that was waiting, which starts or is looked at; none moves yet."""
    if batch["startsAt"] is not None:
        delay = max(0.0, batch["startsAt"] - sandbox.clock.now())
        moves = {"left": moves_of(batch["count"])}
        sandbox.jobs.schedule(MOVE, moves, delay=delay, resource=batch["id"])
    inputs = _inputs(sandbox, batch, batch["id"])
    heads = []
    for first in range(0, len(inputs), SIZE):
        part = inputs[first : first + SIZE]
        heads.append(
            {
                "id": f"{batch['id']}/{first}",
                "kind": batch["kind"],
                "batchId": batch["id"],
                "owner": batch["owner"],
                "first": first,
                "count": len(part),
                "own": batch["own"],
                "status": "PENDING",
                "folded": True,
                "queued": True,
                "rank": batch["rank"] + first // SIZE,
                "createdAt": batch["createdAt"],
                "updatedAt": batch["createdAt"],
                "startTime": None,
                "endTime": None,
                "failed": {},
                "doubtful": files.doubtful_of(sandbox, part),
            }
        )
    if "inputs" in batch:
        heads[0]["inputs"] = inputs
    sandbox.collection(SLICES).put_many(heads)
    sandbox.collection(WAITING).delete(batch["id"])
    return heads


def next_of_queue(sandbox: Sandbox) -> Document | None:
    """The slice of the lowest priority, and of those the oldest, that has not started."""
    waiting = sandbox.collection(WAITING).find(sort="rank", limit=1)
    queued = sandbox.collection(SLICES).find({"queued": True}, sort="rank", limit=1)
    if waiting and not (queued and queued[0]["rank"] < waiting[0]["rank"]):
        return admit(sandbox, waiting[0])[0]
    return queued[0] if queued else None


def of_batch(sandbox: Sandbox, batch_id: str) -> list[Document]:
    """The slices of a batch that are still needed, in order."""
    slices = sandbox.collection(SLICES)
    found = (slices.get(f"{batch_id}/{first}") for first in range(0, MOST, SIZE))
    return [head for head in found if head is not None]


def run_ids(sandbox: Sandbox, head: Mapping[str, Any]) -> Iterator[str]:
    """The ids of a slice's runs, the same before and after they exist."""
    prefix = KINDS[head["kind"]].prefix
    for number in range(head["first"], head["first"] + head["count"]):
        yield prefix + derived_tail(sandbox.ids, "extend.batches", head["batchId"], number)


def members(sandbox: Sandbox, head: Mapping[str, Any]) -> Iterator[tuple[int, Document]]:
    """The runs of an unfolded slice that still exist, with their places in the batch."""
    collection = sandbox.collection(KINDS[head["kind"]].collection)
    for place, id in enumerate(run_ids(sandbox, head), head["first"]):
        run = collection.get(id)
        if run is not None:
            yield place, run


def inputs_of(sandbox: Sandbox, head: Mapping[str, Any]) -> list[Document]:
    """The inputs of a folded slice."""
    inputs = _inputs(sandbox, head, head["batchId"])
    return inputs[head["first"] : head["first"] + head["count"]]


def _inputs(sandbox: Sandbox, keeper: Mapping[str, Any], batch_id: str) -> list[Document]:
    """All inputs of a batch, which keeps them with itself if they are few."""
    found = keeper
    if "inputs" not in keeper:
        kept = sandbox.collection(INPUTS).get(batch_id) or {"inputs": []}
        found = kept.get("body", kept)
    inputs: list[Document] = found["inputs"]
    return inputs


def unfold(sandbox: Sandbox, head: Document) -> Document:
    """Make the runs and the files of a slice as they would be by now."""
    kind = KINDS[head["kind"]]
    made, taken = [], []
    for number, (id, each) in enumerate(
        zip(run_ids(sandbox, head), inputs_of(sandbox, head), strict=True)
    ):
        file = _file(sandbox, head, number, each["file"])
        if "id" not in each["file"]:
            taken.append(file)
        made.append(_run(sandbox, kind, head, (id, str(number)), (each, file)))
    sandbox.collection(kind.collection).put_many(made)
    sandbox.collection(files.COLLECTION).put_many(taken)
    head = {**head, "folded": False}
    head.pop("inputs", None)
    keep(sandbox, head)
    if not any(other["folded"] for other in of_batch(sandbox, head["batchId"])):
        sandbox.collection(INPUTS).delete(head["batchId"])
    return head


def keep(sandbox: Sandbox, head: Document) -> None:
    """Store a slice as it is now; nobody needs one that is done and unfolded."""
    if head["folded"] or head["status"] in ("PENDING", "PROCESSING"):
        sandbox.collection(SLICES).put(head)
    else:
        sandbox.collection(SLICES).delete(head["id"])


def _file(
    sandbox: Sandbox, head: Mapping[str, Any], number: int, source: Mapping[str, Any]
) -> Document:
    at = head["createdAt"]
    if "id" in source:
        return files.take(sandbox, source, at=at)
    tail = derived_tail(sandbox.ids, "extend.files", head["batchId"], head["first"] + number)
    return files.made_of(sandbox, source, id=f"file_{tail}", at=at)


def _run(
    sandbox: Sandbox,
    kind: Kind,
    head: Mapping[str, Any],
    name: tuple[str, str],
    material: tuple[Document, Document],
) -> Document:
    (id, number), (each, file) = name, material
    own = {
        **head["own"],
        "batchId": head["batchId"],
        "status": head["status"],
        "at": head["createdAt"],
        "startTime": head["startTime"],
        "slice": head["id"],
    }
    if "metadata" in each:
        own["metadata"] = each["metadata"]
    if head["status"] not in ("PENDING", "PROCESSING"):
        cause = head["failed"].get(number)
        own["status"] = "PROCESSED" if cause is None else "FAILED"
        own["endTime"] = head["endTime"]
        if cause is not None:
            own |= {"failureReason": cause[0], "failureMessage": cause[1]}
    if kind is WORKFLOW:
        made_by = {name: own.pop(name) for name in ("workflowId", "versionId", "planId")}
        run = workflow_runs.new_run(sandbox, id, made_by, [file], **own)
    else:
        run = runs.new_run(
            sandbox, kind, id, [file], source=kind.batch_source, sourceId=head["batchId"], **own
        )
    return {**run, "updatedAt": head["updatedAt"]}


def failure_reason(kind: Kind) -> str:
    """The word for a file that cannot be had: parse runs have one of their own (facts 1.4)."""
    return "UNABLE_TO_DOWNLOAD_FILE" if kind.name == "parse_run" else "FAILED_TO_PROCESS_FILE"


def unfold_batch(sandbox: Sandbox, batch_id: str) -> None:
    """Bring all runs of a batch to light; it has at most 1,000."""
    batch = sandbox.collection(WAITING).get(batch_id)
    for head in of_batch(sandbox, batch_id) if batch is None else admit(sandbox, batch):
        if head["folded"]:
            unfold(sandbox, head)


class FoldedRuns:
    """The slices that a list must unfold on its way, so that every run is visible at once.

    Each page unfolds only what could stand on it: slices in the order of the list, from where the
    page begins to where it ends. `where` holds `kind`, and `owner` or `status` where the list asks.
    """

    def __init__(
        self, sandbox: Sandbox, where: Mapping[str, Any], sort: str, *, falling: bool
    ) -> None:
        self._sandbox = sandbox
        self._slices = {"folded": True, **where}
        self._waiting: dict[str, Any] | None = dict(where)
        if "status" in where:
            self._slices["status"] = (where["status"], MIXED)
            pending = self._waiting.pop("status") == "PENDING"
            self._waiting = self._waiting if pending else None
        self._sort = sort
        self._falling = falling

    def unfold_between(self, place: Place | None, edge: Any | None, wanted: int) -> bool:
        """Unfold what comes next between a place and the page's edge, as many runs as are wanted.

        Answers whether there was anything.
        """
        value = None if place is None else place.value
        bounds = {"lte": value, "gt": edge} if self._falling else {"gte": value, "lt": edge}
        given = {name: bound for name, bound in bounds.items() if bound is not None}
        found = self._next(SLICES, self._slices, self._sort, given, wanted)
        if self._waiting is not None:
            # What waits was not touched since it came.
            waiting = self._next(WAITING, self._waiting, "createdAt", given, wanted)
            found += [{**batch, self._sort: batch["createdAt"]} for batch in waiting]
            found.sort(key=lambda each: each[self._sort], reverse=self._falling)
        left = wanted
        for each in found:
            if left <= 0:
                break
            for head in [each] if "folded" in each else admit(self._sandbox, each):
                if left > 0:
                    unfold(self._sandbox, head)
                    left -= head["count"]
        return left < wanted

    def _next(
        self, name: str, where: Mapping[str, Any], sort: str, given: Mapping[str, Any], limit: int
    ) -> list[Document]:
        return self._sandbox.collection(name).find(
            where,
            ranges={sort: Range(**given)} if given else None,
            sort=f"-{sort}" if self._falling else sort,
            limit=limit,
        )
