"""Tests of presigned URLs: what they allow, for how long, and that nothing of them can change."""

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.engine.s3 import Request, S3Error, Signer

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC).timestamp()
SIGNER = Signer("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
TASKS = "/__uploads/sama/batches/612584/tasks.json"


def presign(
    request: Request, base_url: str = "http://127.0.0.1:8080", expires: float = 14_400
) -> str:
    return SIGNER.presign(request, base_url=base_url, at=AT, expires=expires)


def check(
    method: str, url: str, headers: Mapping[str, str] | None = None, after: float = 1
) -> dict[str, str]:
    """Check a URL as a server would that was called with it."""
    parts = urlsplit(url)
    sent = {"host": parts.netloc, **(headers or {})}
    return SIGNER.check(Request(method, unquote(parts.path), parts.query, sent), AT + after)


def refusal(
    method: str, url: str, headers: Mapping[str, str] | None = None, after: float = 1
) -> S3Error:
    with pytest.raises(S3Error) as caught:
        check(method, url, headers, after)
    return caught.value


PUT = presign(Request("PUT", TASKS, ""))


@pytest.mark.parametrize(
    ("request_", "base_url", "signature"),
    [
        (
            Request("PUT", TASKS, ""),
            "http://127.0.0.1:8080",
            "2d0ad03c607e4e46fb7910522d40370444a3129051ebba748f446f90981ea093",
        ),
        (
            Request(
                "GET",
                "/__uploads/a b+c/é~.csv",
                "response-content-disposition=attachment%3B+filename%3D%22a+b.csv%22",
            ),
            "http://localhost:80/@team-a",
            "90ddc4418c10e1a16cc7914d5b5f525c004be563c67e32efde7031e7407fc136",
        ),
        (
            Request("PUT", "/__uploads/x.json", "", {"content-type": "application/json"}),
            "http://127.0.0.1:8080",
            "622a54f7877c47e86caee4245a53d9c45dbf7eac0bf7482401d6fcfc363202d3",
        ),
    ],
    ids=["plain", "quoted", "content type"],
)
def test_signatures_are_those_of_the_aws_sdk(
    request_: Request, base_url: str, signature: str
) -> None:
    # Made with S3SigV4QueryAuth of botocore 1.43 for the same moment and keys.
    assert presign(request_, base_url).rpartition("X-Amz-Signature=")[2] == signature


def test_a_url_says_when_it_was_made_and_how_long_it_lives() -> None:
    query = dict(parse_qsl(urlsplit(PUT).query))
    assert query["X-Amz-Date"] == "20260102T030405Z"
    assert query["X-Amz-Expires"] == "14400"
    assert query["X-Amz-Credential"] == "AKIAIOSFODNN7EXAMPLE/20260102/us-east-1/s3/aws4_request"
    assert PUT.startswith("http://127.0.0.1:8080/__uploads/sama/batches/612584/tasks.json?X-Amz-")


def test_a_url_keeps_the_sandbox_and_drops_the_default_port() -> None:
    url = presign(Request("GET", "/__uploads/k", ""), "https://Mock.Test:443/@team-a/")
    assert url.startswith("https://mock.test/@team-a/__uploads/k?")
    assert check("GET", url)


@pytest.mark.parametrize("after", [0, 1, 14_399.9])
def test_a_url_is_good_until_its_last_second(after: float) -> None:
    assert check("PUT", PUT, after=after)["X-Amz-Expires"] == "14400"


@pytest.mark.parametrize("after", [14_400, 1e6])
def test_a_late_request_is_refused_as_expired(after: float) -> None:
    error = refusal("PUT", PUT, after=after)
    assert (error.status, error.code, error.message) == (403, "AccessDenied", "Request has expired")
    assert error.facts["Expires"] == "2026-01-02T07:04:05Z"
    assert "ServerTime" in error.facts


def test_a_request_from_the_future_is_not_valid_yet() -> None:
    assert check("PUT", PUT, after=-900)
    error = refusal("PUT", PUT, after=-901)
    assert (error.status, error.code) == (403, "AccessDenied")


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE", "put"])
def test_a_url_allows_no_other_method(method: str) -> None:
    error = refusal(method, PUT)
    assert (error.status, error.code) == (403, "SignatureDoesNotMatch")
    assert str(error.facts["CanonicalRequest"]).startswith(method)


def test_a_url_is_bound_to_its_host() -> None:
    assert refusal("PUT", PUT, {"host": "localhost:8080"}).code == "SignatureDoesNotMatch"


def test_a_signed_content_type_has_to_be_sent() -> None:
    url = presign(Request("PUT", "/__uploads/x.json", "", {"content-type": "application/json"}))
    assert check("PUT", url, {"content-type": "application/json"})
    assert refusal("PUT", url, {"content-type": "text/csv"}).code == "SignatureDoesNotMatch"
    assert refusal("PUT", url).code == "SignatureDoesNotMatch"


def test_a_url_without_a_signed_type_takes_any() -> None:
    assert check("PUT", PUT, {"content-type": "text/csv"})


def test_a_request_that_is_not_signed_at_all_is_denied() -> None:
    error = refusal("GET", "http://127.0.0.1:8080/__uploads/k")
    assert (error.status, error.code, error.message) == (403, "AccessDenied", "Access Denied")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("HMAC-SHA256", "HMAC-SHA1"),
        ("20260102T030405Z", "20261302T030405Z"),
        ("20260102T030405Z", "yesterday"),
        ("Expires=14400", "Expires=soon"),
        ("Expires=14400", "Expires=604801"),
        ("Expires=14400", "Expires=0"),
        ("Expires=14400", f"Expires={'9' * 5_000}"),
        ("us-east-1", "eu-west-1"),
        ("20260102%2F", "20260103%2F"),
        ("SignedHeaders=host", "SignedHeaders=date"),
        ("X-Amz-Date=", "X-Amz-Expires=1&X-Amz-Date="),
    ],
)
def test_parameters_that_make_no_sense_are_refused_as_such(old: str, new: str) -> None:
    error = refusal("PUT", PUT.replace(old, new, 1))
    assert (error.status, error.code) == (400, "AuthorizationQueryParametersError")


def test_a_missing_parameter_is_named() -> None:
    error = refusal("PUT", PUT.rpartition("&")[0])
    assert (error.status, error.code) == (403, "AccessDenied")
    assert "X-Amz-Signature" in error.message


def test_another_access_key_does_not_exist() -> None:
    error = refusal("PUT", PUT.replace("AKIAIOSFODNN7", "AKIAIOSFODNN8"))
    assert (error.status, error.code) == (403, "InvalidAccessKeyId")


def test_an_authorization_header_beside_the_signature_is_one_too_many() -> None:
    error = refusal("PUT", PUT, {"authorization": "Bearer secret"})
    assert (error.status, error.code) == (400, "InvalidArgument")
    assert b"secret" not in error.xml("/", "1", "2")


def test_instructions_in_headers_have_to_be_signed() -> None:
    error = refusal("PUT", PUT, {"x-amz-acl": "public-read"})
    assert (error.status, error.code) == (403, "AccessDenied")
    assert error.facts["HeadersNotSigned"] == "x-amz-acl"


LETTERS = st.characters(min_codepoint=0x21, max_codepoint=0x7E)
START = len("http://")


def meaning(url: str) -> tuple[str, str, list[tuple[str, str]]]:
    """What a server takes a URL for: two spellings of one letter are the same."""
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    return parts.netloc.lower(), unquote(parts.path), sorted(query)


@given(st.integers(START, len(PUT) - 1), LETTERS)
def test_any_other_letter_in_the_url_is_refused(position: int, letter: str) -> None:
    changed = PUT[:position] + letter + PUT[position + 1 :]
    try:
        same = meaning(changed) == meaning(PUT)
    except ValueError:
        return
    if not same:
        assert refusal("PUT", changed).status in (400, 403)


@given(st.integers(START, len(PUT)), LETTERS)
def test_any_letter_more_in_the_url_is_refused(position: int, letter: str) -> None:
    changed = PUT[:position] + letter + PUT[position:]
    try:
        same = meaning(changed) == meaning(PUT)
    except ValueError:
        return
    if not same:
        assert refusal("PUT", changed).status in (400, 403)


@given(st.text(min_size=1, max_size=40).filter(lambda text: text.isprintable()))
def test_any_printable_key_can_be_signed(key: str) -> None:
    assert check("PUT", presign(Request("PUT", f"/__uploads/{key}", "")))


@given(st.text())
def test_any_error_is_well_formed_xml(text: str) -> None:
    body = S3Error(400, "Code", "x", Text=text.replace("\ud800", "")).xml("/a&b", "1", "2")
    root = ElementTree.fromstring(body)
    assert root.tag == "Error"
    assert [child.tag for child in root] == [
        "Code", "Message", "Text", "Resource", "RequestId", "HostId",
    ]  # fmt: skip


@pytest.mark.parametrize("expires", [0, -1, 604_801])
def test_no_url_lives_longer_than_a_week(expires: float) -> None:
    with pytest.raises(ValueError, match="604800"):
        presign(Request("PUT", "/__uploads/k", ""), expires=expires)
