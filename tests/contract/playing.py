"""A room in which a machine plays a service: calls, time, restarts and faults as its moves."""

import asyncio
import heapq
import math
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import httpx
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from mockserver.app import App
from mockserver.engine.sandbox import Sandbox
from mockserver.engine.sending import Sender
from mockserver.engine.targets import Targets
from tests.contract.conftest import Depth
from tests.contract.subjects import HOST, START, Subject

LOST = 503
"""What a call is answered when a fault takes its answer."""
BEFORE = 0.0625
"""Seconds before something happens in which it is looked for that it has not happened yet."""
BOUNDED = (10, 25)
"""Runs, and moves of each, of the form that is run every time; a few seconds for a service."""
UPLOADS = "uploads"
"""Presigned URLs; what is done there is no operation of a contract."""


@dataclass(frozen=True)
class Tried:
    """A call that a fault may have stopped, or whose answer it may have taken."""

    answer: httpx.Response
    reached: bool
    lost: bool

    def must_be(self, *statuses: int) -> None:
        """Check the status, unless a fault has chosen another one."""
        wanted = (LOST,) if self.lost else statuses
        assert self.answer.status_code in wanted, self.answer.text

    def json(self) -> Any:
        """The parsed answer; None when it was lost."""
        return None if self.lost else self.answer.json()


@dataclass
class Broken:
    """What a fault does to the calls of one operation, and to how many more of them."""

    phase: str
    left: float = math.inf


class Room:
    """An app in a folder of its own, started, called, moved on in time and started again.

    Webhooks for this process are delivered inside it.
    """

    def __init__(self, subject: Subject, **settings: Any) -> None:
        self._subject = subject
        self._settings = settings
        self._folder = tempfile.TemporaryDirectory()
        self._runner = asyncio.Runner()
        self._open()

    def _open(self) -> None:
        self._app: App = self._subject.app(Path(self._folder.name), **self._settings)
        self._running = self._app.running()
        transport = httpx.ASGITransport(app=self._app)
        self._client = httpx.AsyncClient(transport=transport, base_url=HOST)

        async def here(host: str, port: int) -> list[str]:
            return ["127.0.0.1"]

        async def begin() -> None:
            await self._running.__aenter__()
            self.sandbox.webhooks._sender = Sender(Targets((), here), transport=transport)

        self._runner.run(begin())

    def _shut(self) -> None:
        async def end() -> None:
            await self._client.aclose()
            await self._running.__aexit__(None, None, None)

        self._runner.run(end())

    @property
    def sandbox(self) -> Sandbox:
        """The sandbox behind the calls."""
        return self._app.sandboxes["default"]

    def restart(self) -> None:
        """Stop the server, and start another one on the same folder."""
        self._shut()
        self._open()

    def close(self) -> None:
        """Stop the server and remove its folder."""
        self._shut()
        self._runner.close()
        self._folder.cleanup()

    def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        """One call, to a path or a whole URL."""
        return self._runner.run(self._client.request(method, path, **more))

    def advance(self, to: float | None = None) -> None:
        """Let it be a later time; all that is due by then is done, deliveries included."""
        later = self.sandbox.clock.now() if to is None else to
        self._runner.run(self.sandbox.advance(to=later))


@dataclass
class Timeline:
    """What the model knows will happen, in the order of its times."""

    now: float = START
    _due: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _made: int = 0

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Let something happen in a while."""
        self._made += 1
        heapq.heappush(self._due, (self.now + seconds, self._made, action))

    def next_due(self) -> float | None:
        """When the next thing happens."""
        return self._due[0][0] if self._due else None

    def pass_to(self, end: float) -> None:
        """Let happen all that is due by then, each at its own time."""
        while self._due and self._due[0][0] <= end:
            self.now, _, action = heapq.heappop(self._due)
            action()
        self.now = end


class Play(RuleBasedStateMachine):
    """The moves that every service knows: time, restarts, and faults that come and go.

    A subclass plays its own service against its own model, and compares the two after each move.
    """

    subject: ClassVar[Subject]
    headers: ClassVar[Mapping[str, str]] = {}
    settings: ClassVar[Mapping[str, Any]] = {}
    seconds: ClassVar[tuple[float, ...]]
    breakable: ClassVar[tuple[str, ...]]
    """Operations whose calls can be made to fail."""
    jobs: ClassVar[Mapping[str, tuple[dict[str, Any], ...]]] = {}
    """Jobs that can be made to fail, and how."""

    def __init__(self) -> None:
        super().__init__()
        self.room = Room(self.subject, **self.settings)
        self.timeline = Timeline()
        self.broken: dict[str, Broken] = {}
        self.spoiled: dict[str, dict[str, Any]] = {}

    def teardown(self) -> None:
        self.room.close()

    @property
    def now(self) -> float:
        """The time in the model."""
        return self.timeline.now

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        **query: Any,
    ) -> httpx.Response:
        """A call to the service, with the machine's own headers and these."""
        query = {key: _text(value) for key, value in query.items() if value is not None}
        more = {} if body is None else {"json": body}
        path = self.subject.path + path
        return self.room.call(
            method, path, params=query, headers={**self.headers, **(headers or {})}, **more
        )

    def read(self, path: str, **query: Any) -> Any:
        """What a client reads; it must be there."""
        answer = self.call("GET", path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def attempt(
        self, operation: str, method: str, path: str, body: Any = None, **query: Any
    ) -> Tried:
        """A call that changes something, and that a fault may hit; what is due then is done."""
        return self.watch(operation, lambda: self.call(method, path, body, **query))

    def watch(self, operation: str, call: Callable[[], httpx.Response]) -> Tried:
        """Make a call that a fault may hit; what is due then is done."""
        broken = self.broken.get(operation)
        phase = broken.phase if broken and broken.left else None
        answer = call()
        assert ("mockserver-fault" in answer.headers) == (phase is not None), answer.text
        if broken and broken.left:
            broken.left -= 1
        self.room.advance()
        return Tried(answer, phase != "before", phase is not None)

    def admin(self, method: str, path: str, body: Any = None) -> Any:
        """The parsed answer of the control API, which must be a good one."""
        answer = self.room.call(
            method, f"/__admin{path}", **({} if body is None else {"json": body})
        )
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def control(self, path: str, body: Any = None, method: str = "POST") -> httpx.Response:
        """A move of those whom the service's controls play."""
        path = f"/__admin/services/{self.subject.name}{path}"
        answer = self.room.call(method, path, **({} if body is None else {"json": body}))
        self.room.advance()
        return answer

    def situations(self) -> Sequence[Callable[[st.DataObject], None]]:
        """Moves that lead into the midst of something; a subclass has more."""
        return (self.interrupt,)

    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        """Chance rarely leads far within a short run, so some begin in the midst of something."""
        moves = (*self.situations(), None)
        move = moves[data.draw(st.integers(0, len(moves) - 1))]
        if move is not None:
            move(data)

    @rule(data=st.data())
    def advance(self, data: st.DataObject) -> None:
        """So many seconds, or to what comes next, or to just before it."""
        due = self.timeline.next_due() or 0.0
        ends = (due, due - BEFORE, *(self.now + seconds for seconds in self.seconds))
        self.pass_to(max(self.now, ends[data.draw(st.integers(0, len(ends) - 1))]))

    def pass_to(self, end: float) -> None:
        """Let it be a later time, for the server and in the model."""
        self.room.advance(end)
        self.timeline.pass_to(end)

    def pass_on(self) -> None:
        """Go on to the next thing that happens."""
        due = self.timeline.next_due()
        if due is not None:
            self.pass_to(max(self.now, due))

    @rule()
    def restart(self) -> None:
        self.room.restart()
        self.restarted()

    def restarted(self) -> None:
        """For a subclass: what a new server does not know."""

    def ask(self, data: st.DataObject) -> None:
        """For a subclass: a call of the first breakable operation, which leads to more later."""
        raise NotImplementedError

    @rule(data=st.data())
    def interrupt(self, data: st.DataObject) -> None:
        """The first calls fail, and the server is started again before and after what follows."""
        self.mend()
        self._break(data, self.breakable[0], 2)
        for restarts in (True, False, True):
            self.ask(data)
            self.compare()
            if restarts:
                self.restart()
        for _ in range(2):
            self.pass_on()
        self.compare()
        self.restart()
        self.pass_on()

    @rule(data=st.data(), most=st.sampled_from((None, None, 1, 2)))
    def break_calls(self, data: st.DataObject, most: int | None) -> None:
        operation = data.draw(st.sampled_from(self.breakable))
        if operation not in self.broken:
            self._break(data, operation, most)

    def _break(self, data: st.DataObject, operation: str, most: int | None) -> None:
        where = {"operation": operation} if operation != UPLOADS else {"service": UPLOADS}
        when: dict[str, Any] = {"phase": data.draw(st.sampled_from(("after", "before")))}
        if most is not None:
            when[data.draw(st.sampled_from(("first", "times")))] = most
        self._add_fault(where, when, {"type": "status", "status": LOST})
        self.broken[operation] = Broken(when["phase"], most or math.inf)

    @rule(data=st.data())
    def break_jobs(self, data: st.DataObject) -> None:
        job = data.draw(st.sampled_from((*self.jobs, None)))
        if job is None or job in self.spoiled:
            return
        what = data.draw(st.sampled_from(self.jobs[job]))
        self._add_fault({"job": job}, {}, what)
        self.spoiled[job] = what

    def _add_fault(self, where: dict[str, Any], when: dict[str, Any], what: dict[str, Any]) -> None:
        self.admin("POST", "/faults", {"where": where, "when": when, "what": what})

    @rule()
    def mend(self) -> None:
        self.admin("DELETE", "/faults")
        self.broken.clear()
        self.spoiled.clear()

    @invariant()
    def a_client_sees_what_the_model_says(self) -> None:
        self.compare()

    def compare(self) -> None:
        """Compare what is read by HTTP with the model."""
        raise NotImplementedError


def _text(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def play(machine: type[Play], depth: Depth) -> None:
    """Run a machine as far as the depth says.

    A run that fails is shown as it is, since making it shorter takes many times as long.
    """
    runs, steps = (depth.runs, depth.steps) if depth.deep else BOUNDED
    run_state_machine_as_test(
        seed(depth.seed)(machine),
        settings=settings(
            max_examples=runs,
            stateful_step_count=steps,
            phases=(Phase.generate,),
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
