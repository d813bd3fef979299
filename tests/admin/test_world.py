"""Tests of the sandbox as a whole: ready, and back to the seed."""

from pathlib import Path

import pytest

from mockserver import __version__
from tests.admin.conftest import Opening, Panel

pytestmark = pytest.mark.anyio


async def test_health_says_what_is_running(panel: Panel) -> None:
    health = await panel.get("/health")
    assert health.pop("uptime_seconds") >= 0
    assert health.pop("memory")["resident_bytes"] > 10_000_000
    log = panel.sandbox.folder / "store.1.log"
    assert health == {
        "status": "ok",
        "version": __version__,
        "services": ["toy"],
        "store": {
            "data_dir": None,
            "documents": 1,
            "log_bytes": log.stat().st_size,
            "log_segments": 1,
            "checkpoint_bytes": 0,
        },
        "blobs": {"count": 0, "bytes": 0},
        "journal": {"entries": 0, "bytes": 0},
        "inbox": {"messages": 0, "bytes": 0},
    }


async def test_health_says_how_large_everything_is(panel: Panel) -> None:
    before = await panel.get("/health")
    await panel.toy("POST", "/items", json={"id": "a"})
    await panel.client.post("http://127.0.0.1:8080/__inbox/got", content=b"x" * 100)
    panel.sandbox.uploads.put("a", b"y" * 300)
    panel.sandbox.uploads.put("b", b"z" * 200)
    panel.sandbox.commit()
    after = await panel.get("/health")
    assert after["store"]["documents"] == before["store"]["documents"] + 1
    assert after["store"]["log_bytes"] > before["store"]["log_bytes"]
    assert after["blobs"] == {"count": 2, "bytes": 500}
    assert after["journal"]["entries"] == 1
    assert after["journal"]["bytes"] > 1000
    assert after["inbox"]["messages"] == 1
    assert after["inbox"]["bytes"] > 100
    panel.sandbox.store.checkpoint()
    stored = (await panel.get("/health"))["store"]
    assert (stored["log_bytes"], stored["log_segments"]) == (0, 0)
    assert stored["checkpoint_bytes"] == (panel.sandbox.folder / "store.json").stat().st_size


async def test_health_looks_at_no_folder(panel: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    def walk(*arguments: object) -> None:
        raise AssertionError("a folder was walked")

    for name in ("scandir", "listdir"):
        monkeypatch.setattr(f"os.{name}", walk)
    await panel.get("/health")


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
