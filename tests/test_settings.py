"""Tests of the settings: where they come from, which source wins, what a wrong one is answered."""

from dataclasses import FrozenInstanceError, fields
from pathlib import Path
from typing import Any

import pytest

from mockserver.engine.errors import ConfigError
from mockserver.engine.service import Setting
from mockserver.settings import OPTIONS, Settings

SERVICES = (
    Setting("pipelines.strict_external_api", False, "Only the documented part."),
    Setting("extend.default_version", None, "Version of calls without the header."),
    Setting("toloka.most", 5, "A number."),
)


def load(
    flags: dict[str, Any] | None = None,
    environ: dict[str, str] | None = None,
    file: Path | None = None,
) -> Settings:
    """Settings of a server with some services."""
    given = {**(flags or {}), **({"config": str(file)} if file else {})}
    return Settings.load(given, environ or {}, SERVICES)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A configuration file that sets one of each."""
    path = tmp_path / "mockserver.toml"
    path.write_text(
        'port = 1\npace = "manual"\nseed = 7\ndata-dir = "kept"\nclock_start = 1970-01-02\n'
        'webhook_allow = ["a.example", "b.example"]\n'
        "[pipelines]\nstrict_external_api = true\n[toloka]\nmost = 6\n"
    )
    return path


def test_without_any_source_the_defaults_hold() -> None:
    assert load() == Settings(
        services={
            "pipelines.strict_external_api": False,
            "extend.default_version": None,
            "toloka.most": 5,
        }
    )
    assert load().host == "127.0.0.1"
    assert load().port == 8080


def test_a_file_sets_what_it_names(file: Path) -> None:
    settings = load(file=file)
    assert (settings.port, settings.pace, settings.seed) == (1, "manual", 7)
    assert (settings.data_dir, settings.clock_start) == (Path("kept"), 86400.0)
    assert settings.webhook_allow == ("a.example", "b.example")
    assert settings.services["pipelines.strict_external_api"] is True
    assert settings.services["toloka.most"] == 6


def test_the_environment_wins_over_the_file_and_a_flag_over_both(file: Path) -> None:
    environ = {"MOCKSERVER_PORT": "2", "MOCKSERVER_PACE": "instant", "MOCKSERVER_TOLOKA_MOST": "8"}
    settings = load({"port": "3"}, environ, file)
    assert (settings.port, settings.pace, settings.seed) == (3, "instant", 7)
    assert settings.services["toloka.most"] == 8


def test_set_reaches_every_setting_and_wins_over_the_environment() -> None:
    settings = load(
        {
            "set": [
                "pipelines.strict_external_api=yes",
                "extend.default_version=2025-04-21",
                "seed=4",
            ]
        },
        {"MOCKSERVER_PIPELINES_STRICT_EXTERNAL_API": "false", "MOCKSERVER_SEED": "3"},
    )
    assert settings.services["pipelines.strict_external_api"] is True
    assert settings.services["extend.default_version"] == "2025-04-21"
    assert settings.seed == 4


def test_a_flag_of_its_own_wins_over_set() -> None:
    assert load({"port": 1, "set": ["port=2"]}).port == 1


def test_a_flag_that_turns_a_switch_off_wins_over_a_variable_that_turns_it_on() -> None:
    assert load({}, {"MOCKSERVER_STRICT": "1"}).strict is True
    assert load({"strict": False}, {"MOCKSERVER_STRICT": "1"}).strict is False


def test_an_empty_variable_and_somebody_elses_are_ignored() -> None:
    assert load({}, {"MOCKSERVER_PORT": "", "MOCKSERVER_URL": "http://x"}).port == 8080


def test_the_environment_can_name_the_file(file: Path) -> None:
    assert load({}, {"MOCKSERVER_CONFIG": str(file)}).seed == 7


@pytest.mark.parametrize("key", ["prot", "port_", "PORT"])
def test_an_unknown_name_in_the_file_is_refused_with_the_nearest(tmp_path: Path, key: str) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(f"{key} = 1\n")
    with pytest.raises(ConfigError, match=rf"unknown setting {key} in .*wrong\.toml; ") as refused:
        load(file=path)
    assert key == "PORT" or "did you mean port?" in str(refused.value)


def test_an_unknown_name_in_a_services_table_is_refused_with_the_nearest(tmp_path: Path) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text("[pipelines]\nstrict_api = true\n")
    with pytest.raises(ConfigError) as refused:
        load(file=path)
    assert str(refused.value) == (
        f"unknown setting pipelines.strict_api in {path}; "
        "did you mean pipelines.strict_external_api?"
    )


def test_an_unknown_table_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text("[pipeline]\nstrict_external_api = true\n")
    with pytest.raises(
        ConfigError, match=r"unknown setting pipeline in .*; did you mean pipelines"
    ):
        load(file=path)


@pytest.mark.parametrize(
    ("flags", "environ", "complaint"),
    [
        ({"port": "99999"}, {}, "--port: '99999' must be between 0 and 65535"),
        ({"clock": "fast"}, {}, "--clock: 'fast' is not one of real, frozen, or a rate such as 60"),
        ({}, {"MOCKSERVER_PACE": "slow"}, "MOCKSERVER_PACE: 'slow' is not one of instant, fast,"),
        ({}, {"MOCKSERVER_TOLOKA_MOST": "x"}, "MOCKSERVER_TOLOKA_MOST: 'x' must be a whole number"),
        ({"set": ["toloka.most=x"]}, {}, "--set toloka.most: 'x' must be a whole number"),
        ({"set": ["toloka.mst=1"]}, {}, "unknown setting toloka.mst in --set; did you mean toloka"),
        ({"set": ["zzz=1"]}, {}, "unknown setting zzz in --set; there are: admin_token, auth, "),
        ({"set": ["strict"]}, {}, "--set strict needs the form name=value"),
    ],
)
def test_a_wrong_setting_is_refused_with_its_name_and_what_is_allowed(
    flags: dict[str, Any], environ: dict[str, str], complaint: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        load(flags, environ)
    assert str(refused.value).startswith(complaint)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"port = [", "is not valid TOML"),
        (b"\xff\xfe", "cannot read the configuration file .*: not UTF-8 text"),
        (b'port = "x"', r"port in .*: 'x' must be a whole number"),
        (b"strict = 3.5", r"strict in .*: '3.5' must be true or false"),
        (b"[toloka]\nmost = true", r"toloka\.most in .*: 'True' must be a whole number"),
        (b"[port]\nx = 1", r"port in .* must be a whole number"),
        (b"pipelines = 1", "unknown setting pipelines in"),
    ],
)
def test_a_broken_file_is_refused_in_one_sentence(
    tmp_path: Path, content: bytes, complaint: str
) -> None:
    path = tmp_path / "broken.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=complaint):
        load(file=path)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot read .*none\.toml: No such file"):
        load(file=tmp_path / "none.toml")


def test_settings_never_change() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings().port = 1  # type: ignore[misc]


def test_every_setting_but_the_services_own_is_in_the_table_with_help() -> None:
    assert [option.name for option in OPTIONS] == [
        field.name for field in fields(Settings) if field.name != "services"
    ]
    assert all(option.help.endswith(".") for option in OPTIONS)


def test_every_default_is_a_value_of_its_own_setting() -> None:
    for option in OPTIONS:
        assert option.default is None or option.read(option.default) == option.default
