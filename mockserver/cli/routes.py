"""`mockserver routes`: every operation, and whether it is emulated; needs no server."""

from typing import Any

import click

from mockserver.engine.errors import ConfigError


@click.command("routes")
@click.option("--service", metavar="NAME", help="Only this service.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def command(service: str | None, as_json: bool) -> None:
    """List every operation and whether it is emulated or answered by example."""
    from mockserver.admin.services import routes
    from mockserver.app import load_contract
    from mockserver.services import SERVICES

    names = [each.name for each in SERVICES]
    if service is not None and service not in names:
        raise ConfigError(f"there is no service {service}; there are: {', '.join(names)}")
    rows = [
        row
        for each in SERVICES
        if service in (None, each.name)
        for row in routes(each, load_contract(each))
    ]
    if as_json:
        import orjson

        click.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2))
    else:
        click.echo(_columns(rows))


def _columns(rows: list[dict[str, Any]]) -> str:
    names = ("service", "method", "path", "operation", "mode", "evidence")
    table = [[str(row[name] or "") for name in names] for row in rows]
    widths = [max((len(line[i]) for line in table), default=0) for i in range(len(names))]
    lines = [
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in table
    ]
    emulated = sum(row["mode"] == "emulated" for row in rows)
    return "\n".join([*lines, "", f"{len(rows)} operations, {emulated} emulated"])
