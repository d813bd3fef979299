"""The dialect of S3: presigned URLs by Signature Version 4, and errors as XML."""

import base64
import hashlib
import hmac
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from xml.sax.saxutils import escape

ALGORITHM = "AWS4-HMAC-SHA256"
SCOPE = "us-east-1/s3/aws4_request"
LONGEST = 7 * 24 * 3600
"""Seconds that a presigned URL may live at most."""
SKEW = 900.0
"""How far ahead of the server's clock a request may be dated."""
MAX_BYTES = "x-mockserver-max-bytes"
"""Query parameter of our own, signed with the rest: the most bytes that the URL lets in."""

_REQUIRED = (
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-SignedHeaders",
    "X-Amz-Signature",
)
_DEFAULT_PORTS = {"http": 80, "https": 443}
_DATE = re.compile(r"\d{8}T\d{6}Z", re.ASCII)
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


class S3Error(Exception):
    """A refusal in the object store's own words; `facts` become elements of the XML document."""

    def __init__(self, status: int, code: str, message: str, **facts: object) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.facts = facts

    def xml(self, resource: str, request_id: str, host_id: str) -> bytes:
        """The document that S3 answers with."""
        parts = {
            "Code": self.code,
            "Message": self.message,
            **self.facts,
            "Resource": resource,
            "RequestId": request_id,
            "HostId": host_id,
        }
        inside = "".join(
            # An underscore stands for the hyphen that a Python name cannot hold.
            f"<{tag}>{_text(value)}</{tag}>"
            for tag, value in ((name.replace("_", "-"), value) for name, value in parts.items())
        )
        return f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{inside}</Error>'.encode()


def malformed(message: str) -> S3Error:
    """The presigned URL is not one."""
    return S3Error(400, "AuthorizationQueryParametersError", message)


@dataclass(frozen=True, slots=True)
class Request:
    """The signed parts of a request as it arrived: `path` decoded, header names lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs and checks presigned URLs with one pair of keys."""

    access_key: str
    secret: str

    def presign(
        self,
        request: Request,
        *,
        base_url: str,
        at: float,
        expires: float,
    ) -> str:
        """The URL under `base_url` that allows `request` for `expires` seconds from `at`.

        `request.path` begins after the base URL; its query is added to, its headers are those that
        the caller will have to send.
        """
        if not 0 < expires <= LONGEST:
            raise ValueError(f"a presigned URL lives 1 to {LONGEST} seconds, not {expires}")
        base = urlsplit(base_url)
        host = _host(base.scheme, base.netloc)
        headers = {**request.headers, "host": host}
        date = f"{_moment(at):%Y%m%dT%H%M%SZ}"
        query = parse_qsl(request.query, keep_blank_values=True)
        query += [
            ("X-Amz-Algorithm", ALGORITHM),
            ("X-Amz-Credential", f"{self.access_key}/{date[:8]}/{SCOPE}"),
            ("X-Amz-Date", date),
            ("X-Amz-Expires", str(math.ceil(expires))),
            ("X-Amz-SignedHeaders", ";".join(sorted(headers))),
        ]
        folder = base.path.rstrip("/")
        path = unquote(folder) + request.path
        canonical = canonical_request(request.method, path, query, headers)
        signature = self._signature(date, string_to_sign(date, canonical))
        return (
            f"{base.scheme}://{host}{folder}{quote(request.path, safe='/-_.~')}"
            f"?{canonical_query(query)}&X-Amz-Signature={signature}"
        )

    def check(self, request: Request, now: float) -> dict[str, str]:
        """The query's parameters when its signature covers the request, else an S3Error."""
        pairs = parse_qsl(request.query, keep_blank_values=True, errors="surrogateescape")
        query = dict(pairs)
        _check_form(request, query, len(query) < len(pairs))
        date = query["X-Amz-Date"]
        self._check_credential(query["X-Amz-Credential"], date[:8])
        _check_time(_parsed(date), int(query["X-Amz-Expires"]), now)
        names = query["X-Amz-SignedHeaders"].split(";")
        headers = {name: request.headers.get(name, "") for name in names}
        signed = [pair for pair in pairs if pair[0] != "X-Amz-Signature"]
        canonical = canonical_request(request.method, request.path, signed, headers)
        text = string_to_sign(date, canonical)
        provided = query["X-Amz-Signature"]
        expected = self._signature(date, text)
        if not hmac.compare_digest(expected.encode(), provided.encode(errors="surrogateescape")):
            raise S3Error(
                403,
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided. "
                "Check your key and signing method.",
                AWSAccessKeyId=self.access_key,
                StringToSign=text,
                SignatureProvided=provided,
                CanonicalRequest=canonical,
            )
        _check_unsigned(request.headers, names)
        return query

    def _check_credential(self, credential: str, day: str) -> None:
        access_key, _, scope = credential.partition("/")
        if scope != f"{day}/{SCOPE}":
            raise malformed(
                f"Error parsing the X-Amz-Credential parameter; the scope must be {day}/{SCOPE}."
            )
        if access_key != self.access_key:
            raise S3Error(
                403,
                "InvalidAccessKeyId",
                "The AWS Access Key Id you provided does not exist in our records.",
                AWSAccessKeyId=access_key,
            )

    def _signature(self, date: str, text: str) -> str:
        key = b"AWS4" + self.secret.encode()
        for part in (date[:8], *SCOPE.split("/")):
            key = hmac.digest(key, part.encode(), "sha256")
        return hmac.new(key, text.encode(errors="surrogateescape"), "sha256").hexdigest()


def canonical_request(
    method: str, path: str, query: Iterable[tuple[str, str]], headers: Mapping[str, str]
) -> str:
    """The request in the one spelling that is signed; the payload of a presigned URL is not."""
    names = sorted(headers)
    return "\n".join(
        (
            method,
            quote(path, safe="/-_.~", errors="surrogateescape"),
            canonical_query(query),
            *(f"{name}:{' '.join(headers[name].split())}" for name in names),
            "",
            ";".join(names),
            "UNSIGNED-PAYLOAD",
        )
    )


def canonical_query(query: Iterable[tuple[str, str]]) -> str:
    """Parameters sorted, and quoted as RFC 3986 says."""
    quoted = sorted((_quoted(name), _quoted(value)) for name, value in query)
    return "&".join(f"{name}={value}" for name, value in quoted)


def string_to_sign(date: str, canonical: str) -> str:
    """What the signature is made over."""
    digest = hashlib.sha256(canonical.encode(errors="surrogateescape")).hexdigest()
    return f"{ALGORITHM}\n{date}\n{date[:8]}/{SCOPE}\n{digest}"


def content_md5(header: str) -> bytes:
    """The digest in a Content-MD5 header."""
    try:
        digest = base64.b64decode(header, validate=True)
    except ValueError:
        digest = b""
    if len(digest) != hashlib.md5(usedforsecurity=False).digest_size:
        message = "The Content-MD5 you specified was invalid."
        raise S3Error(400, "InvalidDigest", message, Content_MD5=header)
    return digest


def announced_length(headers: Mapping[str, str], limit: int) -> int:
    """The length of a body that may come, known before its first byte as S3 wants it."""
    if "transfer-encoding" in headers:
        raise S3Error(
            501,
            "NotImplemented",
            "A header you provided implies functionality that is not implemented",
            Header="Transfer-Encoding",
        )
    length = headers.get("content-length", "")
    if not length.isdigit():
        message = "You must provide the Content-Length HTTP header."
        raise S3Error(411, "MissingContentLength", message)
    if int(length) > limit:
        raise S3Error(
            400,
            "EntityTooLarge",
            "Your proposed upload exceeds the maximum allowed size",
            ProposedSize=length,
            MaxSizeAllowed=limit,
        )
    return int(length)


def byte_range(header: str, size: int) -> tuple[int, int] | None:
    """Start and length of the one range asked for; None for all, also when it is not readable."""
    match = _RANGE.fullmatch(header)
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if first:
        start, end = int(first), min(int(last), size - 1) if last else size - 1
        if last and int(last) < start:
            return None
    else:
        start, end = max(size - int(last), 0), size - 1
    if start > end:
        raise S3Error(
            416,
            "InvalidRange",
            "The requested range is not satisfiable",
            RangeRequested=header,
            ActualObjectSize=size,
        )
    return start, end - start + 1


def _check_form(request: Request, query: Mapping[str, str], repeated: bool) -> None:
    """Refuse a request whose authentication is absent, doubled or not readable."""
    if "authorization" in request.headers and "X-Amz-Algorithm" in query:
        raise S3Error(
            400,
            "InvalidArgument",
            "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, "
            "Signature query string parameter or the Authorization header should be specified",
            ArgumentName="Authorization",
        )
    missing = [name for name in _REQUIRED if name not in query]
    if missing:
        message = "Access Denied"
        if len(missing) < len(_REQUIRED):
            message = f"Access Denied: the query lacks {', '.join(missing)}."
        raise S3Error(403, "AccessDenied", message)
    if repeated:
        raise malformed("Each query parameter may be given only once.")
    if query["X-Amz-Algorithm"] != ALGORITHM:
        raise malformed(f"X-Amz-Algorithm only supports {ALGORITHM!r}")
    if not _DATE.fullmatch(query["X-Amz-Date"]):
        raise malformed("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
    expires = query["X-Amz-Expires"]
    if not (expires.isascii() and expires.isdigit()):
        raise malformed("X-Amz-Expires should be a number")
    if len(expires) > 9 or not 0 < int(expires) <= LONGEST:
        raise malformed("X-Amz-Expires must be less than a week (in seconds) and more than 0")
    if "host" not in query["X-Amz-SignedHeaders"].split(";"):
        raise malformed("X-Amz-SignedHeaders must include host")


def _check_time(date: datetime, seconds: int, now: float) -> None:
    start = date.timestamp()
    if now < start - SKEW:
        raise S3Error(403, "AccessDenied", "Request is not valid yet", ServerTime=_iso(now))
    if now >= start + seconds:
        raise S3Error(
            403,
            "AccessDenied",
            "Request has expired",
            X_Amz_Expires=seconds,
            Expires=_iso(start + seconds),
            ServerTime=_iso(now),
        )


def _check_unsigned(headers: Mapping[str, str], signed: Iterable[str]) -> None:
    """S3 takes no instruction in a header that the URL's maker did not sign."""
    strays = sorted(name for name in headers if name.startswith("x-amz-") and name not in signed)
    if strays:
        raise S3Error(
            403,
            "AccessDenied",
            "There were headers present in the request which were not signed",
            HeadersNotSigned=", ".join(strays),
        )


def _parsed(date: str) -> datetime:
    try:
        return datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise malformed(f"X-Amz-Date is no moment in time: {date}") from None


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(math.floor(seconds), UTC)


def _iso(seconds: float) -> str:
    return f"{_moment(seconds):%Y-%m-%dT%H:%M:%SZ}"


def _host(scheme: str, netloc: str) -> str:
    """The Host header that clients send for a URL: no user, no default port."""
    host = netloc.rpartition("@")[2].lower()
    return host.removesuffix(f":{_DEFAULT_PORTS.get(scheme, '')}")


def _quoted(text: str) -> str:
    return quote(text, safe="-_.~", errors="surrogateescape")


@cache
def _not_xml() -> re.Pattern[str]:
    """Characters that no XML may hold; compiling it would be a fiftieth of the server's start."""
    return re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _text(value: object) -> str:
    return escape(_not_xml().sub("\ufffd", str(value)))
