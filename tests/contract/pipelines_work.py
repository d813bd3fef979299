"""What a small model knows of Pipelines: tasks at one node, chains, and seeding without end."""

from dataclasses import dataclass, field

from tests.contract.playing import Timeline

CLAIM = 600.0
"""Seconds that somebody may hold a task."""
FIRE = 0.1
"""Seconds until a chain on pipeline completion has made its tasks."""
BLOCKING = ("failed", "escalated", "quarantined")
IN_FLIGHT = ("pending", "in_progress")
ON_TASK, ON_PIPELINE = "on_task_completion", "on_pipeline_completion"


@dataclass(eq=False)
class Group:
    """Tasks that were made together; the id is learned from what is listed."""

    id: int = 0


@dataclass(eq=False)
class Task:
    """A task of one subtask; the id is learned from what is listed."""

    group: Group
    source: str
    text: str | None
    origin: "Task | None" = None
    id: int = 0
    status: str = "pending"
    node: str = "available"
    round: int = 1
    holder: str | None = None
    held: int = 0
    answer: str | None = None

    @property
    def fresh(self) -> bool:
        """Whether anybody may take it who has never been near it."""
        return self.status in IN_FLIGHT and self.node == "available" and self.round == 1


@dataclass(eq=False)
class Seeder:
    """Infinite seeding of one workflow."""

    enabled: bool = False
    target: int | None = None
    copied: list[Group] = field(default_factory=list)
    made: int = 0
    group: Group | None = None
    last: tuple[int, int] | None = None

    def reached(self) -> bool:
        """Whether it has made all that it was to make."""
        return self.target is not None and self.made >= self.target


@dataclass(eq=False)
class Chain:
    """A chain with what it has made tasks from; the id is the server's."""

    id: int
    source: "Workflow"
    target: "Workflow"
    trigger: str
    seeded: set[Task] = field(default_factory=set)
    missed: list[Task] = field(default_factory=list)
    stuck: bool = False
    running: bool = False
    fired: bool = False
    deleted: bool = False

    def blocked_by(self) -> dict[str, int]:
        """The tasks that hold the chain up."""
        statuses = [task.status for task in self.source.tasks if self.trigger == ON_PIPELINE]
        return {status: statuses.count(status) for status in BLOCKING}

    def owing(self) -> list[Task]:
        """The finished tasks that it has made nothing from."""
        finished = [task for task in self.source.tasks if task.status == "finished"]
        return [task for task in finished if task not in self.seeded]

    def status(self) -> str:
        """How it stands."""
        if self.running:
            return "firing"
        if self.trigger == ON_TASK:
            return "active"
        if any(self.blocked_by().values()):
            return "blocked"
        return "fired" if self.source.complete() and self.fired and not self.owing() else "waiting"


@dataclass(eq=False)
class Workflow:
    """A workflow of one subtask, what feeds it and what it feeds."""

    id: int
    timeline: Timeline
    active: bool = True
    tasks: list[Task] = field(default_factory=list)
    seeder: Seeder = field(default_factory=Seeder)
    feeds: list[Chain] = field(default_factory=list)
    fed: list[Chain] = field(default_factory=list)

    def complete(self) -> bool:
        """Whether there are tasks, and all are finished."""
        return bool(self.tasks) and all(task.status == "finished" for task in self.tasks)

    def make(self, source: str, rows: list[tuple[str | None, Task | None]]) -> Group:
        """New tasks in a group of their own."""
        group = Group()
        self.tasks += [Task(group, source, text, origin) for text, origin in rows]
        return group

    def fill(self) -> None:
        """While seeding without end goes on, somebody can always take a task."""
        seeder = self.seeder
        idle = not seeder.enabled or seeder.reached() or not self.active
        if idle or any(task.fresh for task in self.tasks):
            return
        pool = [task for task in self.tasks if task.group in seeder.copied]
        pool.sort(key=lambda task: (task.group.id, task.id))
        behind = [task for task in pool if (task.group.id, task.id) > (seeder.last or (0, 0))]
        original = next(iter([*behind, *pool]), None)
        if original is not None:
            seeder.last = (original.group.id, original.id)
        text = original.text if original else None
        seeder.group = seeder.group or Group()
        self.tasks.append(Task(seeder.group, "infinite", text, original))
        seeder.made += 1

    def claim(self, task: Task, user: str) -> None:
        """Somebody takes a task; in the end they lose it."""
        task.node, task.status, task.holder = "claimed", "in_progress", user
        task.held += 1
        held = task.held
        self.timeline.after(CLAIM, lambda: self.release(task) if task.held == held else None)
        self.fill()

    def release(self, task: Task) -> None:
        """The task goes back."""
        if task.node == "claimed" and task in self.tasks:
            self._drop(task)
            task.node = "available"
            if task.round == 1 and task.status == "in_progress":
                task.status = "pending"

    @staticmethod
    def _drop(task: Task) -> None:
        task.held += 1
        task.holder = None

    def submit(self, task: Task, answer: str) -> None:
        """The only subtask is done, and so the task."""
        self._drop(task)
        task.answer = answer
        self._finish(task)

    def _finish(self, task: Task) -> None:
        task.node, task.status = "finished", "finished"
        for chain in [each for each in self.feeds if each.trigger == ON_TASK]:
            self._pass_on(chain, task)
        self.look()

    def _pass_on(self, chain: Chain, task: Task) -> None:
        if task in chain.seeded:
            return
        if chain.target.active:
            chain.seeded.add(task)
            chain.fired = True
            chain.target.make("chain", [(task.answer, task)])
        elif task not in chain.missed:
            chain.missed.append(task)

    def force(self, task: Task, status: str) -> None:
        """A status is set by hand; the node follows."""
        self._drop(task)
        if task.node == "claimed":
            task.node = "available"
        if status == "pending":
            task.node, task.round, task.answer = "available", 1, None
        elif status == "in_progress" and task.node in ("stopped", "finished"):
            task.node, task.round = "available", task.round + 1
        elif status in ("escalated", "quarantined"):
            task.node = "stopped"
        task.status = status
        if status == "finished":
            self._finish(task)
        self.fill()
        self.look()

    def remove(self, task: Task) -> None:
        """A task is deleted."""
        self.tasks.remove(task)
        self._drop(task)
        self.fill()
        self.look()

    def look(self, *only: Chain) -> None:
        """Chains on pipeline completion fire when all is finished."""
        for chain in only or self.feeds:
            if chain.trigger == ON_PIPELINE and self.complete() and chain.owing():
                self.start(chain)

    def start(self, chain: Chain) -> None:
        """A chain makes its tasks in a moment, all in one group."""
        if chain.running:
            return
        chain.running = True
        through = list(self.tasks)
        self.timeline.after(FIRE, lambda: self._fire(chain, through))

    def _fire(self, chain: Chain, through: list[Task]) -> None:
        chain.running = False
        if chain.deleted:
            return
        chain.stuck = not chain.target.active
        if chain.stuck:
            return
        owing = [task for task in chain.owing() if task in through]
        chain.seeded.update(owing)
        chain.fired = True
        if owing:
            chain.target.make("chain", [(task.answer, task) for task in owing])
        self.look(chain)

    def activate(self) -> None:
        """The workflow accepts tasks: what could not be made before is made now."""
        self.active = True
        self.fill()
        for chain in self.fed:
            missed, chain.missed = chain.missed, []
            for task in missed:
                if task in chain.source.tasks:
                    chain.source._pass_on(chain, task)
            if chain.stuck:
                chain.stuck = False
                chain.source.start(chain)
