"""Calls each real host with clients that ask the proxy variables, and with some that do not."""

import asyncio
import http.client
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import requests
import urllib3

HOSTS = {
    "api.sama.com": "/v2/projects/117.json?access_key=k",
    "toloka.dev": "/api/v1/projects",
    "api.extend.ai": "/workflow_runs",
    "api.pipelines.tech": "/api/v1/workflows/42",
}
HEADERS = {"Authorization": "Bearer k", "x-extend-api-version": "2026-02-09"}


async def asynchronous(url: str) -> Mapping[str, str]:
    async with httpx.AsyncClient(headers=HEADERS) as client:
        return (await client.get(url)).headers


def plain(host: str, path: str) -> Mapping[str, str]:
    connection = http.client.HTTPSConnection(host)
    connection.request("GET", path, headers=HEADERS)
    return connection.getresponse().headers


for host, path in HOSTS.items():
    url = f"https://{host}{path}"
    found: dict[str, Mapping[str, str]] = {
        "requests": requests.get(url, headers=HEADERS).headers,
        "httpx": httpx.get(url, headers=HEADERS).headers,
        "httpx, asynchronous": asyncio.run(asynchronous(url)),
        "urllib3": urllib3.request("GET", url, headers=HEADERS).headers,
        "http.client": plain(host, path),
    }
    for name, headers in found.items():
        print(host, name, headers["content-type"])

calls: dict[str, Callable[[str], Any]] = {
    "requests": requests.get,
    "httpx": httpx.get,
    "urllib3": lambda url: urllib3.request("GET", url, retries=False),
    "urllib": urllib.request.urlopen,
}
for name, call in calls.items():
    try:
        print("reached", call("https://example.com"))
    except Exception as error:
        print("refused", name, error)
