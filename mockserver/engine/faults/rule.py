"""A rule: where it looks, when it fires, and what then happens."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any

from mockserver.engine.errors import BadRequest
from mockserver.engine.faults.fields import Fields
from mockserver.engine.faults.job import Stall
from mockserver.engine.faults.kinds import KINDS, Fault, read_fault
from mockserver.engine.faults.rate_limit import RateLimit
from mockserver.engine.faults.when import When
from mockserver.engine.where import Where

CALL_FIELDS = ("service", "operation", "method", "path", "client", "headers", "query", "body")
SEQUENCE = "sequence"
UPLOADS = "uploads"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
OWN = ("id", "matched", "fired", "counted", "chosen")


@dataclass(frozen=True, slots=True)
class Known:
    """The names that a rule can mean: operations by service, deliveries, and job kinds.

    Any job can stall; those that are `failing` can fail in the service's own words.
    """

    operations: Mapping[str, Collection[str]] = field(default_factory=dict)
    deliveries: Collection[str] = ()
    jobs: Collection[str] = ()
    failing: Collection[str] = ()


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

    @property
    def per(self) -> str:
        """What is counted apart; a rate limit is one for each credential unless it says."""
        if isinstance(self.steps[0], RateLimit) and "per" not in self.document["when"]:
            return "credential"
        return self.when.per

    def view(self) -> dict[str, Any]:
        """The rule as the control API shows it."""
        shown = ("id", "name", "where", "when", "what", "matched", "fired")
        return {name: self.document[name] for name in shown}

    def what(self, fault: Fault) -> dict[str, Any]:
        """The JSON that a fault of this rule was read from."""
        what: dict[str, Any] = self.document["what"]
        return dict(what["steps"][self.steps.index(fault)] if self.sequence else what)

    @classmethod
    def read(cls, id: str, given: Mapping[str, Any], known: Known) -> "Rule":
        """From JSON; BadRequest names the field that is wrong, or why the rule can never match."""
        # A rule is kept as it is shown, and there one without a name has null.
        name = "" if given.get("name") is None else Fields(given, "rule").text("name", "")
        _no_strangers(given)
        _objects(given)
        where_given, when_given = given.get("where", {}), given.get("when", {})
        what = given["what"]
        when = When.read(when_given)
        steps, sequence = _steps(what)
        scope = _scope(steps, where_given)
        where, target = _where(where_given, scope, known)
        _check_phase(when, steps)
        if scope == "job":
            _check_job(target, steps, known)
        document = {
            "id": id,
            "name": name or None,
            "where": dict(where_given),
            "when": dict(when_given),
            "what": dict(what),
            "matched": int(given.get("matched", 0)),
            "fired": int(given.get("fired", 0)),
            "counted": int(given.get("counted", 0)),
            "chosen": int(given.get("chosen", 0)),
        }
        return cls(id, document, where, target, when, steps, sequence, scope)


def _objects(given: Mapping[str, Any]) -> None:
    for name in ("where", "when", "what"):
        if not isinstance(given.get(name, {}), Mapping):
            raise BadRequest(f"{name} takes an object, not {given[name]!r}.")
    if not given.get("what"):
        raise BadRequest('what is required, such as {"type": "status", "status": 503}.')


def _no_strangers(given: Mapping[str, Any]) -> None:
    for name in given:
        if name not in ("name", "where", "when", "what", *OWN):
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
        _check_request(given)
        return Where.read(given), None
    for name in given:
        if name not in (scope, "service"):
            raise BadRequest(f"where.{name} can never match a {scope}; name where.{scope}.")
    names = known.deliveries if scope == "delivery" else known.jobs
    target, service = given.get(scope), given.get("service")
    if target is not None:
        _check_name(f"where.{scope}", target, names)
    if service is not None:
        _check_name("where.service", service, known.operations)
    if target is not None and service is not None and not str(target).startswith(f"{service}."):
        raise BadRequest(f"where.{scope} {target!r} can never match: it is not of {service}.")
    if target is None and service is not None:
        target = f"{service}.*"
    return Where(), target


def matches(pattern: str, name: str) -> bool:
    """Whether a name is meant by a text that may hold `*`."""
    return pattern == name or ("*" in pattern and fnmatchcase(name, pattern))


def _check_name(field: str, given: Any, names: Collection[str]) -> None:
    if not isinstance(given, str) or not any(matches(given, name) for name in names):
        raise _unknown(field, given, names)


def _check_operation(given: Mapping[str, Any], known: Known) -> None:
    service, operation = given.get("service"), given.get("operation")
    if service is not None:
        _check_name("where.service", service, (*known.operations, UPLOADS))
    if operation is None:
        return
    among = [
        name
        for each, names in known.operations.items()
        if service is None or matches(service, each)
        for name in names
    ]
    _check_name("where.operation", operation, among)


def _check_request(given: Mapping[str, Any]) -> None:
    """Refuse what no request can have."""
    method, path = given.get("method"), given.get("path")
    if method is not None and "*" not in str(method) and method not in METHODS:
        raise _unknown("where.method", method, METHODS)
    if path is not None and not str(path).startswith(("/", "*")):
        raise BadRequest(f"where.path {path!r} can never match: a path begins with /.")
    body = given.get("body")
    for pointer in body if isinstance(body, Mapping) else ():
        if pointer and not str(pointer).startswith("/"):
            raise BadRequest(f"where.body {pointer!r} is no JSON pointer: it begins with /.")


def _check_job(target: str | None, steps: tuple[Fault | None, ...], known: Known) -> None:
    """Only some jobs can fail; any can stall."""
    kind = next((step.type for step in steps if step and not isinstance(step, Stall)), None)
    if kind is not None and not any(matches(target or "*", name) for name in known.failing):
        raise BadRequest(
            f"where.job {target!r} can never match {kind}: that job only stalls; "
            f"those that fail are: {', '.join(sorted(known.failing))}."
        )


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
