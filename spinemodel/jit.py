"""Loops compiled for the CPU: numba's decorator with the settings of this package, and with types."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from numba import njit

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile ``function`` when it is first called; the code is kept on disk for the next process.

    Compiled functions release the interpreter's lock, so that threads may run them side by side, and divide as C does.
    They keep IEEE 754: no reordering and no fused multiply-add, so that every machine gets the same bits.
    """
    kernel: Callable[P, R] = njit(cache=True, nogil=True, error_model="numpy")(function)
    return kernel
