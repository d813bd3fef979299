"""From the document's objects to operations: the one place that knows how OpenAPI spells things."""

from collections.abc import Iterator
from typing import Any

from mockserver.engine.contract.bodies import MediaType, RequestBody, Response, essence, is_json
from mockserver.engine.contract.document import METHODS, Document
from mockserver.engine.contract.operation import Operation, Webhook
from mockserver.engine.contract.parameters import STYLES, Parameter, reading_of
from mockserver.engine.contract.routes import parameter_names
from mockserver.engine.contract.schemas import Schema, Schemas
from mockserver.engine.contract.violations import step

_IGNORED_HEADERS = frozenset({"accept", "content-type", "authorization"})
"""Header parameters that OpenAPI says are described elsewhere and shall be ignored."""


class Building:
    """Builds operations out of one document."""

    def __init__(self, document: Document, schemas: Schemas) -> None:
        self._document = document
        self._schemas = schemas
        self._shared: dict[str, Any] = {}

    def operation(self, pointer: str, method: str, path: str, base: str) -> Operation:
        """The operation at a pointer."""
        found = self._object(pointer)
        name = found.get("operationId")
        if not isinstance(name, str) or not name:
            raise self._document.error(pointer, "operationId is missing")
        parameters = tuple(self._parameters(pointer, found))
        self._check_path(pointer, path, parameters)
        answers = step(pointer, "responses")
        responses = {
            status if status == "default" else status.upper(): self._response(
                step(answers, status), status, response
            )
            for status, response in (found.get("responses") or {}).items()
        }
        if not responses:
            raise self._document.error(pointer, "responses are missing")
        return Operation(
            id=name,
            method=method,
            path=base + path,
            pointer=pointer,
            tags=tuple(found.get("tags", ())),
            summary=found.get("summary", ""),
            description=found.get("description", ""),
            deprecated=found.get("deprecated", False),
            evidence=found.get("x-evidence"),
            security=self._security(found),
            parameters=parameters,
            request=self._request(pointer, found) if "requestBody" in found else None,
            responses=responses,
            strict_query=found.get("x-strict-query", False),
        )

    def webhook(self, pointer: str, event: str) -> Webhook:
        """The webhook at a pointer."""
        item, pointer = self._document.resolved(pointer, self._document.at(pointer))
        for method in METHODS:
            if isinstance(item, dict) and method in item:
                operation = item[method]
                at = step(pointer, method)
                if "requestBody" not in operation:
                    return Webhook(event, operation.get("summary", ""), None)
                request = self._request(at, operation)
                media = next(iter(request.media_types.values()), None)
                return Webhook(event, operation.get("summary", ""), media.schema if media else None)
        raise self._document.error(pointer, f"the webhook {event!r} has no operation")

    def _object(self, pointer: str) -> dict[str, Any]:
        found = self._document.at(pointer)
        if not isinstance(found, dict):
            raise self._document.error(pointer, "is not an object")
        return found

    def _security(self, found: dict[str, Any]) -> tuple[str, ...]:
        requirements = found.get("security", self._document.root.get("security", []))
        if {} in requirements:
            return ()
        return tuple(dict.fromkeys(name for one in requirements for name in one))

    def _parameters(self, pointer: str, found: dict[str, Any]) -> Iterator[Parameter]:
        """The operation's own parameters and those of its path that it does not replace."""
        parent = pointer.rpartition("/")[0]
        known: dict[tuple[str, str], tuple[str, dict[str, Any]]] = {}
        for owner, parameters in (
            (parent, self._document.at(parent).get("parameters", ())),
            (pointer, found.get("parameters", ())),
        ):
            own = set()
            for index, parameter in enumerate(parameters):
                at = f"{owner}/parameters/{index}"
                value, at = self._document.resolved(at, parameter)
                key = (value.get("in"), value.get("name"))
                if key in own:
                    raise self._document.error(at, f"the parameter {key[1]!r} is given twice")
                own.add(key)
                known[key] = (at, value)
        for (where, name), (at, value) in known.items():
            if where not in STYLES or not isinstance(name, str):
                raise self._document.error(at, "is not a parameter with a name and a place")
            if where == "header" and name.lower() in _IGNORED_HEADERS:
                continue
            yield self._parameter(at, value, name, where)

    def _parameter(self, pointer: str, value: dict[str, Any], name: str, where: str) -> Parameter:
        """The parameter or header; one that many operations share is built once."""
        key = f"{where} {name} {pointer}"
        if key not in self._shared:
            self._shared[key] = self._new_parameter(pointer, value, name, where)
        found: Parameter = self._shared[key]
        return found

    def _new_parameter(
        self, pointer: str, value: dict[str, Any], name: str, where: str
    ) -> Parameter:
        style = value.get("style", STYLES[where][0])
        if style not in STYLES[where]:
            raise self._document.error(pointer, f"style {style!r} is not supported in {where}")
        content = value.get("content")
        if content:
            media_type, media = next(iter(content.items()))
            at, raw = step(f"{pointer}/content", media_type) + "/schema", media.get("schema")
        else:
            at, raw = f"{pointer}/schema", value.get("schema")
        schema = self._schemas.at(at) if raw is not None else None
        reading = reading_of(self._document, raw or {}, is_json=bool(content))
        if "object" in reading.kinds and style != "deepObject" and not content:
            raise self._document.error(pointer, "an object needs the style deepObject")
        return Parameter(
            name=name,
            where=where,
            required=bool(value.get("required", False)),
            schema=None if reading.plain else schema,
            reading=reading,
            style=style,
            explode=value.get("explode", style == "form"),
            allows_empty=bool(value.get("allowEmptyValue", False)),
        )

    def _check_path(self, pointer: str, path: str, parameters: tuple[Parameter, ...]) -> None:
        names = parameter_names(path)
        declared = {parameter.name for parameter in parameters if parameter.where == "path"}
        if len(set(names)) < len(names):
            raise self._document.error(pointer, f"{path} has a parameter twice")
        for name in sorted(set(names) - declared):
            raise self._document.error(pointer, f"the path parameter {name!r} is not declared")
        for name in sorted(declared - set(names)):
            raise self._document.error(pointer, f"the path parameter {name!r} is not in {path}")

    def _request(self, pointer: str, operation: dict[str, Any]) -> RequestBody:
        value, at = self._document.resolved(f"{pointer}/requestBody", operation["requestBody"])
        return RequestBody(bool(value.get("required", False)), self._media_types(at, value))

    def _response(self, pointer: str, status: str, value: Any) -> Response:
        """What is declared for the status; an answer that many operations share is built once."""
        value, at = self._document.resolved(pointer, value)
        key = f"{status} {at}"
        if key not in self._shared:
            self._shared[key] = self._new_response(at, status, value)
        found: Response = self._shared[key]
        return found

    def _new_response(self, at: str, status: str, value: dict[str, Any]) -> Response:
        if not (status == "default" or (len(status) == 3 and status[0] in "12345")):
            raise self._document.error(at, f"{status!r} is not a status")
        headers = []
        for name, header in value.get("headers", {}).items():
            header, header_at = self._document.resolved(step(f"{at}/headers", name), header)
            if name.lower() not in _IGNORED_HEADERS:
                headers.append(self._parameter(header_at, header, name, "header"))
        return Response(status, self._media_types(at, value), tuple(headers))

    def _media_types(self, pointer: str, value: dict[str, Any]) -> dict[str, MediaType]:
        found = {}
        for name, media in (value.get("content") or {}).items():
            at = step(f"{pointer}/content", name)
            raw = media.get("schema")
            schema: Schema | None = self._schemas.at(f"{at}/schema") if raw is not None else None
            is_form = not is_json(essence(name)) and raw is not None
            found[essence(name)] = MediaType(
                name=essence(name),
                schema=schema,
                examples=tuple(self._examples(at, media)),
                reading=reading_of(self._document, raw) if is_form else None,
            )
        return found

    def _examples(self, pointer: str, media: dict[str, Any]) -> Iterator[Any]:
        if "example" in media:
            yield media["example"]
        for name, example in media.get("examples", {}).items():
            example, _ = self._document.resolved(step(f"{pointer}/examples", name), example)
            if "value" in example:
                yield example["value"]
