"""Who may steer the sandbox: holders of the token, and never a web page from elsewhere."""

from hmac import compare_digest
from ipaddress import ip_address
from urllib.parse import urlsplit

from mockserver.engine.errors import Forbidden, Unauthorized
from mockserver.engine.service import Call
from mockserver.settings import Settings

LOCAL_SUFFIXES = ("localhost", "local", "internal", "test")
"""Names under these never come from the public DNS."""


def authenticate(call: Call) -> str | None:
    """Refuse other origins, then anyone without the token where one is needed."""
    settings = call.sandbox.settings
    host = call.headers.get("host", "")
    public = urlsplit(settings.public_url).netloc if settings.public_url else None
    _refuse_other_origins(call, host, public)
    if is_loopback(settings.host) and host != public and not _is_local(call, host):
        # A page whose name was pointed at 127.0.0.1 (DNS rebinding) is its own origin here.
        raise Forbidden(
            f"The host {host!r} is not a name of this machine; start with --public-url to use it."
        )
    return _check_token(call, settings)


def is_loopback(host: str) -> bool:
    """Whether an address is reachable from this machine only."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _refuse_other_origins(call: Call, host: str, public: str | None) -> None:
    origin = call.headers.get("origin")
    own = origin is not None and _place(origin) in (host.lower(), public)
    site = call.headers.get("sec-fetch-site", "none")
    if (origin is not None and not own) or (origin is None and site not in ("none", "same-origin")):
        raise Forbidden("Web pages of other origins may not use the control API.")


def _place(origin: str) -> str:
    """The host and port of an origin, nothing where it is none."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _is_local(call: Call, host: str) -> bool:
    """Whether the Host header names this machine, or a network that is ours."""
    name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    try:
        ip_address(name)
    except ValueError:
        hosts = {known for service in call.sandbox.services.values() for known in service.hosts}
        return "." not in name or name.rpartition(".")[2] in LOCAL_SUFFIXES or name in hosts
    return True


def _check_token(call: Call, settings: Settings) -> str | None:
    expected = settings.admin_token
    if expected is None:
        if is_loopback(settings.host):
            return None
        raise Unauthorized(
            f"The server is bound to {settings.host}, beyond loopback, so the control API needs a "
            "token: start it with --admin-token."
        )
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not compare_digest(token.strip().encode(), expected.encode()):
        raise Unauthorized(
            "The control API needs the header Authorization: Bearer <admin token>.",
            headers={"WWW-Authenticate": "Bearer"},
        )
    return token
