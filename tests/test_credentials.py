"""Tests of where a call carries its credential."""

import pytest

from mockserver.credentials import Place, credential_of, credential_places

PLACES = (
    Place("header", "authorization"),
    Place("header", "x-api-key"),
    Place("query", "access_key"),
)


@pytest.mark.parametrize(
    ("headers", "query", "expected"),
    [
        ({b"authorization": b"Bearer k"}, b"", "k"),
        ({b"authorization": b"OAuth k"}, b"", "k"),
        ({b"authorization": b"k"}, b"", "k"),
        ({b"x-api-key": b"k"}, b"", "k"),
        ({}, b"page=1&access_key=k%2B", "k+"),
        ({}, b"page=1", None),
        ({b"authorization": b" "}, b"access_key=", None),
    ],
)
def test_a_credential_is_found_where_the_contract_says(
    headers: dict[bytes, bytes], query: bytes, expected: str | None
) -> None:
    assert credential_of(PLACES, headers, query) == expected


def test_places_come_from_the_security_schemes_of_a_contract() -> None:
    schemes = {
        "a": {"type": "http", "scheme": "bearer"},
        "b": {"type": "apiKey", "in": "query", "name": "access_key"},
    }
    assert credential_places({"components": {"securitySchemes": schemes}}) == (
        Place("header", "authorization"),
        Place("query", "access_key"),
    )
    assert credential_places({}) == ()
