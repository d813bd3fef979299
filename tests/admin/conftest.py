"""A sandbox with one small service, its control API in front, called in process."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from mockserver.admin import admin
from mockserver.data import data_folder
from mockserver.engine.contract import Contract
from mockserver.engine.pipeline import Pipeline
from mockserver.engine.request import Headers
from mockserver.engine.sandbox import Sandbox
from tests.engine import toy

CONTROLS = "/__admin/services/toy"


class Panel:
    """The control API beside the toy service: an ASGI application."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        world = toy.world(**settings)
        self.sandbox = Sandbox("default", world, folder)
        contract = Contract.load(data_folder("openapi") / "admin.yaml")
        contract.check_handlers(admin.handlers, ())
        self._admin = Pipeline(
            admin, contract.match, strict=True, max_body=1_000_000, recorded=False
        )
        controls = replace(admin, name="toy", handlers=toy.controls)
        self._controls = Pipeline(
            controls,
            world.contracts["toy"].match_control,
            strict=True,
            max_body=1_000,
            recorded=False,
        )
        self._toy = Pipeline(toy.service, world.contracts["toy"].match, strict=True, max_body=1_000)
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self),
            base_url="http://127.0.0.1:8080/__admin",
            headers={"User-Agent": "panel/1"},
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["mockserver.sandbox"] = self.sandbox
        scope["mockserver.headers"] = Headers(scope["headers"])
        scope["mockserver.base_url"] = "http://127.0.0.1:8080"
        scope["mockserver.called"] = scope["path"]
        scope["mockserver.path"] = scope["path"].removeprefix("/toy")
        if scope["path"].startswith(CONTROLS):
            scope["mockserver.path"] = scope["path"].removeprefix(CONTROLS)
            await self._controls(scope, receive, send)
            return
        apps: dict[str, ASGIApp] = {"toy": self._toy, "__inbox": self.sandbox.inbox.handle}
        await apps.get(scope["path"].split("/")[1], self._admin)(scope, receive, send)

    async def toy(self, method: str, path: str, **more: Any) -> httpx.Response:
        """A call to the toy service."""
        url = f"http://127.0.0.1:8080/toy/v1{path}"
        return await self.client.request(method, url, headers={"Authorization": "Bearer t"}, **more)

    async def ask(
        self, method: str, path: str, body: Any = None, /, **query: Any
    ) -> httpx.Response:
        """A call to the control API."""
        return await self.client.request(method, path, json=body, params=query or None)

    async def get(self, path: str, /, **query: Any) -> Any:
        """The parsed answer of a GET that must succeed."""
        answer = await self.ask("GET", path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()


Opening = Callable[..., Awaitable[Panel]]


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Opening]:
    """Opens control APIs with other settings, and closes them."""
    async with AsyncExitStack() as stack:

        async def open_panel(**settings: Any) -> Panel:
            panel = Panel(tmp_path / "data", **settings)
            stack.push_async_callback(panel.sandbox.close)
            return panel

        yield open_panel


@pytest.fixture
async def panel(opened: Opening) -> Panel:
    """The control API of a frozen sandbox with the toy service."""
    return await opened()
