"""Test fixtures for projects that use the services: one server, a fresh sandbox for every test.

Nothing starts before a test asks for it; `-p no:mockserver` turns the plugin off.
"""

# Everything else of the package is imported on use: imported here, it would be loaded before
# coverage starts to measure, and by every project that merely has the package installed.
from collections.abc import Iterator
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mockserver.client import Clock, Faults, Inbox, Requests, Sandbox, Server

MARKER = (
    "mockserver(seed=..., clock=..., pace=..., credentials=..., scenario=...): "
    "what the sandbox of a test is made with"
)
SAMA = "https://api.sama.com"
SHOWN = 50
"""Calls that the report of a failed test shows, the newest ones."""

_SANDBOX = pytest.StashKey["Sandbox"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where the server is to be found or how it is to be started."""
    group = parser.getgroup("mockserver")
    group.addoption(
        "--mockserver-url",
        help="a running server to use (default: $MOCKSERVER_URL, or else one of this run's own)",
    )
    parser.addini(
        "mockserver_mode",
        "where this run's own server lives: thread, process, or memory without a socket",
        default="thread",
    )
    parser.addini(
        "mockserver_settings",
        "its settings, one name=value a line, as with mockserver serve --set",
        type="linelist",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known; with xdist, offer one server to all workers."""
    config.addinivalue_line("markers", MARKER)
    if getattr(config.option, "dist", "no") != "no" and not hasattr(config, "workerinput"):
        from mockserver.pytest_session import Controller

        config.pluginmanager.register(Controller(config), "mockserver-controller")


@pytest.fixture(scope="session")
def mockserver(request: pytest.FixtureRequest) -> Iterator["Server"]:
    """The server of this session, shared by all workers of xdist."""
    from mockserver.pytest_session import offered, own, running

    server = running(request.config) or offered(request.config)
    if server is not None:
        with server:
            yield server
        return
    with own(request.config) as started:
        yield started


@pytest.fixture
def sandbox(request: pytest.FixtureRequest, mockserver: "Server") -> Iterator["Sandbox"]:
    """A fresh world for one test, named after it; its ids are the same in every run."""
    given = _given(request.node)
    scenarios = given.pop("scenario", ())
    given.setdefault("seed", int.from_bytes(_digest(request.node.nodeid)[:4]) >> 1)
    made = mockserver.sandbox(_name(request.node), **given)
    request.node.stash[_SANDBOX] = made
    try:
        for scenario in (scenarios,) if isinstance(scenarios, str) else scenarios:
            made.faults.apply(scenario)
        yield made
    finally:
        del request.node.stash[_SANDBOX]
        made.delete()


@pytest.fixture
def clock(sandbox: "Sandbox") -> "Clock":
    """The sandbox's time: `clock.advance(3600)`."""
    return sandbox.clock


@pytest.fixture
def inbox(sandbox: "Sandbox") -> "Inbox":
    """A receiver for webhooks: give `inbox.url` to a service, look at `inbox.messages()`."""
    return sandbox.inbox


@pytest.fixture
def faults(sandbox: "Sandbox") -> "Faults":
    """Misbehaviour: `faults.add({"type": "status", "status": 503}, when={"first": 2})`."""
    return sandbox.faults


@pytest.fixture
def requests_journal(sandbox: "Sandbox") -> "Requests":
    """What was asked and answered: `requests_journal.expect(match={...}, exactly=1)`."""
    return sandbox.requests


@pytest.fixture
def sama_client(sandbox: "Sandbox", monkeypatch: pytest.MonkeyPatch) -> Any:
    """The official client of Sama; for this test, what is meant for the real host goes here.

    The client has its host in the code, so that it is replaced below it.
    """
    _needs_a_socket(sandbox)
    sama = pytest.importorskip("sama")
    adapter = pytest.importorskip("requests.adapters").HTTPAdapter
    send = adapter.send

    def redirected(self: Any, request: Any, *arguments: Any, **more: Any) -> Any:
        if request.url.startswith(f"{SAMA}/"):
            request.url = sandbox.sama_url + request.url.removeprefix(SAMA)
        return send(self, request, *arguments, **more)

    monkeypatch.setattr(adapter, "send", redirected)
    return sama.Client("test-key")


@pytest.fixture
def toloka_client(sandbox: "Sandbox") -> Any:
    """The official client of Toloka, toloka-kit."""
    _needs_a_socket(sandbox)
    toloka = pytest.importorskip("toloka.client")
    return toloka.TolokaClient("test-token", url=sandbox.toloka_url)


@pytest.fixture
def extend_client(sandbox: "Sandbox") -> Iterator[Any]:
    """The official client of Extend, extend-ai."""
    extend = pytest.importorskip("extend_ai")
    with sandbox.client(timeout=60, follow_redirects=True) as http:
        yield extend.Extend(token="test-token", base_url=sandbox.extend_url, httpx_client=http)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """Add the calls that a failed test has made to its report."""
    report: pytest.TestReport = yield
    made = item.stash.get(_SANDBOX, None)
    if report.failed and made is not None:
        report.sections.append((f"calls in sandbox {made.name}", _journal(made)))
    return report


def _journal(sandbox: "Sandbox") -> str:
    from mockserver.client import line
    from mockserver.engine.errors import MockserverError

    try:
        entries = sandbox.requests.entries(bodies=False)
    except MockserverError as error:
        return f"The journal cannot be read: {error}"
    left_out = [f"... {len(entries) - SHOWN} earlier ones"] if len(entries) > SHOWN else []
    return "\n".join([*left_out, *map(line, entries[-SHOWN:])]) or "none"


def _given(item: pytest.Item) -> dict[str, Any]:
    """What the markers say, the nearest first."""
    given: dict[str, Any] = {}
    for marker in item.iter_markers("mockserver"):
        unknown = set(marker.kwargs) - {"seed", "clock", "pace", "credentials", "scenario"}
        if marker.args or unknown:
            raise pytest.UsageError(f"{item.nodeid}: the marker is {MARKER}")
        given = {**marker.kwargs, **given}
    return given


def _name(item: pytest.Item) -> str:
    """A name that says which test it is, and that no other test or run has."""
    from mockserver.engine.ids import fresh_token

    words = "".join(c if c.isascii() and c.isalnum() else "-" for c in item.name.lower())
    slug = "-".join(filter(None, words.split("-")))[:40].rstrip("-")
    return f"{slug or 'test'}-{_digest(fresh_token()).hex()[:10]}"


def _digest(*parts: Any) -> bytes:
    return blake2b("\0".join(map(str, parts)).encode(), digest_size=16).digest()


def _needs_a_socket(sandbox: "Sandbox") -> None:
    if sandbox.transport is not None:
        pytest.skip("this client needs a socket: mockserver_mode must be thread or process")
