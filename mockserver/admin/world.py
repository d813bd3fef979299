"""The sandbox as a whole: is it ready, and back to the seed."""

import os
from pathlib import Path
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
    kept, blobs = sandbox.store.size(), sandbox.retention.blobs
    return 200, {
        "status": "ok",
        "version": __version__,
        "services": list(sandbox.services),
        "store": {
            "data_dir": None if folder is None else str(folder.absolute()),
            **kept,
            "documents": sum(counts(sandbox).values()),
        },
        "blobs": {"count": blobs.count, "bytes": blobs.bytes},
        "journal": {"entries": len(sandbox.journal), "bytes": sandbox.journal.bytes},
        "inbox": {"messages": len(sandbox.inbox), "bytes": sandbox.inbox.bytes},
        "memory": {"resident_bytes": _resident_bytes()},
        "uptime_seconds": round(monotonic() - LOADED, 3),
    }


def _resident_bytes() -> int | None:
    """The memory of this process, where the system tells as Linux does."""
    try:
        pages = Path("/proc/self/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, AttributeError, ValueError):
        return None


@handles("resetSandbox")
async def reset_sandbox(call: Call) -> tuple[int, Any]:
    """Back to the seed."""
    await call.sandbox.reset()
    return 200, counts(call.sandbox)
