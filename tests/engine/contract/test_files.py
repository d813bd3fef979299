"""Tests of the form of a document that is kept between starts."""

from pathlib import Path

import pytest

from mockserver.engine.contract.document import load_compiled
from mockserver.engine.contract.files import load


@pytest.fixture
def path(tmp_path: Path) -> Path:
    written = tmp_path / "a.yaml"
    written.write_text("a: 1\nb: [no, 2026-01-01]\n")
    return written


def kept(path: Path) -> list[Path]:
    return list((path.parent / "__pycache__").glob("*"))


def test_a_second_reading_takes_the_kept_form_and_gives_the_same(path: Path) -> None:
    first = load_compiled(path)
    (form,) = kept(path)
    assert load_compiled(path) == first == load(path) == {"a": 1, "b": ["no", "2026-01-01"]}
    form.write_text('{"told": "the kept form was read"}')
    assert load_compiled(path) == {"told": "the kept form was read"}


def test_a_changed_file_is_read_anew_and_its_old_form_goes(path: Path) -> None:
    load_compiled(path)
    path.write_text("a: 2\n")
    assert load_compiled(path) == {"a": 2}
    assert len(kept(path)) == 1


@pytest.mark.parametrize("content", ["", "{"])
def test_a_form_that_was_cut_off_is_made_again(path: Path, content: str) -> None:
    load_compiled(path)
    kept(path)[0].write_text(content)
    assert load_compiled(path)["a"] == 1


def test_where_nothing_can_be_written_the_file_is_read_each_time(path: Path) -> None:
    (path.parent / "__pycache__").write_text("not a folder")
    assert load_compiled(path)["a"] == 1
