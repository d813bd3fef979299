"""Recorded exchanges held against the contracts, as the pipeline holds live ones."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast
from urllib.parse import unquote, urlsplit

import orjson

from mockserver.engine.contract import (
    Contract,
    MethodNotAllowed,
    NoSuchPath,
    Operation,
    Violation,
)
from mockserver.engine.contract.bodies import is_json
from mockserver.engine.errors import ServiceError
from mockserver.engine.journal import Entry
from mockserver.engine.masking import HIDDEN, is_secret
from mockserver.engine.request import parse_multipart
from mockserver.engine.sandbox import Sandbox
from mockserver.engine.service import Answer, Call, Service
from mockserver.engine.tally import Tally
from mockserver.har import Exchange


class _Recording:
    """What a service asks of the sandbox while it reads a call: its settings, at their defaults."""

    def __init__(self, services: Iterable[Service]) -> None:
        self._settings = {each.name: each.default for one in services for each in one.settings}

    def setting(self, name: str) -> Any:
        """A service's own setting."""
        return self._settings[name]


class Checker:
    """Finds out what a recorded exchange called and broke; what is not for a service is ignored."""

    def __init__(self, services: Mapping[str, Service], contracts: Mapping[str, Contract]) -> None:
        self._services = services
        self._contracts = contracts
        self._hosts = {host: one.name for one in services.values() for host in one.hosts}
        self._sandbox = cast(Sandbox, _Recording(services.values()))

    async def check(self, exchanges: Iterable[Exchange]) -> tuple[Tally, int]:
        """The counts of all exchanges that are calls to a service, and how many were not."""
        tally, ignored = Tally(), 0
        for exchange in exchanges:
            entry = await self._entry(exchange)
            if entry is None:
                ignored += 1
            else:
                tally.add(entry)
        return tally, ignored

    async def _entry(self, exchange: Exchange) -> Entry | None:
        parts = urlsplit(exchange.url)
        service, path = self._find(parts.hostname or "", unquote(parts.path) or "/")
        if service is None or exchange.method == "OPTIONS":
            return None
        headers = [
            (name.encode("latin-1", "replace"), value.encode("latin-1", "replace"))
            for name, value in exchange.headers.items()
        ]
        entry = Entry(service.name, exchange.method, path, parts.query, headers)
        entry.status = exchange.status or None
        try:
            operation, values = self._contracts[service.name].match(exchange.method, path)
        except (NoSuchPath, MethodNotAllowed):
            return entry
        entry.operation = operation.id
        call = Call(
            sandbox=self._sandbox,
            service=service,
            operation=operation,
            method=exchange.method,
            path=path,
            headers=exchange.headers,
            query_string=parts.query,
            base_url="",
            raw=exchange.body or b"",
            path_values=values,
        )
        violations = [*await _of_request(call, exchange), *_of_answer(call, exchange)]
        entry.violations = [each for each in violations if not _is_masked(each)]
        return entry

    def _find(self, host: str, path: str) -> tuple[Service | None, str]:
        """The service, and the path as its contract spells it."""
        if path.startswith("/@"):
            path = f"/{path[2:].partition('/')[2]}"
        name = self._hosts.get(host.lower())
        first, _, rest = path[1:].partition("/")
        if name is None and first in self._services:
            # A server of ours, where the path begins with the service's name.
            name, path = first, f"/{rest}"
        if name is None or first.startswith("__"):
            return None, path
        return self._services[name], path


async def _of_request(call: Call, exchange: Exchange) -> Sequence[Violation]:
    operation = call.operation
    try:
        if call.service.adapt_request:
            call.service.adapt_request(call)
    except ServiceError as error:
        return [Violation("request", "/header", "refused", error.message)]
    _, violations = operation.read(call.path_values, call.query_string, call.headers)
    if exchange.body is None or (not exchange.body and not operation.request_required):
        return violations
    return [*violations, *await _of_body(call, operation)]


async def _of_body(call: Call, operation: Operation) -> Sequence[Violation]:
    if not operation.request_media_types:
        return ()
    media_type = operation.media_type(call.headers.get("content-type"), bool(call.raw))
    if media_type is None:
        accepted = " or ".join(operation.request_media_types)
        given = call.headers.get("content-type")
        message = f"must be {accepted}, not {given}"
        return [Violation("request", "/header/content-type", "media-type", message, given)]
    if media_type == "multipart/form-data":
        try:
            call.form, call.files = await parse_multipart(dict(call.headers), call.raw)
        except ServiceError as error:
            return [Violation("request", "/body", "type", error.message)]
        parts: dict[str, Any] = {**call.form, **dict.fromkeys(call.files, "")}
        return operation.body_violations(media_type, parts)
    if not is_json(media_type):
        return ()
    if call.body is None and call.raw.strip():
        try:
            call.body = orjson.loads(call.raw)
        except orjson.JSONDecodeError:
            return [Violation("request", "/body", "type", "is not JSON")]
    given_body = call.body is not None or bool(call.raw.strip())
    return operation.body_violations(media_type, call.body, given=given_body)


def _of_answer(call: Call, exchange: Exchange) -> Sequence[Violation]:
    headers = exchange.answer_headers
    if not exchange.status or exchange.answer_body is None or "mockserver-fault" in headers:
        return ()
    if not _speaks_as_contract(call, exchange):
        return ()
    media_type = headers.get("content-type")
    body = exchange.answer_body
    found = call.operation.response_violations(
        exchange.status, headers, None if not body and not media_type else body, media_type
    )
    if exchange.method == "HEAD":
        return [each for each in found if not each.pointer.startswith("/body")]
    return found


def _speaks_as_contract(call: Call, exchange: Exchange) -> bool:
    """Whether this call is answered in the contract's own shapes, and not in those of an older
    version, which the service writes past the contract."""
    if call.service.adapt_answer is None:
        return True
    try:
        body = orjson.loads(exchange.answer_body or b"null")
        answer = Answer(exchange.status, body)
        return call.service.adapt_answer(call, answer) is answer
    except Exception:
        # It tried to translate, and what it got was translated already.
        return False


def _is_masked(violation: Violation) -> bool:
    """A recording of ours has no credentials; what stands in their place breaks nothing."""
    value, name = violation.value, violation.pointer.rpartition("/")[2]
    return isinstance(value, str) and HIDDEN in value and is_secret(name)
