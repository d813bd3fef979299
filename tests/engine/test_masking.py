"""Tests that no credential is readable in what is shown."""

import pytest

from mockserver.engine.masking import masked_headers, masked_query


def test_of_a_credential_header_only_its_scheme_stays() -> None:
    shown = masked_headers([("Authorization", "Bearer sk_1"), ("X-Auth-Token", "t"), ("A", "b")])
    assert shown == {"authorization": "Bearer ***", "x-auth-token": "***", "a": "b"}


def test_repeated_headers_are_joined() -> None:
    assert masked_headers([("Via", "a"), ("via", "b")]) == {"via": "a, b"}


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("access_key=secret&page=1", "access_key=***&page=1"),
        ("page=1&ACCESS_KEY=secret", "page=1&ACCESS_KEY=***"),
        ("http://u:p@host/x?token=1#a", "http://***@host/x?token=***#a"),
        ("X-Amz-Signature=abc&X-Amz-Date=2", "X-Amz-Signature=***&X-Amz-Date=2"),
        ("monkey=banana", "monkey=banana"),
    ],
)
def test_credentials_in_a_query_are_hidden_and_nothing_else(given: str, shown: str) -> None:
    assert masked_query(given) == shown
