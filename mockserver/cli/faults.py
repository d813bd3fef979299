"""`mockserver faults`: latency and failures on purpose, in a running server."""

from pathlib import Path
from typing import Any

import click

from mockserver.cli.clock import ShowUnlessTold
from mockserver.cli.remote import Remote, remote_options
from mockserver.engine.errors import ConfigError


@click.group("faults", cls=ShowUnlessTold)
def command() -> None:
    """Show, add and remove the fault rules of a running server."""


@command.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@remote_options
def show(remote: Remote, as_json: bool) -> None:
    """Show each rule, and how often it matched and fired."""
    rules = remote.call("GET", "/faults", limit=10_000)["items"]
    if not as_json and not rules:
        click.echo("no rules")
    for rule in rules:
        _print(rule, as_json)


command.add_command(show, "list")


@command.command()
@click.argument("rules", metavar="[RULE|FILE]...", nargs=-1, required=True)
@remote_options
def add(remote: Remote, rules: tuple[str, ...]) -> None:
    """Add rules: each a JSON object, or a YAML or JSON file with a list of them.

    \b
    mockserver faults add '{"where": {"service": "sama"}, "what": {"type": "reset"}}'
    """
    for text in rules:
        for rule in _read(text):
            _print(remote.call("POST", "/faults", rule))


@command.command()
@click.argument("rule")
@remote_options
def remove(remote: Remote, rule: str) -> None:
    """Remove RULE, given by its id or its name."""
    remote.call("DELETE", f"/faults/{rule}")


@command.command()
@remote_options
def clear(remote: Remote) -> None:
    """Remove all rules."""
    remote.call("DELETE", "/faults")


@command.command("scenarios")
@remote_options
def list_scenarios(remote: Remote) -> None:
    """Show the scenarios that there are."""
    for each in remote.call("GET", "/scenarios")["items"]:
        click.echo(
            f"{each['name']}\n    {each['description']}\n    A good client: {each['advice']}"
        )


@command.command("apply")
@click.argument("scenario")
@remote_options
def apply_scenario(remote: Remote, scenario: str) -> None:
    """Add the rules of SCENARIO; its times count from now."""
    for rule in remote.call("POST", f"/scenarios/{scenario}/apply")["rules"]:
        _print(rule)


def _read(text: str) -> list[dict[str, Any]]:
    import orjson

    if not text.lstrip().startswith("{"):
        from mockserver.scenarios import rules_in

        return rules_in(Path(text))
    try:
        rule: dict[str, Any] = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ConfigError(f"the rule is not valid JSON: {error}") from error
    return [rule]


def _print(rule: dict[str, Any], as_json: bool = False) -> None:
    import orjson

    if as_json:
        click.echo(orjson.dumps(rule))
        return
    parts = [f"{name} {orjson.dumps(rule[name]).decode()}" for name in ("where", "when", "what")]
    shown = "  ".join(part for part in parts if not part.endswith(" {}"))
    counts = f"matched {rule['matched']}, fired {rule['fired']}"
    click.echo(f"{rule['name'] or rule['id']}  {counts}  {shown}")
