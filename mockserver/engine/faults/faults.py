"""The rules of one sandbox, and the decisions that they take: one draw each, from the seed."""

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, TypeVar

import orjson

from mockserver.engine.clock import Clock
from mockserver.engine.errors import BadRequest, UnknownName
from mockserver.engine.faults.decisions import Decision
from mockserver.engine.faults.job import Partial
from mockserver.engine.faults.kinds import Fault
from mockserver.engine.faults.latency import Latency
from mockserver.engine.faults.rate_limit import RateLimit
from mockserver.engine.faults.rule import Known, Rule
from mockserver.engine.faults.status import Status
from mockserver.engine.ids import Ids
from mockserver.engine.journal import Entry

if TYPE_CHECKING:
    from mockserver.engine.store import Index, Store

T = TypeVar("T")

COLLECTION = "engine.faults"
INDEXES: "dict[str, tuple[Index, ...]]" = {COLLECTION: ()}
MOST_SCOPES = 100_000
"""Resources or credentials that one rule counts apart; beyond, it counts from the start."""


class Faults:
    """Rules in the order they were made; the first whose fault ends a call ends it.

    Latencies add up. What a rule decides depends on the seed, on the rule and on its own count
    alone, so other calls never disturb it.
    """

    def __init__(self, store: "Store", clock: Clock, ids: Ids, known: Known) -> None:
        self._documents = store.collection(COLLECTION)
        self._clock = clock
        self._ids = ids
        self._known = known
        self._rules: dict[str, Rule] = {}
        self._touched: set[str] = set()
        self.active = False
        self.forget()

    def views(self) -> list[dict[str, Any]]:
        """The rules as the control API shows them, with how often each matched and fired."""
        return [rule.document for rule in self._rules.values()]

    def get(self, id: str) -> dict[str, Any]:
        """One rule by its id or its name; UnknownName when there is none."""
        return self._rule(id).document

    def add(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """A new rule, behind the others; kept with the caller's commit."""
        rule = Rule.read(f"rule-{self._ids.number(COLLECTION)}", _plain(given), self._known)
        self._refuse_twin(rule)
        return self._keep(rule)

    def change(self, id: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Replace the members given; counts begin anew."""
        old = self._rule(id).document
        kept = {name: old[name] for name in ("name", "where", "when", "what") if old[name]}
        rule = Rule.read(old["id"], {**kept, **_plain(changes)}, self._known)
        self._refuse_twin(rule)
        return self._keep(rule)

    def delete(self, id: str) -> None:
        """Remove one rule."""
        rule = self._rule(id)
        del self._rules[rule.id]
        self._documents.delete(rule.id)
        self.active = bool(self._rules)

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
        return self._aimed("delivery", name, url)

    def job(self, name: str, resource: str) -> Decision | None:
        """What happens to a piece of work; asked once when it begins."""
        return self._aimed("job", name, resource)

    def item_fails(self, decision: Decision | None, *key: Any) -> bool:
        """Whether this item of a partial failure is one of those that fail."""
        if decision is None or not isinstance(decision.fault, Partial):
            return False
        draw = self._ids.random(COLLECTION, decision.rule, "item", *key).random()
        return bool(draw < decision.fault.share)

    def store_counters(self) -> None:
        """Put what was counted since the last call into the store; the caller commits."""
        if self._touched:
            self._documents.put_many(
                [self._rules[id].document for id in sorted(self._touched) if id in self._rules]
            )
            self._touched.clear()

    def forget(self) -> None:
        """Take the rules from the store again, after a restore, a reset or a restart."""
        self._touched.clear()
        self._rules = {
            document["id"]: Rule.read(document["id"], document, self._known)
            for document in self._documents.find()
        }
        self.active = bool(self._rules)

    def _aimed(self, scope: str, name: str, resource: str) -> Decision | None:
        if not self.active:
            return None
        decision = Decision()
        for rule in self._rules.values():
            if decision.fault is not None:
                break
            if rule.scope == scope and fnmatchcase(name, rule.target or "*"):
                self._add(rule, decision, resource, lambda: None)
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
        per = rule.when.per
        if isinstance(rule.steps[0], RateLimit) and "per" not in rule.document["when"]:
            per = "credential"
        key = {"rule": "", "resource": resource}.get(per)
        key = credential() or "" if key is None else key
        fault = self._chosen(rule, key)
        if fault is None:
            return
        if isinstance(fault, Latency):
            self._delay(rule, fault, decision, key)
        elif isinstance(fault, RateLimit):
            bucket = _scoped(rule.buckets, key, dict)
            decision.error = fault.take(bucket, now)
            if decision.error is None:
                return
        elif isinstance(fault, Status):
            decision.error = fault.error()
        rule.document["fired"] += 1
        decision.rules.append(rule.label)
        if not isinstance(fault, Latency):
            decision.rule, decision.fault = rule.label, fault
            decision.phase = rule.when.phase or fault.phases[0]

    def _chosen(self, rule: Rule, key: str) -> Fault | None:
        """The fault that this call gets, if it is one of those meant and the draw says so."""
        counts = _scoped(rule.counts, key, lambda: [0, 0])
        if rule.when.per == "rule" and not isinstance(rule.steps[0], RateLimit):
            # The counts of the whole rule outlive a restart, as part of its document.
            counts[0] = rule.document["matched"] - 1
        counts[0] += 1
        if not rule.when.chosen(counts[0], counts[1]):
            return None
        chance = rule.when.probability
        if chance < 1.0:
            draw = self._ids.random(COLLECTION, rule.label, key, counts[0]).random()
            if draw >= chance:
                return None
        counts[1] += 1
        if not rule.sequence:
            return rule.steps[0]
        return rule.steps[counts[1] - 1] if counts[1] <= len(rule.steps) else None

    def _delay(self, rule: Rule, fault: Latency, decision: Decision, key: str) -> None:
        chance = self._ids.random(COLLECTION, rule.label, key, "latency", rule.document["matched"])
        seconds = fault.seconds(chance)
        decision.real = decision.real or fault.real
        if rule.when.phase == "after":
            decision.after += seconds
        else:
            decision.before += seconds

    def _asked(self, asked: str) -> Rule:
        """The rule in a call's own header: the name of one, or a `what` as JSON."""
        if not asked.lstrip().startswith("{"):
            return self._rule(asked.strip())
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
        self.active = True
        return rule.document


def _plain(given: Mapping[str, Any]) -> dict[str, Any]:
    """What a caller may set; ids and counts are the sandbox's own."""
    return {name: value for name, value in given.items() if name not in ("id", "matched", "fired")}


def _scoped(found: dict[str, T], key: str, make: Callable[[], T]) -> T:
    if key not in found:
        if len(found) >= MOST_SCOPES:
            found.clear()
        found[key] = make()
    return found[key]
