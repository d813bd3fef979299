"""Tests of the pytest plugin, as a project that has it installed sees it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mockserver import MockServer
from mockserver.client import Server, Unreachable

SAMPLE = Path(__file__).parent / "sample_project" / "test_annotation.py"

Run = Callable[..., pytest.RunResult]


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs pytest on what `pytester` has made, with this plugin and xdist and no other."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("MOCKSERVER_URL", raising=False)
    # What the tests themselves run under must not reach the tests that they run.
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    plugins = ("-p", "xdist.plugin", "-p", "mockserver.pytest_plugin", "-p", "no:cacheprovider")

    def run(*arguments: str) -> pytest.RunResult:
        return pytester.runpytest_subprocess(*plugins, *arguments, timeout=240)

    return run


def test_a_hundred_tests_on_four_workers_never_meet(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(test_annotation=SAMPLE.read_text())
    run("-n", "4", "--strict-markers").assert_outcomes(passed=107)


def test_all_workers_share_one_server_that_ends_with_them(
    pytester: pytest.Pytester, run: Run
) -> None:
    pytester.makepyfile(
        """
        import pathlib, pytest

        @pytest.mark.parametrize("number", range(8))
        def test_url(mockserver, sandbox, worker_id, number):
            names = [each["name"] for each in mockserver.sandboxes()]
            assert sandbox.name in names
            pathlib.Path(f"{worker_id}.{number}.txt").write_text(mockserver.url)
        """
    )
    run("-n", "2").assert_outcomes(passed=8)
    written = list(pytester.path.glob("gw*.txt"))
    assert {path.name.partition(".")[0] for path in written} == {"gw0", "gw1"}
    (url,) = {path.read_text() for path in written}
    with pytest.raises(Unreachable):
        Server(url).health()


def test_without_a_test_that_wants_one_no_server_starts(
    pytester: pytest.Pytester, run: Run
) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_nothing():
            assert "mockserver.app" not in sys.modules
            assert "httpx" not in sys.modules
        """
    )
    run().assert_outcomes(passed=1)


def test_the_report_of_a_failure_shows_the_calls_of_its_sandbox_alone(
    pytester: pytest.Pytester, run: Run
) -> None:
    pytester.makepyfile(
        """
        def test_fine(sandbox):
            with sandbox.client() as client:
                client.get("/sama/v2/projects/1.json?access_key=fine")

        def test_wrong(sandbox):
            with sandbox.client() as client:
                client.get("/sama/v2/projects/117.json?access_key=hidden")
            assert False
        """
    )
    result = run()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["*calls in sandbox test-wrong-*", "GET  /sama/v2/projects/117.json*200  sama.getProject"]
    )
    text = result.stdout.str()
    assert "projects/1.json" not in text.split("calls in sandbox")[1]
    assert "access_key=hidden" not in text.split("calls in sandbox")[1]


def test_a_sandbox_is_gone_after_its_test_even_when_that_fails(
    pytester: pytest.Pytester, run: Run
) -> None:
    pytester.makepyfile(
        """
        def test_wrong(sandbox):
            assert False

        def test_after(mockserver):
            assert [each["name"] for each in mockserver.sandboxes()] == ["default"]
        """
    )
    run("-p", "no:randomly").assert_outcomes(passed=1, failed=1)


def test_the_nearest_marker_wins_and_the_others_fill_in(
    pytester: pytest.Pytester, run: Run
) -> None:
    pytester.makepyfile(
        """
        import pytest

        pytestmark = pytest.mark.mockserver(seed=1, pace="manual")

        @pytest.mark.mockserver(seed=2)
        def test_both(mockserver, sandbox):
            (shown,) = [e for e in mockserver.sandboxes() if e["name"] == sandbox.name]
            assert (shown["seed"], shown["pace"]) == (2, "manual")
        """
    )
    run("--strict-markers").assert_outcomes(passed=1)


def test_the_same_test_gets_the_same_ids_in_every_run(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(
        """
        import pathlib

        def test_ids(sandbox):
            with sandbox.client() as client:
                url = "/sama/v2/projects/117/batches.json?access_key=k"
                tasks = [{"data": {"url": "https://assets.example/1.jpg"}}]
                made = client.post(url, json={"tasks": tasks}).json()
            with pathlib.Path("ids.txt").open("a") as file:
                print(made["batch_id"], file=file)
        """
    )
    for _ in range(2):
        run().assert_outcomes(passed=1)
    one, two = (pytester.path / "ids.txt").read_text().split()
    assert one == two


def test_an_unknown_word_in_the_marker_is_named(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.mockserver(sede=1)
        def test_typo(sandbox):
            pass
        """
    )
    result = run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*test_typo: the marker is mockserver(seed=*"])


@pytest.mark.parametrize("mode", ["memory", "process"])
def test_the_server_lives_where_the_configuration_says(
    pytester: pytest.Pytester, run: Run, mode: str
) -> None:
    pytester.makeini(
        f"""
        [pytest]
        mockserver_mode = {mode}
        mockserver_settings =
            pace = manual
            sama.status_limit = true
        """
    )
    pytester.makepyfile(
        """
        import asyncio

        def test_mode(mockserver, sandbox, pytestconfig):
            in_memory = pytestconfig.getini("mockserver_mode") == "memory"
            assert (sandbox.transport is not None) == in_memory
            (shown,) = [e for e in mockserver.sandboxes() if e["name"] == sandbox.name]
            assert shown["pace"] == "manual"

        def test_async(sandbox):
            async def ask():
                async with sandbox.async_client() as client:
                    return await client.get("/sama/v2/projects/117.json?access_key=k")

            assert asyncio.run(ask()).json()["id"] == 117
        """
    )
    run().assert_outcomes(passed=2)


def test_a_client_that_needs_a_socket_is_skipped_in_memory(
    pytester: pytest.Pytester, run: Run
) -> None:
    pytester.makeini("[pytest]\nmockserver_mode = memory")
    pytester.makepyfile("def test_sama(sama_client): pass")
    result = run("-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*needs a socket*"])


def test_a_running_server_is_used_when_its_url_is_given(
    pytester: pytest.Pytester, run: Run
) -> None:
    pytester.makepyfile(
        """
        import os

        def test_url(mockserver, sandbox):
            assert sandbox.url.startswith(os.environ["EXPECTED"])
        """
    )
    with MockServer() as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("EXPECTED", server.url)
        run("--mockserver-url", server.url).assert_outcomes(passed=1)
        patch.setenv("MOCKSERVER_URL", server.url)
        run("-n", "1").assert_outcomes(passed=1)
        assert [each["name"] for each in server.sandboxes()] == ["default"]


def test_what_keeps_the_server_from_starting_is_said_on_every_worker(
    pytester: pytest.Pytester, run: Run
) -> None:
    pytester.makeini("[pytest]\nmockserver_settings = pase = fast")
    pytester.makepyfile("def test_url(sandbox): pass")
    result = run("-n", "1")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*unknown setting pase*did you mean pace?*"])
