"""One operation of a contract: reads calls to it, and checks calls and answers."""

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from http.cookies import CookieError, SimpleCookie
from typing import Any

from mockserver.engine.contract.bodies import (
    MediaType,
    RequestBody,
    Response,
    essence,
    is_json,
    of_type,
)
from mockserver.engine.contract.parameters import TEXT, Parameter, Reading, Unreadable
from mockserver.engine.contract.schemas import Schema
from mockserver.engine.contract.violations import MOST, Violation, described, step
from mockserver.engine.request import query_pairs
from mockserver.engine.service import Checked

_SHORT, _MOST = 512, 100  # characters of a query, and calls, whose parameters are remembered
_FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """One method on one path of a contract, and all that the contract says about it."""

    id: str
    method: str
    path: str
    pointer: str
    tags: tuple[str, ...] = ()
    summary: str = ""
    description: str = ""
    deprecated: bool = False
    evidence: str | None = None
    security: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    request: RequestBody | None = None
    responses: Mapping[str, Response] = field(default_factory=dict)
    strict_query: bool = False
    _defaults: Mapping[str, Parameter] = field(init=False, repr=False)
    _needs_path: bool = field(init=False, repr=False)
    _needs_call: bool = field(init=False, repr=False)
    _headers: tuple[str, ...] | None = field(init=False, repr=False)
    _flat: bool = field(init=False, repr=False)
    _known: Callable[..., tuple[dict[str, Any], list[Violation]]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        filled = {p.name: p for p in self.parameters if p.reading.has_default}
        object.__setattr__(self, "_defaults", filled)
        of_path = [p for p in self.parameters if p.where == "path"]
        plain = all(p.schema is None and p.reading.kinds == {"string"} for p in of_path)
        object.__setattr__(self, "_needs_path", not plain)
        others = len(of_path) < len(self.parameters)
        object.__setattr__(self, "_needs_call", others or self.strict_query)
        places = {p.where for p in self.parameters}
        names = tuple(p.name.lower() for p in self.parameters if p.where == "header")
        object.__setattr__(self, "_headers", None if "cookie" in places else names)
        readings = [p.reading for p in self.parameters]
        nested = [r for r in readings if r.is_json or r.kinds & {"array", "object"}]
        object.__setattr__(self, "_flat", not nested)
        object.__setattr__(self, "_known", lru_cache(_MOST)(self._read_given))

    @property
    def request_required(self) -> bool:
        """Whether a call must have a body."""
        return self.request is not None and self.request.required

    @property
    def request_media_types(self) -> tuple[str, ...]:
        """The media types that a call's body may have."""
        return tuple(self.request.media_types) if self.request else ()

    def read(
        self,
        path_values: Mapping[str, str],
        query_string: str,
        headers: Mapping[str, str],
        cookies: Mapping[str, str] | None = None,
    ) -> tuple[dict[str, Any], list[Violation]]:
        """The call's parameters by name, parsed, defaults filled in; and what is wrong with them.

        Header names are lower case. Of a scalar given twice the last one counts. Parameters that
        the contract does not know are left out.
        """
        if self._headers is None or len(query_string) > _SHORT:
            return self._read(path_values, query_string, headers, cookies)
        given = tuple(map(headers.get, self._headers))
        values, violations = self._known(tuple(path_values.items()), query_string, given)
        # Lists and objects are the handler's own to change.
        return (values.copy() if self._flat else copy.deepcopy(values)), violations

    def _read_given(
        self, path: tuple[tuple[str, str], ...], query_string: str, given: tuple[str | None, ...]
    ) -> tuple[dict[str, Any], list[Violation]]:
        """As `read`; those who poll give the same again and again, so answers are remembered."""
        pairs = zip(self._headers or (), given, strict=True)
        headers = {name: text for name, text in pairs if text is not None}
        return self._read(dict(path), query_string, headers)

    def _read(
        self,
        path_values: Mapping[str, str],
        query_string: str,
        headers: Mapping[str, str],
        cookies: Mapping[str, str] | None = None,
    ) -> tuple[dict[str, Any], list[Violation]]:
        violations: list[Violation] = []
        if not self._needs_path:
            values: dict[str, Any] = dict(path_values)
        else:
            values = {}
            for parameter in self.parameters:
                if parameter.where == "path":
                    _keep(values, parameter, [path_values[parameter.name]], violations)
        if self._needs_call:
            self._read_call(values, query_string, headers, cookies, violations)
        return values, violations

    def _read_call(
        self,
        values: dict[str, Any],
        query_string: str,
        headers: Mapping[str, str],
        cookies: Mapping[str, str] | None,
        violations: list[Violation],
    ) -> None:
        query: dict[str, list[str]] = {}
        for name, text in query_pairs(query_string):
            query.setdefault(name, []).append(text)
        for parameter in self.parameters:
            name = parameter.name
            match parameter.where:
                case "query" if parameter.style == "deepObject":
                    fields = _deep_fields(query, name)
                    if fields:
                        _keep(values, parameter, fields, violations)
                        continue
                    texts = None
                case "query":
                    texts = query.pop(name, None)
                case "header":
                    given = headers.get(name.lower())
                    texts = None if given is None else [given]
                case "cookie":
                    cookies = _cookies(headers) if cookies is None else cookies
                    texts = [cookies[name]] if name in cookies else None
                case _:
                    continue
            if texts is None or (parameter.allows_empty and texts[-1] == ""):
                if parameter.required and texts is None:
                    violations.append(parameter.missing())
                elif parameter.reading.has_default:
                    values[name] = parameter.reading.fresh_default()
                continue
            _keep(values, parameter, texts, violations)
        if self.strict_query:
            violations.extend(
                Violation(
                    "request",
                    step("/query", name),
                    "additionalProperties",
                    "is not a known query parameter",
                    texts[-1][:200],
                )
                for name, texts in list(query.items())[:MOST]
            )

    def media_type(self, content_type: str | None, given: bool = True) -> str | None:
        """Which of the declared media types a call with this `Content-Type` has.

        None means that the operation does not take it (415). A call without the header, or whose
        body is not `given`, is taken to have the first one declared; an operation that declares
        no body minds none.
        """
        if not self.request or not self.request.media_types:
            return essence(content_type)
        if not content_type or not given:
            return next(iter(self.request.media_types))
        found = of_type(self.request.media_types, content_type)
        return found.name if found else None

    def body_violations(
        self, media_type: str | None, value: Any, *, given: bool | None = None
    ) -> list[Violation]:
        """What is wrong with a call's body: parsed JSON, the fields of a form, or bytes.

        `given` tells a body that is JSON's `null` from none at all; without it, None is no body.
        """
        if self.request is None:
            return []
        if not (value is not None if given is None else given):
            if not self.request.required:
                return []
            return [Violation("request", "/body", "required", "a body is required")]
        declared = self.request.media_types
        found = of_type(declared, media_type) if media_type else next(iter(declared.values()), None)
        if found is None:
            return [_of_wrong_type("request", media_type, declared)] if declared else []
        if found.schema is None or isinstance(value, bytes):
            return []
        if found.name in _FORMS and isinstance(value, dict):
            value = self.read_form(found.name, value)
        return found.schema.violations(value, "request", "/body")

    def read_form(self, media_type: str | None, fields: Mapping[str, Any]) -> dict[str, Any]:
        """A form's fields (texts, or lists of them) as values of the types in its schema.

        Files stand there as strings. A text that is not of its type stays a text, for
        `body_violations` to complain about.
        """
        declared = self.request.media_types if self.request else {}
        found = of_type(declared, media_type or _FORMS[0])
        properties = found.reading.properties if found and found.reading else {}
        return {name: _field(properties.get(name, TEXT), text) for name, text in fields.items()}

    def response(self, status: int) -> Response | None:
        """What is declared for a status: by itself, by its class (`2XX`), or by default."""
        return (
            self.responses.get(str(status))
            or self.responses.get(f"{status // 100}XX")
            or self.responses.get("default")
        )

    def response_violations(
        self,
        status: int,
        headers: Mapping[str, str],
        body: Any,
        media_type: str | None = "application/json",
    ) -> list[Violation]:
        """What is wrong with an answer: its status, media type, required headers and body."""
        response = self.response(status)
        if response is None:
            declared = ", ".join(self.responses)
            message = f"{status} is not declared for {self.id}; it has {declared}"
            return [Violation("response", "/status", "status", message, status)]
        violations: list[Violation] = []
        if response.headers:
            _check_headers(response.headers, headers, violations)
        if response.media_types:
            found = of_type(response.media_types, media_type or "")
            if body is None and found is None:
                message = "an answer without a body is not declared for this status"
                violations.append(Violation("response", "/body", "required", message))
            elif found is None:
                violations.append(_of_wrong_type("response", media_type, response.media_types))
            elif found.schema is not None and not isinstance(body, Checked):
                violations.extend(_body_violations(found.schema, media_type or "", body))
        return violations

    def first_success(self) -> tuple[int, MediaType | None] | None:
        """The first answer of the 2xx kind that is declared, with its media type, best JSON."""
        for status, response in self.responses.items():
            if status.startswith("2") or status == "default":
                found = sorted(response.media_types.values(), key=lambda one: not is_json(one.name))
                return int(status) if status.isdecimal() else 200, found[0] if found else None
        return None


@dataclass(frozen=True, slots=True, eq=False)
class Webhook:
    """One event that a service sends, and the schema of its payload."""

    event: str
    summary: str
    schema: Schema | None

    def violations(self, payload: Any) -> list[Violation]:
        """What is wrong with the JSON payload of a delivery."""
        return self.schema.violations(payload, "delivery", "/body") if self.schema else []


def _of_wrong_type(
    side: Any, media_type: str | None, declared: Mapping[str, MediaType]
) -> Violation:
    message = f"must be {' or '.join(declared)}, not {media_type or 'missing'}"
    return Violation(side, "/header/content-type", "media-type", message, media_type)


def _body_violations(schema: Schema, media_type: str, body: Any) -> list[Violation]:
    if isinstance(body, bytes):
        if not is_json(essence(media_type)):
            return []
        try:
            body = json.loads(body)
        except (ValueError, RecursionError):
            return [Violation("response", "/body", "type", "is not JSON", described(body))]
    return schema.violations(body, "response", "/body")


def _check_headers(
    declared: tuple[Parameter, ...], headers: Mapping[str, str], violations: list[Violation]
) -> None:
    given = {name.lower(): text for name, text in headers.items()}
    for header in declared:
        text = given.get(header.name.lower())
        found: list[Violation] = []
        if text is not None:
            header.read([text], found)
        elif header.required:
            message = f"the header {header.name!r} is required"
            found = [Violation("response", header.pointer, "required", message)]
        violations.extend(
            Violation("response", one.pointer, one.rule, one.message, one.value) for one in found
        )


def _field(reading: Reading, given: Any) -> Any:
    """A field's value; what was read already stays as it is."""
    texts = given if isinstance(given, list) else [given]
    if not texts or not all(isinstance(text, str) for text in texts):
        return given
    try:
        if reading.items is not None and not (len(texts) == 1 and texts[0][:1] == "["):
            return [reading.items.value(text) for text in texts]
        return reading.value(texts[-1])
    except Unreadable:
        return given


def _keep(
    values: dict[str, Any],
    parameter: Parameter,
    given: list[str] | dict[str, str],
    violations: list[Violation],
) -> None:
    """Read a parameter into the values, or what is wrong with it into the violations."""
    before = len(violations)
    if isinstance(given, dict):
        value = parameter.read_object(given, violations)
    else:
        value = parameter.read(given, violations)
    if len(violations) == before:
        values[parameter.name] = value


def _deep_fields(query: dict[str, list[str]], name: str) -> dict[str, str]:
    """The fields of `name[field]=text`, taken out of the query."""
    start = name + "["
    keys = [key for key in query if key.startswith(start) and key.endswith("]")]
    return {key[len(start) : -1]: query.pop(key)[-1] for key in keys}


def _cookies(headers: Mapping[str, str]) -> dict[str, str]:
    try:
        return {name: one.value for name, one in SimpleCookie(headers.get("cookie", "")).items()}
    except CookieError:
        return {}
