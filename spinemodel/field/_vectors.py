"""Sums and products of vectors of several right-hand sides, a share of the planes at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from spinemodel.field._sweeps import Lanes, U
from spinemodel.jit import compiled


@compiled
def dot(one: Lanes, other: Lanes, lanes: int, first: int, last: int) -> Any:
    """Return the products, not conjugated, of each lane over planes ``first`` to before ``last``, (lanes,)."""
    sums = np.zeros(lanes, dtype=one.dtype)
    for i in range(first, last):
        for j in range(one.shape[1]):
            for k in range(0, one.shape[2], lanes):
                a, b = one[i, j, k : k + lanes], other[i, j, k : k + lanes]
                for m in range(U(lanes)):
                    sums[m] += a[m] * b[m]
    return sums


@compiled
def norm(one: Lanes, lanes: int, first: int, last: int) -> Any:
    """Return the sum of squared magnitudes of each lane over planes ``first`` to before ``last``, (lanes,)."""
    sums = np.zeros(lanes)
    for i in range(first, last):
        for j in range(one.shape[1]):
            for k in range(0, one.shape[2], lanes):
                a = one[i, j, k : k + lanes]
                for m in range(U(lanes)):
                    sums[m] += a[m].real * a[m].real + a[m].imag * a[m].imag
    return sums


@compiled
def advance(found: Lanes, left: Lanes, way: Lanes, image: Lanes, length: Any, first: int, last: int) -> None:
    """Go ``length`` (lanes,) along ``way``: add to ``found``, and take its image from what is ``left``."""
    lanes = len(length)
    for i in range(first, last):
        for j in range(found.shape[1]):
            for k in range(0, found.shape[2], lanes):
                x, r = found[i, j, k : k + lanes], left[i, j, k : k + lanes]
                p, q = way[i, j, k : k + lanes], image[i, j, k : k + lanes]
                for m in range(U(lanes)):
                    x[m] += length[m] * p[m]
                    r[m] -= length[m] * q[m]


@compiled
def turn(way: Lanes, steep: Lanes, share: Any, first: int, last: int) -> None:
    """Make ``way`` the sum of ``steep`` and a ``share`` (lanes,) of itself."""
    lanes = len(share)
    for i in range(first, last):
        for j in range(way.shape[1]):
            for k in range(0, way.shape[2], lanes):
                p, z = way[i, j, k : k + lanes], steep[i, j, k : k + lanes]
                for m in range(U(lanes)):
                    p[m] = z[m] + share[m] * p[m]
