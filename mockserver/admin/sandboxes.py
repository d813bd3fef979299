"""Worlds beside one another: made, listed and forgotten."""

from collections.abc import Callable
from typing import Any

from mockserver.admin.clock import read_time
from mockserver.admin.pages import page
from mockserver.engine.clock import rfc3339
from mockserver.engine.sandboxes import Options, Sandboxes
from mockserver.engine.service import Answer, Call, HandlerTable

NAMED_RATES = {"real": 1.0, "frozen": 0.0}


def handlers(registry: Callable[[], Sandboxes]) -> HandlerTable:
    """The handlers over the server's sandboxes, which no single sandbox knows."""
    handles = HandlerTable()

    @handles("listSandboxes")
    def list_sandboxes(call: Call) -> tuple[int, Any]:
        """Every sandbox, whether it has been used since the start or not."""
        names = registry().names()
        start = names.index(call.parameters["after"]) + 1 if _known(call, names) else 0
        shown = names[start : start + call.parameters["limit"]]
        return 200, page([_view(call, registry(), name) for name in shown], len(names))

    @handles("createSandbox")
    def create_sandbox(call: Call) -> tuple[int, Any]:
        """A new world with the seed in it."""
        registry().create(call.body["name"], _options(call.body))
        return 201, _view(call, registry(), call.body["name"])

    @handles("getSandbox")
    def get_sandbox(call: Call) -> tuple[int, Any]:
        """One world."""
        return 200, _view(call, registry(), call.parameters["name"])

    @handles("deleteSandbox")
    async def delete_sandbox(call: Call) -> Answer:
        """Forget a world without a trace."""
        await registry().delete(call.parameters["name"])
        return Answer(204)

    return handles


def _known(call: Call, names: list[str]) -> bool:
    return call.parameters.get("after") in names


def _options(given: dict[str, Any]) -> Options:
    clock = given.get("clock")
    rate, start = clock, None
    if isinstance(clock, dict):
        rate = clock.get("rate", "real")
        start = read_time("clock.now", clock["now"]) if "now" in clock else None
    if isinstance(rate, str):
        rate = NAMED_RATES[rate]
    return Options(
        credentials=tuple(dict.fromkeys(given.get("credentials", ()))),
        seed=given.get("seed"),
        clock=None if rate is None else float(rate),
        clock_start=start,
        pace=given.get("pace"),
    )


def _view(call: Call, registry: Sandboxes, name: str) -> dict[str, Any]:
    options = registry.options(name)
    sandbox = registry[name]
    root = call.base_url.partition("/@")[0]
    return {
        "name": name,
        "url": f"{root}/@{name}",
        "credentials": len(options.credentials),
        "seed": sandbox.ids.seed,
        "pace": sandbox.pace.pace,
        "clock": {"now": rfc3339(sandbox.clock.now()), "rate": sandbox.clock.rate},
    }
