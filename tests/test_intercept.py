"""Tests of the front for the real hosts, over real sockets."""

import http.server
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from mockserver.app import App
from mockserver.server import ServerThread, bind
from tests.engine import toy

HOST = "toy.example"
Starting = Callable[..., ServerThread]


@pytest.fixture
def starting(tmp_path: Path) -> Iterator[Starting]:
    """Starts intercepting servers with the toy service, which stands for https://toy.example."""
    with ExitStack() as stack:

        def start(**settings: Any) -> ServerThread:
            flags = {"port": 0, "intercept": True, "intercept_port": 0, "data_dir": tmp_path}
            world = toy.world(**{**flags, **settings})
            return stack.enter_context(ServerThread(world.settings, App(world)))

        yield start


@pytest.fixture
def server(starting: Starting) -> ServerThread:
    """One of them."""
    return starting()


def proxied(server: ServerThread) -> httpx.Client:
    """A client that uses the proxy and trusts its authority."""
    assert server.intercept
    trusted = ssl.create_default_context(cafile=server.intercept.authority.certificate)
    proxy = f"http://127.0.0.1:{server.intercept.port}"
    headers = {"Authorization": "Bearer t"}
    return httpx.Client(proxy=proxy, verify=trusted, headers=headers, trust_env=False)


def exchange(server: ServerThread, sent: bytes, *, end: bool = False) -> bytes:
    """All that comes back for some bytes, which may be the last."""
    assert server.intercept
    with socket.create_connection(("127.0.0.1", server.intercept.port), timeout=10) as connection:
        connection.sendall(sent)
        if end:
            connection.shutdown(socket.SHUT_WR)
        read = b""
        while chunk := connection.recv(65536):
            read += chunk
    return read


@pytest.fixture
def other() -> Iterator[str]:
    """The URL of a server that is not ours."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"other")

        def log_message(self, format: str, *arguments: Any) -> None:
            """Say nothing."""

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_a_real_host_is_answered_here_through_the_proxy(server: ServerThread, scheme: str) -> None:
    with proxied(server) as client:
        for _ in range(2):
            assert client.get(f"{scheme}://{HOST}/v1/items").status_code == 200
    journal = httpx.get(f"{server.url}/__admin/requests").json()
    assert [each["operation"] for each in journal["items"]] == ["listItems"] * 2


def test_a_real_host_is_answered_here_by_tls_without_a_proxy(server: ServerThread) -> None:
    assert server.intercept
    trusted = ssl.create_default_context(cafile=server.intercept.authority.certificate)
    with (
        socket.create_connection(("127.0.0.1", server.intercept.port), timeout=10) as plain,
        trusted.wrap_socket(plain, server_hostname=HOST) as secure,
    ):
        secure.sendall(b"GET /v1/items HTTP/1.1\r\nHost: toy.example\r\nConnection: close\r\n")
        secure.sendall(b"Authorization: Bearer t\r\n\r\n")
        assert secure.recv(4096).startswith(b"HTTP/1.1 200 OK")


def test_another_name_has_no_certificate(server: ServerThread) -> None:
    assert server.intercept
    trusted = ssl.create_default_context(cafile=server.intercept.authority.certificate)
    with (
        socket.create_connection(("127.0.0.1", server.intercept.port), timeout=10) as plain,
        pytest.raises((ssl.SSLError, OSError)),
    ):
        trusted.wrap_socket(plain, server_hostname="example.com")


def test_urls_handed_out_lead_back_by_the_host_that_was_asked(server: ServerThread) -> None:
    with proxied(server) as client:
        answer = client.get(f"https://{HOST}/__admin/services").json()
        assert answer["items"][0]["url"] == f"https://{HOST}/toy"
        uploads = client.put(f"https://{HOST}/__uploads/nothing")
    assert uploads.headers["content-type"] == "application/xml"


def test_another_host_is_refused(server: ServerThread) -> None:
    with proxied(server) as client:
        with pytest.raises(httpx.ProxyError, match="403 mockserver does not lead to example"):
            client.get("https://example.com")
        answer = client.get("http://example.com")
    assert answer.status_code == 403
    assert "example.com:80 is not one of the emulated hosts" in answer.text


def test_each_request_of_a_connection_is_looked_at(server: ServerThread) -> None:
    first = b"GET http://toy.example/v1/items HTTP/1.1\r\nHost: toy.example\r\n\r\n"
    second = b"GET http://example.com/toy/v1/items HTTP/1.1\r\nHost: example.com\r\n\r\n"
    assert exchange(server, first + second).count(b"HTTP/1.1 ") == 1


def test_this_machines_own_servers_are_reached_through_the_proxy(
    server: ServerThread, other: str
) -> None:
    with proxied(server) as client:
        assert client.get(other).text == "other"
        assert client.get(f"{server.url}/__admin/health").json()["status"] == "ok"


def test_a_port_where_nobody_is_says_so(server: ServerThread) -> None:
    with bind("127.0.0.1", 0) as unused:
        port = unused.getsockname()[1]
    with proxied(server) as client:
        answer = client.get(f"http://127.0.0.1:{port}/")
    assert (answer.status_code, "does not answer" in answer.text) == (502, True)


def test_passthrough_lets_through(starting: Starting, other: str) -> None:
    port = other.rpartition(":")[2]
    server = starting(passthrough=True)
    with proxied(server) as client:
        assert client.get(f"http://127.0.0.1:{port}/").text == "other"
    head = f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\n\r\n".encode()
    told = exchange(server, head, end=True)
    assert told.startswith(b"HTTP/1.1 200 Connection established")


@pytest.mark.parametrize("sent", [b"hello\r\n\r\n", b"GET ftp://x/ HTTP/1.1\r\n\r\n", b"x" * 65537])
def test_what_is_no_http_is_answered_and_let_go(server: ServerThread, sent: bytes) -> None:
    assert exchange(server, sent).startswith(b"HTTP/1.1 400 Bad Request")
    with proxied(server) as client:
        assert client.get(f"https://{HOST}/v1/items").status_code == 200


def test_the_authority_stays_in_the_data_folder(server: ServerThread, tmp_path: Path) -> None:
    assert {path.name for path in (tmp_path / "certificates").iterdir()} == {
        "bundle.pem",
        "ca.key",
        "ca.pem",
    }


def test_without_a_data_folder_nothing_is_left_behind(starting: Starting) -> None:
    server = starting(data_dir=None)
    assert server.intercept
    folder = server.intercept.authority.folder
    assert folder.is_dir()
    server.stop()
    assert not folder.exists()


def test_a_reset_reaches_through_tls(server: ServerThread) -> None:
    fault = {"Mockserver-Fault": '{"type": "reset"}'}
    with proxied(server) as client, pytest.raises(httpx.TransportError):
        client.get(f"https://{HOST}/v1/items", headers=fault)
