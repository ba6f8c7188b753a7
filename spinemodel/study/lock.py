"""One process at a time in a folder: the system lets go of the lock however the process ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from spinemodel.errors import InputError
from spinemodel.io.files import writable

LOCK: Final = ".lock"
"""File that is locked; it stays, and holds the number of the process that had it last."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder for the block.

    Raises
    ------
    InputError
        If another process holds it, or it cannot be written to.
    """
    path = folder / LOCK
    with writable(folder):
        folder.mkdir(parents=True, exist_ok=True)
        file = path.open("a+", encoding="ascii")
    with file:
        if not _taken(file):
            file.seek(0)
            other = file.read().strip() or "unknown"
            raise InputError(f"{folder}: another run (process {other}) works in it; wait for it, or choose another")
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


if sys.platform == "win32":

    def _taken(file: IO[str]) -> bool:
        """Lock a byte far behind what is written; tell whether it was free."""
        import msvcrt

        file.seek(1 << 20)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:

    def _taken(file: IO[str]) -> bool:
        """Lock the file; tell whether it was free."""
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
