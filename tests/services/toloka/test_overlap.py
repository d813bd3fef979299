"""Tests of overlap: what counts as used when it changes."""

from typing import Any

import pytest

from tests.services.toloka.world import USER, World, task

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("verb", ["skip", "expire"])
async def test_what_was_given_back_is_not_used_up_when_infinite_overlap_ends(
    by_hand: World, verb: str
) -> None:
    endless: dict[str, Any] = {"overlap": None, "infinite_overlap": True}
    pool_id = await by_hand.opened(task(1, **endless))
    issue = f"/pools/{pool_id}/assignments"
    await by_hand.control("POST", issue, {"user_id": "1" * 32})
    given = (await by_hand.control("POST", issue, {"user_id": USER}))["items"][0]
    await by_hand.control("POST", f"/assignments/{given['id']}/{verb}")
    path = f"/tasks/{given['tasks'][0]['id']}"
    changed = await by_hand.ask("PATCH", path, {"overlap": 4, "infinite_overlap": False})
    assert (changed["overlap"], changed["remaining_overlap"]) == (4, 3)
