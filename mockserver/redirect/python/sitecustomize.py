"""Runs first in every Python program under `mockserver run`: the emulated hosts are one port here.

urllib3, aiohttp and http.client ask no proxy variable. Older Pythons must be able to read this.
"""

import importlib.machinery
import importlib.util
import ipaddress
import json
import os
import socket
import sys
from typing import Any

OWN = os.path.dirname(os.path.abspath(__file__))
WEB = (80, 443, "80", "443", "http", "https")


def redirect(told: Any) -> None:
    """Resolve the emulated hosts to the intercepting port, and other web hosts to nothing."""
    hosts = {host.lower() for host in told["hosts"]}
    resolve = socket.getaddrinfo

    def getaddrinfo(
        host: Any, port: Any, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0
    ) -> Any:
        name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
        name = name.lower().rstrip(".")
        if name in hosts:
            return resolve(told["address"], told["port"], 0, type, proto)
        if not told["passthrough"] and port in WEB and is_outside(name, told["allow"]):
            raise socket.gaierror(
                socket.EAI_NONAME,
                f"mockserver: {name} is not one of the emulated hosts, and nothing else is let "
                "through (--passthrough does that)",
            )
        return resolve(host, port, family, type, proto, flags)

    socket.getaddrinfo = getaddrinfo


def is_outside(name: str, allowed: Any) -> bool:
    """Whether a host is beyond this machine, its networks, and what NO_PROXY lists."""
    if any(name == each or name.endswith("." + each) for each in allowed):
        return False
    try:
        return ipaddress.ip_address(name).is_global
    except ValueError:
        last = name.rpartition(".")[2]
        return "." in name and last not in ("localhost", "local", "internal", "test")


def load_hidden() -> None:
    """Run the sitecustomize that this one stands in front of."""
    paths = [path for path in sys.path if os.path.abspath(path or os.curdir) != OWN]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", paths)
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


if "MOCKSERVER_REDIRECT" in os.environ:
    redirect(json.loads(os.environ["MOCKSERVER_REDIRECT"]))
load_hidden()
