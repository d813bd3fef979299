"""`mockserver requests`: what a running server was asked and what it answered."""

import threading
from collections.abc import Iterator
from typing import Any

import click

from mockserver.cli.remote import Remote, remote_options

PAGE = 10_000
PAUSE = 0.5


@click.command("requests")
@click.option("--service", help="Only calls to this service.")
@click.option("--operation", help="Only calls of this operation.")
@click.option("--method", help="Only this method.")
@click.option("--path", help="Only this path; * stands for anything.")
@click.option("--status", type=int, help="Only answers with this status.")
@click.option("--client", help="Only this User-Agent; * stands for anything.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True)
@click.option("--follow", "-f", is_flag=True, help="Go on with what comes, until Ctrl-C.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, with bodies.")
@remote_options
def command(remote: Remote, limit: int, follow: bool, as_json: bool, **filters: Any) -> None:
    """Show the newest calls of a running server, oldest first."""
    last = None
    for entry in list(_entries(remote, None, filters, as_json))[-limit:]:
        last = entry["id"]
        _print(entry, as_json)
    if follow:
        try:
            _follow(remote, last, filters, as_json)
        except KeyboardInterrupt:
            return


def _follow(remote: Remote, last: str | None, filters: dict[str, Any], as_json: bool) -> None:
    while True:
        for entry in _entries(remote, last, filters, as_json):
            last = entry["id"]
            _print(entry, as_json)
        pause()


def pause() -> None:
    """Wait a little before the next look."""
    threading.Event().wait(PAUSE)


def _entries(
    remote: Remote, after: str | None, filters: dict[str, Any], bodies: bool
) -> Iterator[dict[str, Any]]:
    """Every entry after one, page by page."""
    while True:
        items = remote.call(
            "GET", "/requests", limit=PAGE, after=after, bodies=str(bodies).lower(), **filters
        )["items"]
        yield from items
        if len(items) < PAGE:
            return
        after = items[-1]["id"]


def _print(entry: dict[str, Any], as_json: bool) -> None:
    if as_json:
        import orjson

        click.echo(orjson.dumps(entry))
        return
    query = f"?{entry['query']}" if entry["query"] else ""
    notes = [entry["operation"] or "no operation"]
    if entry["violations"]:
        notes.append(f"{len(entry['violations'])} violations")
    if entry["fault"]:
        notes.append(f"{entry['fault']['type']} by {entry['fault']['rule']}")
    click.echo(
        f"{entry['at']}  {entry['status'] or '---'}  {entry['method']:<6} {entry['path']}{query}"
        f"  {entry['duration_ms']:.1f} ms  {', '.join(notes)}"
    )
