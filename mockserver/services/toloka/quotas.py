"""The documented limits on calls and on objects, kept only where the setting asks for it."""

from mockserver.engine.sandbox import Sandbox
from mockserver.services.toloka import errors

COLLECTION = "toloka.quotas"

MINUTE, HOUR, DAY = 60, 3600, 86_400
_NAMES = {MINUTE: "MIN", HOUR: "HOUR", DAY: "DAY"}

ALL_CALLS = 300
"""Calls a second of any kind."""

_CREATION = ((20, MINUTE), (100, DAY))
CALLS: dict[str, tuple[tuple[int, int], ...]] = {
    "createProject": _CREATION,
    "createPool": _CREATION,
    "createTraining": _CREATION,
    "clonePool": _CREATION,
    "cloneTraining": _CREATION,
    "createSkill": ((10, MINUTE), (100, DAY)),
    "updatePool": ((10, HOUR),),
    "aggregateByPool": ((5, MINUTE), (30, HOUR), (200, DAY)),
    "setUserSkill": ((100_000, DAY),),
    "composeMessageThread": ((100_000, DAY),),
}
"""Calls of one operation within a window."""

OBJECTS: dict[str, tuple[tuple[int, int], ...]] = {
    "tasks": ((100_000, MINUTE), (2_000_000, DAY)),
    "task_suites": ((100_000, MINUTE), (2_000_000, DAY)),
    "user_bonuses": ((10_000, DAY),),
}
"""Objects created within a window. The documentation of 2023 has twice as many tasks."""


def spend_call(sandbox: Sandbox, credential: str, operation: str) -> None:
    """Count a call, or raise the service's 429."""
    if not sandbox.setting("toloka.quotas"):
        return
    _spend(sandbox, f"{credential}/calls", 1, ((ALL_CALLS, 1),))
    if operation in CALLS:
        _spend(sandbox, f"{credential}/{operation}", 1, CALLS[operation])


def spend_objects(sandbox: Sandbox, credential: str | None, kind: str, count: int) -> None:
    """Count objects about to be created, or raise the service's 429."""
    if sandbox.setting("toloka.quotas") and kind in OBJECTS:
        _spend(sandbox, f"{credential}/{kind}", count, OBJECTS[kind])


def _spend(sandbox: Sandbox, name: str, count: int, limits: tuple[tuple[int, int], ...]) -> None:
    """One counter for each window, which starts anew with the window."""
    counters = sandbox.collection(COLLECTION)
    now = sandbox.clock.now()
    changed = []
    for most, period in limits:
        window = int(now // period)
        counter = counters.get(f"{name}/{period}")
        used = counter["used"] if counter and counter["window"] == window else 0
        if used + count > most:
            raise _refusal(sandbox, period, (window + 1) * period - now)
        changed.append({"id": f"{name}/{period}", "window": window, "used": used + count})
    counters.put_many(changed)


def _refusal(sandbox: Sandbox, period: int, wait: float) -> Exception:
    if not sandbox.setting("toloka.crashing_429"):
        name = _NAMES.get(period)
        return errors.too_many(None if name == "MIN" else name)
    error = errors.too_many(_NAMES.get(period, "MIN"))
    error.headers["Retry-After"] = str(max(1, int(wait)))
    return error
