"""Tests of rules from files: the scenarios that are shipped, and the user's own lists."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from mockserver import scenarios
from mockserver.app import declared
from mockserver.engine.errors import BadRequest, ConfigError, UnknownName
from mockserver.server import ServerThread
from mockserver.settings import Settings

PROJECT = "/sama/v2/projects/117.json?access_key=k"
WANTED = {
    "documented-limits",
    "flaky-network",
    "outage-and-recovery",
    "partial-batch",
    "rate-limited",
    "slow-service",
    "upload-trouble",
    "webhook-storm",
}


def serving(**settings: Any) -> ServerThread:
    flags = {"port": 0, "seed": 7, "clock": 0.0, "strict": True, **settings}
    return ServerThread(Settings.load(flags, services=declared()))


def test_every_scenario_can_be_applied_and_says_what_to_do_about_it() -> None:
    with serving() as server:
        admin = f"{server.url}/__admin"
        items = httpx.get(f"{admin}/scenarios").json()["items"]
        assert {each["name"] for each in items} == WANTED
        for each in items:
            assert each["description"]
            assert each["advice"]
            applied = httpx.post(f"{admin}/scenarios/{each['name']}/apply")
            assert applied.status_code == 200, applied.text
            assert len(applied.json()["rules"]) == len(each["rules"])
        count = sum(len(each["rules"]) for each in items)
        assert httpx.get(f"{admin}/faults").json()["total"] == count
        httpx.post(f"{admin}/scenarios/rate-limited/apply")
        assert httpx.get(f"{admin}/faults").json()["total"] == count
        assert httpx.post(f"{admin}/scenarios/none/apply").status_code == 404


@pytest.mark.parametrize("fraction", ["000000", "123456200", "123456800"])
def test_an_outage_comes_and_goes_on_the_clock(fraction: str) -> None:
    start = f"2026-03-01T10:00:00.{fraction}Z"
    with serving(scenario=["outage-and-recovery"], clock_start=start) as server:
        found: list[Any] = []
        with httpx.Client() as client:
            for _ in range(7):
                try:
                    answer = client.get(server.url + PROJECT)
                    found.append((answer.status_code, answer.headers.get("mockserver-fault")))
                except httpx.ReadError:
                    found.append("reset")
                httpx.post(f"{server.url}/__admin/clock/advance", json={"seconds": 10})
        down = (503, "outage-and-recovery.down")
        assert (found[:3], found[6]) == ([down, down, "reset"], (200, None))
        assert all("recovering" in fault for _, fault in found[3:6])
        httpx.post(f"{server.url}/__admin/reset")
        assert httpx.get(server.url + PROJECT).status_code == 503


@pytest.mark.parametrize("name", ["rules.yaml", "rules.json"])
def test_a_server_starts_with_the_rules_of_a_file(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text('[{"what": {"type": "status", "status": 500}, "when": {"nth": 2}}]')
    with serving(faults=path) as server:
        assert [httpx.get(server.url + PROJECT).status_code for _ in range(3)] == [200, 500, 200]
        rules = httpx.get(f"{server.url}/__admin/faults").json()["items"]
        assert [rule["name"] for rule in rules] == ["rules-1"]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("[", "cannot be read"),
        ("7", "list of fault rules"),
        ("[7]", "list of fault rules"),
    ],
)
def test_a_file_that_holds_no_rules_is_refused(
    tmp_path: Path, content: str, complaint: str
) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(content)
    with pytest.raises(ConfigError, match=complaint):
        scenarios.rules_in(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        scenarios.rules_in(tmp_path / "none.yaml")


def test_a_wrong_rule_in_a_file_keeps_the_server_from_starting(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("- what: {type: rset}\n")
    with pytest.raises(BadRequest, match=r"'mine-1': what\.type"):
        serving(faults=path).start()


def test_an_unknown_scenario_is_answered_with_those_that_there_are() -> None:
    with pytest.raises(UnknownName, match="flaky-network"):
        scenarios.scenario("nope")
    with pytest.raises(ConfigError, match="--scenario"):
        scenarios.planted(None, ["nope"])
