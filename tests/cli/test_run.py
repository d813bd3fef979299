"""Tests of `mockserver run`, with programs that know only the real hosts."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.clients.toloka_kit import environment as toloka_kit

PROGRAMS = Path(__file__).parent.parent / "sample_project" / "run"
HOSTS = ("api.sama.com", "toloka.dev", "api.extend.ai", "api.pipelines.tech")
Done = subprocess.CompletedProcess[str]


def started(*arguments: object) -> "subprocess.Popen[str]":
    """`mockserver run` as a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "mockserver", "run", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(*arguments: object) -> Done:
    """`mockserver run` to its end."""
    with started(*arguments) as process:
        out, errors = process.communicate(timeout=120)
    return subprocess.CompletedProcess((), process.returncode, out, errors)


@pytest.mark.client
@pytest.mark.parametrize(
    ("program", "said", "operations"),
    [
        ("plain_sama", "project Demo", ["createBatch", "continueBatch", "getProject"]),
        ("plain_extend", "run workflow_run", ["createWorkflowRun", "uploadFile"]),
    ],
)
def test_an_official_client_passes_unmodified(
    program: str, said: str, operations: list[str]
) -> None:
    done = run(
        "--fail-on", "violations,unmatched", "--", sys.executable, PROGRAMS / f"{program}.py"
    )
    assert (done.returncode, said in done.stdout) == (0, True), done.stderr
    for operation in operations:
        assert f"  {operation} " in done.stderr


@pytest.mark.client
def test_toloka_kit_passes_unmodified() -> None:
    program = PROGRAMS / "plain_toloka.py"
    done = run("--fail-on", "violations,unmatched", "--", toloka_kit.python(), program)
    assert (done.returncode, done.stdout) == (0, "tasks 10\n"), done.stderr
    assert "  createTasks " in done.stderr


def test_a_client_that_breaks_the_contract_is_status_3_and_a_report_names_the_field(
    tmp_path: Path,
) -> None:
    forms = {form: tmp_path / f"report.{form}" for form in ("json", "junit", "html")}
    flags = [text for form, file in forms.items() for text in (f"--{form}", file)]
    command = (sys.executable, PROGRAMS / "broken.py")
    done = run("--fail-on", "violations", *flags, "--", *command)
    assert (done.returncode, done.stdout) == (3, "status 400\n"), done.stderr
    assert '✗ createWorkflowRunBatch sent /body/inputs: must be a list, not "invoice.pdf"' in (
        done.stderr
    )
    (client,) = json.loads(forms["json"].read_bytes())["clients"]
    (violation,) = client["violations"]
    assert (violation["pointer"], violation["rule"], violation["value"]) == (
        "/body/inputs",
        "type",
        "invoice.pdf",
    )
    assert ElementTree.parse(forms["junit"]).getroot().get("failures") == "1"
    assert "/body/inputs" in forms["html"].read_text()


def test_every_client_of_python_ends_here_and_nowhere_else() -> None:
    done = run("--", sys.executable, PROGRAMS / "every_client.py")
    assert done.returncode == 0, done.stderr
    clients = ("requests", "httpx", "httpx, asynchronous", "urllib3", "http.client")
    answered = [f"{host} {name} application/json" for host in HOSTS for name in clients]
    lines = done.stdout.splitlines()
    assert lines[: len(answered)] == answered
    refused = lines[len(answered) :]
    assert [line.split()[:2] for line in refused] == [
        ["refused", name] for name in ("requests", "httpx", "urllib3", "urllib")
    ]
    assert all("mockserver" in line and "example.com" in line for line in refused)


@pytest.mark.skipif(not shutil.which("node"), reason="needs Node")
def test_every_client_of_node_ends_here_and_nowhere_else() -> None:
    done = run("--", "node", PROGRAMS / "every_client.mjs")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[:-2] == [
        f"{host} {name} application/json" for host in HOSTS for name in ("fetch", "https", "http")
    ]
    for line, name in zip(done.stdout.splitlines()[-2:], ("fetch", "https"), strict=True):
        assert line.startswith(f"refused {name} mockserver: example.com is not one of the emulated")


@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
def test_curl_ends_here_and_nowhere_else() -> None:
    script = "; ".join(
        [
            *(f"curl -s -o /dev/null -w '%{{content_type}}\\n' https://{host}" for host in HOSTS),
            "curl -sS https://example.com",
            "curl -sS $MOCKSERVER_URL/__admin/health",
        ]
    )
    done = run("--", "sh", "-c", script)
    lines = done.stdout.splitlines()
    assert len(lines) == len(HOSTS) + 1
    assert all(line.startswith("application/") for line in lines[:-1])
    assert json.loads(lines[-1])["status"] == "ok"
    assert "response 403" in done.stderr


@pytest.mark.parametrize(
    ("command", "status"),
    [
        (("sh", "-c", "exit 7"), 7),
        (("sh", "-c", "kill -9 $$"), 137),
        (("mockserver-has-no-such-command",), 127),
        ((__file__,), 126),
    ],
)
def test_the_status_is_the_commands(command: tuple[str, ...], status: int) -> None:
    assert run("--fail-on", "unmatched", "--", *command).returncode == status


def test_a_signal_reaches_the_command_and_the_report_comes_all_the_same() -> None:
    script = "trap 'echo got it; exit 4' TERM; echo ready; for n in $(seq 400); do sleep 0.05; done"
    with started("--", "sh", "-c", script) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        out, errors = process.communicate(timeout=60)
    assert (process.returncode, out) == (4, "got it\n")
    assert "contract: 0 of" in errors


def test_settings_of_the_server_can_be_given() -> None:
    script = "curl -s $MOCKSERVER_URL/__admin/clock"
    done = run("--set", "clock=frozen", "--set", "clock_start=2026-01-02", "--", "sh", "-c", script)
    assert json.loads(done.stdout)["now"] == "2026-01-02T00:00:00.000Z"


@pytest.mark.parametrize(
    "arguments", [("--fail-on", "anything", "--", "true"), ("--set", "prot=1", "--", "true"), ()]
)
def test_what_makes_no_sense_is_one_line_and_status_2(arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    before = dict(os.environ)
    process = subprocess.run(
        [sys.executable, "-m", "mockserver", "run", "--", "true"],
        env={**before, "TMPDIR": str(tmp_path)},
        capture_output=True,
        check=True,
    )
    assert process.returncode == 0
    assert list(tmp_path.iterdir()) == []
