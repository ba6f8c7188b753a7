"""What happens in one column of a grid: its crossings sorted, and swept into runs. Compiled by both processors.

A crossing is one number: the sample it lies at or below, times 2^33; the rank of its surface, times 2; and the side.
"""

from __future__ import annotations

from spinemodel.arrays import IntArray


def sort_column(keys: IntArray, first: int, last: int) -> None:
    """Sort ``keys[first:last]`` in place (Shell 1959, with Knuth's gaps): most columns hold only a few."""
    gap = 1
    while 3 * gap + 1 < last - first:
        gap = 3 * gap + 1
    while gap > 0:
        for n in range(first + gap, last):
            key = keys[n]
            m = n
            while m >= first + gap and keys[m - gap] > key:
                keys[m] = keys[m - gap]
                m -= gap
            keys[m] = key
        gap //= 3


def sweep_column(
    keys: IntArray,
    first: int,
    last: int,
    winding: IntArray,
    base: int,
    start: IntArray,
    stop: IntArray,
    rank: IntArray,
    n: int,
) -> int:
    """Write the runs of a column from place ``n`` on, and return the place behind the last.

    Inside a surface is where its winding number is not zero; of all surfaces there, the highest rank takes the sample.
    ``winding`` holds a zero for every surface before and after. ``base`` is the number of the column's first voxel.
    """
    top, since, m = -1, 0, first
    while m < last:
        at = keys[m] >> 33
        before = top
        while m < last and keys[m] >> 33 == at:
            surface = (keys[m] >> 1) & 0xFFFFFFFF
            winding[surface] += 2 * (keys[m] & 1) - 1
            top = max(top, surface)
            m += 1
        while top >= 0 and winding[top] == 0:
            top -= 1
        if top != before:
            if before >= 0:
                start[n], stop[n], rank[n] = base + since, base + at, before
                n += 1
            since = at
    return n
