"""User bonuses in a batch: how one is checked, and what is kept of it."""

from typing import Any

import orjson

from mockserver.engine.sandbox import Sandbox
from mockserver.services.toloka import forms, wire
from mockserver.services.toloka.errors import Fields, field, required
from mockserver.services.toloka.forms import Item

COLLECTION = "toloka.user_bonuses"

LEAST, MOST = 0.005, 100

_TEXTS = ("public_title", "public_message", "private_comment")
_TELLING = ("user_id", "amount", *_TEXTS, "assignment_id")
"""What tells one bonus from another."""


class Bonuses:
    """The bonuses of one batch."""

    operation = "USER_BONUS.BATCH_CREATE"
    created_step = "USER_BONUS_PERSIST"
    failed_step = "USER_BONUS_VALIDATE"
    output = "user_bonus_id"
    collection = COLLECTION
    noun = "user_bonus"
    pooled = False

    def __init__(self, sandbox: Sandbox, *, allow_defaults: bool) -> None:
        self._sandbox = sandbox

    def errors(self, item: Any) -> Fields:
        """What is wrong with a submitted bonus, by field.

        Not emulated: whether the Toloker and the assignment exist is not checked.
        """
        found: Fields = {}
        if type(item) is not dict:
            return {self.noun: field("OBJECT_EXPECTED", "Value must be an object")}
        user = item.get("user_id")
        if user is None or user == "":
            found["user_id"] = required()
        elif not isinstance(user, str | int) or isinstance(user, bool):
            found["user_id"] = field("STRING_EXPECTED", "Value must be a string")
        if item.get("amount") is None:
            found["amount"] = required()
        else:
            forms.check_number(_number(item["amount"]), (LEAST, MOST), "amount", found)
        for name in ("public_title", "public_message"):
            if item.get(name) is not None and not isinstance(item[name], dict):
                found[name] = field("OBJECT_EXPECTED", "Value must be an object")
        for name in ("private_comment", "assignment_id"):
            forms.check_text(item, name, found)
        return found

    def effective(self, item: Item) -> Item:
        """The item as the log repeats it."""
        return item

    def identify(self, item: Item, second: int, count: int) -> str:
        """The id of the bonus with this number."""
        return str(wire.FIRST - 1 + count)

    def create(self, items: list[Item], now: float) -> tuple[int, list[Item]]:
        """Keep valid bonuses; answers the first one's number and what was kept, in order."""
        numbers = [self._sandbox.ids.number("toloka.bonus") for _ in items]
        created = wire.written(now)
        kept = [
            {"id": self.identify(item, 0, count), **_kept(item), "created": created}
            for item, count in zip(items, numbers, strict=True)
        ]
        self._sandbox.collection(COLLECTION).put_many(kept)
        assignments = self._sandbox.collection("toloka.assignments")
        for bonus in kept:
            assignment = assignments.get(bonus.get("assignment_id", ""))
            if assignment is not None:
                assignment.setdefault("bonus_ids", []).append(bonus["id"])
                assignments.put(assignment)
        return (numbers[0] if numbers else 0), kept


def twice(items: list[Any]) -> int | None:
    """The place of a bonus that repeats an earlier one of the same request, which the service
    refuses."""
    seen = set()
    for index, item in enumerate(items):
        if type(item) is not dict:
            continue
        key = orjson.dumps([item.get(name) for name in _TELLING], option=orjson.OPT_SORT_KEYS)
        if key in seen:
            return index
        seen.add(key)
    return None


def _number(value: Any) -> Any:
    """An amount, also as text (fact f.3)."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return value


def _kept(item: Item) -> Item:
    bonus: Item = {"user_id": str(item["user_id"]), "amount": _number(item["amount"])}
    for name in ("private_comment", "public_title", "public_message", "assignment_id"):
        if item.get(name) is not None:
            bonus[name] = item[name]
    bonus["without_message"] = wire.truth(item.get("without_message"))
    return bonus
