"""A rule: where it looks, when it fires, and what then happens."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from mockserver.engine.errors import BadRequest
from mockserver.engine.faults.fields import Fields
from mockserver.engine.faults.kinds import KINDS, Fault, read_fault
from mockserver.engine.faults.when import When
from mockserver.engine.where import Where

CALL_FIELDS = ("service", "operation", "method", "path", "client", "headers", "query", "body")
SEQUENCE = "sequence"
UPLOADS = "uploads"


@dataclass(frozen=True, slots=True)
class Known:
    """The names that a rule can mean: operations by service, deliveries, and job kinds."""

    operations: Mapping[str, Collection[str]] = field(default_factory=dict)
    deliveries: Collection[str] = ()
    jobs: Collection[str] = ()


@dataclass(slots=True)
class Rule:
    """One rule as it is used; its document is what the control API shows.

    `steps` are the faults of a sequence, None for `ok`; any other rule has one step. `scope` is
    what it acts upon: a call, a delivery or a job.
    """

    id: str
    document: dict[str, Any]
    where: Where
    target: str | None
    when: When
    steps: tuple[Fault | None, ...]
    sequence: bool
    scope: str
    counts: dict[str, list[int]] = field(default_factory=dict)
    buckets: dict[str, dict[str, float]] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """How the rule is called in headers and in the journal."""
        return str(self.document.get("name") or self.id)

    @classmethod
    def read(cls, id: str, given: Mapping[str, Any], known: Known) -> "Rule":
        """From JSON; BadRequest names the field that is wrong, or why the rule can never match."""
        name = Fields(given, "rule").text("name", "")
        _no_strangers(given)
        _objects(given)
        where_given, when_given = given.get("where", {}), given.get("when", {})
        what = given["what"]
        when = When.read(when_given)
        steps, sequence = _steps(what)
        scope = _scope(steps, where_given)
        where, target = _where(where_given, scope, known)
        _check_phase(when, steps)
        document = {
            "id": id,
            "name": name or None,
            "where": dict(where_given),
            "when": dict(when_given),
            "what": dict(what),
            "matched": int(given.get("matched", 0)),
            "fired": int(given.get("fired", 0)),
        }
        return cls(id, document, where, target, when, steps, sequence, scope)


def _objects(given: Mapping[str, Any]) -> None:
    for name in ("where", "when", "what"):
        if not isinstance(given.get(name, {}), Mapping):
            raise BadRequest(f"{name} takes an object, not {given[name]!r}.")
    if not given.get("what"):
        raise BadRequest('what is required, such as {"type": "status", "status": 503}.')


def _no_strangers(given: Mapping[str, Any]) -> None:
    known = ("name", "where", "when", "what", "id", "matched", "fired")
    for name in given:
        if name not in known:
            raise BadRequest(f"{name!r} is unknown; a rule has name, where, when and what.")


def _steps(what: Any) -> tuple[tuple[Fault | None, ...], bool]:
    if what.get("type") != SEQUENCE:
        if what.get("type") not in KINDS:
            kinds = ", ".join((*KINDS, SEQUENCE))
            raise BadRequest(f"what.type must be one of {kinds}, not {what.get('type')!r}.")
        return (read_fault(what),), False
    steps = what.get("steps")
    if not isinstance(steps, list) or not steps or set(what) != {"type", "steps"}:
        raise BadRequest('what.steps takes a list of faults and "ok", and a sequence only that.')
    read = [
        None if step == "ok" else read_fault(step, f"what.steps[{number}]")
        for number, step in enumerate(steps)
    ]
    if not any(read):
        raise BadRequest("what.steps has nothing but ok: the rule never fires.")
    return tuple(read), True


def _scope(steps: tuple[Fault | None, ...], where: Mapping[str, Any]) -> str:
    scopes = {step.scope for step in steps if step}
    if len(scopes) > 1:
        raise BadRequest(f"what.steps mixes faults of {' and '.join(sorted(scopes))}s.")
    scope = scopes.pop()
    asked = {"delivery": "delivery", "job": "job"}
    for name, meant in asked.items():
        if name in where and scope != meant:
            kind = next(step.type for step in steps if step)
            raise BadRequest(f"where.{name} can never match: {kind} is a fault of a {scope}.")
    return scope


def _where(given: Mapping[str, Any], scope: str, known: Known) -> tuple[Where, str | None]:
    if scope == "call":
        for name in given:
            if name not in CALL_FIELDS:
                raise BadRequest(f"where.{name} is unknown; there are: {', '.join(CALL_FIELDS)}.")
        _check_operation(given, known)
        return Where.read(given), None
    for name in given:
        if name not in (scope, "service"):
            raise BadRequest(f"where.{name} can never match a {scope}; name where.{scope}.")
    names = known.deliveries if scope == "delivery" else known.jobs
    target = given.get(scope)
    if target is not None and "*" not in str(target) and target not in names:
        raise _unknown(f"where.{scope}", target, names)
    service = given.get("service")
    if service is not None and service not in known.operations:
        raise _unknown("where.service", service, known.operations)
    if target is None and service is not None:
        target = f"{service}.*"
    return Where(), target


def _check_operation(given: Mapping[str, Any], known: Known) -> None:
    service, operation = given.get("service"), given.get("operation")
    services = (*known.operations, UPLOADS)
    if service is not None and "*" not in str(service) and service not in services:
        raise _unknown("where.service", service, services)
    if operation is None or "*" in str(operation):
        return
    among = [
        name
        for each, names in known.operations.items()
        if service in (None, each)
        for name in names
    ]
    if operation not in among:
        raise _unknown("where.operation", operation, among)


def _unknown(field: str, given: Any, names: Collection[str]) -> BadRequest:
    near = get_close_matches(str(given), names, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return BadRequest(
        f"{field} {given!r} is unknown, so the rule can never match; {hint}"
        f"there are: {', '.join(sorted(names))}."
    )


def _check_phase(when: When, steps: tuple[Fault | None, ...]) -> None:
    for step in steps:
        if step and when.phase and when.phase not in step.phases:
            raise BadRequest(
                f"when.phase {when.phase!r} does not fit {step.type}, which acts "
                f"{' or '.join(step.phases)} the side effect."
            )
