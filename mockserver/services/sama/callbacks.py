"""The three callbacks of a project: their bodies, and how they prove where they come from."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import orjson

from mockserver.engine.sandbox import Sandbox
from mockserver.engine.webhooks import Prepared, WebhookPolicy
from mockserver.services.sama import wire
from mockserver.services.sama.inputs import NewTask

EVENTS = ("task_creation", "task_delivery", "task_archival")
Callback = dict[str, Any]


def of(sandbox: Sandbox, project_id: int, event: str) -> Callback | None:
    """The callback of a project for an event, where one is set up."""
    return sandbox.collection("sama.callbacks").get(f"{project_id}:{event}")


def replace(
    sandbox: Sandbox, project_id: int, event: str, setting: Mapping[str, Any] | None
) -> None:
    """Set up a callback, or remove it."""
    id = f"{project_id}:{event}"
    if setting is None:
        sandbox.collection("sama.callbacks").delete(id)
        return
    sandbox.collection("sama.callbacks").put(
        {
            "id": id,
            "project_id": project_id,
            "event": event,
            "url": setting["url"],
            "auth": setting.get("auth"),
        }
    )


def tell_creation(sandbox: Sandbox, callback: Callback | None, task: dict[str, Any]) -> None:
    """One task was created in the background (F170, F173)."""
    if callback is not None:
        _emit(sandbox, callback, {"success": True, "tasks": [wire.in_status_form(task)]})


def tell_failure(sandbox: Sandbox, callback: Callback | None, id: str, task: NewTask) -> None:
    """One task could not be created (F172)."""
    if callback is None:
        return
    request_data = {
        "project_id": callback["project_id"],
        "questions": task.data,
        "default_answers": task.default_answers,
        "priority": task.priority,
    }
    errors = [
        {
            "task_id": id,
            # A number here, whatever batch status says (F172).
            "type": error["type"] if isinstance(error["type"], int) else 400,
            "message": error["message"],
            "request_data": request_data,
        }
        for error in task.errors
    ]
    _emit(sandbox, callback, {"success": False, "errors": errors})


def tell_delivery(sandbox: Sandbox, callback: Callback, task: dict[str, Any]) -> str:
    """A finished task; the answer decides what becomes of it (F174-F176).

    The body says `completed`, as the documented sample does (F160).
    """
    body = {"task": {**wire.in_delivery_form(task), "state": "completed"}}
    return _emit(
        sandbox,
        callback,
        body,
        context={"task_id": task["id"], "round": task["round"]},
        then="sama.delivery_answered",
    )


def tell_archival(
    sandbox: Sandbox, callback: Callback | None, task_ids: list[str], user_id: int
) -> None:
    """Tasks were deleted, all by one call (F178)."""
    if callback is None:
        return
    archived_at = wire.now(sandbox)
    tasks = [
        {
            "id": id,
            "project_id": callback["project_id"],
            "archived_at": archived_at,
            "user_id": user_id,
        }
        for id in task_ids
    ]
    _emit(sandbox, callback, {"success": True, "tasks": tasks})


def rejection(body: str | bytes) -> list[str] | None:
    """The reasons in a receiver's answer, or None when it does not reject.

    Not emulated: Sama's own rule, which could not be read (F176); this is a proposal (F177).
    """
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    reasons = found.get("reasons") if isinstance(found, dict) else None
    if isinstance(reasons, str):
        return [reasons]
    return [str(reason) for reason in reasons] if isinstance(reasons, list) else None


def succeeded(status: int, body: bytes) -> bool:
    """Whether the receiver has answered: any 2xx, or a 4xx that names reasons (F177, F179)."""
    return 200 <= status < 300 or (400 <= status < 500 and rejection(body) is not None)


def prepare(sandbox: Sandbox, delivery: Mapping[str, Any], body: bytes, now: float) -> Prepared:
    """The URL and the headers of one attempt, in one of the four ways of F168."""
    url = delivery["url"]
    callback = sandbox.collection("sama.callbacks").get(delivery["context"]["callback"])
    auth = (callback or {}).get("auth") or {"type": None}
    headers: dict[str, str] = {}
    match auth["type"]:
        case "basic":
            pair = f"{auth['username']}:{auth['password']}".encode()
            headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        case "access_key":
            parts = urlsplit(url)
            query = [*parse_qsl(parts.query, keep_blank_values=True)]
            query.append(("access_key", auth["access_key"]))
            url = urlunsplit(parts._replace(query=urlencode(query)))
        case "token":
            headers["X-Auth-Token"] = auth["token"]
        case "hmac":
            headers |= signature(auth["id"], auth["secret"], urlsplit(url).path or "/", body, now)
    return Prepared(url, headers)


def signature(id: str, secret: str, path: str, body: bytes, now: float) -> dict[str, str]:
    """The headers of the fourth way.

    Not emulated: the string that Sama signs, which is not public; this is a proposal (F169).
    """
    date = formatdate(now, usegmt=True)
    text = f"POST\n{path}\n{date}\n{hashlib.sha256(body).hexdigest()}"
    digest = hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()
    return {
        "X-wsm-date": date,
        "Authorization": f"HMAC-SHA256 {id}:{base64.b64encode(digest).decode()}",
    }


def _emit(
    sandbox: Sandbox,
    callback: Callback,
    body: dict[str, Any],
    *,
    context: dict[str, Any] | None = None,
    then: str | None = None,
) -> str:
    return sandbox.webhooks.emit(
        "sama",
        callback["event"],
        callback["url"],
        body,
        context={"callback": callback["id"], **(context or {})},
        then=then,
    )


# Five attempts in all (F179, F180). The delays are unknown (U21).
policy = WebhookPolicy(retries=(10.0, 10.0, 10.0, 10.0), succeeded=succeeded, prepare=prepare)
