"""The lock that keeps two servers off one data folder."""

import contextlib
import os
import sys
from pathlib import Path

from mockserver.engine.store.errors import StoreLocked

if sys.platform == "win32":
    import msvcrt

    def seize(descriptor: int) -> None:
        """Take the lock at once or raise OSError."""
        # The locked byte lies beyond the text, so that others can still read the process id.
        os.lseek(descriptor, 1 << 20, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        os.lseek(descriptor, 0, os.SEEK_SET)
else:
    import fcntl

    def seize(descriptor: int) -> None:
        """Take the lock at once or raise OSError."""
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


class FolderLock:
    """Held from construction to `release`; the system lets go of it when the process dies."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            seize(self._descriptor)
        except OSError:
            holder = os.read(self._descriptor, 32).decode(errors="replace").strip()
            os.close(self._descriptor)
            raise StoreLocked(
                f"The data folder {path.parent} is in use by "
                f"{f'process {holder}' if holder else 'another process'}. "
                "Stop that server, or choose another folder with --data-dir."
            ) from None
        # The name is a courtesy: a full disk must not keep a server from reading its folder.
        with contextlib.suppress(OSError):
            os.ftruncate(self._descriptor, 0)
            os.write(self._descriptor, str(os.getpid()).encode())

    def release(self) -> None:
        """Let go of the folder; the file stays, since removing it would race with a newcomer."""
        if self._descriptor >= 0:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = -1
