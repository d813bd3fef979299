"""`mockserver serve`: the server in the foreground, with every setting as a flag."""

import gc
import os
from typing import TYPE_CHECKING, Any

import click

from mockserver.option import Option
from mockserver.settings import OPTIONS, Settings

if TYPE_CHECKING:
    from mockserver.app import App
    from mockserver.intercept import Intercept


@click.command("serve")
@click.option("--config", metavar="FILE", help="TOML file with settings. [env: MOCKSERVER_CONFIG]")
@click.option(
    "--set",
    metavar="NAME=VALUE",
    multiple=True,
    help="Any setting, also a service's own such as sama.status_limit=true. Repeatable.",
)
def command(**flags: Any) -> None:
    """Start the server and run until Ctrl-C.

    A flag wins over its environment variable, that over the file, that over the default.
    """
    # What the start loads stays: looking for garbage in it would be a tenth of the start lost.
    gc.disable()
    try:
        _serve(flags)
    finally:
        gc.enable()


def _serve(flags: dict[str, Any]) -> None:
    from mockserver.services import SERVICES

    declared = [setting for service in SERVICES for setting in service.settings]
    given = {name: value for name, value in flags.items() if value not in (None, ())}
    settings = Settings.load(given, os.environ, declared)

    from mockserver import server

    server.serve(settings, lambda url, app: announce(url, app), announce_intercept)


def _flag(option: Option) -> click.Option:
    if option.kind == "switch":
        spelling = f"{option.flag}/--no-{option.flag[2:]}"
        return click.Option([spelling, option.name], default=None, help=_help(option))
    return click.Option(
        [option.flag, option.name],
        default=None,
        multiple=option.kind == "list",
        metavar="|".join(option.choices) or _METAVARS.get(option.kind, "TEXT"),
        help=_help(option),
    )


def _help(option: Option) -> str:
    default = option.shown or option.default
    shown = "off" if default is False else "none" if default == () else default
    return f"{option.help} [default: {shown}; env: {option.variable}]"


_METAVARS = {
    "integer": "N",
    "path": "PATH",
    "size": "BYTES",
    "clock": "real|frozen|RATE",
    "time": "TIME",
    "url": "URL",
    "list": "NAME",
}

command.params.extend(_flag(option) for option in OPTIONS)


def announce(url: str, app: "App") -> None:
    """Tell where everything is: a table for people, one log line for machines."""
    if app.settings.log_format == "json":
        import logging

        logging.getLogger("mockserver.server").info("listening on %s", url)
        return
    click.echo(_table(url, app))


def announce_intercept(intercept: "Intercept", app: "App") -> None:
    """Tell how programs that know only the real hosts are led here."""
    from mockserver.server import local_url

    proxy = local_url(app.settings.host, intercept.port)
    if app.settings.log_format == "json":
        import logging

        logging.getLogger("mockserver.server").info("intercepting at %s", proxy)
        return
    lines = [
        "",
        "Programs that know only the real hosts get here with:",
        "",
        f"  export HTTPS_PROXY={proxy} HTTP_PROXY={proxy} NO_PROXY=localhost,127.0.0.1,::1",
        f"  export SSL_CERT_FILE={intercept.authority.bundle}",
        "  export REQUESTS_CA_BUNDLE=$SSL_CERT_FILE CURL_CA_BUNDLE=$SSL_CERT_FILE",
        f"  export NODE_USE_ENV_PROXY=1 NODE_EXTRA_CA_CERTS={intercept.authority.certificate}",
        "",
        f"The same port speaks TLS as {', '.join(intercept.hosts)}.",
    ]
    click.echo("\n".join(lines))


def _table(url: str, app: "App") -> str:
    from mockserver import __version__

    settings = app.settings
    base = settings.public_url or url
    services = list(app.world.services.values())
    width = max(len(text) for text in (*(s.title for s in services), "Control API")) + 2
    reach = max(len(f"{base}/{s.name}") for s in services) + 2 if services else 0
    lines = [f"mockserver {__version__} answers at {url} (Ctrl-C stops it)", ""]
    for service in services:
        place = f"{base}/{service.name}"
        stands = f"for https://{service.hosts[0]}" if service.hosts else ""
        lines.append(f"  {service.title:<{width}}{place:<{reach}}{stands}".rstrip())
    lines += [
        f"  {'Control API':<{width}}{base}/__admin{_closed(settings)}",
        f"  {'Inbox':<{width}}{base}/__inbox/<name>",
        "",
        f"  {'Data':<{width}}{settings.data_dir or 'temporary, removed at exit'}",
        f"  {'Clock':<{width}}{_clock(settings.clock)}",
        f"  {'Pace':<{width}}{settings.pace}",
        f"  {'Seed':<{width}}{app.sandboxes['default'].ids.seed}",
        "",
        "Give a client one of these base URLs in place of the real one, or send calls for the",
        "real host here as they are: the Host header is enough.",
    ]
    return "\n".join(lines)


def _closed(settings: Settings) -> str:
    from mockserver.admin.access import is_loopback

    if settings.admin_token is not None:
        return "  (with the admin token)"
    return "" if is_loopback(settings.host) else "  (closed until --admin-token is given)"


def _clock(rate: float) -> str:
    if rate == 1:
        return "real"
    return f"{rate:g} virtual seconds per second" if rate else "frozen"
