"""The array of tasks in an uploaded file, read piece by piece however large it is."""

import codecs
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import orjson

_CHUNK = 256 * 1024
_EDGE = 64 * 1024
_SPACE = " \t\n\r"
_LOOKAHEAD = 16
# Numbers are only looked for here, so their digits are not turned into numbers.
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str)


class MalformedFile(Exception):
    """The file is not a JSON array."""


@dataclass(frozen=True, slots=True)
class Broken:
    """An element that looks like JSON but is not quite."""

    message: str


@dataclass(frozen=True, slots=True)
class Piece:
    """Consecutive elements, and the offset in bytes where the next ones begin."""

    elements: list[Any]
    offset: int
    ended: bool


def looks_whole(path: Path) -> bool:
    """Whether the file begins and ends like an array, told from its edges alone."""
    with path.open("rb") as file:
        head = file.read(_EDGE).removeprefix(codecs.BOM_UTF8).lstrip()
        file.seek(0, 2)
        file.seek(max(0, file.tell() - _EDGE))
        tail = file.read().rstrip()
    return head[:1] == b"[" and tail[-1:] == b"]"


def check(path: Path) -> None:
    """Raise MalformedFile unless a small file is an array as a whole."""
    try:
        if isinstance(orjson.loads(path.read_bytes()), list):
            return
    except orjson.JSONDecodeError:
        # Perhaps a single element is at fault, which the closer look forgives.
        pass
    count_piece(path, 0, path.stat().st_size + 1)


def read_piece(path: Path, offset: int, most: int, most_bytes: int) -> Piece:
    """At most `most` elements from an offset on, and not many more than `most_bytes` bytes."""
    with path.open("rb") as file:
        reader = _Reader(file, offset)
        elements: list[Any] = []
        for text in reader.elements():
            elements.append(_decoded(text))
            if len(elements) >= most or reader.read_bytes >= most_bytes:
                return Piece(elements, reader.offset, ended=False)
        return Piece(elements, reader.offset, ended=True)


def count_piece(path: Path, offset: int, most_bytes: int) -> tuple[int, int, bool]:
    """How many elements there are in about `most_bytes` from an offset on; where they end."""
    with path.open("rb") as file:
        reader = _Reader(file, offset)
        count = 0
        for _ in reader.elements():
            count += 1
            if reader.read_bytes >= most_bytes:
                return count, reader.offset, False
        return count, reader.offset, True


def _decoded(text: str) -> Any:
    """The element as the store can keep it: no NaN, no half characters, no endless numbers."""
    try:
        return orjson.loads(text)
    except (orjson.JSONDecodeError, UnicodeEncodeError) as error:
        return Broken(f"The task is not valid JSON: {error}")


class _Reader:
    """Cuts an array into the texts of its elements; holds little more than one at a time."""

    def __init__(self, file: BinaryIO, offset: int) -> None:
        self._file = file
        self._decode = codecs.getincrementaldecoder("utf-8")()
        self._text = ""
        self._at = 0
        # The offset in the file of the first character of the text.
        self._begin = offset
        self._start = offset
        self._ended = False
        file.seek(offset)

    @property
    def offset(self) -> int:
        """Where the next element, or the comma before it, begins."""
        return self._begin + len(self._text[: self._at].encode())

    @property
    def read_bytes(self) -> int:
        """How far this reader has come."""
        return self._begin + self._at - self._start

    def elements(self) -> Iterator[str]:
        """The text of each element up to the end of the array; raises MalformedFile."""
        first = self._start == 0
        if first:
            if self._peek() == "\ufeff":
                self._at += 1
            self._expect("[", "it is not an array")
        while self._peek() != "]":
            if not first:
                self._expect(",", "a comma is missing after a task")
            first = False
            yield self._element()
        self._at += 1
        self._expect("", "something follows the array")

    def _expect(self, mark: str, otherwise: str) -> None:
        if self._peek() != mark:
            raise MalformedFile(otherwise)
        self._at += len(mark)

    def _element(self) -> str:
        self._peek()
        while True:
            try:
                _, end = _DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                # What was cut off by the end of the text may be whole once more is read.
                cut = error.pos >= len(self._text) - _LOOKAHEAD or error.msg.startswith(
                    "Unterminated"
                )
                if not (cut and self._fill()):
                    raise MalformedFile(f"{error.msg.lower()} in a task") from None
                continue
            except RecursionError:
                raise MalformedFile("a task is nested too deeply") from None
            # A number may go on behind what is held: 2.5 and e10.
            if end > len(self._text) - _LOOKAHEAD and self._fill():
                continue
            text = self._text[self._at : end]
            self._at = end
            return text

    def _peek(self) -> str:
        """The next character that is no space; empty at the end of the file."""
        while True:
            while self._at < len(self._text):
                if self._text[self._at] not in _SPACE:
                    return self._text[self._at]
                self._at += 1
            if not self._fill():
                return ""

    def _fill(self) -> bool:
        """Read on, at least as much again as is held; whether there was more."""
        if self._ended:
            return False
        consumed = self._text[: self._at]
        self._begin += len(consumed.encode())
        rest = self._text[self._at :]
        chunk = self._file.read(max(_CHUNK, len(rest)))
        self._ended = not chunk
        try:
            self._text = rest + self._decode.decode(chunk, final=not chunk)
        except UnicodeDecodeError:
            raise MalformedFile("it is not UTF-8 text") from None
        self._at = 0
        return True
