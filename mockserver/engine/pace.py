"""How fast the simulated services and their people move, and the exceptions to that."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from mockserver.engine.errors import BadRequest, UnknownName
from mockserver.engine.ids import Ids
from mockserver.engine.jobs import Jobs

if TYPE_CHECKING:
    from mockserver.engine.store import Store

COLLECTION = "engine.transitions"
PACES = ("instant", "fast", "realistic", "manual")


@dataclass(frozen=True, slots=True)
class Transition:
    """How long a step takes at each pace, as (shortest, longest) seconds, and who takes it."""

    fast: tuple[float, float]
    realistic: tuple[float, float]
    by: Literal["service", "people"] = "service"

    def span(self, pace: str) -> tuple[float, float]:
        """The seconds at this pace; at `manual` the service itself goes on as in `fast`."""
        if pace == "instant":
            return (0.0, 0.0)
        return self.realistic if pace == "realistic" else self.fast


class Pace:
    """Schedules transitions at the sandbox's pace.

    Any transition can be set apart, for all or for one resource: `{"seconds": n}` (0 is at once),
    `{"polls": n}` or `{"by": "hand"}`.
    """

    def __init__(
        self,
        pace: str,
        store: "Store",
        ids: Ids,
        jobs: Jobs,
        transitions: Mapping[str, Transition],
    ) -> None:
        self.pace = pace
        self._overrides = store.collection(COLLECTION)
        self._ids = ids
        self._jobs = jobs
        self._transitions = transitions

    def schedule(
        self,
        transition: str,
        arguments: Mapping[str, Any],
        *,
        resource: str | None = None,
        delay: float | None = None,
    ) -> str | None:
        """Schedule the job of the transition's name when the pace says so; answers the job's id.

        `delay` in seconds replaces the pace's, but not an override. People's transitions are not
        scheduled at all while the pace is `manual`, and the answer is None.
        """
        plan = self._transitions[transition]
        override = self._override(transition, resource)
        if override is None:
            if self.pace == "manual" and plan.by == "people":
                return None
            seconds = self._draw(transition, plan, resource) if delay is None else delay
            return self._jobs.schedule(transition, arguments, delay=seconds, resource=resource)
        if "polls" in override:
            return self._jobs.schedule(
                transition, arguments, resource=resource, state="polling", polls=override["polls"]
            )
        if override.get("by") == "hand":
            return self._jobs.schedule(transition, arguments, resource=resource, state="held")
        return self._jobs.schedule(
            transition, arguments, delay=override["seconds"], resource=resource
        )

    def delay(self, transition: str, resource: str) -> float | None:
        """Seconds after which the step is to be taken, for who schedules it by other means.

        None where it is not for the pace to say: it is set apart, or people's and by hand.
        """
        plan = self._transitions[transition]
        by_hand = self.pace == "manual" and plan.by == "people"
        if by_hand or self._override(transition, resource) is not None:
            return None
        return self._draw(transition, plan, resource)

    @property
    def counts_looks(self) -> bool:
        """Whether an override with `polls` may wait for a handler to tell of looks."""
        return self._jobs.polling

    def polled(self, resource: str) -> None:
        """A handler tells that a resource was looked at; only an override with `polls` cares."""
        self._jobs.poll(resource)

    def transitions(self) -> list[dict[str, Any]]:
        """Every transition with its seconds at this pace, and the overrides set for it."""
        return [
            {
                "name": name,
                "by": plan.by,
                "seconds": list(plan.span(self.pace)),
                "overrides": self._overrides.find({"transition": name}),
            }
            for name, plan in sorted(self._transitions.items())
        ]

    def override(
        self, transition: str, setting: Mapping[str, Any], resource: str | None = None
    ) -> dict[str, Any]:
        """Set a transition apart from the pace, for all resources or for one."""
        self._known(transition)
        if len(setting) != 1 or not self._valid(setting):
            raise BadRequest(
                'A transition is set to one of {"seconds": 0 or more}, {"polls": 1 or more} '
                'and {"by": "hand"}.'
            )
        document = {
            "id": transition if resource is None else f"{transition}@{resource}",
            "transition": transition,
            "resource": resource,
            **setting,
        }
        self._overrides.put(document)
        return document

    def clear(self, transition: str, resource: str | None = None) -> None:
        """Let a transition follow the pace again."""
        self._known(transition)
        self._overrides.delete(transition if resource is None else f"{transition}@{resource}")

    def release(self, transition: str, resource: str) -> int:
        """Run by hand what an override holds back; answers how many jobs that were."""
        self._known(transition)
        return self._jobs.release(resource=resource, kind=transition)

    @staticmethod
    def _valid(setting: Mapping[str, Any]) -> bool:
        polls, seconds = setting.get("polls"), setting.get("seconds")
        return (
            setting.get("by") == "hand"
            or (type(polls) is int and polls >= 1)
            or (type(seconds) in (int, float) and 0 <= float(seconds or 0) < 1e10)
        )

    def _known(self, transition: str) -> None:
        if transition not in self._transitions:
            known = ", ".join(sorted(self._transitions))
            raise UnknownName(f"No transition is called {transition!r}; there are: {known}.")

    def _override(self, transition: str, resource: str | None) -> dict[str, Any] | None:
        if not len(self._overrides):
            return None
        own = None if resource is None else self._overrides.get(f"{transition}@{resource}")
        return own or self._overrides.get(transition)

    def _draw(self, transition: str, plan: Transition, resource: str | None) -> float:
        low, high = plan.span(self.pace)
        if low == high:
            return low
        key = self._ids.number("engine.pace") if resource is None else resource
        return low + (high - low) * self._ids.derived("engine.pace", transition, key) / 2**64
