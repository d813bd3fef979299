"""Tests of one setting: what each kind takes, and what it says about anything else."""

from pathlib import Path
from typing import Any

import pytest

from mockserver.option import Option


def option(kind: str, **more: Any) -> Option:
    """An option of a kind."""
    return Option(name="log_format", kind=kind, default=None, help="", **more)


def test_a_name_has_one_flag_and_one_variable() -> None:
    assert option("text").flag == "--log-format"
    assert option("text").variable == "MOCKSERVER_LOG_FORMAT"


@pytest.mark.parametrize(
    ("kind", "given", "read"),
    [
        ("text", "a b", "a b"),
        ("path", "some/where", Path("some/where")),
        ("path", Path("some"), Path("some")),
        ("integer", "42", 42),
        ("integer", 42, 42),
        ("number", "1.5", 1.5),
        ("number", 2, 2.0),
        ("switch", True, True),
        ("switch", "yes", True),
        ("switch", "OFF", False),
        ("switch", "0", False),
        ("switch", 1, True),
        ("list", "a, b,,c", ("a", "b", "c")),
        ("list", ["a", "b,c"], ("a", "b", "c")),
        ("list", "", ()),
        ("size", 10, 10),
        ("size", "10", 10),
        ("size", "500k", 500 * 1024),
        ("size", "64M", 64 * 1024**2),
        ("size", "64 MiB", 64 * 1024**2),
        ("size", "5GB", 5 * 1024**3),
        ("size", "7b", 7),
        ("clock", "real", 1.0),
        ("clock", "Frozen", 0.0),
        ("clock", "60", 60.0),
        ("clock", 0.5, 0.5),
        ("time", "1970-01-01T00:01:00Z", 60.0),
        ("time", "1970-01-02", 86400.0),
        ("url", "http://localhost:8080/", "http://localhost:8080"),
        ("url", "https://mock.example/base", "https://mock.example/base"),
    ],
)
def test_a_value_is_read_as_its_kind(kind: str, given: Any, read: Any) -> None:
    value = option(kind).read(given)
    assert (value, type(value)) == (read, type(read))


@pytest.mark.parametrize(
    ("kind", "given", "complaint"),
    [
        ("text", 5, "must be text"),
        ("path", 5, "must be a path"),
        ("path", "", "must be a path"),
        ("integer", "4.2", "must be a whole number"),
        ("integer", 4.2, "must be a whole number"),
        ("integer", True, "must be a whole number"),
        ("number", "nan", "must be a number"),
        ("number", True, "must be a number"),
        ("number", [], "must be a number"),
        ("switch", "maybe", "must be true or false"),
        ("list", [1], "must be a list of texts"),
        ("list", 5, "must be a list of texts"),
        ("size", "12q", "must be a number of bytes such as"),
        ("size", "M", "must be a number of bytes such as"),
        ("size", "-5", "must be a number of bytes such as"),
        ("size", True, "must be a number of bytes such as"),
        ("clock", "fast", "is not one of real, frozen, or a rate"),
        ("clock", "-1", "is not one of real, frozen, or a rate"),
        ("clock", "inf", "is not one of real, frozen, or a rate"),
        ("time", "yesterday", "is not a time such as"),
        ("url", "localhost:8080", "is not a URL such as"),
        ("url", "ftp://host", "is not a URL such as"),
        ("url", "http://host:port", "is not a URL such as"),
        ("url", "http://host/?q=1", "is not a URL such as"),
    ],
)
def test_anything_else_is_refused_with_what_is_allowed(
    kind: str, given: Any, complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        option(kind).read(given)


def test_a_toml_date_is_a_time() -> None:
    from datetime import UTC, date, datetime

    assert option("time").read(date(1970, 1, 2)) == 86400.0
    assert option("time").read(datetime(1970, 1, 1, 0, 1, tzinfo=UTC)) == 60.0


def test_a_choice_is_one_of_the_choices() -> None:
    pace = option("text", choices=("fast", "instant"))
    assert pace.read("fast") == "fast"
    with pytest.raises(ValueError, match="is not one of fast, instant"):
        pace.read("slow")


@pytest.mark.parametrize("number", [-1, 65536])
def test_a_number_stays_between_its_bounds(number: int) -> None:
    port = option("integer", low=0, high=65535)
    assert [port.read(edge) for edge in (0, 65535)] == [0, 65535]
    with pytest.raises(ValueError, match="must be between 0 and 65535"):
        port.read(number)


def test_a_number_may_have_a_lower_bound_only() -> None:
    with pytest.raises(ValueError, match="must be at least 1"):
        option("integer", low=1).read(0)
