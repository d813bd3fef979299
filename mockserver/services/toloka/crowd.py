"""The crowd: Tolokers who take suites from open pools, and answer, skip or forget them."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from mockserver.engine.sandbox import Sandbox
from mockserver.services.toloka import assignments, ledger, overlap, pools, solutions, wire
from mockserver.services.toloka.assignments import LINKS, Assignment
from mockserver.services.toloka.shelf import Pile, Shelf

SIZE = 24
"""Tolokers of the crowd; more come where an overlap needs more."""
MOST_DOCUMENTS = 200
"""Documents that one job writes, so that no job keeps a call waiting for long."""
TRAINING_MOST = 1
"""Suites of a training that each Toloker does, where the training names no number."""

Pool = dict[str, Any]


def user_id(sandbox: Sandbox, number: int) -> str:
    """The id of a Toloker of the crowd."""
    halves = (sandbox.ids.derived("toloka.user", number, half) for half in (1, 2))
    return "".join(f"{half:016x}" for half in halves)


def wake(sandbox: Sandbox, pool: Pool) -> None:
    """Let the crowd look at a pool, unless it is at work there already."""
    if pool["status"] != "OPEN" or not _has_work(ledger.read(sandbox, pool["id"])):
        return
    if not sandbox.jobs.scheduled(resource=pool["id"], kind="toloka.issue_assignments"):
        _look_later(sandbox, pool["id"])


def _look_later(sandbox: Sandbox, pool_id: str) -> None:
    arguments = {"pool_id": pool_id}
    sandbox.pace.schedule("toloka.issue_assignments", arguments, resource=pool_id)


def _has_work(books: dict[str, Any]) -> bool:
    return bool(books["left"]) or (_is_endless(books) and books["served"] < SIZE)


def _is_endless(books: dict[str, Any]) -> bool:
    """Whether some work is for everybody: tasks without end, or nothing but control tasks."""
    only_known = not books["real"] and not books["suites"]
    known: int = books["golden"] + books["training"]
    return bool(books["endless"]) or (only_known and bool(known))


def work(sandbox: Sandbox, pool_id: str) -> None:
    """One look at a pool: take what one job may take, and come back while there is more."""
    pool = pools.require(sandbox, pool_id)
    books = ledger.read(sandbox, pool_id)
    taken: list[Assignment] = []
    if pool["status"] == "OPEN":
        shelf = Shelf(sandbox, pool)
        count = max(1, MOST_DOCUMENTS // (2 + 2 * shelf.suite_size))
        taken = _take(sandbox, pool, shelf, books, count)
    if not taken:
        return
    arguments = {"assignment_ids": [each["id"] for each in taken]}
    sandbox.pace.schedule("toloka.submit_assignments", arguments, resource=pool_id)
    if _has_work(ledger.read(sandbox, pool_id)):
        _look_later(sandbox, pool_id)


def _take(
    sandbox: Sandbox, pool: Pool, shelf: Shelf, books: dict[str, Any], count: int
) -> list[Assignment]:
    taken: list[Assignment] = []
    start = sandbox.ids.number(f"toloka.crowd.{pool['id']}")
    while len(taken) < count and books["left"]:
        head = shelf.head()
        if head is None:
            break
        for user in _willing(sandbox, head, start + len(taken)):
            pile = shelf.pile(user)
            if pile is not None and head["id"] in pile.ids:
                taken.append(give(sandbox, pool, shelf, pile, user))
                break
        else:
            shelf.put_aside(head)
    while len(taken) < count and _is_endless(books) and books["served"] < SIZE:
        user = user_id(sandbox, books["served"])
        books["served"] += 1
        for _ in range(_rounds(pool)):
            pile = shelf.pile(user, endless=True)
            if pile is not None:
                taken.append(give(sandbox, pool, shelf, pile, user))
    shelf.keep()
    ledger.note(sandbox, pool["id"], served=books["served"])
    assignments.tell(sandbox, pool, taken, "ASSIGNMENT_CREATED")
    return taken


def _rounds(pool: Pool) -> int:
    return int(pool.get("task_suites_required_to_pass") or TRAINING_MOST)


def _willing(sandbox: Sandbox, head: dict[str, Any], turn: int) -> Iterator[str]:
    """Who could do this task or suite, in turn: the Tolokers that it is reserved for; else the
    crowd, then those who come because the overlap needs more."""
    if head["reserved_for"]:
        yield from head["reserved_for"]
        return
    for step in range(SIZE):
        yield user_id(sandbox, (turn + step) % SIZE)
    used = (head["overlap"] or 0) - (head["remaining_overlap"] or 0)
    for step in range(SIZE):
        yield user_id(sandbox, max(SIZE, used) + step)


def issue(sandbox: Sandbox, pool: Pool, user: str | None, count: int) -> list[Assignment]:
    """Give suites to one Toloker, or to the crowd, on command; they stay active until someone
    says otherwise or their time is over."""
    shelf = Shelf(sandbox, pool)
    taken: list[Assignment] = []
    start = sandbox.ids.number(f"toloka.crowd.{pool['id']}") if user is None else 0
    for turn in range(count):
        head = shelf.head()
        if user is not None:
            users: Iterable[str] = (user,)
        elif head is not None:
            users = _willing(sandbox, head, start + turn)
        else:
            users = (user_id(sandbox, (start + turn) % SIZE),)
        for each in users:
            pile = shelf.pile(each, endless=True)
            if pile is not None:
                taken.append(give(sandbox, pool, shelf, pile, each))
                break
        else:
            break
    shelf.keep()
    assignments.tell(sandbox, pool, taken, "ASSIGNMENT_CREATED")
    if taken:
        arguments = {"assignment_ids": [each["id"] for each in taken]}
        limit = float(pool.get("assignment_max_duration_seconds") or 86_400)
        sandbox.jobs.schedule("toloka.expire_assignments", arguments, delay=limit)
    return taken


def give(sandbox: Sandbox, pool: Pool, shelf: Shelf, pile: Pile, user: str) -> Assignment:
    """Make the assignment of a pile, and the suite where the service mixes tasks."""
    created = wire.stamp(sandbox)
    suite_id = pile.suite_id
    if suite_id is None:
        suite_id = wire.next_object_id(sandbox, pool["id"])
        sandbox.collection("toloka.task_suites").put(
            {
                "id": suite_id,
                "pool_id": pool["id"],
                "task_ids": pile.ids,
                "overlap": 1,
                "infinite_overlap": False,
                "remaining_overlap": 0,
                "issuing_order_override": 0,
                "mixed": True,
                "automerged": False,
                "reserved_for": [],
                "unavailable_for": [],
                "created": created,
                "role": "mixed",
            }
        )
    assignment = {
        "id": wire.next_object_id(sandbox, pool["id"]),
        "task_suite_id": suite_id,
        "pool_id": pool["id"],
        "user_id": user,
        "status": "ACTIVE",
        "reward": pool.get("reward_per_assignment", 0),
        "mixed": pile.suite_id is None,
        "automerged": False,
        "created": created,
    }
    sandbox.collection(assignments.COLLECTION).put(assignment)
    sandbox.collection(LINKS).put_many(
        [
            {
                "id": assignments.link_id(task_id, user),
                "task_id": task_id,
                "user_id": user,
                "assignment_id": assignment["id"],
                "suite_id": suite_id,
                "position": position,
            }
            for position, task_id in enumerate(pile.task_ids)
        ]
    )
    _meet(sandbox, pool["id"], user)
    shelf.take(pile)
    return assignment


def _meet(sandbox: Sandbox, pool_id: str, user: str, *, submitter: bool = False) -> None:
    """Count each Toloker of a pool once, and once as one who has submitted."""
    workers = sandbox.collection("toloka.pool_workers")
    name = f"{pool_id}/{user}"
    if submitter or name not in workers:
        workers.put({"id": name, "pool_id": pool_id, "user_id": user, "submitter": submitter})


def active(sandbox: Sandbox, assignment_ids: list[str]) -> dict[str, list[Assignment]]:
    """Those of the assignments that are still active, by pool."""
    stored = sandbox.collection(assignments.COLLECTION)
    found: dict[str, list[Assignment]] = {}
    for assignment_id in assignment_ids:
        assignment = stored.get(assignment_id)
        if assignment is not None and assignment["status"] == "ACTIVE":
            found.setdefault(assignment["pool_id"], []).append(assignment)
    return found


def submit(
    sandbox: Sandbox,
    pool: Pool,
    submitted: list[Assignment],
    answers: Sequence[dict[str, Any]] = (),
) -> None:
    """Hand in answers, invented where none are given, and do all that follows from it."""
    project = sandbox.collection("toloka.projects").get(pool["project_id"])
    spec = project["task_spec"]["output_spec"] if project else {}
    task_ids: set[str] = set()
    spent_ms = 0.0
    for assignment in submitted:
        tasks = assignments.tasks_of(sandbox, assignment)
        task_ids.update(task["id"] for task in tasks)
        assignment["solutions"] = [
            answers[index]
            if index < len(answers)
            else {"output_values": solutions.answer(sandbox, spec, task, assignment)}
            for index, task in enumerate(tasks)
        ]
        spent_ms += (sandbox.clock.now() - wire.moment(assignment["created"])) * 1000
    for user in {assignment["user_id"] for assignment in submitted}:
        _meet(sandbox, pool["id"], user, submitter=True)
    ledger.add(sandbox, pool["id"], submitted=len(submitted), submitted_ms=round(spent_ms))
    assignments.stamp(sandbox, submitted, "SUBMITTED")
    accept = pool.get("auto_accept_solutions")
    accepted = accept is None or wire.truth(accept) or pools.is_training(pool)
    if accepted:
        # The documented sample shows one time for both.
        assignments.stamp(sandbox, submitted, "ACCEPTED")
    sandbox.collection(assignments.COLLECTION).put_many(submitted)
    assignments.tell(sandbox, pool, submitted, "ASSIGNMENT_SUBMITTED")
    if accepted:
        assignments.pay(sandbox, pool, submitted)
        assignments.tell(sandbox, pool, submitted, "ASSIGNMENT_APPROVED")
    else:
        days = float(pool.get("auto_accept_period_day") or 21)
        arguments = {"assignment_ids": [each["id"] for each in submitted]}
        sandbox.jobs.schedule("toloka.accept_assignments", arguments, delay=days * 86_400)
    overlap.extend(sandbox, pool, task_ids)
    settle(sandbox, pool)


def give_back(sandbox: Sandbox, pool: Pool, returned: list[Assignment], status: str) -> None:
    """Skip or expire assignments: their overlap is open again (fact 10)."""
    shelf = Shelf(sandbox, pool)
    for assignment in returned:
        shelf.give_back(assignment["task_suite_id"])
    shelf.keep()
    assignments.move(sandbox, pool, returned, status)
    settle(sandbox, pool)


def settle(sandbox: Sandbox, pool: Pool) -> None:
    """After a change: close the pool once all is done, or let the crowd look again."""
    if overlap.complete(sandbox, pool):
        if not sandbox.jobs.scheduled(resource=pool["id"], kind="toloka.complete_pool"):
            wait = pool.get("auto_close_after_complete_delay_seconds")
            arguments = {"pool_id": pool["id"]}
            sandbox.pace.schedule(
                "toloka.complete_pool",
                arguments,
                resource=pool["id"],
                delay=float(wait) if wait else None,
            )
        return
    wake(sandbox, pool)
