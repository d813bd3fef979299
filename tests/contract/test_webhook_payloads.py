"""What subscribers are sent, of every event of every service, is what the document says."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from tests.contract.receiving import Message, from_extend, from_sama, from_toloka
from tests.contract.schemas import at, step
from tests.contract.test_documents import ROOT, document

Cause = Callable[[Path], Coroutine[Any, Any, list[Message]]]

CAUSES: dict[str, Cause] = {"sama": from_sama, "toloka": from_toloka, "extend": from_extend}
NEVER_SENT = {
    f"{noun}.deleted": "there is no call and no control that deletes one"
    for noun in ("extractor", "classifier", "splitter")
}
TRANSPORT = frozenset(
    ("host", "accept", "accept-encoding", "connection", "user-agent", "content-type",
     "content-length")
)  # fmt: skip
"""What any sender adds, and no document declares."""


@dataclass(frozen=True)
class Received:
    """The document of a service, and what was received from it."""

    service: str
    root: dict[str, Any]
    messages: list[Message]

    def events(self) -> dict[str, list[Message]]:
        """The messages by their event."""
        found: dict[str, list[Message]] = {}
        for message in self.messages:
            found.setdefault(message.event, []).append(message)
        return found

    def validator(self, pointer: str) -> Draft202012Validator:
        """One for the schema there, which knows nothing of ours."""
        registry: Registry[Any] = Registry().with_resource(
            ROOT, DRAFT202012.create_resource(self.root)
        )
        return Draft202012Validator(
            {"$ref": f"{ROOT}#{quote(pointer, safe='/~')}"},
            registry=registry,
            format_checker=Draft202012Validator.FORMAT_CHECKER,
        )

    def body(self, event: str) -> Draft202012Validator:
        """A validator of the bodies of an event."""
        operation = step("/webhooks", event) + "/post"
        return self.validator(f"{operation}/requestBody/content/application~1json/schema")

    def parameters(self, event: str) -> Iterator[tuple[dict[str, Any], Draft202012Validator]]:
        """What the document says that comes beside the body."""
        item = step("/webhooks", event)
        for owner in (item, f"{item}/post"):
            for index, found in enumerate(at(self.root, owner).get("parameters", ())):
                pointer = found["$ref"][1:] if "$ref" in found else f"{owner}/parameters/{index}"
                yield at(self.root, pointer), self.validator(f"{pointer}/schema")


@pytest.fixture(scope="module", params=CAUSES)
def received(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Received:
    """All that a service sends, caused once."""
    name: str = request.param
    folder = tmp_path_factory.mktemp(name)
    return Received(name, document(name), asyncio.run(CAUSES[name](folder)))


def test_every_service_with_webhooks_is_listened_to() -> None:
    from mockserver.services import SERVICES

    assert {each.name for each in SERVICES if document(each.name).get("webhooks")} == {*CAUSES}


def test_every_event_of_the_document_is_sent_or_said_never_to_be(received: Received) -> None:
    declared = received.root["webhooks"]
    unsent = declared.keys() - received.events().keys()
    assert received.events().keys() <= declared.keys()
    assert unsent == NEVER_SENT.keys() & declared.keys()
    for event, item in declared.items():
        description = item["post"].get("description", "")
        assert description.startswith("Never sent here") == (event in unsent), event


def test_every_body_is_as_the_document_says(received: Received) -> None:
    for event, found in received.events().items():
        validator = received.body(event)
        for message in found:
            errors = [error.message[:300] for error in validator.iter_errors(message.json)]
            assert not errors, (event, message.inbox, errors)


def test_a_body_without_one_of_its_parts_is_not(received: Received) -> None:
    """Which shows that the test above asks for something."""
    for event, found in received.events().items():
        validator = received.body(event)
        for name in found[0].json:
            less = {key: value for key, value in found[0].json.items() if key != name}
            assert not validator.is_valid(less), (event, name)


def test_an_event_is_not_taken_for_another(received: Received) -> None:
    events = received.events()
    for event in events:
        validator = received.body(event)
        taken = {other for other, found in events.items() if validator.is_valid(found[0].json)}
        assert taken == {event}


def test_what_comes_beside_a_body_is_declared_and_right(received: Received) -> None:
    for event, found in received.events().items():
        parameters = [*received.parameters(event)]
        names = {place["name"].lower() for place, _ in parameters if place["in"] == "header"}
        asked = {place["name"] for place, _ in parameters if place["in"] == "query"}
        for message in found:
            assert message.headers["content-type"] == "application/json"
            assert message.headers.keys() - TRANSPORT <= names, event
            assert message.query.keys() <= asked
            for place, validator in parameters:
                given = message.headers if place["in"] == "header" else message.query
                name = place["name"].lower() if place["in"] == "header" else place["name"]
                if name in given:
                    validator.validate(given[name])
                else:
                    assert not place.get("required"), (event, name)


def test_every_declared_header_and_query_is_sent_by_some_message(received: Received) -> None:
    declared = {
        place["name"].lower()
        for event in received.events()
        for place, _ in received.parameters(event)
    }
    sent = {name for each in received.messages for name in (*each.headers, *each.query)}
    assert declared <= sent


@pytest.mark.parametrize("received", ["extend"], indirect=True)
def test_extends_own_library_verifies_and_types_every_event(received: Received) -> None:
    """Its parser falls back to a plain dict where one key is missing or wrong."""
    hooks = pytest.importorskip("extend_ai").Extend(token="unused", base_url="http://a.b").webhooks
    for event, found in received.events().items():
        inboxes = {each.inbox: each for each in found}
        for message in inboxes.values():
            sure = [hooks.verify(message.body, message.headers, s) for s in message.secrets]
            assert sure.count(True) == 1, (event, message.inbox)
        assert hooks.is_signed_url_event(hooks.parse(inboxes["linked"].body)), event
        typed = hooks.parse(inboxes["plain"].body)
        kind = type(typed).__name__.removeprefix("WebhookEvent_")
        assert kind.lower() == event.replace(".", "").replace("_", "")
        assert (typed.event_type, typed.event_id) == (event, inboxes["plain"].json["eventId"])
        assert typed.payload.id == inboxes["plain"].json["payload"]["id"]
