"""Which addresses the sandbox may send to: this machine and private networks, or as allowed."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from urllib.parse import urlsplit

from mockserver.engine.errors import ConfigError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

SETTING = "webhook-allow"
PORTS = {"http": 80, "https": 443}
MOST_KNOWN = 1_000

_LOCAL = tuple(
    ip_network(network)
    for network in (
        "127.0.0.0/8",
        "::1/128",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "fc00::/7",
    )
)
_NEVER: tuple[tuple[str, tuple[Network, ...]], ...] = tuple(
    (what, tuple(ip_network(network) for network in networks))
    for what, networks in (
        ("link-local", ("169.254.0.0/16", "fe80::/10")),
        # Cloud metadata services that do not live on a link-local address: AWS by IPv6, Azure's
        # host, Alibaba, Oracle.
        ("metadata", ("fd00:ec2::/32", "168.63.129.16/32", "100.100.100.200/32", "192.0.0.192/32")),
        ("multicast", ("224.0.0.0/4", "ff00::/8")),
        ("unspecified", ("0.0.0.0/8", "::/128")),
        ("reserved", ("240.0.0.0/4",)),
    )
)
_NAT64 = ip_network("64:ff9b::/96")


class Refused(Exception):
    """The sandbox does not send there; the message says which setting would change it, if any."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a host, in the order to try them."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that can be sent to, in its parts; the host is as in the URL, but in lower case."""

    scheme: str
    host: str
    port: int
    path: str
    query: str
    username: str | None
    password: str | None

    @classmethod
    def of(cls, url: str) -> "Target":
        """The parts of a URL; Refused when it is not one of http or https."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise Refused(f"{url!r} is not a URL: {error}") from None
        if parts.scheme not in PORTS or not parts.hostname or port == 0:
            raise Refused(f"{url!r} is not a URL of http or https")
        return cls(
            parts.scheme,
            parts.hostname,
            port or PORTS[parts.scheme],
            parts.path or "/",
            parts.query,
            parts.username,
            parts.password,
        )


class Targets:
    """Judges where a URL leads. Names are resolved here, once for each attempt, and the caller
    connects to the very address that was judged.

    `allow` holds hosts (`hooks.example.com`, `*.example.com`), addresses, networks
    (`203.0.113.0/24`), any of the first with a port, or `*`.
    """

    def __init__(self, allow: Sequence[str] = (), resolve: Resolve = resolve) -> None:
        self._resolve = resolve
        self._names: set[tuple[str, int | None]] = set()
        self._networks: list[tuple[Network, int | None]] = []
        # Verdicts on addresses written as such, which no name server can change.
        self._literal: dict[tuple[str, int], list[str]] = {}
        for entry in allow:
            self._allow(entry.strip())

    async def addresses(self, target: Target) -> list[str]:
        """Where to connect for a target, best first; Refused when it leads nowhere allowed.

        OSError when the name cannot be resolved.
        """
        host, port = target.host, target.port
        known = self._literal.get((host, port))
        if known is not None:
            return known
        try:
            literal = ip_address(host)
        except ValueError:
            return self._judged(host, port, await self._resolve(host, port))
        allowed = self._judged(host, port, [str(literal)])
        if len(self._literal) < MOST_KNOWN:
            self._literal[host, port] = allowed
        return allowed

    def _judged(self, host: str, port: int, found: Sequence[str]) -> list[str]:
        allowed, refusal = [], None
        for text in dict.fromkeys(found):
            refusal = self._refusal(host, port, ip_address(text))
            if refusal is None:
                allowed.append(text)
        if not allowed:
            raise refusal or OSError(f"{host} has no address")
        return allowed

    def _refusal(self, host: str, port: int, address: Address) -> Refused | None:
        if isinstance(address, IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        hidden = embedded(address)
        where = f"{host} ({address})" if str(address) != host else host
        for what, networks in _NEVER:
            if any(address in network or hidden in network for network in networks):
                return Refused(f"nothing is ever sent to {where}: it is a {what} address")
        if any(address in network for network in _LOCAL) or self._allowed(host, port, address):
            return None
        return Refused(
            f"{where} is neither this machine nor in a private network; to send there, add it to "
            f"the setting {SETTING}, as in --{SETTING} {host}"
        )

    def _allowed(self, host: str, port: int, address: Address) -> bool:
        if any(address in network and of in (None, port) for network, of in self._networks):
            return True
        name = host.lower().rstrip(".")
        labels = name.split(".")
        patterns = {name, "*", *(f"*.{'.'.join(labels[i:])}" for i in range(1, len(labels)))}
        return any((pattern, of) in self._names for pattern in patterns for of in (None, port))

    def _allow(self, entry: str) -> None:
        try:
            self._networks.append((ip_network(entry, strict=False), None))
            return
        except ValueError:
            pass
        try:
            parts = urlsplit(f"//{entry}")
            host, port = parts.hostname or "", parts.port
        except ValueError as error:
            raise ConfigError(f"{SETTING}: {entry!r} is not a host or a network: {error}") from None
        stray = not host or parts.path or parts.query or "*" in host.removeprefix("*.")
        if stray and entry != "*":
            raise ConfigError(f"{SETTING}: {entry!r} is not a host or a network")
        try:
            self._networks.append((ip_network(host), port))
        except ValueError:
            self._names.add((host.rstrip("."), port))


def embedded(address: Address) -> Address:
    """The IPv4 address that a translator would make of an IPv6 one, or the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.sixtofour or address
