"""One service's contract: an OpenAPI 3.1 document, checked at load and ready for use."""

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mockserver.engine.contract.building import Building
from mockserver.engine.contract.document import METHODS, Document, read
from mockserver.engine.contract.operation import Operation, Webhook
from mockserver.engine.contract.routes import DuplicateRoute, Routes
from mockserver.engine.contract.schemas import Schemas
from mockserver.engine.contract.violations import step
from mockserver.engine.errors import ContractError


class Contract:
    """The operations, controls and webhooks of one service, by their names and by their routes.

    Every fault of the document is raised here, at load; nothing is compiled before it is used.
    """

    def __init__(self, document: dict[str, Any], source: str = "contract.yaml") -> None:
        self.document = document
        self.source = source
        self.name = Path(source).stem
        self._document = Document(document, source)
        self._check_outline()
        survey = self._document.survey()
        self._document.check_references(survey.references)
        self.title: str = document["info"]["title"]
        self.base_path = _base_path(document)
        self._schemas = Schemas(self._document)
        self._building = Building(self._document, self._schemas)
        self._routes: Routes[Operation] = Routes()
        self._control_routes: Routes[Operation] = Routes()
        try:
            self.operations = self._build("paths", self.base_path, self._routes)
            self.controls = self._build("x-controls", "", self._control_routes)
            self.webhooks: dict[str, Webhook] = {
                event: self._building.webhook(step("/webhooks", event), event)
                for event in document.get("webhooks", {})
            }
        except (AttributeError, KeyError, TypeError) as error:
            # More often than not a schema, for which there are better words.
            self._schemas.check(survey)
            raise ContractError(f"{source}: is not laid out as OpenAPI says: {error}") from error
        self._schemas.check(survey)

    @classmethod
    def load(cls, path: Path) -> "Contract":
        """The contract in a file."""
        return cls(read(path), str(path))

    def match(self, method: str, path: str) -> tuple[Operation, dict[str, str]]:
        """The operation of a call and the texts of its path parameters.

        Raises NoSuchPath or MethodNotAllowed.
        """
        return self._routes.match(method, path)

    def match_control(self, method: str, path: str) -> tuple[Operation, dict[str, str]]:
        """As `match`, among the service's controls; the path is relative to theirs."""
        return self._control_routes.match(method, path)

    def nearest(self, method: str, path: str) -> str | None:
        """The call most like one that matches nothing, as `GET /v2/tasks/{task_id}.json`."""
        return self._routes.nearest(method, path)

    def check_handlers(self, handlers: Iterable[str], controls: Iterable[str]) -> None:
        """Raise for a handler without an operation, or an operation that nothing can answer."""
        for kind, operations, names in (
            ("handler", self.operations, set(handlers)),
            ("control", self.controls, set(controls)),
        ):
            for name in sorted(names - operations.keys()):
                near = get_close_matches(name, operations, n=1)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                raise ContractError(f"{self.source}: the {kind} {name!r} has no operation{hint}")
            for name, operation in operations.items():
                if name not in names and not _can_answer(operation):
                    raise self._document.error(
                        operation.pointer,
                        f"has no {kind}, and no 2xx answer with an example or a schema",
                    )

    def _check_outline(self) -> None:
        document = self.document
        version = str(document.get("openapi"))
        if not version.startswith("3.1."):
            raise ContractError(f"{self.source}: openapi is {version}, but must be 3.1.x")
        info = document.get("info")
        if not isinstance(info, dict) or not isinstance(info.get("title"), str):
            raise ContractError(f"{self.source}: info.title is missing")
        if not isinstance(document.get("paths"), dict):
            raise ContractError(f"{self.source}: paths is missing")
        for part in ("components", "webhooks", "x-controls"):
            if not isinstance(document.get(part, {}), dict):
                raise ContractError(f"{self.source}: {part} is not an object")

    def _build(self, part: str, base: str, routes: Routes[Operation]) -> dict[str, Operation]:
        found: dict[str, Operation] = {}
        for path, item in self.document.get(part, {}).items():
            item, pointer = self._document.resolved(step(f"/{part}", path), item)
            if not path.startswith("/") or not isinstance(item, dict):
                raise self._document.error(pointer, f"{path!r} is not a path with operations")
            for method in METHODS:
                if method not in item:
                    continue
                at = step(pointer, method)
                operation = self._building.operation(at, method.upper(), path, base)
                if operation.id in found:
                    raise self._document.error(at, f"operationId {operation.id!r} is taken")
                found[operation.id] = operation
                try:
                    routes.add(operation.method, operation.path, operation)
                except DuplicateRoute:
                    raise self._document.error(at, "another path answers the same calls") from None
        return found


def _base_path(document: dict[str, Any]) -> str:
    servers = document.get("servers") or [{}]
    return urlsplit(str(servers[0].get("url", ""))).path.rstrip("/")


def _can_answer(operation: Operation) -> bool:
    success = operation.first_success()
    if success is None:
        return False
    _, media = success
    return media is None or bool(media.examples) or media.schema is not None
