"""Tests of reading CSV files, down to what nobody would send on purpose."""

import csv
import io
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockserver.services.pipelines import fields, imports
from mockserver.services.pipelines.imports import ImportRefused
from tests.services.pipelines.world import BASE, KEY, World

FIELDS = [
    fields.complete({"name": "input_text", "data_source": "predefined"}, None),
    fields.complete({"name": "category", "data_source": "predefined", "required": False}, None),
]
DOCUMENTED = {
    "csv_empty",
    "csv_header_mismatch",
    "csv_no_rows",
    "csv_row_malformed",
    "csv_not_utf8",
    "batch_too_large",
    "validation_error",
}

CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


def read(data: bytes) -> list[dict[str, Any]]:
    """The tasks in a file."""
    table = imports.read(data, 5000)
    imports.check_headers(table.headers, FIELDS, set())
    return imports.rows_of(table, FIELDS)


def outcome(data: bytes) -> tuple[list[dict[str, Any]], ImportRefused | None]:
    """The tasks in a file, or why there are none."""
    try:
        return read(data), None
    except ImportRefused as refusal:
        return [], refusal


@given(
    st.lists(st.tuples(CELL.filter(bool), CELL), min_size=1, max_size=20),
    # With another line end the writer leaves a lone carriage return unquoted.
    st.sampled_from(
        [("\r\n", csv.QUOTE_MINIMAL), *((end, csv.QUOTE_ALL) for end in ("\r\n", "\n", "\r"))]
    ),
    st.booleans(),
)
def test_whatever_was_written_is_read(
    rows: list[tuple[str, str]], form: tuple[str, Any], mark: bool
) -> None:
    """Quotes, commas, line ends inside cells, any of the line ends, with and without a BOM."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=form[0], quoting=form[1])
    writer.writerow(["category", "input_text"])
    writer.writerows([(category, value) for value, category in rows])
    data = text.getvalue().encode("utf-8-sig" if mark else "utf-8")
    expected = [
        {"input_text": value, **({"category": category} if category else {})}
        for value, category in rows
    ]
    assert read(data) == expected


@given(
    st.binary(max_size=200)
    | st.binary(max_size=200).map(lambda tail: b"input_text,category\n" + tail)
    | st.text('",\r\n\0 abc\ufeff', max_size=60).map(
        lambda tail: f"input_text,category\n{tail}".encode()
    )
)
def test_any_bytes_are_tasks_or_a_documented_refusal(data: bytes) -> None:
    rows, refusal = outcome(data)
    if refusal is not None:
        assert refusal.code in DOCUMENTED
        assert all(finding["message"] for finding in refusal.findings)
    else:
        assert rows
        assert all(row["input_text"] for row in rows)


@pytest.mark.anyio
@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(data=st.text('",\r\n\0ab\ufeff\u00e9', max_size=40), header=st.booleans())
async def test_no_file_breaks_the_call(world: World, data: str, header: bool) -> None:
    """The right tasks or an error of the caller's, never one of ours."""
    content = (("input_text,category\n" if header else "") + data).encode()
    before = len(world.documents("tasks"))
    answer = await world.client.post(
        f"{BASE}/workflows/42/tasks/csv",
        content=content,
        headers={"X-API-Key": KEY, "Content-Type": "text/csv"},
    )
    made = len(world.documents("tasks")) - before
    if answer.status_code == 201:
        assert answer.json()["created_count"] == made > 0
    else:
        assert (answer.status_code, made) == (422, 0)
        assert answer.json()["error"]["code"] in DOCUMENTED


def test_a_table_can_be_written_and_read_again() -> None:
    rows = [["a", "b"], ['x"y', "1,2"], ["line\r\nbreak", ""]]
    table = imports.read(imports.written(rows))
    assert [table.headers, *table.rows] == rows


def test_findings_stop_at_a_hundred() -> None:
    data = b"input_text,category\n" + b",x\n" * 500
    with pytest.raises(ImportRefused) as refusal:
        read(data)
    assert len(refusal.value.findings) == 100
