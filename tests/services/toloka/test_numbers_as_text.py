"""Numbers that come as text keep to the limits of numbers."""

import json
from pathlib import Path

import httpx
import pytest

from tests.contract.subjects import TOLOKA

PROJECT = {
    "public_name": "Cats",
    "public_description": "Cats",
    "public_instructions": "Look.",
    "assignments_issuing_type": "AUTOMATED",
    "task_spec": {
        "input_spec": {"image": {"type": "url"}},
        "output_spec": {"kind": {"type": "string"}},
        "view_spec": {"markup": "", "script": "", "styles": ""},
    },
}


@pytest.mark.anyio
@pytest.mark.parametrize(("given", "status"), [("-5", 400), ("0", 400), ("5", 201), (-5, 400)])
async def test_a_number_below_its_limit_is_refused_as_text_too(
    given: str | int, status: int, tmp_path: Path
) -> None:
    app = TOLOKA.app(tmp_path)
    async with app.running():
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            answer = await client.post(
                "/toloka/api/v1/projects",
                headers={
                    "Authorization": "ApiKey toloka-token",
                    "Content-Type": "application/json",
                },
                content=json.dumps({**PROJECT, "max_active_assignments_count": given}),
            )
    assert answer.status_code == status, answer.text
