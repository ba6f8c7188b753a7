"""The array types of the package, and how a value keeps its arrays from being changed."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]
BoolArray: TypeAlias = NDArray[np.bool_]


def freeze(values: ArrayLike) -> FloatArray:
    """Copy ``values`` into a read-only float64 array.

    Examples
    --------
    >>> freeze([1, 2]).flags.writeable
    False
    """
    array = np.array(values, dtype=np.float64)
    array.setflags(write=False)
    return array


def freeze_int(values: ArrayLike) -> IntArray:
    """Copy ``values`` into a read-only int64 array."""
    array = np.array(values, dtype=np.int64)
    array.setflags(write=False)
    return array
