"""CSV files: reading them strictly, and the tasks that their rows are."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mockserver.services.pipelines import errors, fields
from mockserver.services.pipelines.fields import Field

Finding = dict[str, Any]
Cell = Callable[[Field, str, int], Any]
"""What becomes of a file field's cell in a row; Findings raised as ImportRefused."""


class ImportRefused(Exception):
    """A file cannot be used; carries a code and findings."""

    def __init__(self, code: str, message: str, findings: Sequence[Finding] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.findings = list(findings)


@dataclass(slots=True)
class Table:
    """A CSV file: its headers, and its rows by number."""

    headers: list[str]
    rows: list[list[str]] = field(default_factory=list)


def template(listed: Sequence[Field]) -> bytes:
    """The headers that a file for these fields needs, in their order."""
    return written([[each["name"] for each in listed]])


def written(rows: Sequence[Sequence[Any]]) -> bytes:
    """Rows as a CSV file after RFC 4180."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def read(data: bytes, most: int | None = None) -> Table:
    """The table in a CSV file; blank lines are skipped and do not count.

    Raises ImportRefused, with the 1-based number of the data row where that is known.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ImportRefused(
            "csv_not_utf8", f"The file is not UTF-8 text (byte {error.start})."
        ) from None
    lines = _rows(text)
    headers = next(lines, None)
    if headers is None:
        raise ImportRefused("csv_empty", "The file has no header line.")
    table = Table(headers)
    for row in lines:
        table.rows.append(row)
        number = len(table.rows)
        if most is not None and number > most:
            raise ImportRefused("batch_too_large", f"A file has at most {most} rows.")
        if len(row) != len(headers):
            raise _malformed(number, f"has {len(row)} cells, not {len(headers)}")
    return table


def _rows(text: str) -> Iterator[list[str]]:
    """The rows that are not blank, headers first."""
    number = 0
    # Strict, so that a quote which is never closed does not swallow the rest of the file.
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _malformed(number, f"cannot be read: {error}") from None
        if not row:
            continue
        if any("\0" in cell for cell in row):
            raise _malformed(number, "holds a NUL character")
        yield row
        number += 1


def _malformed(number: int, message: str) -> ImportRefused:
    """Row 0 is the header line, which has no number of its own."""
    finding: Finding = {"code": "csv_row_malformed", "message": f"The row {message}."}
    if number:
        finding["row"] = number
    where = f"Row {number}" if number else "The header line"
    return ImportRefused("csv_row_malformed", f"{where} {message}.", [finding])


def check_headers(headers: Sequence[str], listed: Sequence[Field], optional: set[str]) -> None:
    """The headers are exactly the names of the fields, in any order (fact 4.1)."""
    names = {each["name"] for each in listed}
    given = set(headers)
    findings = [
        _header("missing_column", each["name"], "is missing")
        for each in listed
        if each["name"] not in given | optional
    ]
    findings += [
        _header("unexpected_column", name, "is no dataset field")
        for name in dict.fromkeys(headers)
        if name not in names
    ]
    findings += [
        _header("duplicate_column", name, "stands there twice")
        for name in dict.fromkeys(headers)
        if headers.count(name) > 1
    ]
    if findings:
        message = "CSV headers must match the dataset field names."
        raise ImportRefused("csv_header_mismatch", message, findings[: errors.MOST_DETAILS])


def _header(code: str, name: str, message: str) -> Finding:
    return {"code": code, "field": name[:200], "message": f"The column {name[:100]!r} {message}."}


def no_files(of: Field, text: str, row: int) -> Any:
    """A CSV alone brings no files."""
    message = f"{of['name']} holds files, which need a ZIP upload."
    finding = {"row": row, **fields.problem(of["name"], "zip_required", message)}
    raise ImportRefused("zip_required", message, [finding])


def rows_of(
    table: Table, listed: Sequence[Field], file_cell: Cell = no_files
) -> list[dict[str, Any]]:
    """The fields of each row's task; all rows are wrong together or right together."""
    if not table.rows:
        raise ImportRefused("csv_no_rows", "The file has headers, but no rows.")
    by_name = {each["name"]: each for each in listed}
    files = [each for each in listed if each["type"] == "file_upload"]
    found: list[dict[str, Any]] = []
    findings: list[Finding] = []
    for number, row in enumerate(table.rows, 1):
        cells = dict(zip(table.headers, row, strict=True))
        stored, problems = _file_cells(files, cells, number, file_cell)
        texts = {name: text for name, text in cells.items() if name not in stored}
        plain = {name: each for name, each in by_name.items() if name not in stored}
        values, more = fields.checked(plain, texts, texts=True)
        findings += [{"row": number, **each} for each in (*problems, *more)]
        found.append({**values, **{name: value for name, value in stored.items() if value}})
        if len(findings) >= errors.MOST_DETAILS:
            break
    if findings:
        first = findings[0]
        message = f"Row {first['row']}: {first['message']}"
        code = first["code"] if first["code"].startswith("zip_") else "validation_error"
        raise ImportRefused(code, message, findings[: errors.MOST_DETAILS])
    return found


def _file_cells(
    files: Sequence[Field], cells: Mapping[str, str], number: int, file_cell: Cell
) -> tuple[dict[str, Any], list[Finding]]:
    """What the cells of file fields stand for; empty ones are left to the ordinary rules."""
    stored: dict[str, Any] = {}
    findings: list[Finding] = []
    for each in files:
        text = cells.get(each["name"], "")
        if not text:
            continue
        try:
            if value := file_cell(each, text, number):
                stored[each["name"]] = value
        except ImportRefused as refusal:
            stored[each["name"]] = None
            findings += refusal.findings
    return stored, findings
