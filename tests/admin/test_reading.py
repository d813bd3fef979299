"""Tests of bodies as people send them by hand."""

import pytest

from tests.admin.conftest import Panel

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("media_type", "expected"),
    [
        ("application/x-www-form-urlencoded", 200),
        ("application/json; charset=utf-8", 200),
        ("text/plain", 415),
    ],
)
async def test_what_curl_sends_without_a_header_is_json(
    panel: Panel, media_type: str, expected: int
) -> None:
    answer = await panel.client.put(
        "/clock", content=b'{"rate": 60}', headers={"content-type": media_type}
    )
    assert answer.status_code == expected
    assert ((await panel.get("/clock"))["rate"] == 60) is (expected == 200)
