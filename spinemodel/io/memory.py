"""How much memory is free, so that what does not fit is refused before it starts."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

GB: Final = 1e9

CGROUP: Final = Path("/sys/fs/cgroup")
"""Where Linux tells the limits of a container (cgroup v2)."""

MEMINFO: Final = Path("/proc/meminfo")


def free_bytes() -> int | None:
    """Return how much memory can be had without swapping; None where the system does not tell.

    On Linux the least of what is available (proc(5), ``MemAvailable``) and what a container's limit leaves; elsewhere
    all that is built in, where that is known.
    """
    found = [size for size in (_available(), _left_in_container()) if size is not None]
    if found:
        return min(found)
    with suppress(AttributeError, ValueError, OSError):  # no sysconf on Windows
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return None


def _available() -> int | None:
    """Return what Linux says is available."""
    with suppress(OSError, ValueError, StopIteration):
        lines = MEMINFO.read_text(encoding="ascii").splitlines()
        return 1024 * int(next(line for line in lines if line.startswith("MemAvailable:")).split()[1])
    return None


def _left_in_container() -> int | None:
    """Return what the limit of a container leaves; its cache of files can be had too."""
    with suppress(OSError, ValueError, KeyError):
        most = int((CGROUP / "memory.max").read_text(encoding="ascii"))
        used = int((CGROUP / "memory.current").read_text(encoding="ascii"))
        rows = (line.split() for line in (CGROUP / "memory.stat").read_text(encoding="ascii").splitlines())
        return most - used + int(dict(rows)["file"])
    return None


def told(size: float) -> str:
    """Return bytes as they are written.

    Examples
    --------
    >>> told(2.345e9), told(4e7)
    ('2.3 GB', '0.04 GB')
    """
    return f"{size / GB:.1f} GB" if size >= GB else f"{size / GB:.2g} GB"
