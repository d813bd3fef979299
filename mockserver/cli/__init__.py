"""The command line: thin commands over the server and the control API."""

import importlib
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import click

from mockserver import __version__
from mockserver.engine.errors import MockserverError

__all__ = ["main"]

COMMANDS = {
    "serve": "serve.command",
    "run": "run.command",
    "check": "check.command",
    "routes": "routes.command",
    "seed": "state.seed",
    "reset": "state.reset",
    "clock": "clock.command",
    "requests": "requests.command",
    "faults": "faults.command",
}
"""Where each command is, in the order in which they are listed; loaded when it is asked for."""


class Commands(click.Group):
    """Says what went wrong in one line on stderr, and ends with status 2."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name, or None."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(".")
        found: click.Command = getattr(importlib.import_module(f"mockserver.cli.{module}"), name)
        return found

    def main(  # type: ignore[override]
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **more: Any
    ) -> NoReturn:
        """Run a command and leave the process."""
        try:
            status = super().main(args, prog_name, **{**more, "standalone_mode": False})
        except MockserverError as error:
            _refuse(str(error))
        except click.ClickException as error:
            context = getattr(error, "ctx", None)
            command = context.command_path if context else "mockserver"
            _refuse(f"{error.format_message().rstrip('.')}; see {command} --help")
        except click.Abort:
            sys.exit(130)
        sys.exit(status if isinstance(status, int) else 0)


def _refuse(message: str) -> NoReturn:
    click.echo("mockserver: " + " ".join(message.split()), err=True)
    sys.exit(2)


@click.group(
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="mockserver")
@click.pass_context
def main(context: click.Context) -> None:
    """A local sandbox that behaves like services which take work in batches."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
