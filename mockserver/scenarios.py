"""Fault rules from files: scenarios by name, and the user's own lists."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mockserver.data import data_folder
from mockserver.engine.errors import ConfigError, ContractError, UnknownName

Given = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Scenario:
    """Rules under a name, with what they are like and what a good client does about them."""

    name: str
    description: str
    advice: str
    rules: tuple[Given, ...]

    def view(self) -> Given:
        """The scenario as the control API shows it."""
        return {
            "name": self.name,
            "description": self.description,
            "advice": self.advice,
            "rules": list(self.rules),
        }


def names() -> list[str]:
    """The scenarios that there are."""
    return sorted(path.stem for path in data_folder("fixtures").glob("scenarios/*.yaml"))


def scenario(name: str) -> Scenario:
    """One of them; UnknownName lists the others."""
    if name not in names():
        raise UnknownName(f"There is no scenario {name!r}; there are: {', '.join(names())}.")
    # A start without rules need not load what reads YAML.
    from mockserver.engine.contract.files import load

    document = load(data_folder("fixtures") / "scenarios" / f"{name}.yaml")
    return Scenario(
        name,
        " ".join(document["description"].split()),
        " ".join(document["advice"].split()),
        tuple(_named(document["rules"], name)),
    )


def rules_in(path: Path) -> list[Given]:
    """The rules of a YAML or JSON file; one without a name gets the file's and a number."""
    from mockserver.engine.contract.files import load

    try:
        found = load(path)
    except ContractError as error:
        raise ConfigError(str(error)) from error
    if isinstance(found, dict):
        found = found.get("rules")
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise ConfigError(f"{path}: does not hold a list of fault rules")
    return [
        rule if rule.get("name") else {**rule, "name": f"{path.stem}-{number}"}
        for number, rule in enumerate(found, 1)
    ]


def planted(faults: Path | None, scenarios: Iterable[str]) -> tuple[Given, ...]:
    """The rules that a server starts with, those of the file first."""
    found = rules_in(faults) if faults else []
    for name in scenarios:
        try:
            found += scenario(name).rules
        except UnknownName as error:
            raise ConfigError(f"--scenario: {error}") from error
    return tuple(found)


def _named(rules: Iterable[Given], prefix: str) -> Iterable[Given]:
    for rule in rules:
        yield {**rule, "name": f"{prefix}.{rule['name']}"}
