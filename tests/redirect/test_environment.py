"""Tests of the environment of a command under `mockserver run`."""

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from mockserver.intercept import Intercept
from mockserver.redirect import NODE, PYTHON, VARIABLE
from mockserver.redirect.environment import environment
from mockserver.server import bind


@pytest.fixture
def intercept(tmp_path: Path) -> Iterator[Intercept]:
    """A front that is not running."""
    found = Intercept(bind("127.0.0.1", 0), tmp_path)
    found.hosts = ("api.toy.example",)
    yield found
    found.close()


def of(intercept: Intercept, **given: str) -> dict[str, str]:
    """The environment made of another one."""
    return environment(given, "http://127.0.0.1:1", intercept, passthrough=False)


def test_every_way_is_turned_to_the_server(intercept: Intercept) -> None:
    found = of(intercept, HOME="/home/me", ALL_PROXY="socks5://x", SSL_CERT_DIR="/etc/ssl")
    proxy = f"http://127.0.0.1:{intercept.port}"
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        assert found[name] == proxy
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        assert found[name] == str(intercept.authority.bundle)
    assert found["NODE_EXTRA_CA_CERTS"] == str(intercept.authority.certificate)
    assert found["NODE_USE_ENV_PROXY"] == "1"
    assert found["MOCKSERVER_URL"] == "http://127.0.0.1:1"
    assert found["EXTEND_BASE_URL"] == "http://127.0.0.1:1/extend"
    assert found["HOME"] == "/home/me"
    assert not {"ALL_PROXY", "SSL_CERT_DIR"} & found.keys()


def test_what_the_command_had_of_its_own_stays(intercept: Intercept) -> None:
    found = of(intercept, PYTHONPATH="/mine", NODE_OPTIONS="--trace-warnings")
    assert found["PYTHONPATH"] == f"{PYTHON}:/mine"
    assert found["NODE_OPTIONS"] == f'--require "{NODE}" --trace-warnings'


def test_no_proxy_keeps_its_hosts_but_no_real_one(intercept: Intercept) -> None:
    found = of(intercept, NO_PROXY="*, db.corp, .toy.example,api.toy.example")
    assert found["NO_PROXY"] == found["no_proxy"] == "localhost,127.0.0.1,::1,db.corp"
    told = orjson.loads(found[VARIABLE])
    assert told["hosts"] == ["api.toy.example"]
    assert "db.corp" in told["allow"]
