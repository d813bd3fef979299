"""The app without a socket: run in a thread of its own, called by HTTP clients of any other."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

import httpx

from mockserver.client.connection import Transport
from mockserver.settings import Settings

if TYPE_CHECKING:
    from mockserver.app import App


class MemoryTransport(Transport):
    """Leads clients, sync and async, to an app in another thread's event loop."""

    def __init__(self, app: "App", loop: asyncio.AbstractEventLoop) -> None:
        self._inner = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        self._loop = loop

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Wait for the answer."""
        body = request.read()
        return asyncio.run_coroutine_threadsafe(self._answer(request, body), self._loop).result()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Await the answer."""
        body = await request.aread()
        future = asyncio.run_coroutine_threadsafe(self._answer(request, body), self._loop)
        return await asyncio.wrap_future(future)

    async def _answer(self, request: httpx.Request, body: bytes) -> httpx.Response:
        inner = httpx.Request(request.method, request.url, headers=request.headers, content=body)
        answer = await self._inner.handle_async_request(inner)
        headers, content = answer.headers, await answer.aread()
        return httpx.Response(answer.status_code, headers=headers, content=content)


class AppThread:
    """An app whose event loop runs in a thread from `start` to `stop`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="mockserver", daemon=True)
        self._loop: asyncio.AbstractEventLoop
        self._stopping: asyncio.Event
        self.transport: MemoryTransport

    def start(self) -> "AppThread":
        """Return once the app answers; raises what kept it from starting."""
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            raise self._failure
        return self

    def stop(self) -> None:
        """Stop and wait for the last checkpoint."""
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()

    def _run(self) -> None:
        try:
            asyncio.run(self._live())
        except BaseException as error:
            self._failure = error
        finally:
            self._ready.set()

    def _live(self) -> Coroutine[Any, Any, None]:
        from mockserver.app import create_app

        app = create_app(self._settings)

        async def live() -> None:
            self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
            self.transport = MemoryTransport(app, self._loop)
            async with app.running():
                self._ready.set()
                await self._stopping.wait()

        return live()
