"""The rules of one sandbox, and the decisions that they take: one draw each, from the seed."""

import logging
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from math import floor
from typing import TYPE_CHECKING, Any, TypeVar

import orjson

from mockserver.engine.clock import Clock, rfc3339
from mockserver.engine.errors import BadRequest, UnknownName
from mockserver.engine.faults.decisions import Decision
from mockserver.engine.faults.fields import Fields
from mockserver.engine.faults.job import Partial
from mockserver.engine.faults.kinds import Fault, read_fault
from mockserver.engine.faults.latency import Latency
from mockserver.engine.faults.rate_limit import RateLimit
from mockserver.engine.faults.rule import Known, Rule, matches
from mockserver.engine.faults.status import Status
from mockserver.engine.ids import Ids
from mockserver.engine.journal import Entry, Journal

if TYPE_CHECKING:
    from mockserver.engine.store import Index, Store

T = TypeVar("T")

COLLECTION = "engine.faults"
WORK = "engine.work_faults"
INDEXES: "dict[str, tuple[Index, ...]]" = {COLLECTION: (), WORK: ()}
MOST_SCOPES = 100_000
"""Resources or credentials that one rule counts apart; beyond, it counts from the start."""

log = logging.getLogger("mockserver.faults")


class Faults:
    """Rules in the order they were made; the first whose fault ends a call ends it, and those
    behind it do not see that call.

    Latencies add up. What a rule decides depends on the seed, on the rule and on its own count
    alone, so other calls never disturb it.
    """

    def __init__(
        self,
        store: "Store",
        clock: Clock,
        ids: Ids,
        known: Callable[[], Known],
        journal: Journal | None = None,
    ) -> None:
        self._documents = store.collection(COLLECTION)
        self._work = store.collection(WORK)
        self._clock = clock
        self._ids = ids
        self._find_known = known
        self._journal = journal
        self._rules: dict[str, Rule] = {}
        self._touched: set[str] = set()
        self._changed = False
        self.active = False
        """Whether there is any rule."""
        self.working = False
        """Whether there is any rule for jobs."""
        self.delivering = False
        """Whether there is any rule for deliveries."""
        self.forget()

    @cached_property
    def _known(self) -> Known:
        """The names that there are, looked for with the first rule."""
        return self._find_known()

    def views(self) -> list[dict[str, Any]]:
        """The rules as the control API shows them, with how often each matched and fired."""
        return [rule.view() for rule in self._rules.values()]

    def get(self, id: str) -> dict[str, Any]:
        """One rule by its id or its name; UnknownName when there is none."""
        return self._rule(id).view()

    def add(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """A new rule, behind the others; kept with the caller's commit.

        `after` and `until` may be seconds from now.
        """
        given = self._dated(_plain(given))
        # Read first: what is refused takes no number.
        Rule.read("", given, self._known)
        rule = Rule.read(f"rule-{self._ids.number(COLLECTION)}", given, self._known)
        self._refuse_twin(rule)
        return self._keep(rule)

    def install(self, rules: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """New rules; each takes the place of the one that has its name."""
        added = []
        for given in rules:
            for old in [each for each in self._rules.values() if each.label == given.get("name")]:
                self.delete(old.id)
            try:
                added.append(self.add(given))
            except BadRequest as error:
                raise BadRequest(f"The rule {given.get('name')!r}: {error}") from None
        return added

    def change(self, id: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Replace the members given; counts begin anew."""
        old = self._rule(id).document
        kept = {name: old[name] for name in ("name", "where", "when", "what") if old[name]}
        given = self._dated({**kept, **_plain(changes)})
        rule = Rule.read(old["id"], given, self._known)
        self._refuse_twin(rule)
        return self._keep(rule)

    def delete(self, id: str) -> None:
        """Remove one rule."""
        rule = self._rule(id)
        del self._rules[rule.id]
        self._documents.delete(rule.id)
        self._changed = True
        self._look()

    def clear(self) -> int:
        """Remove every rule; answers how many there were."""
        count = len(self._rules)
        for id in list(self._rules):
            self.delete(id)
        return count

    def call(
        self, entry: Entry, credential: Callable[[], str | None], asked: str | None = None
    ) -> Decision | None:
        """What happens to a call; `asked` is its own `Mockserver-Fault` header."""
        decision = Decision()
        if asked is not None:
            self._add(self._asked(asked), decision, entry.path, credential)
        for rule in self._rules.values():
            if decision.fault is not None:
                break
            if rule.scope == "call" and rule.where.matches(entry):
                self._add(rule, decision, entry.path, credential)
        return decision if decision.rules else None

    def delivery(self, name: str, url: str) -> Decision | None:
        """What happens to a delivery, named `<service>.<event>`."""
        return self._aimed("delivery", name, url) if self.delivering else None

    def job(self, name: str, resource: str) -> Decision | None:
        """What happens to a piece of work, the same for all its slices.

        Work that can fail in the service's own words is asked about again and again, so what was
        decided at first is kept.
        """
        if not self.working:
            return None
        kept = self._work.get(f"{name}/{resource}")
        if kept is not None:
            return _recalled(kept)
        decision = self._aimed("job", name, resource)
        if name in self._known.failing:
            self._remember(name, resource, decision)
        if decision is not None and self._journal is not None:
            service, _, _ = name.partition(".")
            entry = Entry(service, "JOB", f"{name}/{resource}", kind="job")
            entry.at = self._clock.now()
            entry.fault = decision.view()
            self._journal.add(entry)
        return decision

    def let_go(self, name: str, resource: str) -> None:
        """Let work that was stalled go on once it is released."""
        if f"{name}/{resource}" in self._work:
            self._remember(name, resource, None)

    def item_fails(self, decision: Decision | None, batch: Any, index: int) -> bool:
        """Whether this item of a batch is one of the share that fails; they are spread evenly."""
        if decision is None or not isinstance(decision.fault, Partial):
            return False
        share = decision.fault.share
        start = self._ids.random(COLLECTION, decision.rule, "items", batch).random() * (1 - 1e-6)
        # Half a millionth hides what floats make of a share such as 0.29.
        return floor(start + (index + 1) * share + 5e-7) > floor(start + index * share + 5e-7)

    def store_counters(self) -> None:
        """Put what was counted since the last call into the store; the caller commits."""
        self._changed = False
        if self._touched:
            self._documents.put_many(
                [self._rules[id].document for id in sorted(self._touched) if id in self._rules]
            )
            self._touched.clear()

    def undo(self) -> None:
        """Forget what was made, changed or removed since the last commit."""
        if self._changed:
            self.forget()

    def forget(self) -> None:
        """Take the rules from the store again, after a restore, a reset or a restart."""
        self._touched.clear()
        self._changed = False
        self._rules = {}
        for document in self._documents.find():
            try:
                self._rules[document["id"]] = Rule.read(document["id"], document, self._known)
            except BadRequest as error:
                log.warning("the rule %s is left out: %s", document["id"], error)
        self._look()

    def _look(self) -> None:
        """Note which kinds of rules there are, so that others cost nothing."""
        scopes = {rule.scope for rule in self._rules.values()}
        self.active = bool(scopes)
        self.working = "job" in scopes
        self.delivering = "delivery" in scopes

    def _dated(self, given: dict[str, Any]) -> dict[str, Any]:
        """The rule with seconds from now made times; one whose time has passed is refused."""
        when = given.get("when")
        if not isinstance(when, Mapping):
            return given
        now, when = self._clock.now(), dict(when)
        for name in ("after", "until"):
            value = when.get(name)
            if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
                # Rounded up, the rule would begin a microsecond after the time that was asked for.
                when[name] = rfc3339(floor((now + value) * 1e6) / 1e6, 6)
        until = Fields(when, "when").time("until")
        if until is not None and until <= now:
            raise BadRequest(f"when.until has passed: it is {rfc3339(now)}, the rule never fires.")
        return {**given, "when": when}

    def _remember(self, name: str, resource: str, decision: Decision | None) -> None:
        self._work.put(
            {
                "id": f"{name}/{resource}",
                "rule": decision.rule if decision else None,
                "what": decision.what if decision else None,
            }
        )

    def _aimed(self, scope: str, name: str, resource: str) -> Decision | None:
        decision = Decision()
        for rule in self._rules.values():
            if decision.fault is not None:
                break
            if rule.scope == scope and matches(rule.target or "*", name):
                self._add(rule, decision, resource, _nobody)
        return decision if decision.rules else None

    def _add(
        self,
        rule: Rule,
        decision: Decision,
        resource: str,
        credential: Callable[[], str | None],
    ) -> None:
        """Let one rule that matches decide."""
        now = self._clock.now()
        if not rule.when.open(now):
            return
        rule.document["matched"] += 1
        if rule.id in self._rules:
            self._touched.add(rule.id)
        key = {"rule": "", "resource": resource}.get(rule.per)
        key = credential() or "" if key is None else key
        count, fault = self._chosen(rule, key)
        if fault is None:
            return
        if isinstance(fault, Latency):
            chance = self._ids.random(COLLECTION, rule.label, key, "latency", count)
            decision.wait(fault.seconds(chance), rule.when.phase, real=fault.real)
            decision.virtual = not self._clock.rate and not decision.real
        elif isinstance(fault, RateLimit):
            decision.error = fault.take(_scoped(rule.buckets, key, dict), now)
            if decision.error is None:
                return
        elif isinstance(fault, Status):
            decision.error = fault.error()
        rule.document["fired"] += 1
        decision.rules.append(rule.label)
        if not isinstance(fault, Latency):
            decision.rule, decision.fault = rule.label, fault
            decision.what = rule.what(fault)
            decision.phase = rule.when.phase or fault.phases[0]

    def _chosen(self, rule: Rule, key: str) -> tuple[int, Fault | None]:
        """Which call of its scope this is, and the fault that it gets, if it is one of those
        meant and the draw says so."""
        counts = _scoped(rule.counts, key, lambda: [0, 0])
        if not key:
            # The counts of the whole rule outlive a restart, as part of its document.
            counts = [rule.document["counted"], rule.document["chosen"]]
        counts[0] += 1
        chosen = rule.when.chosen(counts[0], counts[1])
        if chosen and rule.when.probability < 1.0:
            draw = self._ids.random(COLLECTION, rule.label, key, counts[0]).random()
            chosen = draw < rule.when.probability
        counts[1] += chosen
        if key:
            rule.counts[key] = counts
        else:
            rule.document["counted"], rule.document["chosen"] = counts
        if not chosen:
            return counts[0], None
        if not rule.sequence:
            return counts[0], rule.steps[0]
        return counts[0], rule.steps[counts[1] - 1] if counts[1] <= len(rule.steps) else None

    def _asked(self, asked: str) -> Rule:
        """The rule in a call's own header: the name of one, or a `what` as JSON."""
        if not asked.lstrip().startswith("{"):
            try:
                rule = self._rule(asked.strip())
            except UnknownName as error:
                raise BadRequest(f"The header Mockserver-Fault: {error}") from None
        else:
            try:
                what = orjson.loads(asked)
            except orjson.JSONDecodeError as error:
                raise BadRequest(f"The header Mockserver-Fault is not JSON: {error}.") from None
            rule = Rule.read("header", {"what": what}, self._known)
        if rule.scope != "call":
            raise BadRequest(f"The header Mockserver-Fault asks for a fault of a {rule.scope}.")
        return rule

    def _rule(self, id: str) -> Rule:
        rule = self._rules.get(id)
        if rule is None:
            rule = next((each for each in self._rules.values() if each.label == id), None)
        if rule is None:
            raise UnknownName(f"There is no rule {id!r}.")
        return rule

    def _refuse_twin(self, rule: Rule) -> None:
        for other in self._rules.values():
            if other.label == rule.label and other.id != rule.id:
                raise BadRequest(f"name {rule.label!r} is taken by {other.id}.")

    def _keep(self, rule: Rule) -> dict[str, Any]:
        self._rules[rule.id] = rule
        self._documents.put(rule.document)
        self._changed = True
        self._look()
        return rule.view()


def _nobody() -> None:
    """Deliveries and jobs are no one's."""


def _recalled(kept: Mapping[str, Any]) -> Decision | None:
    if kept["what"] is None:
        return None
    fault = read_fault(kept["what"])
    return Decision(rules=[kept["rule"]], rule=kept["rule"], fault=fault, what=kept["what"])


def _plain(given: Mapping[str, Any]) -> dict[str, Any]:
    """What a caller may set; ids and counts are the sandbox's own."""
    own = ("id", "matched", "fired", "counted", "chosen")
    return {name: value for name, value in given.items() if name not in own}


def _scoped(found: dict[str, T], key: str, make: Callable[[], T]) -> T:
    if key not in found:
        if len(found) >= MOST_SCOPES:
            found.clear()
        found[key] = make()
    return found[key]
