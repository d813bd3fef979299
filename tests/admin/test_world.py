"""Tests of the sandbox as a whole: ready, and back to the seed."""

from pathlib import Path

import pytest

from mockserver import __version__
from tests.admin.conftest import Opening, Panel

pytestmark = pytest.mark.anyio


async def test_health_says_what_is_running(panel: Panel) -> None:
    health = await panel.get("/health")
    assert health.pop("uptime_seconds") >= 0
    assert health == {
        "status": "ok",
        "version": __version__,
        "services": ["toy"],
        "store": {"data_dir": None, "documents": 1},
    }


async def test_health_can_be_asked_without_a_body(panel: Panel) -> None:
    answer = await panel.ask("HEAD", "/health")
    assert (answer.status_code, answer.content) == (200, b"")


async def test_health_names_the_data_folder(opened: Opening, tmp_path: Path) -> None:
    panel = await opened(data_dir=str(tmp_path))
    assert (await panel.get("/health"))["store"]["data_dir"] == str(tmp_path)


async def test_reset_goes_back_to_the_seed(panel: Panel) -> None:
    await panel.toy("POST", "/items", json={"id": "a"})
    await panel.ask("POST", "/clock/advance", {"seconds": 90})
    await panel.ask("PUT", "/clock", {"rate": 5})
    answer = await panel.ask("POST", "/reset")
    assert (answer.status_code, answer.json()) == (200, {"toy.items": 1})
    assert await panel.get("/clock") == {
        "now": "2026-01-01T00:00:00.000Z",
        "rate": 0.0,
        "pending_jobs": 0,
        "next_due": None,
    }
    assert (await panel.get("/requests"))["total"] == 0
