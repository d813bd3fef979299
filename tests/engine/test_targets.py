"""Tests of where the sandbox sends to, and where it does not."""

from collections.abc import Sequence
from ipaddress import ip_address

import pytest

from mockserver.engine.errors import ConfigError
from mockserver.engine.targets import Refused, Target, Targets, resolve

pytestmark = pytest.mark.anyio


def resolved(*addresses: str) -> Targets:
    """Targets in a world where every name has these addresses."""

    async def answer(host: str, port: int) -> Sequence[str]:
        return addresses

    return Targets(resolve=answer)


def allowing(*allow: str, address: str = "203.0.113.7") -> Targets:
    async def answer(host: str, port: int) -> Sequence[str]:
        return [address]

    return Targets(allow, answer)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.9.9.9", "[::1]", "10.0.0.1", "172.16.0.1", "172.31.255.255",
        "192.168.1.1", "[fd12::1]", "[::ffff:127.0.0.1]",
    ],
)  # fmt: skip
async def test_this_machine_and_private_networks_are_reached(host: str) -> None:
    (found,) = await Targets().addresses(Target.of(f"http://{host}:8080/hook"))
    assert ip_address(found) == ip_address(host.strip("[]"))


@pytest.mark.parametrize(
    "host",
    [
        "8.8.8.8", "172.15.0.1", "172.32.0.1", "11.0.0.1", "192.169.0.1", "128.0.0.1",
        "100.64.0.1", "[2606:4700::1]", "[::ffff:8.8.8.8]", "[fb00::1]", "[2002:7f00:1::]",
    ],
)  # fmt: skip
async def test_all_else_is_refused_with_the_setting_that_allows_it(host: str) -> None:
    with pytest.raises(Refused, match=r"--webhook-allow"):
        await Targets().addresses(Target.of(f"https://{host}/hook"))


NEVER = [
    "169.254.169.254", "169.254.1.1", "[fe80::1]", "[::ffff:169.254.169.254]",
    "[64:ff9b::a9fe:a9fe]", "[2002:a9fe:a9fe::]", "[fd00:ec2::254]", "100.100.100.200",
    "168.63.129.16", "224.0.0.1", "[ff02::1]", "0.0.0.0", "[::]", "0.1.2.3", "255.255.255.255",
]  # fmt: skip


@pytest.mark.parametrize("host", NEVER)
@pytest.mark.parametrize("allow", [(), ("*", "0.0.0.0/0", "::/0")])
async def test_some_addresses_are_never_reached(host: str, allow: tuple[str, ...]) -> None:
    with pytest.raises(Refused, match="nothing is ever sent"):
        await Targets((*allow, *([host] if allow else []))).addresses(Target.of(f"http://{host}/"))


@pytest.mark.parametrize(
    "host", ["2130706433", "0177.0.0.1", "0x7f.0.0.1", "127.1", "localhost", "LOCALHOST"]
)
async def test_odd_spellings_are_judged_by_what_they_resolve_to(host: str) -> None:
    assert set(await Targets().addresses(Target.of(f"http://{host}/"))) <= {"127.0.0.1", "::1"}


@pytest.mark.parametrize("host", ["2852039166", "0xa9fea9fe", "0251.0376.0251.0376"])
async def test_odd_spellings_do_not_hide_a_metadata_service(host: str) -> None:
    with pytest.raises(Refused, match=r"169\.254\.169\.254.* link-local"):
        await Targets(["*"]).addresses(Target.of(f"http://{host}/"))


async def test_a_name_is_judged_by_its_address() -> None:
    with pytest.raises(Refused, match=r"hooks\.test \(8\.8\.8\.8\)"):
        await resolved("8.8.8.8").addresses(Target.of("http://hooks.test/"))
    assert await resolved("10.1.2.3").addresses(Target.of("http://hooks.test/")) == ["10.1.2.3"]


async def test_of_several_addresses_only_the_allowed_are_tried() -> None:
    targets = resolved("8.8.8.8", "::1", "169.254.0.1", "127.0.0.1", "::1")
    assert await targets.addresses(Target.of("http://hooks.test/")) == ["::1", "127.0.0.1"]


@pytest.mark.parametrize(
    ("entry", "url", "reached"),
    [
        ("hooks.example.com", "https://hooks.example.com/x", True),
        ("Hooks.Example.Com", "https://HOOKS.example.com./x", True),
        ("hooks.example.com", "https://other.example.com/x", False),
        ("hooks.example.com", "https://a.hooks.example.com/x", False),
        ("*.example.com", "https://hooks.example.com/x", True),
        ("*.example.com", "https://a.b.example.com/x", True),
        ("*.example.com", "https://example.com/x", False),
        ("*.example.com", "https://badexample.com/x", False),
        ("hooks.example.com:8443", "https://hooks.example.com:8443/x", True),
        ("hooks.example.com:8443", "https://hooks.example.com/x", False),
        ("hooks.example.com:443", "https://hooks.example.com/x", True),
        ("hooks.example.com:80", "http://hooks.example.com/x", True),
        ("203.0.113.0/24", "http://hooks.example.com/x", True),
        ("203.0.113.7", "http://hooks.example.com/x", True),
        ("203.0.113.7:81", "http://hooks.example.com:81/x", True),
        ("203.0.113.7:81", "http://hooks.example.com/x", False),
        ("203.0.112.0/24", "http://hooks.example.com/x", False),
        ("*", "http://hooks.example.com/x", True),
    ],
)
async def test_more_can_be_allowed(entry: str, url: str, reached: bool) -> None:
    targets = allowing(entry)
    if reached:
        assert await targets.addresses(Target.of(url)) == ["203.0.113.7"]
    else:
        with pytest.raises(Refused):
            await targets.addresses(Target.of(url))


async def test_networks_of_ipv6_can_be_allowed() -> None:
    for entry in ("2606:4700::/32", "[2606:4700::1]:443"):
        assert await Targets([entry]).addresses(Target.of("https://[2606:4700::1]/")) == [
            "2606:4700::1"
        ]


@pytest.mark.parametrize(
    "url",
    [
        "ftp://127.0.0.1/", "file:///etc/passwd", "//127.0.0.1/", "hook", "", "http://",
        "http:///x", "http://127.0.0.1:99999/", "http://127.0.0.1:0/", "http://[::1/",
        "gopher://127.0.0.1:70/",
    ],
)  # fmt: skip
async def test_only_urls_of_http_and_https_are_targets(url: str) -> None:
    with pytest.raises(Refused, match="is not a URL"):
        await Targets(["*"]).addresses(Target.of(url))


@pytest.mark.parametrize(
    "entry", ["", "https://hooks.example.com", "a.*.com", "h:x", "10.0.0.0/99"]
)
def test_an_entry_that_allows_nothing_is_an_error_at_start(entry: str) -> None:
    with pytest.raises(ConfigError, match="webhook-allow"):
        Targets([entry])


async def test_an_unknown_name_is_the_systems_error() -> None:
    with pytest.raises(OSError, match=r".+"):
        await resolve("nothing.invalid", 80)
