"""Whether every number that the tissues of a lead field hold is that of a tissue with a name.

What is read into memory is looked through at once. What is mapped from a file stays on the disk until it is used, and
is looked through then.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from spinemodel.errors import InputError
from spinemodel.field.lead_field import Patch

NUMBERS: Final = 256
"""A tissue's number is a byte."""

_SEEN: Final[WeakValueDictionary[tuple[int, frozenset[int]], NDArray[Any]]] = WeakValueDictionary()
"""Mapped arrays, as long as there are any, that were found to hold only these numbers, by their ``id``."""


def require_named(where: str, tissue: NDArray[np.uint8], tissues: Mapping[int, str]) -> None:
    """Refuse an array of tissues with a number that has no name, though 0 is none.

    Parameters
    ----------
    where
        The file, and what in it.
    tissue
        (nx, ny, nz).
    tissues
        Names by number.

    Raises
    ------
    InputError
        If there is one.

    Examples
    --------
    >>> require_named("a.h5: boxes/0", np.array([[[0, 1, 7]]], np.uint8), {1: "CSF", 7: "Fat"})
    """
    named = np.zeros(NUMBERS, dtype=bool)
    named[[0, *tissues]] = True
    if named[: int(tissue.max(initial=0)) + 1].all():
        return
    # Plane by plane, since every byte becomes eight.
    count = sum((np.bincount(plane.reshape(-1), minlength=NUMBERS) for plane in tissue), np.zeros(NUMBERS, np.int64))
    unnamed = np.flatnonzero((count > 0) & ~named)
    if len(unnamed):
        raise InputError(
            f"{where}: tissue: got the number {unnamed[0]} at {count[unnamed[0]]} places, expected 0 or one of the "
            f"{len(tissues)} numbers that have a name; solve again with `spinemodel solve`"
        )


def require_named_in_file(part: Patch, tissues: Mapping[int, str]) -> None:
    """Refuse a box or patch that is mapped from a file, and used for the first time, with a number that has no name.

    Raises
    ------
    InputError
        If there is one.
    """
    tissue = part.tissue
    key = id(tissue), frozenset(tissues)
    if not isinstance(tissue, np.memmap) or _SEEN.get(key) is tissue:
        return
    x, y, z = part.box.low
    cells = f"cells of {part.box.spacing_mm:.3g} mm from ({x:g}, {y:g}, {z:g}) mm on"
    require_named(f"{tissue.filename}: {cells}", tissue, tissues)
    _SEEN[key] = tissue
