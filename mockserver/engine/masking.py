"""Credentials made unreadable before anyone is shown a request."""

import re
from collections.abc import Iterable, Mapping

HIDDEN = "***"
_HEADERS = frozenset(
    ("authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "x-auth-token")
)
_QUERY = re.compile(
    r"(?i)(^|[?&])(access_key|api_key|apikey|key|token|secret|password|x-amz-signature)=[^&#]*"
)
_USER = re.compile(r"(?<=://)[^/@\s]+@")


def masked_headers(headers: Mapping[str, str] | Iterable[tuple[str, str]]) -> dict[str, str]:
    """The headers by lower-case name; of a credential only its scheme stays, as in `Bearer ***`."""
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    shown: dict[str, str] = {}
    for name, value in pairs:
        name = name.lower()
        if name in _HEADERS:
            scheme, space, _ = value.partition(" ")
            value = f"{scheme} {HIDDEN}" if space else HIDDEN
        shown[name] = f"{shown[name]}, {value}" if name in shown else value
    return shown


def is_secret(name: str) -> bool:
    """Whether a header or query parameter of this name holds a credential."""
    return name.lower() in _HEADERS or _QUERY.match(f"{name}=") is not None


def masked_query(query: str) -> str:
    """A query string or a whole URL without its credentials."""
    return _USER.sub(f"{HIDDEN}@", _QUERY.sub(rf"\1\2={HIDDEN}", query))
