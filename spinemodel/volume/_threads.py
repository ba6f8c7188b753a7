"""Work for several cores: compiled loops that release the interpreter's lock, a part of the items each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Final, TypeVar

SHARE: Final = 1 << 15
"""Items that one thread takes at a time: tenths of a millisecond, several times what it costs to hand them over."""

Part = TypeVar("Part")
Result = TypeVar("Result")


@cache
def _pool() -> ThreadPoolExecutor:
    """Return the threads that all calls share: to start them takes a tenth of what a small mesh takes."""
    return ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="spinemodel")


# Threads do not live on in a forked process, which needs new ones.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)


def side_by_side(function: Callable[[Part], Result], parts: Iterable[Part]) -> list[Result]:
    """Return ``function`` of every part, in order."""
    given = list(parts)
    return [function(given[0])] if len(given) == 1 else list(_pool().map(function, given))


def shares(items: int) -> list[slice]:
    """Return ranges of items that are worth a thread.

    Examples
    --------
    >>> shares(40000)
    [slice(0, 32768, None), slice(32768, 40000, None)]
    """
    return [slice(first, min(first + SHARE, items)) for first in range(0, items, SHARE)]
