"""Tests of Extend's controls: what they refuse, they refuse as their contract says."""

import pytest

from tests.services.extend.world import World

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("verb", ["approve", "reject", "fail"])
async def test_refusals_of_controls_keep_their_contract(world: World, verb: str) -> None:
    run = await world.run()
    await world.sandbox.advance(seconds=60)
    late = await world.control("POST", f"/workflow_runs/{run['id']}/{verb}")
    absent = await world.control("POST", f"/workflow_runs/workflow_run_none/{verb}")
    assert (late.status_code, absent.status_code) == (409, 404)
    for answer in (late, absent):
        assert answer.headers["content-type"] == "application/problem+json"
        assert "mockserver-violation" not in answer.headers
