"""Files that are really fetched, when asked for, and only from where webhooks may go."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.services.extend.conftest import Opening

pytestmark = pytest.mark.anyio

PAGES = {"/order.txt": b"Purchase order 77", "/folder/order.pdf": b"%PDF-1.7 real"}


class Site(BaseHTTPRequestHandler):
    """A file host."""

    def do_GET(self) -> None:
        data = PAGES.get(self.path.partition("?")[0])
        self.send_response(404 if data is None else 200)
        self.end_headers()
        self.wfile.write(data or b"")

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def site() -> Iterator[str]:
    """The URL of a file host on this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


async def test_nothing_is_fetched_unless_asked_for(opened: Opening, site: str) -> None:
    world = await opened()
    run = await world.run(file={"url": f"{site}/none.pdf"})
    world.work()

    assert (await world.get(run))["status"] == "PROCESSED"


async def test_the_bytes_of_a_url_are_behind_the_link_of_its_file(
    opened: Opening, site: str
) -> None:
    world = await opened({"extend.fetch_files": True})
    run = await world.run(file={"url": f"{site}/folder/order.pdf?token=1"})

    file = await world.ask("GET", f"/files/{run['files'][0]['id']}")

    answer = await world.client.get(file["presignedUrl"])
    assert answer.content == PAGES["/folder/order.pdf"]
    assert answer.headers["content-type"] == "application/pdf"


async def test_the_text_of_a_url_is_what_parsing_reads(opened: Opening, site: str) -> None:
    world = await opened({"extend.fetch_files": True})

    run = await world.ask("POST", "/parse", {"file": {"url": f"{site}/order.txt"}})

    assert run["output"]["chunks"][0]["content"] == "Purchase order 77"


@pytest.mark.parametrize("looked", [True, False], ids=["looked at", "folded"])
async def test_a_url_that_fails_fails_its_run_alone(
    opened: Opening, site: str, looked: bool
) -> None:
    world = await opened({"extend.fetch_files": True})
    # The last address is for documentation, and neither this machine nor in a private network.
    urls = [f"{site}/order.txt", f"{site}/none.txt", "http://192.0.2.1/a.txt"]
    id = await world.batch(*[{"url": url} for url in urls])
    if looked:
        await world.runs(batchId=id)
    world.work()

    runs = await world.runs(batchId=id)

    assert [run["status"] for run in runs] == ["PROCESSED", "FAILED", "FAILED"]
    messages = [(await world.get(run))["failureMessage"] for run in runs]
    assert "the answer was 404" in messages[1]
    assert "webhook-allow" in messages[2]
