"""Tests of how commands find a server and what they say when it refuses."""

from click.testing import CliRunner

from mockserver.app import declared
from mockserver.cli import main
from mockserver.server import ServerThread, bind
from mockserver.settings import Settings
from tests.cli.conftest import Command


def test_a_server_that_is_not_there_is_one_line_and_status_2() -> None:
    with bind("127.0.0.1", 0) as unused:
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
    result = CliRunner().invoke(main, ["reset", "--url", url], prog_name="mockserver")
    assert result.exit_code == 2
    assert result.stderr.startswith(f"mockserver: no server answers at {url} (")
    assert result.stderr.endswith("start one with: mockserver serve, or name another with --url\n")


def test_a_url_that_is_none_is_refused() -> None:
    result = CliRunner().invoke(main, ["reset", "--url", "8080"], prog_name="mockserver")
    assert (result.exit_code, result.stderr) == (
        2,
        "mockserver: --url: '8080' is not a URL such as http://localhost:8080\n",
    )


def test_a_flag_wins_over_the_variable(command: Command, server: ServerThread) -> None:
    assert command("clock", MOCKSERVER_URL="http://127.0.0.1:1").exit_code == 2
    result = command("clock", "show", "--url", server.url, MOCKSERVER_URL="http://127.0.0.1:1")
    assert result.exit_code == 0


def test_the_token_is_shown_to_a_server_that_wants_one() -> None:
    settings = Settings.load({"port": 0, "admin_token": "t"}, services=declared())
    with ServerThread(settings) as closed:
        environment = {"MOCKSERVER_URL": closed.url}
        refused = CliRunner(env=environment).invoke(main, ["clock"], prog_name="mockserver")
        allowed = CliRunner(env={**environment, "MOCKSERVER_ADMIN_TOKEN": "t"}).invoke(
            main, ["clock"], prog_name="mockserver"
        )
    assert refused.exit_code == 2
    assert "refused: The control API needs the header Authorization" in refused.stderr
    assert allowed.exit_code == 0


def test_an_answer_of_something_else_is_told_by_its_status() -> None:
    from mockserver.cli.remote import _detail

    class Other:
        status_code, reason_phrase = 502, "Bad Gateway"

        def json(self) -> None:
            raise ValueError

    assert _detail(Other()) == "502 Bad Gateway"
