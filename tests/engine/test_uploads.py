"""Tests of presigned uploads as a client sees them, and of the bytes behind the keys."""

import asyncio
import base64
import hashlib
import shutil
import threading
import tracemalloc
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from mockserver.engine.clock import Clock
from mockserver.engine.errors import Invalid
from mockserver.engine.ids import Ids
from mockserver.engine.retention import Retention
from mockserver.engine.store import Store
from mockserver.engine.uploads import INDEXES, UploadResult, Uploads
from mockserver.server import ServerThread
from mockserver.settings import Settings

if TYPE_CHECKING:
    from mockserver.app import App

pytestmark = pytest.mark.anyio

AT = 1_767_323_045.0
BASE = "http://127.0.0.1:8080"
TASKS = "sama/batches/612584/tasks.json"


class World:
    """Uploads over a store of their own, on a clock that stands still."""

    def __init__(self, folder: Path, seed: int = 0, max_bytes: int = 1_000_000) -> None:
        self.store = Store(folder, INDEXES)
        self.clock = Clock(AT, 0)
        ids = Ids(seed, self.store.collection("engine.counters"))
        self.folder = folder / "blobs"
        retention = Retention(self.store, self.clock, self.folder)
        self.uploads = Uploads(self.store, self.clock, ids, retention, max_bytes=max_bytes)

    def presign(self, method: str, key: str = TASKS, **more: Any) -> str:
        return self.uploads.presign(method, key, **{"expires": 14_400, "base_url": BASE, **more})

    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.glob("*"))


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path)
    yield made
    made.store.close()


class Answer:
    """What came back over ASGI."""

    def __init__(self, messages: list[Message], result: UploadResult) -> None:
        self.result = result
        self.status: int = messages[0]["status"]
        self.headers = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
        self.body = b"".join(message.get("body", b"") for message in messages[1:])

    def error(self, element: str = "Code") -> str | None:
        return ElementTree.fromstring(self.body).findtext(element)


async def call(
    world: World,
    method: str,
    url: str,
    body: Iterable[bytes] = (),
    headers: dict[str, str] | None = None,
    *,
    whole: bool = True,
) -> Answer:
    """Call a URL without a socket; unless `whole`, the client goes away before the end."""
    parts = urlsplit(url)
    pieces = list(body)
    sent = {"host": parts.netloc, **(headers or {})}
    if method == "PUT":
        sent.setdefault("content-length", str(sum(map(len, pieces))))
    scope: Scope = {
        "type": "http",
        "method": method,
        "path": unquote(parts.path),
        "query_string": parts.query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
        "mockserver.prefix": "/@a" if parts.path.startswith("/@a/") else "",
    }
    answers: list[Message] = []

    async def receive() -> Message:
        if pieces:
            more = len(pieces) > 1 or not whole
            return {"type": "http.request", "body": pieces.pop(0), "more_body": more}
        return {"type": "http.request"} if whole else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        answers.append(message)

    result = await world.uploads.handle(scope, receive, send)
    return Answer(answers, result)


async def test_what_is_put_is_there(world: World) -> None:
    answer = await call(
        world, "PUT", world.presign("PUT"), [b"[1,", b"2]"], {"content-type": "application/json"}
    )
    etag = f'"{hashlib.md5(b"[1,2]").hexdigest()}"'
    assert (answer.status, answer.body, answer.headers["etag"]) == (200, b"", etag)
    assert len(answer.headers["x-amz-request-id"]) == 16
    upload = world.uploads.get(TASKS)
    assert upload is not None
    assert (upload.key, upload.size, upload.etag) == (TASKS, 5, etag)
    assert (upload.content_type, upload.stored_at) == ("application/json", AT)
    assert world.uploads.read(TASKS) == b"[1,2]"
    assert answer.result == UploadResult(200, None, 5, 0)


async def test_what_was_put_can_be_got(world: World) -> None:
    await call(world, "PUT", world.presign("PUT"), [b"[1,2]"], {"content-type": "text/csv"})
    got = await call(world, "GET", world.presign("GET"))
    assert (got.status, got.body, got.headers["content-type"]) == (200, b"[1,2]", "text/csv")
    assert got.headers["last-modified"] == "Fri, 02 Jan 2026 03:04:05 GMT"
    assert got.result.sent == 5
    head = await call(world, "HEAD", world.presign("HEAD"))
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == "5"
    assert head.headers["etag"] == got.headers["etag"]


async def test_a_second_put_replaces_the_first(world: World) -> None:
    url = world.presign("PUT")
    await call(world, "PUT", url, [b"old"])
    first = world.uploads.get(TASKS)
    await call(world, "PUT", url, [b"new!"])
    assert world.uploads.read(TASKS) == b"new!"
    assert first is not None
    assert not first.path.exists()


async def test_what_was_put_outlives_a_kill(tmp_path: Path) -> None:
    before = World(tmp_path)
    url = before.presign("PUT")
    await call(before, "PUT", url, [b"kept"])
    # What a kill leaves behind: the folder as it is now, without a clean end.
    shutil.copytree(tmp_path, killed := tmp_path.with_name(f"{tmp_path.name}-killed"))
    before.store.close()
    after = World(killed)
    assert after.uploads.read(TASKS) == b"kept"
    # A URL handed out before is as good after a restart.
    assert (await call(after, "PUT", url, [b"more"])).status == 200
    after.store.close()


async def test_an_uncommitted_put_is_undone_with_the_rest(world: World) -> None:
    world.uploads.put("a", b"bytes")
    assert world.uploads.read("a") == b"bytes"
    world.store.rollback()
    assert world.uploads.get("a") is None
    with pytest.raises(KeyError):
        world.uploads.read("a")


async def test_a_late_upload_is_refused_as_expired(world: World) -> None:
    url = world.presign("PUT")
    world.clock.forward(AT + 14_400)
    answer = await call(world, "PUT", url, [b"[]"])
    assert answer.status == 403
    assert answer.headers["content-type"] == "application/xml"
    assert (answer.error(), answer.error("Message")) == ("AccessDenied", "Request has expired")
    assert answer.error("Expires") == "2026-01-02T07:04:05Z"
    assert answer.error("ServerTime") == "2026-01-02T07:04:05Z"
    assert answer.error("Resource") == f"/__uploads/{TASKS}"
    assert answer.error("RequestId") == answer.headers["x-amz-request-id"]
    assert world.uploads.get(TASKS) is None
    assert answer.result.code == "AccessDenied"


@pytest.mark.parametrize(("signed", "used"), [("GET", "PUT"), ("PUT", "GET"), ("GET", "HEAD")])
async def test_a_url_is_for_one_method(world: World, signed: str, used: str) -> None:
    world.uploads.put(TASKS, b"x")
    answer = await call(world, used, world.presign(signed), [b"y"] if used == "PUT" else [])
    assert answer.status == 403
    assert world.uploads.read(TASKS) == b"x"
    assert used == "HEAD" or answer.error() == "SignatureDoesNotMatch"


async def test_a_url_is_for_one_key(world: World) -> None:
    url = world.presign("PUT").replace("612584", "612585")
    assert (await call(world, "PUT", url, [b"x"])).error() == "SignatureDoesNotMatch"
    assert world.files() == []


async def test_a_refused_head_has_no_body(world: World) -> None:
    answer = await call(world, "HEAD", world.presign("HEAD"))
    assert (answer.status, answer.body, answer.result.code) == (404, b"", "NoSuchKey")


async def test_a_missing_object_is_named(world: World) -> None:
    answer = await call(world, "GET", world.presign("GET"))
    assert (answer.status, answer.error(), answer.error("Key")) == (404, "NoSuchKey", TASKS)


async def test_a_url_of_another_sandbox_is_worth_nothing(world: World, tmp_path: Path) -> None:
    other = World(tmp_path / "other", seed=1)
    answer = await call(world, "PUT", other.presign("PUT"), [b"x"])
    assert (answer.status, answer.error()) == (403, "InvalidAccessKeyId")
    other.store.close()


async def test_a_url_inside_a_named_sandbox_carries_its_prefix(world: World) -> None:
    url = world.presign("PUT", "k", base_url=f"{BASE}/@a")
    assert url.startswith(f"{BASE}/@a/__uploads/k?")
    assert (await call(world, "PUT", url, [b"x"])).status == 200
    assert world.uploads.read("k") == b"x"
    assert (await call(world, "PUT", url.replace("/@a", ""), [b"y"])).status == 403


async def test_an_upload_beyond_its_limit_is_refused_before_it_comes(world: World) -> None:
    url = world.presign("PUT", max_bytes=4)
    assert (await call(world, "PUT", url, [b"four"])).status == 200
    answer = await call(world, "PUT", url, [b"five!"])
    assert (answer.status, answer.error()) == (400, "EntityTooLarge")
    assert (answer.error("ProposedSize"), answer.error("MaxSizeAllowed")) == ("5", "4")
    assert answer.result.received == 0
    answer = await call(world, "PUT", world.presign("PUT", max_bytes=10**9), [b"x" * 1_000_001])
    assert answer.error("MaxSizeAllowed") == "1000000"
    assert world.uploads.read(TASKS) == b"four"


async def test_the_limit_in_a_url_cannot_be_raised(world: World) -> None:
    url = world.presign("PUT", max_bytes=4).replace("max-bytes=4", "max-bytes=400")
    assert (await call(world, "PUT", url, [b"five!"])).error() == "SignatureDoesNotMatch"


@pytest.mark.parametrize("length", ["3", "9"])
async def test_a_body_of_another_length_is_not_stored(world: World, length: str) -> None:
    url = world.presign("PUT")
    answer = await call(world, "PUT", url, [b"four"], {"content-length": length})
    assert (answer.status, answer.error()) == (400, "IncompleteBody")
    assert (world.uploads.get(TASKS), world.files()) == (None, [])


async def test_an_upload_broken_off_is_not_stored(world: World) -> None:
    answer = await call(
        world, "PUT", world.presign("PUT"), [b"half"], {"content-length": "8"}, whole=False
    )
    assert (answer.status, answer.error()) == (400, "RequestTimeout")
    assert (world.uploads.get(TASKS), world.files()) == (None, [])


async def test_a_body_without_a_length_is_refused_as_s3_does(world: World) -> None:
    chunked = await call(
        world, "PUT", world.presign("PUT"), [b"x"], {"transfer-encoding": "chunked"}
    )
    assert (chunked.status, chunked.error()) == (501, "NotImplemented")
    bare = await call(world, "PUT", world.presign("PUT"), [b"x"], {"content-length": ""})
    assert (bare.status, bare.error()) == (411, "MissingContentLength")


@pytest.mark.parametrize(
    ("md5", "status", "code"),
    [
        (hashlib.md5(b"four").digest(), 200, None),
        (hashlib.md5(b"five").digest(), 400, "BadDigest"),
        (b"short", 400, "InvalidDigest"),
    ],
)
async def test_a_checksum_is_checked(
    world: World, md5: bytes, status: int, code: str | None
) -> None:
    sent = {"content-md5": base64.b64encode(md5).decode()}
    answer = await call(world, "PUT", world.presign("PUT"), [b"four"], sent)
    assert (answer.status, answer.result.code) == (status, code)
    assert (world.uploads.get(TASKS) is None) == (status != 200)


@pytest.mark.parametrize(
    ("range_", "status", "content", "shown"),
    [
        ("bytes=0-3", 206, b"0123", "bytes 0-3/10"),
        ("bytes=4-", 206, b"456789", "bytes 4-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=-30", 206, b"0123456789", "bytes 0-9/10"),
        ("bytes=8-100", 206, b"89", "bytes 8-9/10"),
        ("bytes=0-", 206, b"0123456789", "bytes 0-9/10"),
        ("bytes=1-2,4-5", 200, b"0123456789", None),
        ("bytes=5-2", 200, b"0123456789", None),
        ("bytes=-", 200, b"0123456789", None),
        ("lines=1-2", 200, b"0123456789", None),
    ],
)
async def test_a_range_is_served(
    world: World, range_: str, status: int, content: bytes, shown: str | None
) -> None:
    world.uploads.put("k", b"0123456789")
    answer = await call(world, "GET", world.presign("GET", "k"), headers={"range": range_})
    assert (answer.status, answer.body) == (status, content)
    assert answer.headers.get("content-range") == shown
    assert answer.headers["content-length"] == str(len(content))


@pytest.mark.parametrize("range_", ["bytes=10-", "bytes=-0"])
async def test_a_range_beyond_the_end_is_refused(world: World, range_: str) -> None:
    world.uploads.put("k", b"0123456789")
    answer = await call(world, "GET", world.presign("GET", "k"), headers={"range": range_})
    assert (answer.status, answer.error()) == (416, "InvalidRange")
    assert answer.error("ActualObjectSize") == "10"


async def test_an_unchanged_object_is_not_sent_again(world: World) -> None:
    world.uploads.put("k", b"x")
    url = world.presign("GET", "k")
    etag = (await call(world, "GET", url)).headers["etag"]
    same = await call(world, "GET", url, headers={"if-none-match": etag})
    assert (same.status, same.body, same.headers["etag"]) == (304, b"", etag)
    other = await call(world, "GET", url, headers={"if-none-match": '"0"'})
    assert other.status == 200


async def test_a_url_can_name_the_file_it_downloads(world: World) -> None:
    world.uploads.put("k", b"x")
    url = world.presign(
        "GET",
        "k",
        response_content_disposition='attachment; filename="a b.csv"',
        response_content_type="text/csv",
    )
    answer = await call(world, "GET", url)
    assert answer.headers["content-disposition"] == 'attachment; filename="a b.csv"'
    assert answer.headers["content-type"] == "text/csv"
    forged = await call(world, "GET", url.replace("csv", "exe"))
    assert forged.status == 403


@pytest.mark.parametrize("key", ["", "/a", "a/", "a//b", "../x", "a/./b", "a\nb", "x" * 1025])
async def test_a_key_that_clients_would_change_is_refused(world: World, key: str) -> None:
    with pytest.raises(Invalid):
        world.presign("PUT", key)
    with pytest.raises(Invalid):
        world.uploads.put(key, b"x")
    assert world.files() == []


@pytest.mark.parametrize("key", ["a b+c/é~.csv", "100%/x?y#z&k=v", "..a/b..", "😀"])
async def test_any_other_key_works(world: World, key: str) -> None:
    assert (await call(world, "PUT", world.presign("PUT", key), [b"x"])).status == 200
    assert world.uploads.read(key) == b"x"
    assert all(len(name) == 64 for name in world.files())


@pytest.mark.parametrize("method", ["POST", "DELETE", "put"])
async def test_only_put_get_and_head_are_presigned(world: World, method: str) -> None:
    with pytest.raises(ValueError, match="presigned"):
        world.presign(method)


async def test_a_large_body_takes_no_memory(world: World) -> None:
    pieces = (b"x" * 50_000 for _ in range(19))
    large = [next(pieces)] * 19
    tracemalloc.start()
    await call(world, "PUT", world.presign("PUT"), large)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert world.uploads.get(TASKS) is not None
    assert peak < 400_000


class Served:
    """The uploads behind a real socket."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.results: list[UploadResult] = []
        self.ended = threading.Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Served"]:
        yield self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["mockserver.prefix"] = ""
        self.results.append(await self.world.uploads.handle(scope, receive, send))
        self.ended.set()


async def test_over_a_socket(world: World) -> None:
    served = Served(world)
    with ServerThread(Settings(port=0), cast("App", served)) as server:
        async with httpx.AsyncClient(trust_env=False) as client:
            url = world.presign("PUT", base_url=server.url)
            put = await client.put(url, content=b"x" * 300_000)
            assert (put.status_code, put.content) == (200, b"")
            got = await client.get(world.presign("GET", base_url=server.url))
            assert got.content == b"x" * 300_000
            forged = await client.put(url.replace("14400", "14401"), content=b"y")
            assert forged.status_code == 403
            # Refused before its body came, and yet the connection goes on.
            over = await client.put(
                world.presign("PUT", base_url=server.url, max_bytes=9), content=b"x" * 300_000
            )
            assert (over.status_code, "EntityTooLarge" in over.text) == (400, True)
            head = await client.head(world.presign("HEAD", base_url=server.url))
            assert head.headers["content-length"] == "300000"


async def test_a_client_that_hangs_up_leaves_nothing(world: World) -> None:
    served = Served(world)
    with ServerThread(Settings(port=0), cast("App", served)) as server:
        parts = urlsplit(world.presign("PUT", base_url=server.url))
        _, writer = await asyncio.open_connection(parts.hostname, parts.port)
        head = f"PUT {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        writer.write(f"{head}Content-Length: 100\r\n\r\nhalf".encode())
        await writer.drain()
        writer.close()
        await asyncio.to_thread(served.ended.wait, 10)
    assert [result.code for result in served.results] == ["RequestTimeout"]
    assert (world.uploads.get(TASKS), world.files()) == (None, [])
