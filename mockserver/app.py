"""Joins engine, services and control API into one ASGI application."""

import asyncio
import contextlib
import logging
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from mockserver import scenarios
from mockserver.admin import admin, sandboxes
from mockserver.credentials import credential_of, credential_places
from mockserver.data import data_folder
from mockserver.engine.clock import monotonic
from mockserver.engine.contract import Contract
from mockserver.engine.errors import ConfigError, ContractError, MockserverError, ServiceError
from mockserver.engine.faults import storage
from mockserver.engine.journal import Entry
from mockserver.engine.pipeline import FAULT, Pipeline, encode
from mockserver.engine.request import Headers
from mockserver.engine.s3 import S3Error
from mockserver.engine.sandbox import Sandbox, World
from mockserver.engine.sandboxes import DEFAULT, Sandboxes
from mockserver.engine.service import HandlerTable, Service
from mockserver.engine.store import StoreFull
from mockserver.engine.ticker import Ticker
from mockserver.engine.uploads import UploadResult, unavailable
from mockserver.services import SERVICES
from mockserver.settings import Settings

log = logging.getLogger("mockserver")

MOST_HOSTS = 100


class BadHost(MockserverError):
    """A call whose Host header is none."""

    status = 400


def create_world(settings: Settings, services: Iterable[Service] = SERVICES) -> World:
    """Read and check every contract and fixture; ContractError names what is wrong."""
    by_name = {service.name: service for service in services}
    return World(
        settings=settings,
        services=by_name,
        contracts={name: load_contract(service) for name, service in by_name.items()},
        fixtures=load_fixtures(by_name),
        rules=scenarios.planted(settings.faults, settings.scenario),
    )


def load_contract(service: Service) -> Contract:
    """A service's OpenAPI document, checked against its handlers."""
    contract = Contract.load(data_folder("openapi") / f"{service.name}.yaml")
    contract.check_handlers(service.handlers, service.controls)
    return contract


def load_fixtures(services: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
    """The documents of `fixtures/<service>/<collection>.json` by collection."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name in services:
        for path in sorted((data_folder("fixtures") / name).glob("*.json")):
            try:
                found[f"{name}.{path.stem}"] = orjson.loads(path.read_bytes())
            except orjson.JSONDecodeError as error:
                raise ContractError(f"{path} is not valid JSON: {error}") from error
    return found


class App:
    """The whole server as one ASGI application: finds sandbox and service, then hands over."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.settings = settings = world.settings
        self.sandboxes: Sandboxes
        self._control = with_sandboxes(self)
        self._admin = Contract.load(data_folder("openapi") / "admin.yaml")
        self._admin.check_handlers(self._control.handlers, ())
        self._credentials = {
            name: credential_places(contract.document)
            for name, contract in self.world.contracts.items()
        }
        self._good_hosts: set[str] = set()
        self._ways: dict[tuple[str, str], tuple[ASGIApp, bool]] = {}
        self._isolate = settings.isolation == "token"
        self._ticker = Ticker(lambda name: self.sandboxes.get(name))
        self._hosts = {
            host: service.name for service in self.world.services.values() for host in service.hosts
        }
        self._apps: dict[str, ASGIApp] = {
            name: self._service_app(service) for name, service in self.world.services.items()
        }
        self._controls = {
            name: self._control_app(service) for name, service in self.world.services.items()
        }
        self._admin_app = as_starlette(
            Pipeline(
                self._control,
                self._admin.match,
                strict=settings.strict,
                max_body=settings.max_body,
                recorded=False,
            )
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator["App"]:
        """Open the sandboxes and keep time going; leave a complete checkpoint at the end."""
        folder, temporary = self._data_folder()
        try:
            self.sandboxes = Sandboxes(self.world, folder / "sandboxes", self._ticker.wake)
            ticking = asyncio.create_task(self._ticker.run())
            try:
                yield self
            finally:
                ticking.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await ticking
                await self.sandboxes.close()
        finally:
            if temporary:
                shutil.rmtree(folder, ignore_errors=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._call(scope, receive, send)

    async def _call(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = scope["mockserver.headers"] = Headers(scope["headers"])
        host = headers.get("host", "")
        path: str = scope["path"]
        prefix = ""
        if path.startswith("/@"):
            name, _, path = path[2:].partition("/")
            prefix, path = f"/@{name}", f"/{path}"
        try:
            self._check_host(host)
            sandbox = self.sandboxes[name] if prefix else self._sandbox(scope, headers, host)
        except MockserverError as error:
            await self._without_sandbox(error, host, path)(scope, receive, send)
            return
        base = self.settings.public_url or f"{scope['scheme']}://{host}"
        scope["mockserver.sandbox"] = sandbox
        scope["mockserver.prefix"] = prefix
        # What is handed out must lead back here, however this call named its sandbox.
        own = "" if sandbox.name == DEFAULT else f"/@{sandbox.name}"
        scope["mockserver.base_url"] = base + own
        scope["mockserver.called"] = path
        app, scope["mockserver.path"] = self._route(host, path, sandbox)
        await app(scope, receive, send)

    def _without_sandbox(self, error: MockserverError, host: str, path: str) -> Response:
        """The answer where there is no sandbox; of a full disk in the service's own words."""
        service = self._service_of(host, path)
        if service is None or not isinstance(error, StoreFull):
            return problem(error.status, str(error))
        refusal = ServiceError(str(error), status=error.status, code="unavailable")
        answer = self.world.services[service].render_error(refusal, None)
        return Response(encode(answer), answer.status, media_type=answer.media_type)

    def _check_host(self, host: str) -> None:
        """Refuse a Host header that no URL can be made of; those that were good are remembered."""
        if host in self._good_hosts:
            return
        try:
            _ = urlsplit(f"//{host}").port
        except ValueError:
            raise BadHost(f"The Host header {host[:100]!r} names no host.") from None
        if len(self._good_hosts) < MOST_HOSTS:
            self._good_hosts.add(host)

    def _sandbox(self, scope: Scope, headers: Headers, host: str) -> Sandbox:
        """The sandbox of a call whose path does not name it."""
        if "mockserver-sandbox" in headers:
            return self.sandboxes[headers["mockserver-sandbox"]]
        path: str = scope["path"]
        if path.startswith("/__admin"):
            asked = parse_qs(scope["query_string"].decode("latin-1")).get("sandbox")
            return self.sandboxes[asked[-1] if asked else DEFAULT]
        if self._isolate or self.sandboxes.binds:
            service = self._service_of(host, path)
            places = self._credentials.get(service or "", ())
            credential = credential_of(places, headers.raw, scope["query_string"])
            if credential is not None:
                name = self.sandboxes.of_credential(credential, isolate=self._isolate)
                return self.sandboxes[name]
        return self.sandboxes[DEFAULT]

    def _service_of(self, host: str, path: str) -> str | None:
        """The service that a call is for, by its host or by the first part of its path."""
        service = self._hosts.get(host.partition(":")[0].lower())
        if service and not path.startswith("/__"):
            return service
        first = path[1:].partition("/")[0]
        return first if first in self._apps else None

    def _route(self, host: str, path: str, sandbox: Sandbox) -> tuple[ASGIApp, str]:
        """The application that answers, and the path as its contract spells it."""
        first, _, rest = path[1:].partition("/")
        found = self._ways.get((host, first)) or self._way(host, path, first)
        if found:
            app, whole = found
            return app, path if whole else f"/{rest}"
        if first == "__admin":
            return self._admin_route(path, rest)
        if first == "__uploads":
            return upload, path
        if first == "__inbox":
            return sandbox.inbox.handle, path
        if first == "__docs":
            return self._document(rest), path
        known = ", ".join(f"/{name}" for name in (*self._apps, "__admin", "__inbox", "__docs"))
        if not first:
            return JSONResponse({"name": "mockserver", "paths": known.split(", ")}), path
        return problem(404, f"There is nothing at {path}; the paths begin with {known}."), path

    def _way(self, host: str, path: str, first: str) -> tuple[ASGIApp, bool] | None:
        """The service of a host and a first part of a path, and whether it gets the whole path."""
        service = self._service_of(host, path)
        if service is None:
            return None
        whole = service != first or host.partition(":")[0].lower() in self._hosts
        if len(self._ways) < MOST_HOSTS:
            self._ways[host, first] = self._apps[service], whole
        return self._apps[service], whole

    def _admin_route(self, path: str, rest: str) -> tuple[ASGIApp, str]:
        """Controls of a service are `/__admin/services/<service>/…`, all else the control API."""
        parts = rest.split("/", 2)
        if len(parts) == 3 and parts[0] == "services" and parts[1] in self._controls and parts[2]:
            return self._controls[parts[1]], f"/{parts[2]}"
        return self._admin_app, path

    def _document(self, rest: str) -> Response:
        name = rest.removesuffix(".json")
        contract = self._admin if name == "admin" else self.world.contracts.get(name)
        if contract is None:
            return problem(404, f"There is no contract {name!r}.")
        return Response(orjson.dumps(contract.document), media_type="application/json")

    def _service_app(self, service: Service) -> ASGIApp:
        return as_starlette(
            Pipeline(
                service,
                self.world.contracts[service.name].match,
                strict=self.settings.strict,
                max_body=self.settings.max_body,
            )
        )

    def _control_app(self, service: Service) -> ASGIApp:
        """A service's controls, with the control API's own manners."""
        controls = Service(
            name=service.name,
            title=service.title,
            hosts=(),
            handlers=service.controls,
            jobs=service.jobs,
            controls=service.controls,
            authenticate=admin.authenticate,
            refuse=admin.refuse,
            render_error=admin.render_error,
            adapt_request=admin.adapt_request,
        )
        return as_starlette(
            Pipeline(
                controls,
                self.world.contracts[service.name].match_control,
                strict=self.settings.strict,
                max_body=self.settings.max_body,
                recorded=False,
            )
        )

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            async with self.running():
                await send({"type": "lifespan.startup.complete"})
                await receive()
        except Exception as error:
            log.debug("start failed", exc_info=True)
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.shutdown.complete"})

    def _data_folder(self) -> tuple[Path, bool]:
        if self.settings.data_dir is None:
            return Path(tempfile.mkdtemp(prefix="mockserver-")), True
        try:
            self.settings.data_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(
                f"cannot make the data folder {self.settings.data_dir}: {error.strerror}"
            ) from error
        return self.settings.data_dir, False


def create_app(settings: Settings | None = None) -> App:
    """The server as an ASGI application, not yet running: its lifespan opens the sandboxes."""
    return App(create_world(settings or Settings.load(services=declared())))


def declared(services: Iterable[Service] = SERVICES) -> Iterable[Any]:
    """The settings that services declare."""
    return [setting for service in services for setting in service.settings]


async def upload(scope: Scope, receive: Receive, send: Send) -> None:
    """A call to a presigned URL, recorded as one of the service `uploads`."""
    sandbox: Sandbox = scope["mockserver.sandbox"]
    started = monotonic()
    entry = Entry(
        "uploads",
        scope["method"],
        scope["mockserver.called"],
        scope["query_string"].decode("latin-1"),
        scope["headers"],
        kind="upload",
    )
    entry.at = sandbox.clock.now()
    result = await _uploaded(sandbox, entry, scope, receive, send)
    entry.status = result.status or None
    entry.request_size, entry.response_size = result.received, result.sent
    entry.duration = monotonic() - started
    sandbox.journal.add(entry)


async def _uploaded(
    sandbox: Sandbox, entry: Entry, scope: Scope, receive: Receive, send: Send
) -> UploadResult:
    asked = entry.header(FAULT)
    if not sandbox.faults.active and asked is None:
        return await sandbox.uploads.handle(scope, receive, send)
    try:
        decision = sandbox.faults.call(entry, lambda: None, asked)
        if decision is not None:
            sandbox.commit()
    except StoreFull:
        return await sandbox.uploads.handle(scope, receive, send, unavailable())
    except MockserverError as error:
        refusal = S3Error(error.status, "InvalidArgument", str(error))
        return await sandbox.uploads.handle(scope, receive, send, refusal)
    if decision is None:
        return await sandbox.uploads.handle(scope, receive, send)
    entry.fault = decision.view()
    return await storage.serve(
        decision, sandbox.uploads.handle, sandbox.clock, scope, receive, send
    )


def with_sandboxes(app: App) -> Service:
    """The control API, which also makes and forgets the app's sandboxes."""
    handlers = HandlerTable(admin.handlers | sandboxes.handlers(lambda: app.sandboxes))
    return replace(admin, handlers=handlers)


def as_starlette(pipeline: ASGIApp) -> Starlette:
    """A Starlette application whose only route is the contract's own.

    The pipeline renders every error in the service's envelope, so the stock middleware that
    would catch them, and the router that would find no route, are left out: they cost a tenth of a
    small call.
    """
    app = Starlette()
    app.middleware_stack = pipeline
    return app


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    """An error of the server itself as problem+json."""
    title = HTTPStatus(status).phrase
    return JSONResponse(
        {"type": "about:blank", "title": title, "status": status, "detail": detail},
        status_code=status,
        headers=headers,
        media_type="application/problem+json",
    )
