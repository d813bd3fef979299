"""Tests of `mockserver check`, and of the journal's archive on its way there."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from mockserver.server import ServerThread
from tests.cli.conftest import Command

EXTEND = {"Authorization": "Bearer sk", "x-extend-api-version": "2026-02-09"}
WORKFLOW = "workflow_purchase-orders-00001"
KEY = {"access_key": "s3cret-key"}


def archive(*entries: dict[str, Any]) -> bytes:
    """An archive as other tools write it."""
    return json.dumps({"log": {"version": "1.2", "entries": entries}}).encode()


def exchange(
    method: str, url: str, body: Any = None, *, status: int = 200, answer: Any = None
) -> dict[str, Any]:
    """One recorded exchange of JSON."""
    media_type = {"name": "Content-Type", "value": "application/json"}
    request: dict[str, Any] = {"method": method, "url": url, "headers": [media_type]}
    if body is not None:
        request["postData"] = {"mimeType": "application/json", "text": json.dumps(body)}
    content = {"mimeType": "application/json", "text": json.dumps(answer)}
    return {
        "request": request,
        "response": {"status": status, "headers": [media_type], "content": content},
    }


def test_the_archive_of_what_was_seen_is_clean(
    server: ServerThread, command: Command, tmp_path: Path
) -> None:
    with httpx.Client(base_url=server.url) as client:
        client.get("/sama/v2/projects/117.json", params=KEY)
        client.get("/v2/projects/117.json", params=KEY, headers={"Host": "api.sama.com"})
        batch = client.post("/sama/v2/projects/117/batches.json", params=KEY, json={}).json()
        client.put(batch["tasks_put_url"], content=b'[{"url": "https://example.com/1.jpg"}]')
        client.get("/sama/v2/projects/0.json", params=KEY)
        client.get("/sama/v2/projects/117.json")
        inputs = [{"file": {"url": f"https://example.com/{n:0>100}.pdf"}} for n in range(600)]
        batch = {"workflow": {"id": WORKFLOW}, "inputs": inputs}
        client.post("/extend/workflow_runs/batch", headers=EXTEND, json=batch)
        files = {"file": ("a.pdf", bytes(range(256)), "application/pdf")}
        client.post("/extend/files/upload", headers=EXTEND, files=files)
        for version in ("2026-02-09", "2025-04-21", "2024-12-23", "1999-01-01"):
            headers = {**EXTEND, "x-extend-api-version": version}
            client.get("/extend/workflow_runs", headers=headers)
        old = {**EXTEND, "x-extend-api-version": "2025-04-21"}
        run = {"workflowId": WORKFLOW, "files": [{"fileUrl": "https://example.com/a.pdf"}]}
        client.post("/extend/workflow_runs", headers=old, json=run)
        client.get("/toloka/api/v1/projects", headers={"Authorization": "ApiKey k"})
        client.get(
            "/toloka/api/v1/projects",
            headers={"Authorization": "ApiKey k", "Mockserver-Fault": '{"type": "corrupt"}'},
        )
        recorded = client.get("/__admin/requests.har")
    assert "s3cret-key" not in recorded.text
    path = tmp_path / "seen.har"
    path.write_bytes(recorded.content)
    result = command("check", str(path))
    lines = [line for line in result.output.splitlines() if "✗" in line]
    assert lines == [
        "  ✗ listWorkflowRuns sent /header: x-extend-api-version: '1999-01-01' is not a supported "
        "version; use 2026-02-09, 2025-04-21, 2024-12-23."
    ]
    entries = recorded.json()["log"]["entries"]
    (long,) = (each["request"] for each in entries if each["request"]["url"].endswith("/batch"))
    assert long["postData"]["_truncated"]
    entries = [each for each in entries if "1999-01-01" not in json.dumps(each)]
    path.write_bytes(json.dumps({"log": {"entries": entries}}).encode())
    result = command("check", str(path))
    assert (result.exit_code, "✗" in result.output) == (0, False), result.output
    assert "1 of 14 exchanges were with none of the services" in result.output


def test_a_broken_call_is_status_1_and_named_in_every_form(
    command: Command, tmp_path: Path
) -> None:
    url = "https://api.extend.ai/workflow_runs/batch"
    entry = exchange("POST", url, {"workflow": {"id": WORKFLOW}, "inputs": "a.pdf"}, status=400)
    entry["request"]["headers"].append({"name": "x-extend-api-version", "value": "2026-02-09"})
    path = tmp_path / "broken.har"
    path.write_bytes(archive(entry))
    forms = {form: tmp_path / f"out/report.{form}" for form in ("json", "junit", "html")}
    flags = [text for form, file in forms.items() for text in (f"--{form}", str(file))]
    result = command("check", str(path), *flags)
    assert result.exit_code == 1
    assert "✗ createWorkflowRunBatch sent /body/inputs: must be a list" in result.output
    report = json.loads(forms["json"].read_bytes())
    assert report["clients"][0]["violations"][0]["pointer"] == "/body/inputs"
    assert all("/body/inputs" in file.read_text() for file in forms.values())


def test_an_answer_that_drifted_from_the_contract_is_status_1(
    command: Command, tmp_path: Path
) -> None:
    path = tmp_path / "drift.har"
    url = "https://api.sama.com/v2/projects/117.json?access_key=k"
    path.write_bytes(archive(exchange("GET", url, answer={"id": "not a number"})))
    result = command("check", str(path))
    assert result.exit_code == 1
    assert "✗ getProject answered /body/id" in result.output


def test_a_call_to_nowhere_is_status_1(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "nowhere.har"
    path.write_bytes(archive(exchange("GET", "https://api.sama.com/v2/project.json", status=404)))
    result = command("check", str(path))
    assert (result.exit_code, "matches nothing" in result.output) == (1, True)


def test_traffic_with_others_is_left_out(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "others.har"
    path.write_bytes(
        archive(
            exchange("GET", "https://example.com/v2/projects/117.json"),
            exchange("OPTIONS", "https://api.sama.com/v2/projects/117.json"),
        )
    )
    result = command("check", str(path))
    assert result.exit_code == 0
    assert "2 of 2 exchanges were with none of the services" in result.output


@pytest.mark.parametrize(
    "content", [b"", b"[]", b'{"log": {}}', b'{"log": {"entries": [{}]}}', b"\xff\xfe"]
)
def test_what_is_no_archive_is_status_2(command: Command, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "none.har"
    path.write_bytes(content)
    result = command("check", str(path))
    assert (result.exit_code, result.output.count("\n")) == (2, 1)
    assert result.output.startswith(f"mockserver: cannot read {path}: ")


def test_a_file_that_is_not_there_is_status_2(command: Command, tmp_path: Path) -> None:
    assert command("check", str(tmp_path / "none.har")).exit_code == 2
