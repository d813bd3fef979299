"""What a property's name says about its contents."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from mockserver.engine.clock import rfc3339

if TYPE_CHECKING:
    from mockserver.engine.examples import Faker

Say = Callable[["Faker"], str]

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def tokens(names: tuple[str, ...]) -> list[str]:
    """The words of the last name on the way to a value, items of a list after the list's name."""
    for name in reversed(names):
        if name != "*":
            return [word.lower() for word in _WORD.findall(name)]
    return []


def say(names: tuple[str, ...], faker: "Faker") -> str | None:
    """A text for the property, or None when its name says nothing."""
    words = tokens(names)
    for size in (len(words), 2, 1):
        found = _SAYINGS.get("_".join(words[-size:])) if 0 < size <= len(words) else None
        if found:
            return found(faker)
    plural = words[-1] if words else ""
    found = _SAYINGS.get(plural[:-1]) if plural.endswith("s") else None
    return found(faker) if found else None


def moment(faker: "Faker") -> int:
    """Some second of the year 2025."""
    return 1_735_689_600 + int(faker.random.randrange(365 * 86400))


def link(faker: "Faker", ending: str = "") -> str:
    """A web address that belongs to nobody."""
    return f"https://{faker.word()}.example.com/{faker.word()}{ending}"


def _title(faker: "Faker") -> str:
    return str(faker.catch_phrase())


def _sentence(faker: "Faker") -> str:
    return str(faker.sentence(nb_words=8))


def _email(faker: "Faker") -> str:
    return f"{faker.user_name()}@example.com"


def _day(faker: "Faker") -> str:
    return rfc3339(moment(faker))[:10]


def _time(faker: "Faker") -> str:
    return rfc3339(moment(faker), 0)


def _hex(faker: "Faker") -> str:
    return str(faker.hexify("^" * 32))


def _image(faker: "Faker") -> str:
    return link(faker, ".jpg")


_SAYINGS: dict[str, Say] = {
    "account": lambda faker: str(faker.user_name()),
    "address": lambda faker: str(faker.street_address()),
    "amount": lambda faker: f"{faker.random.randint(100, 50_000) / 100:.2f}",
    "answer": _sentence,
    "at": _time,
    "author": lambda faker: str(faker.name()),
    "body": _sentence,
    "brand": lambda faker: str(faker.company()),
    "caption": _sentence,
    "category": lambda faker: str(faker.word()),
    "city": lambda faker: str(faker.city()),
    "color": lambda faker: str(faker.color_name()),
    "colour": lambda faker: str(faker.color_name()),
    "comment": _sentence,
    "company": lambda faker: str(faker.company()),
    "content": _sentence,
    "content_type": lambda faker: str(faker.mime_type()),
    "country": lambda faker: str(faker.country()),
    "country_code": lambda faker: str(faker.country_code()),
    "created": _time,
    "currency": lambda faker: str(faker.currency_code()),
    "customer": lambda faker: str(faker.name()),
    "date": _day,
    "description": _sentence,
    "email": _email,
    "email_address": _email,
    "file": lambda faker: str(faker.file_name()),
    "file_name": lambda faker: str(faker.file_name()),
    "filename": lambda faker: str(faker.file_name()),
    "finished": _time,
    "first_name": lambda faker: str(faker.first_name()),
    "full_name": lambda faker: str(faker.name()),
    "hash": _hex,
    "host": lambda faker: f"{faker.word()}.example.com",
    "id": _hex,
    "image": _image,
    "image_url": _image,
    "instructions": _sentence,
    "ip": lambda faker: str(faker.ipv4()),
    "job": lambda faker: str(faker.job()),
    "job_title": lambda faker: str(faker.job()),
    "key": _hex,
    "label": lambda faker: str(faker.word()),
    "language": lambda faker: str(faker.language_code()),
    "last_name": lambda faker: str(faker.last_name()),
    "link": link,
    "locale": lambda faker: str(faker.locale()),
    "message": _sentence,
    "mime_type": lambda faker: str(faker.mime_type()),
    "modified": _time,
    "name": lambda faker: str(faker.name()),
    "note": _sentence,
    "organization": lambda faker: str(faker.company()),
    "owner": lambda faker: str(faker.name()),
    "password": lambda faker: str(faker.password(length=16)),
    "path": lambda faker: str(faker.file_path()),
    "phone": lambda faker: str(faker.numerify("+1-555-01##")),
    "phone_number": lambda faker: str(faker.numerify("+1-555-01##")),
    "photo": _image,
    "picture": _image,
    "postal_code": lambda faker: str(faker.postcode()),
    "postcode": lambda faker: str(faker.postcode()),
    "price": lambda faker: f"{faker.random.randint(100, 50_000) / 100:.2f}",
    "product": lambda faker: str(faker.word()).capitalize(),
    "project_name": _title,
    "question": lambda faker: _sentence(faker)[:-1] + "?",
    "reason": _sentence,
    "region": lambda faker: str(faker.state()),
    "secret": _hex,
    "state": lambda faker: str(faker.state()),
    "street": lambda faker: str(faker.street_address()),
    "subject": _title,
    "summary": _sentence,
    "surname": lambda faker: str(faker.last_name()),
    "tag": lambda faker: str(faker.word()),
    "text": _sentence,
    "timestamp": _time,
    "timezone": lambda faker: str(faker.timezone()),
    "title": _title,
    "token": _hex,
    "total": lambda faker: f"{faker.random.randint(100, 50_000) / 100:.2f}",
    "transcript": _sentence,
    "updated": _time,
    "uri": link,
    "url": link,
    "user": lambda faker: str(faker.user_name()),
    "user_agent": lambda faker: str(faker.user_agent()),
    "username": lambda faker: str(faker.user_name()),
    "user_name": lambda faker: str(faker.user_name()),
    "uuid": lambda faker: str(faker.uuid4()),
    "vendor": lambda faker: str(faker.company()),
    "website": link,
    "workflow_name": _title,
    "zip": lambda faker: str(faker.postcode()),
}
