"""Loops compiled for the CPU: numba's decorator with the settings of this package, and with types."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import ParamSpec, TypeVar

from numba import __version__, config, njit

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile ``function`` when it is first called; the code is kept on disk for the next process.

    Compiled functions release the interpreter's lock, so that threads may run them side by side, and divide as C does.
    They keep IEEE 754: no reordering and no fused multiply-add, so that every machine gets the same bits.
    """
    before = config.CACHE_DIR
    config.CACHE_DIR = before or _folder()
    try:
        kernel: Callable[P, R] = njit(cache=True, nogil=True, error_model="numpy")(function)
    finally:
        config.CACHE_DIR = before
    return kernel


@cache
def _folder() -> str:
    """Return the folder of the code compiled from the package as it is now; empty where none can be made.

    numba itself keeps code until the function's own file changes, and does not notice a change of what it calls in
    another file. So the folder is named after all files, and those of other states of the package are removed.
    """
    folder = Path(__file__).parent / "__pycache__" / f"numba-{_state()}"
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        for other in folder.parent.glob("numba-*"):
            if other != folder:
                shutil.rmtree(other, ignore_errors=True)
        return str(folder)
    return ""


@cache
def _state() -> str:
    """Return a digest of the package's files as they are now."""
    package = Path(__file__).parent
    found = [(path, path.stat()) for path in sorted(package.rglob("*.py"))]
    state = [(path.relative_to(package).as_posix(), stat.st_mtime_ns, stat.st_size) for path, stat in found]
    return sha256(repr(state).encode()).hexdigest()[:16]


def mark() -> Path | None:
    """Return how the files are called that are there once code has been compiled; None where no code is kept."""
    folder = config.CACHE_DIR or _folder()
    return Path(folder) / f"compiled-{_state()}-numba-{__version__}" if folder else None
