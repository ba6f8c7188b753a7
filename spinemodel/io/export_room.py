"""Whether the numbers of an exported volume fit into one file and into the memory, and what spacing would."""

from __future__ import annotations

from math import prod
from typing import Final

import numpy as np

from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError
from spinemodel.io.memory import free_bytes, told
from spinemodel.volume.grid import Shape

MOST_VALUES: Final = 1 << 28
"""Most numbers in an exported volume: 1 GB as float32. A choice."""

VALUE_BYTES: Final = 4
"""Of a number in a file, float32."""

WORKED_BYTES: Final = 10
"""Of memory for each number while it is worked: the volume, the writer's copy, and what that packs. Measured with 43
million numbers of 16 contacts, as .vti: 8.5."""

FINEST_MM: Final = 1e-3
"""Least spacing that is named. A choice: no field tells more."""

AT_LEAST: Final = 200 << 20
"""Bytes of memory besides: what is read of the field, and the points that are sampled at a time. Measured with 16
contacts: 150 MB."""


def volume_bytes(shape: Shape, volumes: int) -> int:
    """Return how many bytes the numbers of so many volumes have, before they are packed."""
    return prod(shape) * volumes * VALUE_BYTES


def export_memory(shape: Shape, volumes: int) -> int:
    """Return about how much memory it takes at its most to write so many volumes, bytes."""
    return prod(shape) * volumes * WORKED_BYTES + AT_LEAST


def require_room(shape: Shape, spacing_mm: float, volumes: int) -> None:
    """Refuse volumes with too many numbers for one file or for the memory, naming the spacing that would fit.

    Parameters
    ----------
    shape, spacing_mm
        How many points along each axis, and how far apart they are.
    volumes
        How many, of contacts or montages.

    Raises
    ------
    InputError
        If they do not fit.
    """
    points, free = prod(shape), free_bytes()
    in_memory = np.inf if free is None else (free - AT_LEAST) / WORKED_BYTES
    if points * volumes <= min(MOST_VALUES, in_memory):
        return
    what = f"{volumes} volume{'s' if volumes > 1 else ''} of {' x '.join(map(str, shape))} points"
    if in_memory < MOST_VALUES and free is not None:
        need = f"need about {told(export_memory(shape, volumes))} of memory, and {told(free)} are free"
    else:
        need = f"are {points * volumes:.2g} numbers, and one file holds {MOST_VALUES:.2g}"
    most = min(MOST_VALUES, in_memory) / volumes
    fits = f"a spacing of {spacing_that_fits(spacing_mm * np.array(shape), most):g} mm" if most >= 1 else "no spacing"
    fewer = ", or one contact alone" if volumes > 1 else ""
    raise InputError(f"export: {what} {need}; {fits} would fit, perhaps a smaller box{fewer}")


def spacing_that_fits(sides_mm: FloatArray, most: float) -> float:
    """Return a spacing, mm, of two digits, at which a box with sides (3,) mm has so many points, 1 or more, or fewer.

    Examples
    --------
    >>> spacing_that_fits(np.array([10.0, 10.0, 10.0]), 1e6), spacing_that_fits(np.array([30.0, 40.0, 0.0]), 1e4)
    (0.11, 0.35)
    """
    fits = max(float(sides_mm.max()) / most, float(np.cbrt(sides_mm.prod() / most)), FINEST_MM)
    while np.prod(np.floor(sides_mm / fits) + 1) > most:
        step = 10.0 ** (np.floor(np.log10(fits)) - 1)
        fits = float(f"{(np.floor(fits / step + 1e-6) + 1) * step:.2g}")
    return fits
