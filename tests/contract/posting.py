"""What a small model knows of webhooks: each letter is tried on its schedule until it is taken."""

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

import orjson

from tests.contract.playing import Play, Timeline


@dataclass(eq=False)
class Letter:
    """One delivery, named by what it tells."""

    name: Hashable
    state: str = "pending"
    attempts: int = 0
    tries: int = 0
    due: float | None = 0.0
    planned: int = 0
    resumes: float | None = None
    extra: bool = False


@dataclass
class Post:
    """All letters to one inbox, which takes them or does not."""

    timeline: Timeline
    retries: tuple[float, ...]
    inbox: str
    takes: bool = True
    letters: list[Letter] = field(default_factory=list)
    ids: dict[Hashable, str] = field(default_factory=dict)
    arrived: Counter[Hashable] = field(default_factory=Counter)

    def send(self, name: Hashable) -> None:
        """One letter more."""
        letter = Letter(name)
        self.letters.append(letter)
        self._plan(letter, self.timeline.now)

    def send_again(self, letter: Letter) -> None:
        """One more attempt now, beside the schedule."""
        letter.resumes = letter.resumes or letter.due
        letter.extra = True
        self._plan(letter, self.timeline.now)

    def _plan(self, letter: Letter, due: float) -> None:
        letter.state, letter.due = "pending", due
        letter.planned += 1
        planned = letter.planned
        wait = due - self.timeline.now
        self.timeline.after(
            wait, lambda: self._attempt(letter) if letter.planned == planned else None
        )

    def _attempt(self, letter: Letter) -> None:
        letter.attempts += 1
        self.arrived[letter.name] += 1
        due = letter.resumes if letter.extra else None
        if not letter.extra:
            letter.tries += 1
            if letter.tries <= len(self.retries):
                due = self.timeline.now + self.retries[letter.tries - 1]
        letter.extra, letter.resumes = False, None
        if self.takes or due is None:
            letter.state, letter.due = "delivered" if self.takes else "failed", None
        else:
            self._plan(letter, due)

    def answer(self, machine: Play, *, takes: bool) -> None:
        """From now on the inbox takes letters, or does not."""
        status = {"status": 200 if takes else 500}
        machine.admin("PUT", f"/inbox/{self.inbox}", status)
        self.takes = takes

    def restarted(self, machine: Play) -> None:
        """An inbox is kept in memory: the new server's is empty, and told anew how to answer."""
        self.arrived.clear()
        self.answer(machine, takes=self.takes)

    def compare(self, machine: Play, name_of: Any) -> None:
        """Deliveries and what came to the inbox are as the model says; nothing is told twice."""
        items = machine.admin("GET", "/webhooks/deliveries?limit=10000")["items"]
        assert len(items) == len(self.letters)
        shown = {}
        for each in items:
            told = name_of(orjson.loads(each["attempts"][0]["request"]["body"]))
            shown[told] = (each["state"], len(each["attempts"]))
            self.ids[told] = each["id"]
        assert shown == {each.name: (each.state, each.attempts) for each in self.letters}
        messages = machine.admin("GET", f"/inbox/{self.inbox}/messages?limit=10000")["items"]
        assert Counter(name_of(each["json"]) for each in messages) == self.arrived
