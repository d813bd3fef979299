"""Texts that fit a schema: by format, by pattern, by name, and cut or filled to length."""

import base64
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mockserver.engine.clock import rfc3339
from mockserver.engine.contract.schemas import FORMATS, judge
from mockserver.engine.invention.names import link, moment, say
from mockserver.engine.invention.patterns import writer

if TYPE_CHECKING:
    from mockserver.engine.examples import Faker

_ATTEMPTS = 100
_LONGEST = 1_000_000

_FORMATS: dict[str, Callable[["Faker"], str]] = {
    "date-time": lambda faker: rfc3339(moment(faker), 3),
    "date": lambda faker: rfc3339(moment(faker))[:10],
    "time": lambda faker: rfc3339(moment(faker), 0)[11:],
    "duration": lambda faker: f"PT{faker.random.randint(1, 59)}M",
    "email": lambda faker: f"{faker.user_name()}@example.com",
    "idn-email": lambda faker: f"{faker.user_name()}@example.com",
    "hostname": lambda faker: f"{faker.word()}.example.com",
    "idn-hostname": lambda faker: f"{faker.word()}.example.com",
    "ipv4": lambda faker: str(faker.ipv4()),
    "ipv6": lambda faker: str(faker.ipv6()),
    "uri": link,
    "iri": link,
    "uri-reference": lambda faker: f"/{faker.word()}",
    "iri-reference": lambda faker: f"/{faker.word()}",
    "uri-template": lambda faker: f"/{faker.word()}/{{id}}",
    "uuid": lambda faker: str(faker.uuid4()),
    "json-pointer": lambda faker: f"/{faker.word()}",
    "relative-json-pointer": lambda faker: f"{faker.random.randint(0, 2)}/{faker.word()}",
    "regex": lambda faker: f"^{faker.word()}$",
    "byte": lambda faker: base64.b64encode(faker.sentence().encode()).decode(),
    "password": lambda faker: str(faker.password(length=16)),
}


def string(schema: dict[str, Any], names: tuple[str, ...], faker: "Faker") -> str:
    """A text for the schema; ValueError when none is found."""
    least, most = schema.get("minLength", 0), schema.get("maxLength", _LONGEST)
    if least > most:
        raise ValueError(f"a text cannot have at least {least} and at most {most} characters")
    if least > _LONGEST:
        raise ValueError(f"a text of {least} characters is too long to invent")
    form, pattern = schema.get("format"), schema.get("pattern")
    if form not in _FORMATS and pattern is None:
        return _fitted(_free(schema, names, faker), (least, most), faker)
    fits = [judge("format", form).is_valid] if form in FORMATS else []
    fits += [judge("pattern", pattern).is_valid] if pattern is not None else []
    for make in _makers(form, pattern, names):
        for _ in range(_ATTEMPTS):
            text = make(faker)
            if least <= len(text) <= most and all(fit(text) for fit in fits):
                return text
    rules = ", ".join(
        f"{key} {schema[key]!r}"
        for key in ("format", "pattern", "minLength", "maxLength")
        if key in schema
    )
    raise ValueError(f"no text with {rules} was found")


def _makers(
    form: str | None, pattern: str | None, names: tuple[str, ...]
) -> list[Callable[["Faker"], str]]:
    """Ways to make a text, the most plausible first."""
    found: list[Callable[[Faker], str]] = []
    if form in _FORMATS:
        found.append(_FORMATS[form])
    if pattern is not None:
        found.append(writer(pattern))
        found.append(lambda faker: say(names, faker) or str(faker.word()))
    return found


def _free(schema: dict[str, Any], names: tuple[str, ...], faker: "Faker") -> str:
    """A text that nothing but its name and its examples says anything about."""
    examples = schema.get("examples") or [schema.get("example")]
    texts = [text for text in examples if isinstance(text, str)]
    if texts:
        return str(faker.random.choice(texts))
    return say(names, faker) or str(faker.word())


def _fitted(text: str, lengths: tuple[int, int], faker: "Faker") -> str:
    """The text within the lengths, without a blank at its end."""
    least, most = lengths
    while len(text) < least:
        text += " " + str(faker.sentence()) if least > 30 else str(faker.word())
    if len(text) > most:
        text = text[:most]
        text = text.rstrip().ljust(least, "x") if text != text.rstrip() else text
    return text
