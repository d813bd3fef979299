"""A disk that can be full: every file of the data folder is written through it."""

import errno
import io
import os
import stat
from pathlib import Path
from typing import Any

import pytest


class Disk:
    """Takes `room` bytes more, the last write in part, and then none; `None` is room for all."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.room: int | None = None
        self.refused = 0
        write, fdopen, open_ = os.write, os.fdopen, Path.open

        def limited_write(descriptor: int, data: bytes) -> int:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return write(descriptor, data)
            taken = write(descriptor, self.fitting(data))
            self.take(taken)
            return taken

        def limited_fdopen(descriptor: int, mode: str = "r", *more: Any, **options: Any) -> Any:
            if options.get("buffering") == 0:
                return Limited(self, descriptor, mode)
            return fdopen(descriptor, mode, *more, **options)

        def limited_open(path: Path, mode: str = "r", *more: Any, **options: Any) -> Any:
            if mode == "wb" and options.get("buffering") == 0:
                return Limited(self, path, mode)
            return open_(path, mode, *more, **options)

        patch.setattr("os.write", limited_write)
        patch.setattr("os.fdopen", limited_fdopen)
        patch.setattr(Path, "open", limited_open)

    def fitting(self, data: Any) -> Any:
        """The part of some bytes that there is room for; OSError when there is none."""
        if self.room is None:
            return data
        if not self.room:
            self.refused += 1
            raise OSError(errno.ENOSPC, "No space left on device")
        return data[: self.room]

    def take(self, count: int) -> None:
        """So many bytes were written."""
        if self.room is not None:
            self.room -= count


class Limited(io.FileIO):
    """A raw file on that disk."""

    def __init__(self, disk: Disk, file: Any, mode: str) -> None:
        super().__init__(file, mode)
        self._disk = disk

    def write(self, data: Any) -> int:
        """As much as there is room for."""
        taken = super().write(self._disk.fitting(data))
        self._disk.take(taken)
        return taken
