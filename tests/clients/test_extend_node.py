"""The official npm SDK, `extend-ai` 1.17.0, unmodified, run by Node over real sockets."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.clients.conftest import Starting

NODE = shutil.which("node")
SCRIPTS = Path(__file__).parent / "extend_node"

pytestmark = [
    pytest.mark.client,
    pytest.mark.skipif(NODE is None or shutil.which("npm") is None, reason="Node is not here"),
]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the scripts and the SDK installed."""
    folder = tmp_path_factory.mktemp("extend") / "node"
    shutil.copytree(SCRIPTS, folder, ignore=shutil.ignore_patterns("node_modules"))
    install = ["npm", "install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"]
    installed = subprocess.run(
        [*install, "--prefer-offline"], cwd=folder, capture_output=True, text=True, timeout=300
    )
    assert installed.returncode == 0, installed.stderr
    return folder


def run(project: Path, script: str, *urls: str) -> dict[str, Any]:
    """What a script prints."""
    done = subprocess.run(
        [NODE or "node", script, *urls], cwd=project, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def inventory(project: Path, starting: Starting) -> dict[str, Any]:
    """What came of calling every method."""
    return run(project, "inventory.mjs", starting(pace="instant").url, starting().url)


def test_no_method_of_the_client_is_left_out(inventory: dict[str, Any]) -> None:
    assert len(inventory["methods"]) > 100
    assert inventory["methods"] == inventory["called"]


def test_every_method_gets_an_answer(inventory: dict[str, Any]) -> None:
    assert inventory["failed"] == {}


@pytest.fixture(scope="module")
def seen(project: Path, starting: Starting) -> dict[str, Any]:
    """What a script saw of a server in real time."""
    return run(project, "scenarios.mjs", starting(clock=1.0).url)


def test_a_batch_is_visible_at_once_and_polled_to_its_end(seen: dict[str, Any]) -> None:
    assert list(seen["batch"]) == ["batchId"]
    assert seen["visible"] == 20
    assert seen["statuses"] == ["PROCESSED"]
    assert seen["walked"] == 20


def test_the_sdk_polls_a_run_until_it_ends(seen: dict[str, Any]) -> None:
    assert seen["polled"] == {"status": "PROCESSED", "steps": ["PARSE", "EXTRACT"]}


def test_the_sdk_verifies_and_parses_every_event(seen: dict[str, Any]) -> None:
    assert seen["events"] == {"workflow_run.completed": 21, "workflow_run.step_run.processed": 42}
    assert seen["forged"] is False


def test_a_stream_is_uploaded_in_chunks_and_comes_back(seen: dict[str, Any]) -> None:
    assert seen["file"] == {"type": "PDF", "same": True}


@pytest.mark.parametrize(
    ("what", "status", "word"),
    [
        ("none", 400, "inputs"),
        ("many", 400, "inputs"),
        ("unknown", 404, "workflow_none"),
        ("strict", 400, "extra"),
    ],
)
def test_a_refusal_is_an_error_of_the_sdk(
    seen: dict[str, Any], what: str, status: int, word: str
) -> None:
    refused = seen["refusals"][what]

    assert refused["known"]
    assert refused["status"] == status
    assert word in refused["body"]["message"]


def test_an_older_version_has_the_older_error(seen: dict[str, Any]) -> None:
    refused = seen["refusals"]["older"]

    assert refused["status"] == 404
    assert refused["body"]["success"] is False
