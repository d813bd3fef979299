"""What a small model knows of webhooks: each letter is tried on its schedule until it is taken."""

from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import orjson
from hypothesis import strategies as st
from hypothesis.stateful import rule

from mockserver.engine.clock import parse_rfc3339, rfc3339
from tests.contract.playing import Play, Timeline


@dataclass(eq=False)
class Letter:
    """One delivery, named by what it tells."""

    name: Hashable
    state: str = "pending"
    attempts: list[float] = field(default_factory=list)
    tries: int = 0
    due: float | None = 0.0
    planned: int = 0
    resumes: float | None = None
    extra: bool = False

    def shown(self) -> tuple[str, list[str], str | None]:
        """State, times of attempts and time of the next one, as the control API shows them."""
        due = None if self.due is None else rfc3339(self.due)
        return self.state, [rfc3339(at) for at in self.attempts], due


@dataclass
class Post:
    """All letters to one inbox, which takes them or does not."""

    timeline: Timeline
    retries: tuple[float, ...]
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
        letter.attempts.append(self.timeline.now)
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


class Receiving(Play):
    """The moves of a receiver: it takes letters or does not, and asks for one once more."""

    retries: ClassVar[tuple[float, ...]]
    inbox: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.post = Post(self.timeline, self.retries)

    def told(self, message: Any) -> Hashable:
        """What a message tells, which no other one does."""
        raise NotImplementedError

    def signature(self, message: Mapping[str, Any], at: float) -> Mapping[str, str]:
        """For a subclass: the headers that sign a message of the inbox, sent at this time."""
        return {}

    def restarted(self) -> None:
        """An inbox is kept in memory: the new server's is empty, and told anew how to answer."""
        self.post.arrived.clear()
        self.reply(takes=self.post.takes)

    @rule(takes=st.booleans())
    def reply(self, takes: bool) -> None:
        self.timeline.pass_to(self.now)
        status = {"status": 200 if takes else 500}
        self.admin("PUT", f"/inbox/{self.inbox}", status)
        self.post.takes = takes

    @rule(data=st.data())
    def interrupt(self, data: st.DataObject) -> None:
        self.reply(takes=False)
        super().interrupt(data)

    @rule(data=st.data())
    def refuse_for_long(self, data: st.DataObject) -> None:
        """So that letters come to the later times of their schedule."""
        self.reply(takes=False)
        for _ in range(data.draw(st.integers(1, 6))):
            self.pass_on()
            self.compare_post()

    @rule(data=st.data())
    def redeliver(self, data: st.DataObject) -> None:
        if not self.post.letters:
            return
        place = data.draw(st.integers(0, len(self.post.letters) - 1))
        letter = self.post.letters[place]
        self.admin("POST", f"/webhooks/deliveries/{self.post.ids[letter.name]}/redeliver")
        self.room.advance()
        self.post.send_again(letter)

    def compare_post(self) -> None:
        """Deliveries and what came to the inbox are as the model says; nothing is told twice."""
        items = self.admin("GET", "/webhooks/deliveries?limit=10000")["items"]
        assert len(items) == len(self.post.letters)
        shown = {}
        for each in items:
            name = self.told(orjson.loads(each["attempts"][0]["request"]["body"]))
            times = [attempt["at"] for attempt in each["attempts"]]
            shown[name] = (each["state"], times, each["next_attempt_at"])
            self.post.ids[name] = each["id"]
        assert shown == {each.name: each.shown() for each in self.post.letters}
        messages = self.admin("GET", f"/inbox/{self.inbox}/messages?limit=10000")["items"]
        assert Counter(self.told(each["json"]) for each in messages) == self.post.arrived
        for each in messages:
            signed = self.signature(each, parse_rfc3339(each["received_at"]))
            assert {name: each["headers"].get(name) for name in signed} == signed
