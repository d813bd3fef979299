"""How faults are carried out on presigned URLs: refusals in the object store's own words."""

from collections.abc import Awaitable, Callable

from starlette.types import Message, Receive, Scope, Send

from mockserver.engine.clock import Clock
from mockserver.engine.faults.decisions import Decision
from mockserver.engine.faults.effects import Connection, send_spoiled, spoiled_content, wait
from mockserver.engine.faults.wire import Truncate
from mockserver.engine.s3 import S3Error
from mockserver.engine.uploads import UploadResult

Handle = Callable[[Scope, Receive, Send, S3Error | None], Awaitable[UploadResult]]

CODES = {
    400: "RequestTimeout",
    403: "AccessDenied",
    404: "NoSuchKey",
    429: "SlowDown",
    500: "InternalError",
    503: "SlowDown",
}
MESSAGES = {
    "AccessDenied": "Request has expired",
    "InternalError": "We encountered an internal error. Please try again.",
    "SignatureDoesNotMatch": (
        "The request signature we calculated does not match the signature you provided. "
        "Check your key and signing method."
    ),
    "SlowDown": "Please reduce your request rate.",
}


async def serve(
    decision: Decision, handle: Handle, clock: Clock, scope: Scope, receive: Receive, send: Send
) -> UploadResult:
    """Answer a call to a presigned URL as the decision wants it."""
    connection: Connection | None = scope.get("mockserver.connection")
    told = _naming(decision, send)
    if decision.before:
        await wait(decision.before, clock, real=decision.real)
    if decision.acts("before"):
        if decision.error:
            return await handle(scope, receive, told, refusal(decision))
        await send_spoiled(decision, connection, receive, told, {}, b"")
        return UploadResult()
    if isinstance(decision.fault, Truncate) and scope["method"] == "PUT":
        return await _half_a_body(decision, decision.fault, connection, scope, receive)
    messages: list[Message] = []

    async def hold(message: Message) -> None:
        messages.append(message)

    result = await handle(scope, receive, hold, None)
    if decision.after:
        await wait(decision.after, clock, real=decision.real)
    if decision.acts("after") and decision.error:
        return await handle(scope, receive, told, refusal(decision))
    await _send(decision, connection, receive, told, messages)
    return result


def refusal(decision: Decision) -> S3Error:
    """The error that a `status` or a rate limit becomes; a code given in the rule stays."""
    assert decision.error is not None
    what = decision.what or {}
    status = 503 if decision.error.status == 429 else decision.error.status
    code = what.get("code") or CODES.get(status, "InternalError")
    return S3Error(status, code, what.get("message") or MESSAGES.get(code, "Refused."))


def _naming(decision: Decision, send: Send) -> Send:
    """Sends with the header that names the rules."""

    async def named(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [*message["headers"], (b"mockserver-fault", decision.header().encode())]
            headers += [
                (name.lower().encode(), value.encode("latin-1"))
                for name, value in (decision.error.headers if decision.error else {}).items()
            ]
            message = {**message, "headers": headers}
        await send(message)

    return named


async def _half_a_body(
    decision: Decision,
    fault: Truncate,
    connection: Connection | None,
    scope: Scope,
    receive: Receive,
) -> UploadResult:
    """Take so much of what is put, then hang up; nothing of it is kept."""
    length = int(dict(scope["headers"]).get(b"content-length", b"0"))
    result, more = UploadResult(), True
    while more and result.received < fault.kept(length):
        message = await receive()
        result.received += len(message.get("body", b""))
        more = message.get("more_body", False)
    if connection is None:
        raise ConnectionResetError(f"the rule {decision.rule!r} broke the connection")
    connection.close()
    return result


async def _send(
    decision: Decision,
    connection: Connection | None,
    receive: Receive,
    send: Send,
    messages: list[Message],
) -> None:
    start, *pieces = messages
    whole = b"".join(piece.get("body", b"") for piece in pieces)
    content = spoiled_content(decision, whole)
    if content != whole:
        kept = [each for each in start["headers"] if each[0] != b"content-length"]
        start = {**start, "headers": [*kept, (b"content-length", str(len(content)).encode())]}
    if not await send_spoiled(decision, connection, receive, send, start, content):
        await send(start)
        await send({"type": "http.response.body", "body": content})
