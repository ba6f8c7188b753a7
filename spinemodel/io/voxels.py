"""The numbers that an image stores, as labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from spinemodel.errors import InputError
from spinemodel.volume.labels import LabelArray

MOST: Final = 65535
"""Largest label that a volume of this package holds."""

WHOLE: Final = 1e-3
"""How far from a whole number a label may be read: ``scl_slope`` is a float32, so scaled labels are not exact."""


def labels_of(path: Path, raw: NDArray[Any], slope: float, inter: float) -> LabelArray:
    """Return stored numbers as labels, slice by slice so that no copy in floating point of the whole is held.

    Parameters
    ----------
    path
        Of the image, for errors.
    raw
        Stored numbers, of three axes.
    slope, inter
        A voxel's value is its number times ``slope`` plus ``inter``.

    Raises
    ------
    InputError
        If a value is not a whole number from 0 to 65535.
    """
    if raw.dtype.kind not in "iuf":
        raise InputError(f"{path}: voxels of type {raw.dtype}; expected whole numbers, one per voxel")
    labels = np.empty(raw.shape, dtype=np.uint16)
    plain = raw.dtype.kind in "iu" and (slope, inter) == (1.0, 0.0)
    for k in range(raw.shape[2]):
        found = raw[:, :, k] if plain else raw[:, :, k] * np.float64(slope) + inter
        whole = found if plain else np.rint(found)
        with np.errstate(invalid="ignore"):  # infinite less infinite is no number, and so not whole
            wrong = ~((whole >= 0) & (whole <= MOST) & (plain or np.abs(found - whole) <= WHOLE))
        if wrong.any():
            i, j = np.argwhere(wrong)[0]
            value = f"voxel ({i}, {j}, {k}) is {found[i, j]:g}"
            raise InputError(f"{path}: {value}; expected a mask of whole numbers from 0 to {MOST}")
        labels[:, :, k] = whole
    return labels
