"""Texts that match a regular expression, for the expressions that contracts are written with."""

import string
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mockserver.engine.examples import Faker

Write = Callable[["Faker"], str]

_MORE = 6
"""How often something without an upper limit is repeated beyond its least."""
_MOST = 10_000

_PRINTABLE = string.ascii_letters + string.digits + " _-.,:/"
_CLASSES = {
    "d": string.digits,
    "w": string.ascii_letters + string.digits + "_",
    "s": " ",
    "D": string.ascii_letters + " -",
    "W": " -.,:",
    "S": string.ascii_letters + string.digits + "-",
}
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "0": "\0"}


def writer(source: str) -> Write:
    """What writes texts after the expression; ValueError when it is too intricate.

    A text is a proposal: anchors are passed over, so the caller checks that it matches.
    """
    reading = _Reading(source)
    write = reading.choice()
    if reading.peek():
        raise ValueError(f"the pattern {source} has a bracket too many")
    return write


class _Reading:
    """A way through the source of an expression."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0

    def peek(self) -> str:
        return self._source[self._at : self._at + 1]

    def choice(self) -> Write:
        options = [self._sequence()]
        while self._took("|"):
            options.append(self._sequence())
        return options[0] if len(options) == 1 else lambda f: f.random.choice(options)(f)

    def _took(self, text: str) -> bool:
        found = self._source.startswith(text, self._at)
        self._at += len(text) if found else 0
        return found

    def _take(self) -> str:
        if not self.peek():
            raise ValueError(f"the pattern {self._source} ends too early")
        self._at += 1
        return self._source[self._at - 1]

    def _sequence(self) -> Write:
        parts = []
        while self.peek() not in ("", "|", ")"):
            part = self._part()
            parts.append(self._repeated(part))
        return lambda f: "".join(part(f) for part in parts)

    def _part(self) -> Write:
        character = self._take()
        if character in "^$":
            return lambda _: ""
        if character == "(":
            return self._group()
        if character == "[":
            return _one_of(self._set())
        if character == ".":
            return _one_of(_PRINTABLE)
        if character == "\\":
            return self._escape()
        return lambda _: character

    def _group(self) -> Write:
        if self._took("?") and not self._took(":"):
            if not (self._took("P<") or self._took("<")) or self.peek() in ("=", "!"):
                raise ValueError(f"the pattern {self._source} looks around")
            while self._take() != ">":
                continue
        inside = self.choice()
        if not self._took(")"):
            raise ValueError(f"the pattern {self._source} ends too early")
        return inside

    def _escape(self) -> Write:
        character = self._take()
        if character in "bBAzZ":
            return lambda _: ""
        if character in _CLASSES:
            return _one_of(_CLASSES[character])
        if character in "pPk123456789":
            raise ValueError(f"the pattern {self._source} has \\{character}")
        text = self._escaped(character)
        return lambda _: text

    def _escaped(self, character: str) -> str:
        if character not in "ux":
            return _CONTROLS.get(character, character)
        digits = "".join(self._take() for _ in range(4 if character == "u" else 2))
        return chr(int(digits, 16))

    def _set(self) -> str:
        negated = self._took("^")
        found: list[str] = []
        while not self._took("]") or not found:
            character = self._take()
            if character == "\\" and self.peek() in _CLASSES:
                found.extend(_CLASSES[self._take()])
                continue
            if character == "\\":
                character = self._escaped(self._take())
            if self.peek() == "-" and self._source[self._at + 1 : self._at + 2] not in ("]", ""):
                self._take()
                last = self._take()
                last = self._escaped(self._take()) if last == "\\" else last
                codes = range(ord(character), min(ord(last), ord(character) + 1000) + 1)
                found.extend(map(chr, codes))
            else:
                found.append(character)
        if negated:
            return "".join(sorted(set(_PRINTABLE) - set(found))) or "§"
        return "".join(found)

    def _repeated(self, part: Write) -> Write:
        if self._took("?"):
            least, most = 0, 1
        elif self._took("*"):
            least, most = 0, _MORE
        elif self._took("+"):
            least, most = 1, 1 + _MORE
        elif self._took("{"):
            least, most = self._counts()
        else:
            return part
        if not self._took("?"):
            self._took("+")
        return lambda f: "".join(part(f) for _ in range(f.random.randint(least, most)))

    def _counts(self) -> tuple[int, int]:
        text = ""
        while not self._took("}"):
            text += self._take()
        first, comma, last = text.partition(",")
        least = int(first or 0)
        most = least if not comma else int(last) if last else least + _MORE
        if not least <= most <= _MOST:
            raise ValueError(f"the pattern {self._source} repeats {{{text}}}")
        return least, most


def _one_of(characters: str) -> Write:
    return lambda f: str(f.random.choice(characters))
