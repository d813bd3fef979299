"""`mockserver run`: a command with a private server behind the real host names, and a report."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from mockserver.engine.errors import ConfigError
from mockserver.report import FAILURES, as_table, gather, is_broken
from mockserver.report.junit import as_junit
from mockserver.report.page import as_page

if TYPE_CHECKING:
    from mockserver.report.gathering import Report
    from mockserver.server import ServerThread

BROKEN = 3
"""The exit status of a run whose command passed and whose contract was broken."""
FORWARDED = ("SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2")


def output_options(command: Any) -> Any:
    """`--json`, `--junit` and `--html`: where the report goes besides the terminal."""
    for form, words in (
        ("html", "one HTML page"),
        ("junit", "JUnit XML"),
        ("json", "JSON"),
    ):
        path = click.Path(dir_okay=False, path_type=Path)
        command = click.option(
            f"--{form}", f"{form}_file", type=path, metavar="FILE", help=f"Report as {words}."
        )(command)
    return command


@click.command("run", context_settings={"ignore_unknown_options": False})
@output_options
@click.option(
    "--fail-on",
    metavar="|".join(FAILURES),
    multiple=True,
    help="End with status 3 if the command passed but there were any. Repeatable, or with commas.",
)
@click.option("--passthrough", is_flag=True, help="Let the command reach other hosts too.")
@click.option("--config", metavar="FILE", help="TOML file with settings of the server.")
@click.option(
    "--set", metavar="NAME=VALUE", multiple=True, help="Any setting of the server. Repeatable."
)
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def command(
    command: tuple[str, ...],
    fail_on: tuple[str, ...],
    json_file: Path | None,
    junit_file: Path | None,
    html_file: Path | None,
    **flags: Any,
) -> int:
    """Run COMMAND so that the real hosts end in a private server, then report on the contract.

    Nothing in COMMAND needs to know: https://api.sama.com and the others are answered here, and no
    other host is reached. Ends with the status of COMMAND, or with 3 (see --fail-on). Write
    `mockserver run [OPTIONS] -- COMMAND`.
    """
    failures = _failures(fail_on)
    with _server(flags) as server:
        status = _run(command, _environment(server, passthrough=flags["passthrough"]))
        report = _report(server)
    click.echo(as_table(report), err=True)
    write_reports(report, json_file, junit_file, html_file)
    return BROKEN if status == 0 and is_broken(report, failures) else status


def _failures(given: tuple[str, ...]) -> list[str]:
    names = [name for part in given for name in part.split(",") if name]
    for name in names:
        if name not in FAILURES:
            raise ConfigError(f"--fail-on: {name!r} is not one of {', '.join(FAILURES)}")
    return names


@contextmanager
def _server(flags: dict[str, Any]) -> Iterator["ServerThread"]:
    """A server on free ports, whose state nobody keeps."""
    from mockserver.app import declared
    from mockserver.server import ServerThread
    from mockserver.settings import Settings

    with tempfile.TemporaryDirectory(prefix="mockserver-run-") as folder:
        own = {"host": "127.0.0.1", "port": 0, "data_dir": Path(folder) / "data"}
        given = {**flags, **own, "intercept": True, "intercept_port": 0}
        with ServerThread(Settings.load(given, os.environ, declared())) as server:
            yield server


def _report(server: "ServerThread") -> "Report":
    """What every sandbox saw, also those that are gone."""
    assert server.app is not None
    return gather(server.app.sandboxes.tallies(), server.app.world.contracts)


def write_reports(
    report: "Report", json_file: Path | None, junit_file: Path | None, html_file: Path | None
) -> None:
    """Write the files that were asked for."""
    import orjson

    contents: tuple[tuple[Path | None, Callable[[], bytes]], ...] = (
        (json_file, lambda: orjson.dumps(report, option=orjson.OPT_INDENT_2) + b"\n"),
        (junit_file, lambda: as_junit(report)),
        (html_file, lambda: as_page(report).encode()),
    )
    for path, content in contents:
        if path is None:
            continue
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content())
        except OSError as error:
            raise ConfigError(f"cannot write the report {path}: {error.strerror}") from error


def _environment(server: "ServerThread", *, passthrough: bool) -> dict[str, str]:
    from mockserver.redirect.environment import environment

    assert server.intercept is not None
    return environment(os.environ, server.url, server.intercept, passthrough=passthrough)


def _run(command: tuple[str, ...], environment: dict[str, str]) -> int:
    """The status of the command as a shell would tell it."""
    with _forwarded() as told:
        try:
            child = subprocess.Popen(command, env=environment)
        except FileNotFoundError:
            click.echo(f"mockserver: there is no command {command[0]}", err=True)
            return 127
        except OSError as error:
            click.echo(f"mockserver: cannot run {command[0]}: {error.strerror}", err=True)
            return 126
        told.to(child)
        status = child.wait()
    return 128 - status if status < 0 else status


class _Signals:
    """Signals to this process, which are the command's; kept until there is one."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._early: list[int] = []

    def take(self, signum: int, frame: FrameType | None) -> None:
        """Pass one on; Ctrl-C at a terminal reaches the command by itself."""
        if self._child is None:
            self._early.append(signum)
        elif not (signum == signal.SIGINT and _is_at_terminal()):
            self._child.send_signal(signum)

    def to(self, child: "subprocess.Popen[bytes]") -> None:
        """Pass on to this process from now on, also what came before."""
        self._child = child
        while self._early:
            self.take(self._early.pop(0), None)


@contextmanager
def _forwarded() -> Iterator[_Signals]:
    """Takes signals before the command starts, or one that comes early would leave it alone."""
    signals = _Signals()
    numbers = [getattr(signal, name) for name in FORWARDED if hasattr(signal, name)]
    previous = {each: signal.signal(each, signals.take) for each in (signal.SIGINT, *numbers)}
    try:
        yield signals
    finally:
        for each, handler in previous.items():
            signal.signal(each, handler)


def _is_at_terminal() -> bool:
    """Whether this process is in the foreground of a terminal, which tells its children itself."""
    try:
        return sys.stdin.isatty() and os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except (OSError, ValueError, AttributeError):
        return False
