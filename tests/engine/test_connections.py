"""Tests of HTTP/1.1 from the client's side, against servers that say exactly what they are told."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from mockserver.engine import connections
from mockserver.engine.connections import MOST_BODY, Answer, Connections, ProtocolError, head
from mockserver.engine.targets import Target

pytestmark = pytest.mark.anyio

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"

# A key and a certificate for the name hooks.test, made for these tests alone.
CERTIFICATE = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgjfrQFPFGUTM77Yu2
F2kS3MnurqEaQJ+wNQrG5ZTIKDmhRANCAASqzxxns//kDdxirJ3NdFe+js6JON6q
gy2Fy1WJIRfytQTax1dOIY9GSb0OMewUq+9QlKTWJ3y5dqK8eTVVV9lb
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBmDCCAT6gAwIBAgIUY6F4MtVDFzd2a8XWOgdoLj3xjEswCgYIKoZIzj0EAwIw
FTETMBEGA1UEAwwKaG9va3MudGVzdDAgFw0yNjExMjIwMTU0MjdaGA8yMTI2MTAy
OTAxNTQyN1owFTETMBEGA1UEAwwKaG9va3MudGVzdDBZMBMGByqGSM49AgEGCCqG
SM49AwEHA0IABKrPHGez/+QN3GKsnc10V76Ozok43qqDLYXLVYkhF/K1BNrHV04h
j0ZJvQ4x7BSr71CUpNYnfLl2orx5NVVX2VujajBoMB0GA1UdDgQWBBTDzFVGa0XR
pEIpsmuqszsMNtO3zTAfBgNVHSMEGDAWgBTDzFVGa0XRpEIpsmuqszsMNtO3zTAP
BgNVHRMBAf8EBTADAQH/MBUGA1UdEQQOMAyCCmhvb2tzLnRlc3QwCgYIKoZIzj0E
AwIDSAAwRQIgQryPlSt5Yd2MurkcHedWMZmgEP1CvHsGFXXyVSQJrH0CIQDBNL1M
yZFeHDng/YUOQmKXwJ4L0zGFCJ/qYiHmEkLJjg==
-----END CERTIFICATE-----
"""


class Server:
    """Answers each request with the next of its answers; `end` closes after the last byte."""

    def __init__(self, *answers: bytes, end: bool = False) -> None:
        self.answers = list(answers)
        self.end = end
        self.connections = 0
        self.port = 0
        self.writers: list[asyncio.StreamWriter] = []

    @property
    def target(self) -> Target:
        return Target.of(f"http://hooks.test:{self.port}/")

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.writers.append(writer)
        try:
            while self.answers:
                await reader.readuntil(b"\r\n\r\n{}")
                writer.write(self.answers.pop(0))
                await writer.drain()
                if self.end:
                    return
            await reader.read()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(
    *answers: bytes, end: bool = False, secure: ssl.SSLContext | None = None
) -> AsyncIterator[Server]:
    server = Server(*answers, end=end)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=secure)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        for writer in server.writers:
            writer.close()
        await listening.wait_closed()


async def post(kept: Connections, server: Server) -> Answer:
    return await kept.post(server.target, "127.0.0.1", {}, b"{}")


async def only(*answers: bytes, end: bool = False) -> Answer:
    """The answer to one request."""
    async with serving(*answers, end=end) as server:
        kept = Connections(8)
        try:
            return await post(kept, server)
        finally:
            kept.close()


async def test_an_answer_is_read_with_its_headers() -> None:
    answer = await only(b"HTTP/1.1 202 Yes\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 2\r\n\r\nok")
    headers = {"x-a": "1, 2", "content-length": "2"}
    assert answer == Answer(202, headers, b"ok")


@pytest.mark.parametrize(
    ("sent", "end", "status", "body"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", False, 204, b""),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", False, 200, b""),
        (b"HTTP/1.1 200 OK\r\n\r\nto the end", True, 200, b"to the end"),
        (b"HTTP/1.0 200 OK\r\n\r\n", True, 200, b""),
        (
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n1\r\n!\r\n0\r\n\r\n",
            False,
            200,
            b"ok!",
        ),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, False, 200, b"ok"),
        (b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n" + OK, False, 200, b"ok"),
    ],
)
async def test_the_end_of_an_answer_is_found(
    sent: bytes, end: bool, status: int, body: bytes
) -> None:
    answer = await only(sent, end=end)
    assert (answer.status, answer.body) == (status, body)
    assert "link" not in answer.headers


async def test_a_long_body_is_cut() -> None:
    answer = await only(b"HTTP/1.1 200 OK\r\ncontent-length: 900000\r\n\r\n" + b"x" * 900_000)
    assert len(answer.body) == MOST_BODY


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"HTTP/1.1 200 OK\r\ncontent-le",
        b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 101 Switching\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"x-%d: y\r\n" % n for n in range(20_000)) + b"\r\n",
    ],
    ids=["nothing", "head", "body", "chunks", "ssh", "upgrade", "headers"],
)
async def test_what_is_no_whole_answer_is_an_error(sent: bytes) -> None:
    with pytest.raises(ProtocolError):
        await only(sent, end=True)


async def test_a_connection_is_kept_for_the_next_request() -> None:
    kept = Connections(8)
    async with serving(OK, OK, OK) as server:
        for _ in range(3):
            assert (await post(kept, server)).body == b"ok"
        assert server.connections == 1
        kept.close()


@pytest.mark.parametrize(
    "first",
    [
        b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\ncontent-length: 90000\r\n\r\n" + b"x" * 90_000,
        OK + b"HTTP/1.1 500 Unasked\r\ncontent-length: 0\r\n\r\n",
    ],
    ids=["close", "1.0", "cut", "unasked"],
)
async def test_a_connection_that_cannot_be_trusted_is_not_kept(first: bytes) -> None:
    kept = Connections(8)
    async with serving(first, OK) as server:
        await post(kept, server)
        assert (await post(kept, server)).status == 200
        assert server.connections == 2
        kept.close()


async def test_a_connection_that_was_closed_meanwhile_is_not_used() -> None:
    kept = Connections(8)
    async with serving(OK, OK, OK) as server:
        await post(kept, server)
        server.writers[0].close()
        await server.writers[0].wait_closed()
        await heard(kept, server)
        assert (await post(kept, server)).body == b"ok"
        assert server.connections == 3
        kept.close()


async def heard(kept: Connections, server: Server) -> None:
    """Return when the loop has told that the server closed: what it learns of in order."""
    await kept.post(Target.of(f"http://other.test:{server.port}/"), "127.0.0.1", {}, b"{}")


async def test_a_connection_leads_to_one_host_and_address_only() -> None:
    kept = Connections(8)
    async with serving(OK, OK, OK) as server:
        await post(kept, server)
        other = Target.of(f"http://other.test:{server.port}/")
        await kept.post(other, "127.0.0.1", {}, b"{}")
        await kept.post(other, "127.0.0.1", {}, b"{}")
        assert server.connections == 2
        kept.close()


async def test_idle_connections_are_closed_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "KEEP_ALIVE", 0.01)
    kept = Connections(8)
    gone = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n{}")
        writer.write(OK)
        await reader.read()
        gone.set()
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    await kept.post(Target.of(f"http://hooks.test:{port}/"), "127.0.0.1", {}, b"{}")
    await asyncio.wait_for(gone.wait(), 10)
    listening.close()
    await listening.wait_closed()


async def test_no_more_connections_are_kept_than_allowed() -> None:
    kept = Connections(1)
    async with serving(*[OK] * 4) as server:
        await asyncio.gather(post(kept, server), post(kept, server))
        await asyncio.gather(post(kept, server), post(kept, server))
        assert server.connections == 3
        kept.close()


async def test_a_request_given_up_takes_its_connection_with_it() -> None:
    kept = Connections(8)
    async with serving(b"HTTP/1.1 200 OK\r\n", OK) as server:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(post(kept, server), 0.05)
        assert (await post(kept, server)).body == b"ok"
        assert server.connections == 2
        kept.close()


@pytest.mark.parametrize(
    ("url", "line", "host"),
    [
        ("http://hooks.test", "/", "hooks.test"),
        ("http://Hooks.Test:80/a", "/a", "hooks.test"),
        ("http://hooks.test:8080/a b?c d", "/a%20b?c%20d", "hooks.test:8080"),
        ("https://hooks.test:443/a%2Fb?q=%20+&r={x}|[y]", "/a%2Fb?q=%20+&r={x}|[y]", "hooks.test"),
        ("https://hooks.test:80/é?ü", "/%C3%A9?%C3%BC", "hooks.test:80"),
        ("http://[::1]:8080/x?a=1#part", "/x?a=1", "[::1]:8080"),
        ("http://bücher.test/", "/", "xn--bcher-kva.test"),
        ("http://user:pw@hooks.test/", "/", "hooks.test"),
    ],
)
def test_the_request_line_is_what_the_url_says(url: str, line: str, host: str) -> None:
    lines = head(Target.of(url), {}, 5).decode().split("\r\n")
    assert lines == [f"POST {line} HTTP/1.1", f"host: {host}", "content-length: 5", "", ""]


def test_headers_are_sent_as_given_but_for_those_that_frame_the_message() -> None:
    given = {"X-Sign": "{v=1}", "Content-Length": "99", "Transfer-Encoding": "x", "Host": "y"}
    lines = head(Target.of("http://hooks.test/"), given, 5).decode().split("\r\n")
    assert lines[1:4] == ["host: hooks.test", "content-length: 5", "X-Sign: {v=1}"]


@pytest.mark.parametrize(
    ("name", "value"), [("a", "b\r\nc: d"), ("a", "\0"), ("a b", "c"), ("", "")]
)
def test_a_header_that_would_break_the_request_is_refused(name: str, value: str) -> None:
    with pytest.raises(ValueError, match="header"):
        head(Target.of("http://hooks.test/"), {name: value}, 0)


@pytest.fixture
def secure(tmp_path: Path) -> tuple[Path, ssl.SSLContext]:
    """The certificate's file, and a server's side with it."""
    path = tmp_path / "hooks.pem"
    path.write_text(CERTIFICATE)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return path, context


async def test_a_certificate_that_nobody_vouches_for_is_an_error(
    secure: tuple[Path, ssl.SSLContext],
) -> None:
    async with serving(OK, secure=secure[1]) as server:
        target = Target.of(f"https://hooks.test:{server.port}/")
        with pytest.raises(ssl.SSLCertVerificationError):
            await Connections(8).post(target, "127.0.0.1", {}, b"{}")


async def test_a_certificate_is_for_the_name_and_not_for_the_address(
    secure: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(secure[0]))
    kept = Connections(8)
    async with serving(OK, OK, secure=secure[1]) as server:
        target = Target.of(f"https://hooks.test:{server.port}/")
        for _ in range(2):
            assert (await kept.post(target, "127.0.0.1", {}, b"{}")).body == b"ok"
        assert server.connections == 1
        wrong = Target.of(f"https://other.test:{server.port}/")
        with pytest.raises(ssl.SSLCertVerificationError):
            await kept.post(wrong, "127.0.0.1", {}, b"{}")
        kept.close()
