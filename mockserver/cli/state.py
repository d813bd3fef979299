"""`mockserver seed` and `mockserver reset`: the documents of a running server."""

from pathlib import Path
from typing import Any

import click

from mockserver.cli.remote import Remote, remote_options
from mockserver.engine.errors import ConfigError


@click.command()
@remote_options
def reset(remote: Remote) -> None:
    """Put a running server back to its seed."""
    _print(remote.call("POST", "/reset"))


@click.command()
@click.argument("files", metavar="[FILE]...", nargs=-1, type=Path)
@remote_options
def seed(remote: Remote, files: tuple[Path, ...]) -> None:
    """Put documents from JSON files into a running server.

    A FILE holds collections, as {"sama.projects": [...]}, or the documents of one collection, as
    fixtures/sama/projects.json does. Without a FILE the server goes back to its own seed.
    """
    if not files:
        _print(remote.call("POST", "/reset"))
        return
    documents: dict[str, list[Any]] = {}
    for path in files:
        for name, found in _collections(path).items():
            documents.setdefault(name, []).extend(found)
    _print(remote.call("POST", "/state", documents))


def _collections(path: Path) -> dict[str, list[Any]]:
    import orjson

    try:
        content = orjson.loads(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error
    except orjson.JSONDecodeError as error:
        raise ConfigError(f"{path} is not valid JSON: {error}") from error
    if isinstance(content, list):
        return {f"{path.absolute().parent.name}.{path.stem}": content}
    if isinstance(content, dict) and all(isinstance(each, list) for each in content.values()):
        return content
    raise ConfigError(f'{path} holds neither {{"collection": [documents]}} nor a list of documents')


def _print(counts: dict[str, int]) -> None:
    width = max((len(name) for name in counts), default=0)
    for name, count in counts.items():
        click.echo(f"{name:<{width}}  {count}")
