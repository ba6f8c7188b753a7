"""Work for several cores: compiled loops that release the interpreter's lock, a part of the items each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Final, TypeVar

SHARE: Final = 1 << 16
"""Most items that one thread takes at a time: tenths of a millisecond, many times what it costs to hand them over."""

CORES: Final = os.cpu_count() or 1
"""Threads that work at a time."""

Part = TypeVar("Part")
Result = TypeVar("Result")


@cache
def _pool() -> ThreadPoolExecutor:
    """Return the threads that all calls share: to start them takes a tenth of what a small mesh takes."""
    return ThreadPoolExecutor(CORES, thread_name_prefix="spinemodel")


# Threads do not live on in a forked process, which needs new ones.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)


def side_by_side(function: Callable[[Part], Result], parts: Iterable[Part]) -> list[Result]:
    """Return ``function`` of every part, in order.

    Of several that fail the first one's error is raised, but a user who stops the program before all errors.
    The calling thread works as well, and each thread takes the next part as soon as it is free. What is left when the
    parts are all taken is waited for, but no thread that has not woken up by then.
    """
    given = list(parts)
    found: dict[int, Result] = {}
    failed: dict[int, BaseException] = {}
    left = iter(range(len(given)))

    def work() -> None:
        for n in left:
            try:
                found[n] = function(given[n])
            except BaseException as error:  # also a user who stops the program: others must hear of it
                failed[n] = error
            if failed:
                return

    others = [_pool().submit(work) for _ in range(min(CORES, len(given)) - 1)]
    work()
    for other in others:
        if not other.cancel():
            other.result()
    if failed:
        stopped = [error for error in failed.values() if not isinstance(error, Exception)]
        raise stopped[0] if stopped else failed[min(failed)]
    return [found[n] for n in range(len(given))]


def shares(items: int) -> list[slice]:
    """Return ranges of items, as equal as can be, that are worth a thread.

    Examples
    --------
    >>> shares(100000)
    [slice(0, 50000, None), slice(50000, 100000, None)]
    """
    count = -(-items // SHARE)
    return [slice(items * n // count, items * (n + 1) // count) for n in range(count)]
