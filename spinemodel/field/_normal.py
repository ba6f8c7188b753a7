"""The normal of the layers in a cut cell, from the labels of the sub-voxels in a ball round its centre."""

from __future__ import annotations

from typing import Final

import numpy as np

from spinemodel.arrays import FloatArray, IntArray
from spinemodel.field._sheet import find_sheet
from spinemodel.field.cells import CellArrays
from spinemodel.jit import compiled

BALL: Final = 1.2
"""Radius of the ball, cells; of 1 and 1.2 the better on concentric shells off the grid's centre."""

LEAST: Final = 0.03
"""Of the variance in the ball, what a slope must explain: a plane through the middle explains 0.70, and one at the rim
nothing. Below it, chance weighs as much (a choice)."""


@compiled
def ball_of(subsamples: int) -> IntArray:
    """Return the rows of sub-voxels whose centres lie in the ball: i, j, first k and last k plus one, (n, 4)."""
    reach = int(np.ceil(0.7 * subsamples)) + 1
    side = 2 * reach + subsamples
    rows = np.empty((side * side, 4), dtype=np.int64)
    n = 0
    for i in range(-reach, subsamples + reach):
        for j in range(-reach, subsamples + reach):
            x, y, half = i + 0.5 - subsamples / 2, j + 0.5 - subsamples / 2, (BALL * subsamples) ** 2
            half -= x * x + y * y
            if half >= 0:
                first = int(np.ceil(subsamples / 2 - 0.5 - np.sqrt(half)))
                if first < subsamples - first:
                    rows[n, 0], rows[n, 1], rows[n, 2], rows[n, 3] = i, j, first, subsamples - first
                    n += 1
    return rows[:n].copy()


@compiled
def find_normal(
    cells: CellArrays,
    ball: IntArray,
    weight: FloatArray,
    moments: FloatArray,
    i: int,
    j: int,
    k: int,
    normal: FloatArray,
) -> bool:
    """Write the unit normal of the layers in a cell; tell whether there is one.

    Where a part lies on one side, the plane fitted to its indicator has a slope. The normal is the sum of these slopes,
    each turned to the side of the strongest: so a thin layer counts between two that conduct alike, where a slope of
    the conductivity itself would vanish. Sub-voxels in which nothing conducts do not count.

    Parameters
    ----------
    cells
        Of a box.
    ball
        (n, 4) of :func:`ball_of`.
    weight
        (labels,) logarithm of each conductivity.
    moments
        (labels + 4, 4) to work in.
    i, j, k
        The cell.
    normal
        (3,) written.
    """
    s, labels = cells.subsamples, len(weight)
    i0, j0, k0 = cells.margin + i * s, cells.margin + j * s, cells.margin + k * s
    _sum_up(cells, ball, i0, j0, k0, moments)
    total = moments[labels]
    if not _invert(moments[labels + 1 :], total):
        return False
    mean = 0.0
    for label in range(1, labels):
        mean += moments[label, 0] * weight[label] / total[0]
    if _add_slopes(weight, mean, moments, normal) * (BALL * s) ** 2 / 5 > LEAST:
        size = np.sqrt(normal[0] ** 2 + normal[1] ** 2 + normal[2] ** 2)
        for axis in range(3):
            normal[axis] /= size
        return True
    return find_sheet(cells, ball, weight, mean, i0, j0, k0, normal)


@compiled
def _add_slopes(weight: FloatArray, mean: float, moments: FloatArray, normal: FloatArray) -> float:
    """Write the sum of the labels' slopes, each on the strongest's side; return its square over the variance.

    Along an axis, the variance of a place in a ball is a fifth of the squared radius: that times what is returned is
    the share of the variance that the slope explains.
    """
    labels, count = len(weight), moments[len(weight), 0]
    strongest = _strongest(weight, mean, moments)
    first, second = 0.0, 0.0
    normal[:] = 0
    for label in range(1, labels):
        if moments[label, 0] > 0:
            side = 0.0
            for axis in range(1, 4):
                side += moments[label, axis] * moments[strongest, axis]
            u = abs(weight[label] - mean) * (1.0 if side >= 0 else -1.0)
            first, second = first + moments[label, 0] * u / count, second + moments[label, 0] * u * u / count
            for axis in range(3):
                normal[axis] += u * moments[label, axis + 1]
    variance = second - first * first
    return (normal[0] ** 2 + normal[1] ** 2 + normal[2] ** 2) / variance if variance > 0 else 0.0


@compiled
def _strongest(weight: FloatArray, mean: float, moments: FloatArray) -> int:
    """Turn the labels' sums into the slopes of their indicators; return which, by weight, is the steepest."""
    labels, best, strongest = len(weight), -1.0, 0
    for label in range(1, labels):
        if moments[label, 0] > 0:
            size = _to_slope(moments[label], moments[labels], moments[labels + 1 :]) * abs(weight[label] - mean)
            if size > best:
                best, strongest = size, label
    return strongest


@compiled
def _sum_up(cells: CellArrays, ball: IntArray, i0: int, j0: int, k0: int, moments: FloatArray) -> None:
    """Write the number of each label's sub-voxels and the sums of x, y, z; then the same of all, and products."""
    labels, s, last = cells.labels, cells.subsamples, len(moments) - 4
    moments[:] = 0
    for n in range(len(ball)):
        a, b, stop = ball[n, 0], ball[n, 1], ball[n, 3]
        column = cells.places[a % s, b % s]
        x, y = s * (column[0, 0] + a // s), s * (column[0, 1] + b // s)
        c = ball[n, 2]
        while c < stop:
            label = int(labels[i0 + a, j0 + b, k0 + c])
            first, z, zz = c, 0.0, 0.0
            while c < stop and labels[i0 + a, j0 + b, k0 + c] == label:
                at = s * (column[c % s, 2] + c // s)
                z += at
                zz += at * at
                c += 1
            if label > 0:
                many = c - first
                moments[label, 0] += many
                moments[label, 1] += many * x
                moments[label, 2] += many * y
                moments[label, 3] += z
                moments[last + 1, 1] += many * x * x
                moments[last + 2, 2] += many * y * y
                moments[last + 3, 3] += zz
                moments[last + 1, 2] += many * x * y
                moments[last + 1, 3] += x * z
                moments[last + 2, 3] += y * z
    for label in range(1, last):
        for n in range(4):
            moments[last, n] += moments[label, n]


@compiled
def _invert(spread: FloatArray, total: FloatArray) -> bool:
    """Turn sums of products (upper half of the last three columns) into the inverse of their covariance."""
    n = total[0]
    if n == 0:
        return False
    xx, yy, zz = spread[0, 1] - total[1] ** 2 / n, spread[1, 2] - total[2] ** 2 / n, spread[2, 3] - total[3] ** 2 / n
    xy, xz = spread[0, 2] - total[1] * total[2] / n, spread[0, 3] - total[1] * total[3] / n
    yz = spread[1, 3] - total[2] * total[3] / n
    cx, cy, cz = yy * zz - yz * yz, xz * yz - xy * zz, xy * yz - xz * yy
    determinant = xx * cx + xy * cy + xz * cz
    if determinant <= 1e-9 * (xx + yy + zz) ** 3:
        return False
    spread[0, 1], spread[0, 2], spread[0, 3] = cx / determinant, cy / determinant, cz / determinant
    spread[1, 1], spread[1, 2], spread[1, 3] = spread[0, 2], (xx * zz - xz * xz) / determinant, 0.0
    spread[1, 3] = (xy * xz - xx * yz) / determinant
    spread[2, 1], spread[2, 2], spread[2, 3] = spread[0, 3], spread[1, 3], (xx * yy - xy * xy) / determinant
    return True


@compiled
def _to_slope(moment: FloatArray, total: FloatArray, inverse: FloatArray) -> float:
    """Turn a label's sums of x, y, z into the slope of its indicator; return the slope's size."""
    n = moment[0] / total[0]
    x, y, z = moment[1] - n * total[1], moment[2] - n * total[2], moment[3] - n * total[3]
    size = 0.0
    for axis in range(3):
        moment[axis + 1] = inverse[axis, 1] * x + inverse[axis, 2] * y + inverse[axis, 3] * z
        size += moment[axis + 1] ** 2
    return float(np.sqrt(size))
