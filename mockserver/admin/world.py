"""The sandbox as a whole: is it ready, and back to the seed."""

from typing import Any

from mockserver import __version__
from mockserver.admin.state import counts
from mockserver.engine.clock import monotonic
from mockserver.engine.service import Call, HandlerTable

handles = HandlerTable()

LOADED = monotonic()


@handles("checkHealth")
@handles("getHealth")
def get_health(call: Call) -> tuple[int, Any]:
    """Answers as soon as any call would be answered."""
    sandbox = call.sandbox
    folder = sandbox.settings.data_dir
    return 200, {
        "status": "ok",
        "version": __version__,
        "services": list(sandbox.services),
        "store": {
            "data_dir": None if folder is None else str(folder.absolute()),
            "documents": sum(counts(sandbox).values()),
        },
        "uptime_seconds": round(monotonic() - LOADED, 3),
    }


@handles("resetSandbox")
async def reset_sandbox(call: Call) -> tuple[int, Any]:
    """Back to the seed."""
    await call.sandbox.reset()
    return 200, counts(call.sandbox)
