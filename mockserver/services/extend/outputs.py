"""What extraction, classification and splitting would have found: invented, and always the same."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from mockserver.engine.invention import Uninventable
from mockserver.engine.sandbox import Sandbox
from mockserver.services.extend.wire import Document, derived_tail

PAGE = {"width": 612, "height": 792}
_CURRENCIES = ("USD", "EUR", "GBP", "JPY")


class Chance(Protocol):
    """The seeded numbers that `ids.random` gives."""

    def uniform(self, a: float, b: float) -> float: ...
    def randrange(self, start: int, stop: int | None = None) -> int: ...
    def choice(self, seq: Sequence[Any]) -> Any: ...


def extraction(
    sandbox: Sandbox, config: Mapping[str, Any], files: Sequence[Document], *key: str
) -> Document:
    """Values after the extractor's own schema, each with its confidences and citations."""
    if "fields" in config:
        return _legacy_extraction(sandbox, config["fields"], *key)
    schema = _plain(config.get("schema") or {"type": "object"})
    try:
        value = sandbox.examples.invent(schema, "extend.extraction", *key)
    except Uninventable:
        value = {}
    if not isinstance(value, dict):
        # An output is an object whatever the root of the schema allows.
        value = {}
    value = _currencies(config.get("schema") or {}, value, sandbox.ids.random("extend.money", *key))
    rest = sandbox.ids.random("extend.confidence", *key)
    options = config.get("advancedOptions") or {}
    return {
        "value": value,
        "metadata": {
            path: _found(found, rest, files, options) for path, found in _leaves(value, "")
        },
    }


def provided(value: Mapping[str, Any]) -> Document:
    """The output that stands for values given by the caller or a reviewer."""
    sure: Document = {
        "ocrConfidence": None,
        "logprobsConfidence": 1.0,
        "reviewAgentScore": None,
        "citations": [],
        "insights": [],
    }
    return {"value": dict(value), "metadata": {path: dict(sure) for path, _ in _leaves(value, "")}}


def _plain(schema: Any) -> Any:
    """The schema without what only steers the model; amounts as the service writes them."""
    if isinstance(schema, dict):
        kind = schema.get("extend:type")
        if kind == "date":
            return {"type": "string", "format": "date"}
        if kind == "signature":
            return {
                "type": "object",
                "properties": {
                    "printed_name": {"type": "string"},
                    "signature_date": {"type": "string", "format": "date"},
                    "is_signed": {"type": "boolean"},
                    "title_or_role": {"type": "string"},
                },
                "required": ["printed_name", "signature_date", "is_signed", "title_or_role"],
                "additionalProperties": False,
            }
        plain = {name: _plain(value) for name, value in schema.items()}
        if isinstance(plain.get("properties"), dict):
            # Every field of the schema is answered, found or not.
            plain["required"] = list(plain["properties"])
            plain["additionalProperties"] = False
        kinds = plain.get("type")
        if isinstance(kinds, list) and "null" in kinds and len(kinds) > 1:
            plain["type"] = next(kind for kind in kinds if kind != "null")
        return plain
    if isinstance(schema, list):
        return [_plain(value) for value in schema]
    return schema


def _currencies(schema: Any, value: Any, chance: Chance) -> Any:
    """Invented money in a form that money has."""
    if not isinstance(schema, dict):
        return value
    if schema.get("extend:type") == "currency":
        return {
            "amount": chance.randrange(100, 500_000) / 100,
            "iso_4217_currency_code": chance.choice(_CURRENCIES),
        }
    if isinstance(value, dict):
        parts = schema.get("properties") or {}
        return {name: _currencies(parts.get(name), each, chance) for name, each in value.items()}
    if isinstance(value, list):
        return [_currencies(schema.get("items"), each, chance) for each in value]
    return value


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Each found value with its path: `lines[0].total`."""
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from _leaves(each, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        yield path, None
        for number, each in enumerate(value):
            yield from _leaves(each, f"{path}[{number}]")
    else:
        yield path, value


def _found(
    value: Any, chance: Chance, files: Sequence[Document], options: Mapping[str, Any]
) -> Document:
    confidence = chance.uniform(0.86, 0.999)
    review = (options.get("reviewAgent") or {}).get("enabled")
    cited = value is not None and options.get("citationsEnabled", True) and files
    insights = []
    if options.get("modelReasoningInsightsEnabled"):
        insights = [{"type": "reasoning", "content": "Read from the labelled field."}]
    return {
        "ocrConfidence": round(chance.uniform(0.9, 0.999), 3),
        "logprobsConfidence": round(confidence, 3),
        "reviewAgentScore": chance.randrange(3, 6) if review else None,
        "citations": [_citation(value, chance, files)] if cited else [],
        "insights": insights,
    }


def _citation(value: Any, chance: Chance, files: Sequence[Document]) -> Document:
    file = chance.choice(files)
    pages = int(file["metadata"].get("pageCount", 1))
    left, top = chance.randrange(40, 400), chance.randrange(40, 700)
    right, bottom = left + 120, top + 14
    return {
        "fileId": file["id"],
        "page": {"number": chance.randrange(pages) + 1, **PAGE},
        "referenceText": str(value),
        "polygon": [
            {"x": x, "y": y}
            for x, y in ((left, top), (right, top), (right, bottom), (left, bottom))
        ],
    }


def _legacy_extraction(sandbox: Sandbox, fields: Sequence[Document], *key: str) -> Document:
    """The older form of output, which runs with a fields array have: a result for each field."""
    kinds = {"number": "number", "currency": "number", "boolean": "boolean"}
    chance = sandbox.ids.random("extend.fields", *key)
    schema = {
        "type": "object",
        "properties": {
            field["name"]: {"type": kinds.get(field["type"], "string")} for field in fields
        },
        "required": [field["name"] for field in fields],
    }
    values = sandbox.examples.invent(schema, "extend.extraction", *key)
    return {
        field["name"]: {
            "id": field["id"],
            "type": field["type"],
            "value": values[field["name"]],
            "confidence": round(chance.uniform(0.86, 0.999), 3),
            "insights": [],
            "references": [],
        }
        for field in fields
    }


def classification_of(
    sandbox: Sandbox, config: Mapping[str, Any], *key: str
) -> Mapping[str, Any] | None:
    """The classification that a document gets."""
    known: Sequence[Mapping[str, Any]] = config.get("classifications") or ()
    if not known:
        return None
    return known[sandbox.ids.derived("extend.classification", *key) % len(known)]


def classification(sandbox: Sandbox, config: Mapping[str, Any], *key: str) -> Document:
    """The output of a classify run."""
    found = classification_of(sandbox, config, *key) or {"id": "other", "type": "other"}
    chance = sandbox.ids.random("extend.confidence", *key)
    reason = f"The layout and the wording are those of: {found.get('description', found['type'])}"
    return {
        "id": found["id"],
        "type": found["type"],
        "confidence": round(chance.uniform(0.8, 0.999), 3),
        "insights": [{"type": "reasoning", "content": reason}],
    }


def splits(
    sandbox: Sandbox, config: Mapping[str, Any], file: Mapping[str, Any], *key: str
) -> Document:
    """The output of a split run: parts that follow each other and cover the file's pages."""
    known = config.get("splitClassifications") or [{"id": "other", "type": "other"}]
    chance = sandbox.ids.random("extend.splits", *key)
    pages = int(file["metadata"].get("pageCount", 1))
    found: list[Document] = []
    start = 1
    while start <= pages:
        end = min(pages, start + chance.randrange(2))
        kind = chance.choice(known)
        tail = derived_tail(sandbox.ids, "extend.splits", *key, start)
        found.append(
            {
                "type": kind["type"],
                "observation": f"Pages {start} to {end} belong together.",
                "identifier": f"{kind['type']}-{len(found) + 1}",
                "startPage": start,
                "endPage": end,
                "classificationId": kind["id"],
                "id": f"split_{tail}",
                "fileId": f"file_{tail}",
            }
        )
        start = end + 1
    return {"splits": found}


def provided_splits(
    sandbox: Sandbox, given: Mapping[str, Any], file: Mapping[str, Any], *key: str
) -> Document:
    """The output that stands for splits given by the caller or a reviewer."""
    found = []
    for number, each in enumerate(given["splits"], 1):
        tail = derived_tail(sandbox.ids, "extend.splits", *key, number)
        found.append(
            {
                "observation": "Provided.",
                "identifier": f"{each['type']}-{number}",
                "id": f"split_{tail}",
                "fileId": f"file_{tail}",
                **each,
            }
        )
    return {"splits": found}


def settled(
    sandbox: Sandbox, given: Mapping[str, Any], file: Mapping[str, Any], *key: str
) -> Document:
    """A given output of any kind in the form in which runs show it."""
    if "splits" in given:
        return provided_splits(sandbox, given, file, *key)
    if "value" in given:
        return provided(given["value"])
    return {"confidence": 1.0, "insights": [], **given}
