"""Tests of reading an uploaded array piece by piece."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockserver.services.sama import tasks_file
from mockserver.services.sama.tasks_file import Broken, MalformedFile

scalars = st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text()
values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=12
)


def file_of(folder: Path, content: bytes) -> Path:
    path = folder / "tasks.json"
    path.write_bytes(content)
    return path


def read_all(path: Path, most: int, most_bytes: int = 1 << 30) -> list[Any]:
    """Every element, a piece after the other."""
    found: list[Any] = []
    offset, ended = 0, False
    while not ended:
        piece = tasks_file.read_piece(path, offset, most, most_bytes)
        found += piece.elements
        offset, ended = piece.offset, piece.ended
    return found


@given(
    elements=st.lists(values, max_size=12),
    most=st.integers(1, 5),
    most_bytes=st.integers(1, 200),
    indent=st.booleans(),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_pieces_make_up_the_whole(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    elements: list[Any],
    most: int,
    most_bytes: int,
    indent: bool,
) -> None:
    monkeypatch.setattr(tasks_file, "_CHUNK", 5)
    content = orjson.dumps(elements, option=orjson.OPT_INDENT_2 if indent else None)
    path = file_of(tmp_path, content)
    assert tasks_file.looks_whole(path)
    assert read_all(path, most, most_bytes) == elements
    count, offset, ended = 0, 0, False
    while not ended:
        more, offset, ended = tasks_file.count_piece(path, offset, most_bytes)
        count += more
    assert count == len(elements)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"\xef\xbb\xbf [1, 2]\n", [1, 2]),
        (b"[-2.5e10,1]", [-2.5e10, 1]),
        ('["é€😀"]'.encode(), ["é€😀"]),
        (b" [ ] ", []),
    ],
)
def test_any_spelling_of_an_array_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: bytes, expected: list[Any]
) -> None:
    monkeypatch.setattr(tasks_file, "_CHUNK", 1)
    assert read_all(file_of(tmp_path, text), 1) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "not an array"),
        (b'{"tasks": []}', "not an array"),
        (b"[1,]", "expecting value"),
        (b"[1 2]", "comma"),
        (b"[1] x", "follows"),
        (b'[{"a": 1}, {"a": ', "in a task"),
        (b'[{"a": 1}', "comma"),
        (b"[tru]", "expecting value"),
        (b'["\xff"]', "UTF-8"),
        (b"[" * 5000, "deeply"),
    ],
)
def test_what_is_no_array_is_told(tmp_path: Path, text: bytes, words: str) -> None:
    path = file_of(tmp_path, text)
    with pytest.raises(MalformedFile, match=words):
        tasks_file.count_piece(path, 0, 1 << 30)
    with pytest.raises(MalformedFile, match=words):
        tasks_file.check(path)


@pytest.mark.parametrize("text", [b"[1, NaN]", b'[1, "\\ud800"]', b"[1, Infinity]"])
def test_an_element_that_is_not_quite_json_is_broken_alone(tmp_path: Path, text: bytes) -> None:
    path = file_of(tmp_path, text)
    tasks_file.check(path)
    first, second = read_all(path, 10)
    assert first == 1
    assert isinstance(second, Broken)


@pytest.mark.parametrize(
    ("text", "whole"),
    [(b"[]", True), (b"\n[1]\n", True), (b"[1", False), (b'{"tasks": []}', False), (b"", False)],
)
def test_the_edges_tell_a_file_that_was_cut_off(tmp_path: Path, text: bytes, whole: bool) -> None:
    assert tasks_file.looks_whole(file_of(tmp_path, text)) is whole
