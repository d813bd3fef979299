"""Names: what a property is called says what is in it."""

import re

import pytest

from mockserver.engine.examples import Examples
from mockserver.engine.invention.names import say, tokens


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("createdAt", ["created", "at"]),
        ("image_url", ["image", "url"]),
        ("HTTPStatus", ["http", "status"]),
        ("line-2", ["line", "2"]),
        ("", []),
    ],
)
def test_a_name_is_taken_apart_however_it_is_spelled(name: str, words: list[str]) -> None:
    assert tokens(("list", name)) == words


def test_the_items_of_a_list_go_by_the_name_of_the_list() -> None:
    assert tokens(("customer", "phoneNumbers", "*")) == ["phone", "numbers"]
    assert tokens(("*",)) == []


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("email", r"[\w.]+@example\.com"),
        ("contactEmail", r"[\w.]+@example\.com"),
        ("emails", r"[\w.]+@example\.com"),
        ("url", r"https://\w+\.example\.com/\w+"),
        ("image_url", r"https://\w+\.example\.com/\w+\.jpg"),
        ("delivered_at", r"2025-\d\d-\d\dT\d\d:\d\d:\d\dZ"),
        ("dueDate", r"2025-\d\d-\d\d"),
        ("price", r"\d+\.\d\d"),
        ("phone", r"\+1-555-01\d\d"),
        ("currency", r"[A-Z]{3}"),
        ("full_name", r"\S+ .+"),
        ("question", r".+\?"),
        ("transcript", r".+\."),
    ],
)
def test_the_words_of_a_name_decide_what_is_said(name: str, pattern: str) -> None:
    for key in range(10):
        said = say((name,), Examples(0).faker(key))
        assert said is not None
        assert re.fullmatch(pattern, said)


def test_a_name_that_says_nothing_has_nothing_said() -> None:
    assert say(("frobnication",), Examples(0).faker()) is None
    assert say((), Examples(0).faker()) is None
