"""Files of URLs, really fetched: only with `extend.fetch_files`, and where webhooks may go."""

import asyncio
import hashlib
import http.client
import socket
import ssl
from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.engine.sandbox import Sandbox
from mockserver.engine.service import Call
from mockserver.engine.targets import Refused, Target, Targets
from mockserver.services.extend.wire import Document

SETTING = "extend.fetch_files"
UNREACHABLE = "extend.unreachable_urls"
LARGEST = 100 * 1024 * 1024
WITHIN = 10.0
"""Real seconds for one file; many are fetched beside each other."""
_AT_ONCE = 16


async def fetch(call: Call) -> None:
    """Fetch the files that a request names by URL, before anything is checked or stored.

    A file that cannot be had is remembered, and fails its run alone. Redirects are not followed,
    and what may not be reached is what webhooks may not reach.
    """
    sandbox = call.sandbox
    if not sandbox.setting(SETTING) or not isinstance(call.body, dict):
        return
    urls = list(dict.fromkeys(_urls(call.body)))
    targets = Targets(sandbox.settings.webhook_allow)
    lines = asyncio.Semaphore(_AT_ONCE)

    async def one(url: str) -> bytes | str:
        async with lines:
            return await _fetched(targets, url)

    found = await asyncio.gather(*(one(url) for url in urls))
    for url, result in zip(urls, found, strict=True):
        _remember(sandbox, url, result)


def _urls(body: Mapping[str, Any]) -> Iterator[str]:
    """The URLs of a request: its file, its package, its inputs, or a legacy file."""
    sources: list[Any] = [body.get("file"), *(body.get("package") or {}).get("files", ())]
    sources += [each.get("file") for each in body.get("inputs", ())]
    for source in sources:
        if isinstance(source, dict):
            url = source.get("url", source.get("fileUrl"))
            if url is not None:
                yield url


async def _fetched(targets: Targets, url: str) -> bytes | str:
    """The bytes of a URL, or why there are none."""
    try:
        target = Target.of(url)
        addresses = await targets.addresses(target)
        return await asyncio.to_thread(_get, target, addresses[0])
    except Refused as refusal:
        return str(refusal)
    except (OSError, http.client.HTTPException, ValueError) as failure:
        return f"{type(failure).__name__}: {failure}"


def _get(target: Target, address: str) -> bytes | str:
    """One GET to the very address that was judged, under the name that the URL gives."""
    line = socket.create_connection((address, target.port), timeout=WITHIN)
    if target.scheme == "https":
        context = ssl.create_default_context()
        line = context.wrap_socket(line, server_hostname=target.host)
    connection = http.client.HTTPConnection(target.host, target.port, timeout=WITHIN)
    connection.sock = line
    try:
        path = f"{target.path}?{target.query}" if target.query else target.path
        connection.request("GET", path, headers={"user-agent": "mockserver"})
        answer = connection.getresponse()
        data = answer.read(LARGEST + 1)
    finally:
        connection.close()
    if answer.status != 200:
        return f"the answer was {answer.status}"
    return data if len(data) <= LARGEST else "it is larger than 100 MB"


def _remember(sandbox: Sandbox, url: str, result: bytes | str) -> None:
    collection = sandbox.collection(UNREACHABLE)
    if isinstance(result, str):
        collection.put({"id": _name(url), "url": url, "reason": result})
        return
    collection.delete(_name(url))
    sandbox.uploads.put(key_of(url), result)


def unreachable(sandbox: Sandbox, url: str) -> str | None:
    """Why a URL could not be fetched, if that was tried and failed."""
    collection = sandbox.collection(UNREACHABLE)
    found: Document | None = collection.get(_name(url)) if len(collection) else None
    return None if found is None else str(found["reason"])


def key_of(url: str) -> str:
    """Where the bytes of a URL are among the uploads, once it was fetched."""
    return f"extend/fetched/{_name(url)}"


def _name(url: str) -> str:
    return hashlib.blake2b(url.encode(), digest_size=12).hexdigest()
