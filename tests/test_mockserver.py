"""Tests of servers started from Python: where they live, what they take, and that they end."""

import os
import threading

import httpx
import pytest

import mockserver
from mockserver import MockServer
from mockserver.client import Unreachable
from mockserver.engine.errors import ConfigError, MockserverError
from mockserver.mockserver import MODES

PROJECT = "/sama/v2/projects/117.json?access_key=k"


def ours() -> int:
    return sum(thread.name == "mockserver" for thread in threading.enumerate())


@pytest.mark.parametrize("mode", MODES)
def test_a_server_answers_from_entry_to_exit(mode: str) -> None:
    threads = ours()
    with MockServer(mode, seed=3, pace="manual", clock="frozen") as server:
        with server.client() as client:
            assert client.get(PROJECT).json()["id"] == 117
        (shown,) = server.sandboxes()
        assert (shown["seed"], shown["pace"], shown["clock"]["rate"]) == (3, "manual", 0)
    assert ours() == threads
    if mode != "memory":
        with pytest.raises(httpx.ConnectError):
            httpx.get(server.url)


@pytest.mark.anyio
@pytest.mark.parametrize("mode", MODES)
async def test_an_asynchronous_program_enters_and_leaves_alike(mode: str) -> None:
    async with MockServer(mode) as server, server.async_client() as client:
        assert (await client.get(PROJECT)).json()["id"] == 117


@pytest.mark.parametrize("mode", MODES)
def test_settings_of_services_reach_them(mode: str) -> None:
    given = {"sama.status_limit": True}
    with (
        MockServer(mode, clock="frozen", settings=given, scenario=["rate-limited"]) as server,
        server.client() as client,
    ):
        assert server.faults.rules()
        server.faults.clear()
        url = "/sama/v2/projects/117/tasks.json?access_key=k"
        assert [client.get(url).status_code for _ in range(2)] == [200, 429]


def test_two_servers_share_nothing() -> None:
    with MockServer() as one, MockServer() as two:
        one.sandbox("mine")
        assert [each["name"] for each in two.sandboxes()] == ["default"]
        assert one.url != two.url


@pytest.mark.parametrize("mode", MODES)
def test_what_is_kept_in_a_folder_is_found_again(mode: str, tmp_path: object) -> None:
    with MockServer(mode, data_dir=str(tmp_path)) as server:
        server.sandbox("kept", seed=4)
    with MockServer("thread", data_dir=str(tmp_path)) as server:
        assert {e["name"]: e["seed"] for e in server.sandboxes()}["kept"] == 4


def test_the_environment_does_not_reach_into_a_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOCKSERVER_PACE", "manual")
    for mode in MODES:
        with MockServer(mode) as server:
            assert server.sandboxes()[0]["pace"] == "fast"


@pytest.mark.parametrize("given", [{"pase": "fast"}, {"pace": "slow"}, {"mode": "space"}])
def test_a_wrong_setting_is_named_before_anything_starts(given: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=next(iter(given))):
        MockServer(**given)  # type: ignore[arg-type]


@pytest.mark.parametrize("mode", MODES)
def test_what_keeps_a_server_from_starting_is_raised(mode: str, tmp_path: object) -> None:
    path = os.path.join(str(tmp_path), "file")
    with open(path, "w"):
        pass
    server = MockServer(mode, data_dir=path)
    with pytest.raises(MockserverError, match="cannot make the data folder"):
        server.start()
    server.stop()


def test_a_server_that_has_not_been_started_says_so() -> None:
    server = MockServer()
    with pytest.raises(AttributeError, match="started first"):
        _ = server.url
    with server:
        with pytest.raises(MockserverError, match="runs already"):
            server.start()
        with pytest.raises(AttributeError, match="no attribute 'colour'"):
            _ = server.colour


def test_a_server_that_was_stopped_does_not_answer_and_can_be_started_again() -> None:
    server = MockServer()
    with server:
        before = server.sandbox("one")
    with pytest.raises((Unreachable, RuntimeError)):
        before.clock.view()
    with server:
        assert [each["name"] for each in server.sandboxes()] == ["default"]


def test_the_package_has_one_public_door() -> None:
    assert mockserver.MockServer is MockServer
    assert set(mockserver.__all__) == {"MockServer", "Settings", "__version__", "create_app"}
    for name in mockserver.__all__:
        assert getattr(mockserver, name)
