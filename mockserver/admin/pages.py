"""Lists as the control API writes them."""

from collections.abc import Sequence
from typing import Any


def page(items: Sequence[Any], total: int | None = None) -> dict[str, Any]:
    """Some items, and how many there are in all, whatever the limit."""
    return {"items": list(items), "total": len(items) if total is None else total}
