"""One call from start to end: the stages, written one under the other."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import orjson
from starlette.types import Message, Receive, Scope, Send

from mockserver.engine.clock import monotonic
from mockserver.engine.contract import MethodNotAllowed, NoSuchPath, Violation
from mockserver.engine.contract.bodies import is_json
from mockserver.engine.errors import MockserverError, NotFound, RateLimited, ServiceError
from mockserver.engine.faults import Decision
from mockserver.engine.faults.effects import send_spoiled, spoiled_content, wait
from mockserver.engine.faults.wire import Empty, Hang, Reset
from mockserver.engine.journal import Entry
from mockserver.engine.request import Disconnected, parse_json, parse_multipart, read_body
from mockserver.engine.service import Answer, Call, Handler, Service
from mockserver.engine.store import StoreFull

if TYPE_CHECKING:
    from mockserver.engine.contract import Operation
    from mockserver.engine.sandbox import Sandbox

log = logging.getLogger("mockserver.pipeline")

Match = Callable[[str, str], tuple["Operation", dict[str, str]]]

FAULT = "mockserver-fault"
"""The header in which a caller asks for one fault on one call."""
LOOKS = ("GET", "HEAD")
UNSENT = (Reset, Empty, Hang)
KEPT = 64 * 1024
"""Bytes of an answer's body that the journal keeps."""
LARGE = 256 * 1024
"""Bytes of a body whose parsing, checking and handling leave others a turn in between."""
WAITED = 0.1
"""Seconds after which a call has waited for something, rather than taken its time."""
DUE_BUDGET = 0.02
"""Real seconds that a call gives to state changes that are due; the ticker does the rest."""


class Pipeline:
    """Answers the calls of one service: an ASGI application.

    The scope must hold `mockserver.sandbox`, `mockserver.base_url`, `mockserver.headers` and
    `mockserver.path`, the path as the contract spells it. `recorded` calls are in the sandbox's
    journal; the control API's are not.
    """

    def __init__(
        self,
        service: Service,
        match: Match,
        *,
        strict: bool,
        max_body: int,
        recorded: bool = True,
    ) -> None:
        self._service = service
        self._match = match
        self._strict = strict
        self._max_body = max_body
        self._recorded = recorded
        self._limits = {
            operation: limit for limit in service.limits for operation in limit.operations
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sandbox: Sandbox = scope["mockserver.sandbox"]
        started = monotonic()
        sandbox.calls += 1
        entry = Entry(
            self._service.name,
            scope["method"],
            scope["mockserver.called"],
            scope["query_string"].decode("latin-1"),
            scope["headers"],
        )
        entry.at = sandbox.clock.now()
        try:
            answer, decision = await self._answer(scope, receive, sandbox, entry)
            if decision is None:
                await self._send(answer, entry, send, scope)
            else:
                await self._send_spoiled(decision, answer, entry, scope, receive, send)
        except Disconnected:
            return
        finally:
            entry.duration = monotonic() - started
            if entry.duration < WAITED:
                sandbox.served += entry.duration
            if self._recorded:
                sandbox.journal.add(entry)

    async def _answer(
        self, scope: Scope, receive: Receive, sandbox: "Sandbox", entry: Entry
    ) -> tuple[Answer, Decision | None]:
        call: Call | None = None
        decision: Decision | None = None
        try:
            raw = await read_body(receive, self._max_body)
            entry.request_size = len(raw)
            entry.request_body = raw[: sandbox.journal.body_bytes]
            call = self._open(scope, sandbox, entry, raw)
            if sandbox.jobs.due_by(entry.at):
                sandbox.catch_up(budget=DUE_BUDGET, background=False)
            if self._recorded and (sandbox.faults.active or FAULT in call.headers):
                decision = await self._faults_before(call, entry)
                if decision and decision.acts("before"):
                    return Answer(500), decision
            call.credential = self._service.authenticate(call)
            self._limit(call)
            if self._service.adapt_request:
                self._service.adapt_request(call)
            await self._read(call, entry)
            if len(call.raw) > LARGE:
                await asyncio.sleep(0)
            answer = self._checked(call, await self._handle(call), entry)
            self._commit(call)
            if sandbox.pace.pace == "instant":
                sandbox.catch_up()
            if decision:
                await self._faults_after(decision, call)
        except Disconnected:
            raise
        except ServiceError as error:
            sandbox.rollback()
            lost = decision.error if decision and decision.acts("after") else None
            return self._refusal(lost or error, call, entry), decision
        except MockserverError as error:
            sandbox.rollback()
            code = "unavailable" if error.status == 503 else None
            refusal = ServiceError(str(error), status=error.status, code=code)
            return self._refusal(refusal, call, entry), decision
        except Exception:
            log.exception("%s %s failed", entry.method, entry.path)
            sandbox.rollback()
            mistake = ServiceError("The server made a mistake; its log says which.", status=500)
            return self._refusal(mistake, call, entry), decision
        if self._service.adapt_answer:
            answer = self._service.adapt_answer(call, answer)
        return self._with_headers(answer, call.answer_headers), decision

    async def _faults_before(self, call: Call, entry: Entry) -> Decision | None:
        """Decide what happens to the call; wait, and refuse it if that is what happens."""
        faults, sandbox = call.sandbox.faults, call.sandbox
        # Rules look at the whole body, of which the journal keeps a part.
        kept, entry.request_body = entry.request_body, call.raw
        try:
            decision = faults.call(entry, lambda: self._credential(call), call.headers.get(FAULT))
        finally:
            entry.request_body = kept
        if decision is None:
            return None
        if isinstance(decision.error, RateLimited):
            told = decision.error.headers
            decision.error.headers = {
                name: told[name] for name in self._service.limit_headers if name in told
            }
        self._commit(call)
        entry.fault = decision.view()
        call.answer_headers["Mockserver-Fault"] = decision.header()
        if decision.before:
            await wait(decision.before, sandbox.clock, real=decision.real)
            sandbox.catch_up(budget=DUE_BUDGET, background=False)
        if decision.acts("before") and decision.error:
            raise decision.error
        return decision

    @staticmethod
    def _commit(call: Call) -> None:
        """Keep what the call has changed; on a full disk looking goes on, though not counted."""
        try:
            call.sandbox.commit()
        except StoreFull as full:
            if call.method not in LOOKS or not full.collections <= call.sandbox.notes:
                raise
            call.sandbox.rollback()

    async def _faults_after(self, decision: Decision, call: Call) -> None:
        """The work is done and kept; its answer may be late, or lost for a refusal."""
        if decision.after:
            await wait(decision.after, call.sandbox.clock, real=decision.real)
        if decision.acts("after") and decision.error:
            raise decision.error

    def _credential(self, call: Call) -> str | None:
        try:
            return self._service.authenticate(call)
        except ServiceError:
            return None

    def _open(self, scope: Scope, sandbox: "Sandbox", entry: Entry, raw: bytes) -> Call:
        path = scope["mockserver.path"]
        try:
            operation, values = self._match(scope["method"], path)
        except NoSuchPath:
            raise NotFound(f"There is no {path}.", details={"path": path}) from None
        except MethodNotAllowed as error:
            allowed = ", ".join(error.allowed)
            raise ServiceError(
                f"{path} allows {allowed}, not {scope['method']}.",
                status=405,
                code="method_not_allowed",
                details={"path": path, "allowed": error.allowed},
                headers={"Allow": allowed},
            ) from None
        entry.operation = operation.id
        return Call(
            sandbox=sandbox,
            service=self._service,
            operation=operation,
            method=scope["method"],
            path=path,
            headers=scope["mockserver.headers"],
            query_string=entry.query,
            base_url=scope["mockserver.base_url"],
            raw=raw,
            path_values=values,
        )

    def _limit(self, call: Call) -> None:
        limit = self._limits.get(call.operation.id)
        if limit and call.sandbox.setting(limit.setting):
            call.sandbox.limits.check(limit, call.credential)

    async def _read(self, call: Call, entry: Entry) -> None:
        """Parse the parameters and the body, and refuse what breaks the contract."""
        violations: Sequence[Violation]
        call.parameters, violations = call.operation.read(
            call.path_values, call.query_string, call.headers
        )
        if call.raw or call.operation.request_required:
            violations = [*violations, *await self._read_body(call)]
        if violations:
            entry.violations = tuple(violations)
            raise self._service.refuse(call, violations)

    async def _read_body(self, call: Call) -> Sequence[Violation]:
        if not call.operation.request_media_types:
            return ()
        media_type = call.operation.media_type(call.headers.get("content-type"), bool(call.raw))
        if media_type is None:
            accepted = ", ".join(call.operation.request_media_types)
            raise ServiceError(
                f"Content-Type must be {accepted}.",
                status=415,
                code="unsupported_media_type",
                details={"accepted": list(call.operation.request_media_types)},
            )
        if media_type == "multipart/form-data":
            call.form, call.files = await parse_multipart(dict(call.headers), call.raw)
            parts: dict[str, Any] = {**call.form, **dict.fromkeys(call.files, "")}
            return call.operation.body_violations(media_type, parts)
        if is_json(media_type):
            if call.body is None:
                call.body = parse_json(call.raw)
                if len(call.raw) > LARGE:
                    await asyncio.sleep(0)
            given = call.body is not None or bool(call.raw.strip())
            return call.operation.body_violations(media_type, call.body, given=given)
        call.body = call.raw
        return ()

    async def _handle(self, call: Call) -> Answer:
        handler: Handler | None = self._service.handlers.get(call.operation.id)
        if handler is None:
            status, body = call.sandbox.examples.answer(call.operation, call.path, call.raw)
            return Answer(status, body, {"Mockserver-Example": "true"})
        result = handler(call)
        if not isinstance(result, Answer | tuple):
            result = await result
        return result if isinstance(result, Answer) else Answer(*result)

    def _checked(self, call: Call, answer: Answer, entry: Entry) -> Answer:
        """The answer, or what strict mode makes of one that breaks its own contract."""
        headers = (
            {**answer.headers, **call.answer_headers} if call.answer_headers else (answer.headers)
        )
        violations = call.operation.response_violations(
            answer.status, headers, answer.body, answer.media_type
        )
        if not violations:
            return answer if call.keep is None else call.keep(answer)
        entry.violations = (*entry.violations, *violations)
        first = f"{violations[0].pointer}: {violations[0].message}"
        log.error("the answer of %s breaks its contract: %s", call.operation.id, first)
        if self._strict:
            raise ServiceError(
                f"The answer breaks the contract: {first}",
                status=500,
                headers={"Mockserver-Violation": str(len(violations))},
            )
        return self._with_headers(answer, {"Mockserver-Violation": str(len(violations))})

    def _refusal(self, error: ServiceError, call: Call | None, entry: Entry) -> Answer:
        answer = self._service.render_error(error, call)
        headers = dict(error.headers)
        if call is not None:
            headers = {**headers, **call.answer_headers}
            violations = call.operation.response_violations(
                answer.status, {**answer.headers, **headers}, answer.body, answer.media_type
            )
            if violations:
                first = f"{violations[0].pointer}: {violations[0].message}"
                log.error("the refusal of %s breaks its contract: %s", call.operation.id, first)
                entry.violations = (*entry.violations, *violations)
                headers["Mockserver-Violation"] = str(len(violations))
            if self._service.adapt_answer:
                answer = self._service.adapt_answer(call, answer)
        return self._with_headers(answer, headers)

    @staticmethod
    def _with_headers(answer: Answer, headers: dict[str, str]) -> Answer:
        if not headers:
            return answer
        return Answer(answer.status, answer.body, {**answer.headers, **headers}, answer.media_type)

    async def _send(self, answer: Answer, entry: Entry, send: Send, scope: Scope) -> None:
        content = encode(answer)
        start = self._started(answer, entry, content)
        await send(start)
        await send(
            {"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else content}
        )

    async def _send_spoiled(
        self,
        decision: Decision,
        answer: Answer,
        entry: Entry,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        """Send what the faults leave of the answer; one that never leaves has no status."""
        content = spoiled_content(decision, encode(answer))
        start = self._started(answer, entry, content)
        if decision.error is None and decision.fault is not None:
            if isinstance(decision.fault, UNSENT):
                entry.status, entry.response_headers, entry.response_body = None, (), b""
            connection = scope.get("mockserver.connection")
            if await send_spoiled(decision, connection, receive, send, start, content):
                return
        await send(start)
        await send(
            {"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else content}
        )

    def _started(self, answer: Answer, entry: Entry, content: bytes) -> Message:
        """The head of the answer, written down in the journal."""
        headers = [(b"content-length", b"%d" % len(content))]
        if answer.status not in (204, 304):
            headers.append((b"content-type", answer.media_type.encode()))
        headers += [(k.lower().encode(), v.encode("latin-1")) for k, v in answer.headers.items()]
        entry.status = answer.status
        entry.response_headers = headers
        entry.response_size = len(content)
        entry.response_body = content[:KEPT]
        return {"type": "http.response.start", "status": answer.status, "headers": headers}


def encode(answer: Answer) -> bytes:
    """The bytes of an answer's body."""
    if isinstance(answer.body, bytes):
        return answer.body
    if answer.body is None and answer.status in (202, 204, 304):
        return b""
    return orjson.dumps(answer.body)
