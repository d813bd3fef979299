"""`mockserver clock`: the time inside a running server."""

import re
from typing import Any

import click

from mockserver.cli.remote import Remote, remote_options
from mockserver.engine.errors import ConfigError

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_PART = re.compile(r"(\d+(?:\.\d+)?)([smhd]?)")


class ShowUnlessTold(click.Group):
    """Without a command of its own, `show`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Add the command where only options were given."""
        asks_help = bool(args) and args[0] in ctx.help_option_names
        if not asks_help and (not args or args[0].startswith("-")):
            args = ["show", *args]
        return super().parse_args(ctx, args)


@click.group("clock", cls=ShowUnlessTold)
def command() -> None:
    """Show, set, freeze or advance the time of a running server."""


@command.command()
@remote_options
def show(remote: Remote) -> None:
    """Show the time and what is due next."""
    _print(remote.call("GET", "/clock"))


@command.command("set")
@click.argument("time", required=False)
@click.option("--rate", type=float, help="Virtual seconds per real second.")
@remote_options
def set_(remote: Remote, time: str | None, rate: float | None) -> None:
    """Jump to TIME (RFC 3339), over whatever is due in between."""
    if time is None and rate is None:
        raise ConfigError("give a time such as 2026-01-02T03:04:05Z, or --rate")
    wanted = {"now": time, "rate": rate}
    given = {name: value for name, value in wanted.items() if value is not None}
    _print(remote.call("PUT", "/clock", given))


@command.command()
@remote_options
def freeze(remote: Remote) -> None:
    """Stop the time."""
    _print(remote.call("PUT", "/clock", {"rate": 0}))


@command.command()
@click.option("--rate", type=float, default=1.0, show_default=True)
@remote_options
def run(remote: Remote, rate: float) -> None:
    """Let the time run again."""
    _print(remote.call("PUT", "/clock", {"rate": rate}))


@command.command()
@click.argument("duration", required=False)
@click.option("--to", metavar="TIME", help="Up to this time.")
@click.option("--until-idle", is_flag=True, help="Until nothing is pending.")
@remote_options
def advance(remote: Remote, duration: str | None, to: str | None, until_idle: bool) -> None:
    """Live through DURATION (90, 15m, 1h30m, 2d), running everything that falls due."""
    if (duration is not None) + (to is not None) + until_idle != 1:
        raise ConfigError("give one of a duration such as 90 or 1h30m, --to and --until-idle")
    if duration is not None:
        body: dict[str, Any] = {"seconds": seconds(duration)}
    else:
        body = {"to": to} if to is not None else {"until_idle": True}
    answer = remote.call("POST", "/clock/advance", body)
    click.echo(f"{answer['now']}, {_jobs(answer['ran'])} ran")


def seconds(duration: str) -> float:
    """The seconds in `90`, `1.5h` or `1h30m`."""
    parts = _PART.findall(duration)
    if not parts or "".join(number + unit for number, unit in parts) != duration:
        raise ConfigError(f"{duration!r} is not a duration such as 90, 15m, 1h30m or 2d")
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def _print(view: dict[str, Any]) -> None:
    rate = view["rate"]
    pace = "frozen" if rate == 0 else "real time" if rate == 1 else f"{rate:g} seconds a second"
    click.echo(f"{view['now']}  {pace}")
    due = view["next_due"] or "nothing"
    click.echo(f"{_jobs(view['pending_jobs'])} pending, next due: {due}")


def _jobs(count: int) -> str:
    return "1 job" if count == 1 else f"{count} jobs"
