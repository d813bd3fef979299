"""The environment of a command that takes the server for the real hosts."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

import orjson

from mockserver.redirect import NODE, PYTHON, VARIABLE

if TYPE_CHECKING:
    from mockserver.intercept import Intercept

LOCAL = ("localhost", "127.0.0.1", "::1")


def environment(
    given: Mapping[str, str], url: str, intercept: "Intercept", *, passthrough: bool
) -> dict[str, str]:
    """The given environment with every way to the real hosts turned to the server at `url`.

    Most programs ask the proxy variables; those of Python and Node that do not are led by a few
    lines that run before them.
    """
    proxy = f"http://127.0.0.1:{intercept.port}"
    direct = _direct(given, intercept.hosts)
    bundle, certificate = str(intercept.authority.bundle), str(intercept.authority.certificate)
    redirect = {
        "hosts": list(intercept.hosts),
        "address": "127.0.0.1",
        "port": intercept.port,
        "allow": [name.lstrip(".") for name in direct],
        "passthrough": passthrough,
    }
    found = {name: value for name, value in given.items() if name.lower() != "all_proxy"}
    found.pop("SSL_CERT_DIR", None)
    found |= {
        "MOCKSERVER_URL": url,
        "EXTEND_BASE_URL": f"{url}/extend",
        "SSL_CERT_FILE": bundle,
        "REQUESTS_CA_BUNDLE": bundle,
        "CURL_CA_BUNDLE": bundle,
        "NODE_EXTRA_CA_CERTS": certificate,
        "NODE_USE_ENV_PROXY": "1",
        "PYTHONPATH": _joined(os.pathsep, str(PYTHON), given.get("PYTHONPATH")),
        "NODE_OPTIONS": _joined(" ", _required(str(NODE)), given.get("NODE_OPTIONS")),
        VARIABLE: orjson.dumps(redirect).decode(),
    }
    for name, value in (
        ("HTTPS_PROXY", proxy),
        ("HTTP_PROXY", proxy),
        ("NO_PROXY", ",".join(direct)),
    ):
        # curl takes http_proxy in small letters only; with both, all agree.
        found[name] = found[name.lower()] = value
    return found


def _direct(given: Mapping[str, str], hosts: tuple[str, ...]) -> list[str]:
    """What is reached without the proxy: this machine, and what was so before, but no real host."""
    before = given.get("NO_PROXY") or given.get("no_proxy") or ""
    names = [name.strip() for name in before.split(",")]
    kept = [
        name
        for name in names
        if name and name != "*" and not any(_covers(name, host) for host in hosts)
    ]
    return list(dict.fromkeys((*LOCAL, *kept)))


def _covers(name: str, host: str) -> bool:
    name = name.lstrip("*").lstrip(".").lower()
    return host == name or host.endswith(f".{name}")


def _joined(separator: str, own: str, before: str | None) -> str:
    return f"{own}{separator}{before}" if before else own


def _required(path: str) -> str:
    """Node's own quoting, in which a path may hold spaces."""
    escaped = path.replace("\\", "\\\\").replace('"', '\\"')
    return f'--require "{escaped}"'
