"""The README names everything that a user can set, call or type."""

import re
from pathlib import Path

import click
import pytest
import yaml

from mockserver.cli import main
from mockserver.data import data_folder
from mockserver.services import SERVICES
from mockserver.settings import OPTIONS

README = (Path(__file__).parent.parent / "README.md").read_text("utf-8")


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_every_setting_is_in_the_readme(option: object) -> None:
    assert f"`{option.flag}`" in README  # type: ignore[attr-defined]


@pytest.mark.parametrize("setting", [s.name for each in SERVICES for s in each.settings])
def test_every_setting_of_a_service_is_in_the_readme(setting: str) -> None:
    assert f"`{setting}`" in README


def test_every_command_is_in_the_readme() -> None:
    assert isinstance(main, click.Group)
    missing = [name for name in main.commands if f"mockserver {name}" not in README]
    assert not missing


def test_every_route_of_the_control_api_is_in_the_readme() -> None:
    document = yaml.safe_load((data_folder("openapi") / "admin.yaml").read_text("utf-8"))
    missing = [path for path in document["paths"] if f"`{path}`" not in README]
    assert not missing


def test_every_service_is_in_the_readme() -> None:
    assert not [s.name for s in SERVICES if not re.search(rf"`/{s.name}", README)]
