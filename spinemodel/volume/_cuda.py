"""How kernels for a GPU are compiled and launched: numba's decorators with types, and the size of a launch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from numba import cuda

THREADS: Final = 128
"""Threads of a block."""

MAX_BLOCKS: Final = 2048
"""Blocks of a launch, enough to fill any GPU of today; a thread takes more than one item where there are more."""

Array: TypeAlias = Any
"""An array on the GPU."""


def kernel(function: Callable[..., None]) -> Any:
    """Compile a kernel, which is launched as ``name[blocks(n), THREADS](...)``."""
    return cuda.jit(function)


def on_device(function: Callable[..., Any]) -> Any:
    """Compile a function for use in kernels; those that :func:`spinemodel.jit.compiled` made need none of this."""
    return cuda.jit(device=True)(function)


def blocks(items: int) -> int:
    """Return the blocks of a launch over some items."""
    return max(min(-(-items // THREADS), MAX_BLOCKS), 1)
