"""Tests of the lock: one data folder, one server."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mockserver.engine.store import Store, StoreLocked


def test_a_second_server_is_told_who_has_the_folder(
    open_store: Callable[..., Store], tmp_path: Path
) -> None:
    open_store()
    with pytest.raises(StoreLocked) as refusal:
        open_store()
    message = str(refusal.value)
    assert str(tmp_path) in message
    assert f"process {os.getpid()}" in message
    assert "--data-dir" in message


def test_a_closed_store_leaves_the_folder_to_the_next(open_store: Callable[..., Store]) -> None:
    open_store().close()
    open_store()


def test_a_holder_without_a_name_is_another_process(
    open_store: Callable[..., Store], tmp_path: Path
) -> None:
    open_store()
    (tmp_path / "store.lock").write_text("")
    with pytest.raises(StoreLocked, match="another process"):
        open_store()


def test_a_folder_that_cannot_be_read_is_left_unlocked(
    open_store: Callable[..., Store], tmp_path: Path
) -> None:
    (tmp_path / "store.json").write_text("{ this is not JSON")
    for _ in range(2):
        with pytest.raises(Exception, match=r"store\.json is not a TinyDB file any more"):
            open_store()
