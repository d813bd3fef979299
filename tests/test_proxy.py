"""Tests of how the proxy understands what it is asked."""

import pytest

from mockserver.proxy import Asked, Unreadable, is_local, refusal, understand


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("CONNECT api.sama.com:443 HTTP/1.1", ("api.sama.com", 443, True)),
        ("CONNECT api.sama.com HTTP/1.1", ("api.sama.com", 443, True)),
        ("CONNECT [::1]:8443 HTTP/1.1", ("::1", 8443, True)),
        ("GET http://api.sama.com/v2 HTTP/1.1", ("api.sama.com", 80, False)),
        ("PUT http://127.0.0.1:8080/__uploads/a?b=c HTTP/1.1", ("127.0.0.1", 8080, False)),
        ("GET /v2 HTTP/1.1", ("", 0, False)),
    ],
)
def test_a_request_says_where_it_wants_to_go(line: str, expected: tuple[str, int, bool]) -> None:
    asked = understand(f"{line}\r\nHost: x\r\n\r\n".encode())
    assert (asked.host, asked.port, asked.tunnel) == expected


def test_a_request_to_a_host_arrives_there_in_the_hosts_own_form() -> None:
    asked = understand(
        b"POST http://me:pw@api.sama.com:81/v2?a=b HTTP/1.1\r\nHost: other\r\nAccept: */*\r\n"
        b"Proxy-Authorization: Basic eA==\r\nProxy-Connection: keep-alive\r\n\r\n"
    )
    assert asked.head == (
        b"POST /v2?a=b HTTP/1.1\r\nHost: api.sama.com:81\r\nAccept: */*\r\n"
        b"Connection: close\r\n\r\n"
    )


@pytest.mark.parametrize(
    "line",
    ["", "GET", "GET http:///x HTTP/1.1", "GET https://api.sama.com/ HTTP/1.1", "CONNECT a:b H"],
)
def test_what_is_no_request_to_a_proxy_is_refused(line: str) -> None:
    with pytest.raises(Unreadable):
        understand(f"{line}\r\n\r\n".encode())


def test_the_refusal_names_the_host_already_in_its_first_line() -> None:
    lines = refusal(Asked("example.com", 443, True, b""), ("api.sama.com",)).decode().split("\r\n")
    assert lines[0] == "HTTP/1.1 403 mockserver does not lead to example.com"
    assert "Emulated: api.sama.com" in lines[-1]


def test_a_host_cannot_put_lines_into_the_refusal() -> None:
    assert b"\r\nx" not in refusal(Asked("a\r\nx: y", 1, True, b""), ()).partition(b"\r\n\r\n")[0]


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("LOCALHOST", True),
     ("10.0.0.1", False), ("localhost.example.com", False), ("", False)],
)  # fmt: skip
def test_only_this_machine_is_local(host: str, local: bool) -> None:
    assert is_local(host) is local
