"""The work of one pool that waits to be given out, as one job or one command sees it."""

from collections import deque
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mockserver.engine.sandbox import Sandbox
from mockserver.engine.store import Range
from mockserver.services.toloka import ledger, pools
from mockserver.services.toloka.assignments import LINKS, link_id
from mockserver.services.toloka.forms import whole

LOOKED_AT = 500
"""Tasks or suites of one kind that are looked at."""

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pile:
    """What one Toloker gets at once: a suite of the requester's, or tasks to make one of."""

    documents: list[Document]
    suite_id: str | None
    task_ids: list[str]

    @property
    def ids(self) -> list[str]:
        """The ids of what it is taken from: of the suite, or of the tasks."""
        return [document["id"] for document in self.documents]


class Shelf:
    """Tasks and suites with overlap left, those with most of it first.

    Documents are changed here and kept with `keep`, each once for all that was taken.
    """

    def __init__(self, sandbox: Sandbox, pool: Document) -> None:
        self._sandbox = sandbox
        self._pool = pool
        self._links = sandbox.collection(LINKS)
        self._changed: dict[str, tuple[str, Document]] = {}
        self._left = 0
        self._aside: set[str] = set()
        self._restrictions: dict[str, bool] = {}
        self._known: dict[str, deque[Document]] = {}
        self._mixer = _mixer(pool)
        self._by_suites = bool(ledger.read(sandbox, pool["id"])["suites"])

    @cached_property
    def _main(self) -> "deque[Document]":
        """What has an end: the requester's suites, or the real tasks."""
        return self._load("suite" if self._by_suites else "real")

    @property
    def suite_size(self) -> int:
        """How many documents an assignment changes, at most."""
        if self._by_suites:
            return len(self._main[0]["tasks"]) if self._main else 1
        return max(1, sum(self._mixer.values()))

    def head(self) -> Document | None:
        """What is to be given out next, of that which has an end."""
        while self._main and not self._main[0]["remaining_overlap"]:
            self._main.popleft()
        return self._main[0] if self._main else None

    def put_aside(self, document: Document) -> None:
        """Nobody may take it; it waits for a later look."""
        self._aside.add(document["id"])
        self._main.remove(document)

    def pile(self, user: str, *, endless: bool = False) -> Pile | None:
        """What this Toloker can be given, None when there is nothing.

        With `endless`, work without end counts even where nothing else is left.
        """
        if self._restricted(user):
            return None
        if self._by_suites:
            return self._suite(user, endless=endless)
        return self._mixed(user, endless=endless)

    def _suite(self, user: str, *, endless: bool) -> Pile | None:
        candidates = [*self._main, *(self._endless("suite") if endless else ())]
        for suite in candidates:
            if suite["remaining_overlap"] == 0:
                continue
            task_ids = [task["id"] for task in suite["tasks"]]
            taken = any(link_id(task_id, user) in self._links for task_id in task_ids)
            if not taken and _allowed(suite, user):
                return Pile([suite], suite["id"], task_ids)
        return None

    def _mixed(self, user: str, *, endless: bool) -> Pile | None:
        chosen = self._choose(self._main, user, self._mixer["real"])
        if len(chosen) < self._mixer["real"]:
            rest = self._mixer["real"] - len(chosen)
            chosen += self._choose(self._endless("real"), user, rest)
        if not chosen and not endless:
            return None
        for role in ("golden", "training"):
            known = self._known_tasks(role) if self._mixer[role] else deque[Document]()
            chosen += self._choose(known, user, self._mixer[role])
            known.rotate(-self._mixer[role])
        if not chosen:
            return None
        return Pile(chosen, None, [task["id"] for task in chosen])

    def _choose(self, tasks: "deque[Document]", user: str, count: int) -> list[Document]:
        chosen: list[Document] = []
        for task in tasks:
            if len(chosen) >= count:
                break
            spent = task["remaining_overlap"] == 0
            if not spent and _allowed(task, user) and link_id(task["id"], user) not in self._links:
                chosen.append(task)
        return chosen

    def take(self, pile: Pile) -> None:
        """The pile is given out: its overlap is used up by one."""
        for document in pile.documents:
            if document["remaining_overlap"]:
                self._adjust(document, -1)
        taken = set(pile.ids)
        for _ in range(min(len(pile.documents), len(self._main))):
            if self._main[0]["id"] not in taken:
                break
            self._main.rotate(-1)

    def give_back(self, suite_id: str) -> None:
        """A suite was not done: its overlap, or that of its tasks, is open again."""
        suite = self._get("toloka.task_suites", suite_id)
        if suite is None:
            return
        if "task_ids" not in suite:
            if not suite["infinite_overlap"]:
                self._adjust(suite, 1)
            return
        for task_id in suite["task_ids"]:
            task = self._get("toloka.tasks", task_id)
            if task is not None and not task["infinite_overlap"]:
                self._adjust(task, 1)

    def keep(self) -> None:
        """Write down what has changed."""
        for collection in ("toloka.tasks", "toloka.task_suites"):
            changed = [one for name, one in self._changed.values() if name == collection]
            self._sandbox.collection(collection).put_many(changed)
        if self._left:
            ledger.add(self._sandbox, self._pool["id"], left=self._left)
        self._left = 0

    def _adjust(self, document: Document, change: int) -> None:
        document["remaining_overlap"] += change
        collection = "toloka.task_suites" if document["role"] == "suite" else "toloka.tasks"
        self._changed[document["id"]] = (collection, document)
        if document["role"] in ("real", "suite"):
            self._left += change

    def _get(self, collection: str, key: str) -> Document | None:
        """A document as this look has it, or as it is kept."""
        changed = self._changed.get(key)
        return changed[1] if changed else self._sandbox.collection(collection).get(key)

    def _load(self, role: str) -> "deque[Document]":
        collection = "toloka.task_suites" if role == "suite" else "toloka.tasks"
        where = {"pool_id": self._pool["id"], "role": role, "infinite_overlap": False}
        found = self._sandbox.collection(collection).find(
            where,
            ranges={"remaining_overlap": Range(gt=0)},
            sort="-remaining_overlap",
            limit=LOOKED_AT,
        )
        if role == "suite":
            found.sort(key=lambda suite: -suite["issuing_order_override"])
        return deque(found)

    def _endless(self, role: str) -> "deque[Document]":
        """Work without end: what every Toloker can be given once."""
        name = f"{role}/endless"
        if name not in self._known:
            collection = "toloka.task_suites" if role == "suite" else "toloka.tasks"
            where = {"pool_id": self._pool["id"], "role": role, "infinite_overlap": True}
            stored = self._sandbox.collection(collection)
            self._known[name] = deque(stored.find(where, limit=LOOKED_AT))
        return self._known[name]

    def _known_tasks(self, role: str) -> "deque[Document]":
        """Control or training tasks, with and without end."""
        if role not in self._known:
            self._known[role] = deque([*self._load(role), *self._endless(role)])
        return self._known[role]

    def _restricted(self, user: str) -> bool:
        if user not in self._restrictions:
            found = self._sandbox.collection("toloka.user_restrictions").find({"user_id": user})
            self._restrictions[user] = any(self._applies(each) for each in found)
        return self._restrictions[user]

    def _applies(self, restriction: Document) -> bool:
        scope = restriction["scope"]
        if scope == "POOL":
            return bool(restriction.get("pool_id") == self._pool["id"])
        if scope == "PROJECT":
            return bool(restriction.get("project_id") == self._pool["project_id"])
        return True


def _allowed(document: Document, user: str) -> bool:
    """Whether a Toloker may see a task or a suite."""
    if user in document["unavailable_for"]:
        return False
    return not document["reserved_for"] or user in document["reserved_for"]


def _mixer(pool: Document) -> dict[str, int]:
    """How many tasks of each role a suite has."""
    if pools.is_training(pool):
        count = whole(pool["training_tasks_in_task_suite_count"]) or 1
        return {"real": 0, "golden": 0, "training": count}
    config = pool.get("mixer_config") or {}
    counts = {
        "real": whole(config.get("real_tasks_count")) or 0,
        "golden": whole(config.get("golden_tasks_count")) or 0,
        "training": whole(config.get("training_tasks_count")) or 0,
    }
    return counts if any(counts.values()) else {**counts, "real": 1}
