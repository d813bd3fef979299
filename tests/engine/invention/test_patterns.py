"""Patterns: texts written after a regular expression match it."""

import re

import pytest

from mockserver.engine.contract.schemas import judge
from mockserver.engine.examples import Examples
from mockserver.engine.invention.patterns import writer


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "^$",
        "abc",
        "^[a-z]+$",
        "^[A-Z]{3}-\\d{4}$",
        "^(new|done|in progress)$",
        "^(?:a|b)?c*d+$",
        "^(?P<name>x)(?<other>y)$",
        "^[^/\\s]{2,5}$",
        "^[-a\\]]{3}$",
        "^[\\w.-]+@[a-z]+\\.(?:com|org)$",
        "^a{2}b{2,}c{0,3}?$",
        "^\\x41\\u00e9\\n\\.$",
        "^\\w{5}\\b$",
        "^\\D\\S\\W$",
        "^[]a]$",
        "^wr_[A-Za-z0-9_-]{21}$",
        "^(\\d+\\.){2}\\d+$",
    ],
)
def test_a_text_matches_its_pattern(pattern: str) -> None:
    write = writer(pattern)
    for number in range(50):
        text = write(Examples(0).faker(pattern, number))
        assert judge("pattern", pattern).is_valid(text), (pattern, text)


@pytest.mark.parametrize(
    "pattern",
    [
        "(?=a)b",
        "(?!a)b",
        "(?<=a)b",
        "(?<!a)b",
        "(a)\\1",
        "\\p{L}",
        "a)",
        "(a",
        "[a",
        "a{3",
        "a{3,2}",
    ],
)
def test_what_is_too_intricate_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=re.escape(pattern)):
        writer(pattern)
