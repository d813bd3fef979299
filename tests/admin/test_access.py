"""Tests of who may steer the sandbox."""

from typing import Any

import pytest

from mockserver.admin.access import is_loopback
from tests.admin.conftest import Opening, Panel

pytestmark = pytest.mark.anyio


async def status(panel: Panel, **headers: str) -> int:
    """What a GET with these headers is answered."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return (await panel.client.get("/clock", headers=named)).status_code


async def test_on_loopback_no_token_is_needed(panel: Panel) -> None:
    assert await status(panel) == 200


async def test_a_token_that_was_set_must_be_shown(opened: Opening) -> None:
    panel = await opened(admin_token="open sesame")
    answer = await panel.client.get("/clock")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["title"] == "Unauthorized"
    assert await status(panel, authorization="Bearer open") == 401
    assert await status(panel, authorization="Basic open sesame") == 401
    assert await status(panel, authorization="bearer open sesame") == 200


async def test_beyond_loopback_without_a_token_everything_is_refused(opened: Opening) -> None:
    panel = await opened(host="0.0.0.0")
    answer = await panel.client.get("/health")
    assert answer.status_code == 401
    assert "start it with --admin-token" in answer.json()["detail"]
    assert await status(panel, authorization="Bearer None") == 401


async def test_beyond_loopback_the_token_opens_under_any_host(opened: Opening) -> None:
    panel = await opened(host="0.0.0.0", admin_token="t")
    assert await status(panel, authorization="Bearer t", host="mock.example.com") == 200


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"origin": "http://127.0.0.1:8080"}, 200),
        ({"origin": "http://127.0.0.1:3000"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://["}, 403),
        ({"sec_fetch_site": "same-origin"}, 200),
        ({"sec_fetch_site": "none"}, 200),
        ({"sec_fetch_site": "same-site"}, 403),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"origin": "http://127.0.0.1:8080", "sec_fetch_site": "same-origin"}, 200),
    ],
)
async def test_web_pages_of_other_origins_are_refused(
    panel: Panel, headers: dict[str, str], expected: int
) -> None:
    assert await status(panel, **headers) == expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost:8080", 200),
        ("[::1]:8080", 200),
        ("192.168.1.5:8080", 200),
        ("mockserver:8080", 200),
        ("app.localhost", 200),
        ("host.docker.internal:8080", 200),
        ("toy.example", 200),
        ("evil.example:8080", 403),
    ],
)
async def test_a_public_name_that_points_here_is_refused(
    panel: Panel, host: str, expected: int
) -> None:
    assert await status(panel, host=host) == expected
    assert await status(panel, host=host, origin=f"http://{host}") == expected


async def test_the_public_url_names_a_host_that_is_ours(opened: Opening) -> None:
    panel = await opened(public_url="https://mock.example.com")
    assert await status(panel, host="mock.example.com") == 200
    assert await status(panel, host="mock.example.com", origin="https://mock.example.com") == 200
    assert await status(panel, host="127.0.0.1:8080", origin="https://mock.example.com") == 200
    assert await status(panel, host="other.example.com") == 403


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("a.b", False)],
)
def test_loopback_is_what_only_this_machine_reaches(host: Any, expected: bool) -> None:
    assert is_loopback(host) is expected
