"""Handlers of user bonuses."""

from typing import Any

from mockserver.engine.service import Call, HandlerTable
from mockserver.services.toloka import batches, pages, wire
from mockserver.services.toloka.bonuses import COLLECTION

handles = HandlerTable()


@handles("createUserBonuses")
def create_user_bonuses(call: Call) -> tuple[int, Any]:
    """Give one bonus or many, at once or by an operation."""
    if wire.flag(call, "async_mode"):
        return batches.start(call, "user_bonuses")
    return batches.create_now(call, "user_bonuses", lambda bonus: bonus)


@handles("getUserBonuses")
def get_user_bonuses(call: Call) -> tuple[int, Any]:
    """List bonuses."""
    return pages.page(call, COLLECTION, pages.BONUSES)


@handles("getUserBonus")
def get_user_bonus(call: Call) -> tuple[int, Any]:
    """Get a bonus."""
    return 200, wire.require(call, COLLECTION)
