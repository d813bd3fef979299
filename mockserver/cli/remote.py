"""A running server's control API, as the commands call it."""

from collections.abc import Callable
from typing import Any

import click

from mockserver.engine.errors import ConfigError, MockserverError
from mockserver.option import Option

DEFAULT_URL = "http://127.0.0.1:8080"
TIMEOUT = 600.0
"""Advancing over a long span with many deliveries takes its time."""


class Refused(MockserverError):
    """The control API said no."""


class Remote:
    """Calls to `/__admin` of one server."""

    def __init__(self, url: str, token: str | None) -> None:
        try:
            self.url = Option(name="url", kind="url", default=None, help="").read(url)
        except ValueError as error:
            raise ConfigError(f"--url: {url!r} {error}") from error
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def call(self, method: str, path: str, body: Any = None, /, **query: Any) -> Any:
        """The parsed answer; raises for a server that is not there, or that refuses."""
        import httpx

        # A proxy of the environment has no way to this machine's own servers.
        with httpx.Client(trust_env=False, timeout=TIMEOUT) as client:
            try:
                answer = client.request(
                    method,
                    f"{self.url}/__admin{path}",
                    params={name: value for name, value in query.items() if value is not None},
                    json=body,
                    headers=self._headers,
                )
            except httpx.HTTPError as error:
                raise ConfigError(
                    f"no server answers at {self.url} ({error or type(error).__name__}); start one "
                    "with: mockserver serve, or name another with --url"
                ) from error
        if answer.is_error:
            raise Refused(f"{self.url} refused: {_detail(answer)}")
        return answer.json() if answer.content else None


def _detail(answer: Any) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"{answer.status_code} {answer.reason_phrase}"


def remote_options(command: Callable[..., None]) -> Callable[..., None]:
    """`--url` and `--admin-token`, handed to the command as one `remote`."""

    def with_remote(*arguments: Any, url: str, admin_token: str | None, **more: Any) -> None:
        command(*arguments, remote=Remote(url, admin_token), **more)

    with_remote.__doc__ = command.__doc__
    with_remote.__name__ = command.__name__
    with_remote.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]
    url = click.option(
        "--url",
        envvar="MOCKSERVER_URL",
        default=DEFAULT_URL,
        show_default=True,
        show_envvar=True,
        help="The running server.",
    )
    token = click.option(
        "--admin-token",
        envvar="MOCKSERVER_ADMIN_TOKEN",
        metavar="TEXT",
        show_envvar=True,
        help="Its token, if it wants one.",
    )
    return url(token(with_remote))
