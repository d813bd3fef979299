"""`mockserver check`: recorded traffic against the contracts; needs no server."""

import asyncio
from pathlib import Path

import click

from mockserver.cli.run import output_options, write_reports
from mockserver.engine.errors import ConfigError
from mockserver.report import as_table, gather


@click.command("check")
@click.argument("file", type=click.Path(path_type=Path))
@output_options
def command(
    file: Path, json_file: Path | None, junit_file: Path | None, html_file: Path | None
) -> int:
    """Check the recorded traffic in FILE, an HTTP Archive, against the contracts.

    Calls to the real hosts and to a mockserver are checked, both ways; others are left out. Ends
    with 0 when all kept to the contracts, 1 when not, 2 when FILE cannot be read.
    """
    from mockserver import har
    from mockserver.app import load_contract
    from mockserver.report.checking import Checker
    from mockserver.services import SERVICES

    try:
        exchanges = har.read(file.read_bytes())
    except OSError as error:
        raise ConfigError(f"cannot read {file}: {error.strerror}") from error
    except har.UnreadableHar as error:
        raise ConfigError(f"cannot read {file}: {error}") from error
    contracts = {service.name: load_contract(service) for service in SERVICES}
    checker = Checker({service.name: service for service in SERVICES}, contracts)
    tally, ignored = asyncio.run(checker.check(exchanges))
    report = gather([tally], contracts)
    click.echo(as_table(report))
    if ignored:
        click.echo(f"{ignored} of {len(exchanges)} exchanges were with none of the services")
    write_reports(report, json_file, junit_file, html_file)
    broken = any(client["violations"] or client["unmatched"] for client in report["clients"])
    return 1 if broken else 0
