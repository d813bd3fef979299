"""The socket: what a service must supply to the engine, and what the engine hands to it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mockserver.engine.errors import ContractError, ServiceError

if TYPE_CHECKING:
    from mockserver.engine.contract import Operation, Violation
    from mockserver.engine.pace import Transition
    from mockserver.engine.sandbox import Sandbox
    from mockserver.engine.store import Index
    from mockserver.engine.webhooks import WebhookPolicy


@dataclass(slots=True)
class Answer:
    """What a call is answered with: a `dict` or `list` becomes JSON, `bytes` go out as they are.

    Never changed, since one may be given again; frozen, each of a call's three would cost more
    than its route.
    """

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = "application/json"


class Checked(bytes):
    """A body that was found to keep the contract: the same bytes need no second look."""


@dataclass(frozen=True, slots=True)
class File:
    """One file part of a multipart request."""

    filename: str
    content_type: str
    data: bytes


@dataclass(slots=True)
class Call:
    """One request as a handler sees it; the pipeline fills it stage by stage.

    `parameters` are the contract's path, query, header and cookie parameters under their names
    there, parsed to their types, defaults filled in, absent optional ones absent. `path` is
    without prefixes; header names are lower case; `body` is parsed JSON, `None` when empty, and
    `bytes` for any other media type. `answer_headers` go out with the answer, errors included.
    `keep` is given the answer once it was found to keep the contract.
    """

    sandbox: "Sandbox"
    service: "Service"
    operation: "Operation"
    method: str
    path: str
    headers: Mapping[str, str]
    query_string: str
    base_url: str
    raw: bytes = b""
    path_values: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)
    body: Any = None
    form: dict[str, str] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)
    credential: str | None = None
    answer_headers: dict[str, str] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)
    keep: Callable[[Answer], Answer] | None = None


BACKGROUND = "mockserver_background"
"""Attribute of a job's function that marks it as work on many documents."""

Result = Answer | tuple[int, Any]
Handler = Callable[[Call], Result] | Callable[[Call], Awaitable[Result]]
JobFunction = Callable[..., None]


class HandlerTable(dict[str, Handler]):
    """Handlers by the exact `operationId` of the contract."""

    def __call__(self, operation_id: str) -> Callable[[Handler], Handler]:
        def register(handler: Handler) -> Handler:
            if operation_id in self:
                raise ContractError(f"Two handlers are registered for operation {operation_id!r}.")
            self[operation_id] = handler
            return handler

        return register


class ControlTable(HandlerTable):
    """Handlers of the operations under `x-controls`: a service's own part of `/__admin`."""


class JobTable(dict[str, JobFunction]):
    """Job kinds of one service, without its prefix; stored as `<service>.<kind>`.

    One that works on many documents is a `background` job: no call runs it on its way, so that
    none is slow because of a batch that someone else sent.
    """

    def __call__(
        self, kind: str, *, background: bool = False
    ) -> Callable[[JobFunction], JobFunction]:
        def register(function: JobFunction) -> JobFunction:
            if kind in self:
                raise ContractError(f"Two jobs are registered as {kind!r}.")
            self[kind] = function
            if background:
                function.__dict__[BACKGROUND] = True
            return function

        return register


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its name in every place where it can be given, its default, its help."""

    name: str
    default: Any
    help: str


@dataclass(frozen=True, slots=True)
class Limit:
    """`calls` of the operations within `period` seconds per credential, while `setting` is true."""

    setting: str
    operations: tuple[str, ...]
    calls: int
    period: float


@dataclass(frozen=True, slots=True)
class Service:
    """One emulated API: a table of contents that the engine reads, without logic of its own.

    `limit_headers` are those that go out with a refusal of `rate_limit`. `failing` are the job
    kinds that ask `sandbox.faults` whether they are to fail, as a whole or in part.
    """

    name: str
    title: str
    hosts: tuple[str, ...]
    handlers: HandlerTable
    jobs: JobTable
    controls: ControlTable
    authenticate: Callable[[Call], str | None]
    refuse: Callable[[Call, Sequence["Violation"]], ServiceError]
    render_error: Callable[[ServiceError, Call | None], Answer]
    indexes: Mapping[str, Sequence["Index"]] = field(default_factory=dict)
    transitions: Mapping[str, "Transition"] = field(default_factory=dict)
    webhooks: "WebhookPolicy | None" = None
    settings: tuple[Setting, ...] = ()
    limits: tuple[Limit, ...] = ()
    limit_headers: tuple[str, ...] = ("Retry-After",)
    failing: tuple[str, ...] = ()
    seed: Callable[["Sandbox"], None] | None = None
    adapt_request: Callable[[Call], None] | None = None
    adapt_answer: Callable[[Call, Answer], Answer] | None = None
