"""What a small model knows of Toloka's pools: tasks, assignments, and how a pool opens and ends."""

import hashlib
import hmac
from dataclasses import dataclass, field

from tests.contract.playing import Timeline

TIME = 600.0
"""Seconds that a Toloker has."""
REVIEW = 86_400.0
"""Seconds after which answers are accepted that nobody has judged."""
BLOCKED = 9 * 86_400.0
"""Seconds for which a rejected assignment keeps its pool from being archived."""
UPDATE = 900.0
"""Seconds after which a pool that was closed for an update opens again."""
WRAP_UP = 2.0
"""Seconds after which a pool closes in which all is done."""
AT_ONCE = 2
"""Tasks of an assignment."""
DEFAULT = 2
"""Overlap of a task that names none."""

SECRET = "s3cret"
"""What messages are signed with."""

GIVEN_BACK = ("SKIPPED", "EXPIRED")


@dataclass
class Task:
    """A task: how often it is to be done, None for without end."""

    overlap: int | None


@dataclass
class Assignment:
    """What a Toloker has taken; tasks are named by their pictures."""

    user: str
    tasks: list[str]
    status: str = "ACTIVE"
    rejected: float = 0.0


@dataclass
class Pool:
    """A pool with its tasks by picture and its assignments by id."""

    timeline: Timeline
    accepts: bool
    expires: float
    status: str = "CLOSED"
    reason: str | None = None
    tasks: dict[str, Task] = field(default_factory=dict)
    assignments: dict[str, Assignment] = field(default_factory=dict)
    changes: int = 0
    ending: bool = False

    def in_status(self, *statuses: str) -> list[str]:
        """The assignments that are in one of these states."""
        return [id for id, each in self.assignments.items() if each.status in statuses]

    def issued(self, picture: str) -> int:
        """How often a task was taken and not given back."""
        taken = [each for each in self.assignments.values() if picture in each.tasks]
        return sum(each.status not in GIVEN_BACK for each in taken)

    def remaining(self, picture: str) -> int | None:
        """How often a task can still be taken; None for without end."""
        overlap = self.tasks[picture].overlap
        return None if overlap is None else overlap - self.issued(picture)

    def eligible(self, user: str) -> tuple[set[str], set[str]]:
        """The tasks that this Toloker can take: those with an end, and those without."""
        done = {each for one in self.assignments.values() if one.user == user for each in one.tasks}
        rest = {picture: self.remaining(picture) for picture in self.tasks.keys() - done}
        return {p for p, left in rest.items() if left}, {
            p for p, left in rest.items() if left is None
        }

    def take(self, id: str, user: str, pictures: list[str]) -> None:
        """A Toloker has taken tasks: as many as go into an assignment, those with an end first."""
        finite, endless = self.eligible(user)
        assert len(set(pictures)) == len(pictures)
        assert set(pictures) <= finite | endless
        assert len(pictures) == min(AT_ONCE, len(finite) + len(endless))
        assert len(finite.intersection(pictures)) == min(AT_ONCE, len(finite))
        assignment = self.assignments[id] = Assignment(user, pictures)
        self.timeline.after(TIME, lambda: self.give_back(assignment, "EXPIRED"))

    def give_back(self, assignment: Assignment, status: str) -> None:
        """An assignment is skipped, or its time is over."""
        if assignment.status == "ACTIVE":
            assignment.status = status
            self.settle()

    def submit(self, assignment: Assignment) -> None:
        """Answers are handed in; accepted at once, or when nobody judges them."""
        assignment.status = "ACCEPTED" if self.accepts else "SUBMITTED"
        self.timeline.after(REVIEW, lambda: self._accept(assignment))
        self.settle()

    @staticmethod
    def _accept(assignment: Assignment) -> None:
        if assignment.status == "SUBMITTED":
            assignment.status = "ACCEPTED"

    def judge(self, assignment: Assignment, status: str) -> bool:
        """Accept or reject; answers whether that is allowed."""
        before = ("SUBMITTED",) if status == "REJECTED" else ("SUBMITTED", "REJECTED")
        if assignment.status not in before:
            return False
        assignment.status, assignment.rejected = status, self.timeline.now
        self.settle()
        return True

    def ask_for(self, picture: str, overlap: int | None, *, or_min: bool) -> bool:
        """Change an overlap; answers whether that is allowed."""
        if overlap is not None and overlap < self.issued(picture):
            if not or_min:
                return False
            overlap = self.issued(picture)
        self.tasks[picture].overlap = overlap
        self.settle()
        return True

    def may_open(self) -> bool:
        """Whether the pool can be opened."""
        return self.status != "ARCHIVED" and bool(self.tasks)

    def may_archive(self) -> bool:
        """Whether the pool can be archived."""
        if self.status != "CLOSED" or self.in_status("ACTIVE", "SUBMITTED"):
            return False
        since = self.timeline.now - BLOCKED
        return all(self.assignments[id].rejected <= since for id in self.in_status("REJECTED"))

    def open(self) -> None:
        """The pool is open, until it expires."""
        if self.status == "OPEN":
            return
        self.status = "OPEN"
        self.changes += 1
        change = self.changes
        left = max(0.0, self.expires - self.timeline.now)
        self.timeline.after(left, lambda: self.close("EXPIRED", change))

    def close(self, reason: str, change: int | None = None) -> None:
        """An open pool is closed, unless it has changed since this was decided."""
        if self.status != "OPEN" or change not in (None, self.changes):
            return
        self.status, self.reason = "CLOSED", reason
        self.changes += 1
        change = self.changes
        if reason == "FOR_UPDATE":
            self.timeline.after(UPDATE, lambda: self._reopen(change))

    def _reopen(self, change: int) -> None:
        if self.status == "CLOSED" and self.changes == change:
            self.open()
            self.settle()

    def is_done(self) -> bool:
        """Whether all that has an end has been done."""
        finite = [picture for picture, task in self.tasks.items() if task.overlap]
        left = any(self.remaining(picture) for picture in finite)
        return self.status == "OPEN" and bool(finite) and not left and not self.in_status("ACTIVE")

    def settle(self) -> None:
        """After a change: a pool in which all is done will close."""
        if self.is_done() and not self.ending:
            self.ending = True
            self.timeline.after(WRAP_UP, self._end)

    def _end(self) -> None:
        self.ending = False
        if self.is_done():
            self.close("COMPLETED")


def signature(body: str, at: float) -> str:
    """What signs a message that is sent at this time (facts 12.2)."""
    milliseconds = round(at * 1000)
    signed = f"{milliseconds}.1.{body}".encode()
    digest = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    return f"{{v=1, ts={milliseconds}, sign={digest}}}"
