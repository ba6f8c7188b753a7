"""What can be told of labelled volumes from their runs alone."""

from __future__ import annotations

from collections import Counter
from typing import Final, NamedTuple

import numpy as np

from spinemodel.arrays import FloatArray, IntArray
from spinemodel.errors import InputError
from spinemodel.jit import compiled
from spinemodel.volume.grid import require_same_grid, to_mm, voxel_mm3
from spinemodel.volume.spans import Spans, column_of, name_of


def voxel_counts(spans: Spans) -> dict[int, int]:
    """Return how many voxels each label has."""
    counts = np.bincount(spans.label, weights=spans.stop - spans.start)
    return {label: int(counts[label]) if label < len(counts) else 0 for label in _labels(spans)}


def volumes(spans: Spans) -> dict[str, float]:
    """Return the volume of each structure, mm3; labels of one name count together."""
    found: dict[str, float] = {}
    for label, count in voxel_counts(spans).items():
        name = name_of(spans, label)
        found[name] = found.get(name, 0.0) + count * voxel_mm3(spans.grid)
    return found


def overlaps(first: Spans, second: Spans) -> Counter[tuple[int, int]]:
    """Return how many voxels have label a in the one volume and label b in the other, by (a, b); 0 for any other pair.

    Raises
    ------
    SpaceMismatchError
        If the grids differ.

    Examples
    --------
    >>> from spinemodel.volume.grid import Grid
    >>> from spinemodel.volume.spans import spans_of
    >>> grid = Grid((1, 1, 4), np.eye(4), "here")
    >>> overlaps(spans_of(grid, [[[1, 1, 1, 0]]]), spans_of(grid, [[[0, 1, 1, 1]]]))[1, 1]
    2
    """
    require_same_grid(first.grid, second.grid)
    one, rank = np.unique(first.label, return_inverse=True)
    other, other_rank = np.unique(second.label, return_inverse=True)
    counts = np.zeros((len(one), len(other)), dtype=np.int64)
    _count_overlaps(first.start, first.stop, rank, second.start, second.stop, other_rank, counts)
    return Counter({(int(one[m]), int(other[n])): int(counts[m, n]) for m, n in np.argwhere(counts)})


@compiled
def _count_overlaps(
    start: IntArray,
    stop: IntArray,
    rank: IntArray,
    other_start: IntArray,
    other_stop: IntArray,
    other_rank: IntArray,
    counts: IntArray,
) -> None:
    """Add the length of every overlap of two runs to the count of their ranks."""
    m = n = 0
    while m < len(start) and n < len(other_start):
        common = min(stop[m], other_stop[n]) - max(start[m], other_start[n])
        if common > 0:
            counts[rank[m], other_rank[n]] += common
        if stop[m] <= other_stop[n]:
            m += 1
        else:
            n += 1


def dice(first: Spans, second: Spans) -> float:
    """Return twice what two volumes share over what they hold, whatever the labels (Dice 1945).

    Raises
    ------
    InputError
        If both are empty.
    """
    common, a, b = _common(first, second)
    return 2 * common / (a + b)


def jaccard(first: Spans, second: Spans) -> float:
    """Return what two volumes share over their union, whatever the labels (Jaccard 1901).

    Raises
    ------
    InputError
        If both are empty.
    """
    common, a, b = _common(first, second)
    return common / (a + b - common)


def _common(first: Spans, second: Spans) -> tuple[int, int, int]:
    """Return the voxels of both, of the first and of the second."""
    a, b = (int((spans.stop - spans.start).sum()) for spans in (first, second))
    if a + b == 0:
        raise InputError("both volumes are empty; there is nothing to compare")
    return overlaps(first, second).total(), a, b


class Box(NamedTuple):
    """The least box of whole voxels round a structure: first and last index, and its corner voxels' centres, mm."""

    first: tuple[int, int, int]
    last: tuple[int, int, int]
    first_mm: FloatArray
    last_mm: FloatArray


def bounding_box(spans: Spans) -> Box:
    """Return the least box round all runs.

    Raises
    ------
    InputError
        If there is no run.
    """
    if not len(spans.start):
        raise InputError("the volume is empty; there is no box round it")
    i, j, low, high = column_of(spans)
    first, last = np.array([i.min(), j.min(), low.min()]), np.array([i.max(), j.max(), high.max() - 1])
    ends = to_mm(spans.grid, np.array([first, last], dtype=float))
    return Box(tuple(first.tolist()), tuple(last.tolist()), ends[0], ends[1])


def slice_counts(spans: Spans, axis: int = 2) -> IntArray:
    """Return how many voxels each slice across an axis of the grid holds, whatever the label."""
    if axis not in (0, 1, 2):
        raise InputError(f"slices: got axis {axis}, expected 0, 1 or 2")
    i, j, low, high = column_of(spans)
    n = spans.grid.shape[axis]
    if axis < 2:
        return np.bincount((i, j)[axis], weights=high - low, minlength=n).astype(np.int64)
    change = np.bincount(low, minlength=n + 1) - np.bincount(high, minlength=n + 1)
    return np.asarray(np.cumsum(change)[:n])


def connected_slices(spans: Spans, axis: int = 2) -> tuple[tuple[int, int], ...]:
    """Return the first and last of every unbroken row of slices that a structure occupies.

    Examples
    --------
    >>> from spinemodel.volume.grid import Grid
    >>> from spinemodel.volume.spans import spans_of
    >>> connected_slices(spans_of(Grid((1, 1, 6), np.eye(4), "here"), [[[0, 1, 1, 0, 0, 1]]]))
    ((1, 2), (5, 5))
    """
    occupied = np.concatenate([[False], slice_counts(spans, axis) > 0, [False]])
    change = np.flatnonzero(np.diff(occupied.astype(int)))
    return tuple((int(a), int(b) - 1) for a, b in zip(change[::2], change[1::2], strict=True))


def _steps() -> IntArray:
    """Return one of each pair of opposite steps to the 26 neighbours, (13, 3)."""
    steps = np.stack(np.meshgrid(*[[-1, 0, 1]] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    return steps[14:]


STEPS: Final = _steps()


def surface_area(spans: Spans) -> float:
    """Return an estimate of the area round all runs, whatever the label, mm2.

    By Cauchy and Crofton, an area is four times the mean, over all directions, of what its projections cover; here 13
    directions between neighbouring voxels, each with the share of the sphere that is nearest to it (Lehmann & Legland
    2012). Spheres of ten voxels' radius come out within 2 %; a box along the grid about 10 % too small.
    """
    grid, one = spans.grid, np.asarray(spans.stop - spans.start).sum()
    lengths = np.linalg.norm(STEPS @ grid.affine[:3, :3].T, axis=1)
    crossings = np.array([2 * (one - _shared_after(spans, step)) for step in STEPS])
    return float(2 * (_shares(STEPS @ grid.affine[:3, :3].T) * crossings * voxel_mm3(grid) / lengths).sum())


def _shares(directions: FloatArray) -> FloatArray:
    """Return the share of the sphere that is nearest to each direction or its opposite."""
    from scipy.spatial import SphericalVoronoi

    unit = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    areas = SphericalVoronoi(np.vstack([unit, -unit])).calculate_areas()
    return np.asarray(areas[: len(unit)] / (2 * np.pi))


def _shared_after(spans: Spans, step: IntArray) -> int:
    """Return how many voxels lie inside before and after a step; a step out of the grid ends outside."""
    nx, ny, nz = spans.grid.shape
    i, j, low, high = column_of(spans)
    i, j, low, high = i + step[0], j + step[1], np.maximum(low + step[2], 0), np.minimum(high + step[2], nz)
    kept = (i >= 0) & (i < nx) & (j >= 0) & (j < ny) & (low < high)
    base = (i * ny + j)[kept] * nz
    counts, rank = np.zeros((1, 1), dtype=np.int64), np.zeros(len(spans.start), dtype=np.int64)
    _count_overlaps(base + low[kept], base + high[kept], rank[: len(base)], spans.start, spans.stop, rank, counts)
    return int(counts[0, 0])


def _labels(spans: Spans) -> list[int]:
    """Return all labels that have a name or a run, ascending."""
    return sorted({*spans.names, *np.unique(spans.label).tolist()})
