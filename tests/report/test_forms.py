"""Tests of the report as a table, as JUnit XML and as a page."""

from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

from mockserver.report import as_table, gather
from mockserver.report.junit import as_junit
from mockserver.report.page import as_page
from tests.report.conftest import AGENT


def test_the_table_names_the_field_the_rule_and_what_was_sent(report: dict[str, Any]) -> None:
    table = as_table(report)
    assert '✗ listItems sent /body/name: must be text, not "<b>"' in table
    assert "rule: type, in GET /toy/v1/items" in table
    assert 'value: "<b>\\u0000"' in table
    assert "✗ GET /toy/v1/itms matches nothing" in table
    assert "nearest: GET /v1/items" in table
    assert table.splitlines()[-1].endswith("1 violation, 1 call that matched nothing")


def test_the_table_of_nothing_is_one_line() -> None:
    assert as_table(gather([], {})).splitlines() == [
        "contract: 0 of 0 operations called, 0 violations, 0 calls that matched nothing"
    ]


def test_junit_has_a_case_for_each_operation_and_call_to_nowhere(report: dict[str, Any]) -> None:
    root = ElementTree.fromstring(as_junit(report))
    assert (root.get("tests"), root.get("failures")) == ("2", "2")
    (suite,) = root
    assert suite.get("name") == AGENT
    operation, unmatched = suite
    failure = operation.find("failure")
    assert failure is not None
    assert failure.get("message") == '/body/name: must be text, not "<b>"'
    assert "/toy/v1/items" in (failure.text or "")
    nowhere = unmatched.find("failure")
    assert nowhere is not None
    assert nowhere.get("message") == "matches no operation; nearest: GET /v1/items"


class Page(HTMLParser):
    """Collects texts, tags and addresses; complains about tags that are not closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.open: list[str] = []
        self.addresses: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what is opened."""
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in ("meta",):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Check that it is what was opened last."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Note the text."""
        self.texts.append(data)


def test_the_page_is_whole_and_needs_nothing_else(report: dict[str, Any]) -> None:
    page = as_page(report)
    read = Page(page)
    assert (read.open, read.addresses) == ([], [])
    assert "<script" not in page
    assert "url(" not in page


def test_what_clients_sent_is_text_on_the_page_and_never_markup(report: dict[str, Any]) -> None:
    read = Page(as_page(report))
    assert AGENT in read.texts
    assert '"<b>\\u0000"' in read.texts
    assert "GET /v1/items" in read.texts


def test_a_page_without_calls_says_so() -> None:
    assert "No call reached any of the services." in as_page(gather([], {}))
