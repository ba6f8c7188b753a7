"""Where triangles cross the columns of a grid, in whole numbers: the arithmetic of both processors.

Vertices are snapped to 2^-16 of a voxel, once for all the triangles that share them, and nothing is rounded between two
triangles in two ways: an edge is always cut from its lower end, whichever triangle asks. So what one triangle leaves
out, its neighbour takes, and a closed mesh crosses every column as often inwards as outwards. There is no tolerance.

Axes are those of the grid: rows count along the first (u), columns of a row along the second (v), and a column runs
along the third (w). A sample on the surface itself belongs to the side that it lies on after a shift by (e1, e2, e3),
where e3 is small, e2 much smaller, and e1 much smaller than that: half-open on every axis, so that solids that share
faces share no sample and leave none out.
"""

from __future__ import annotations

from math import floor
from typing import Final

from spinemodel.jit import compiled

SNAP_BITS: Final = 16
"""Binary digits behind the point of a snapped vertex, voxels."""

CUT_BITS: Final = 32
"""Binary digits behind the point of a cut edge, voxels."""

REACH: Final = 1 << 14
"""Vertices lie less than so many voxels from the grid's first: products of two differences then fit 64 bits."""


BELOW: Final = 1
"""Mark of what lies at or below the first sample of columns."""

ABOVE: Final = 2
"""Mark of what lies above the last sample of columns."""


@compiled
def row_at_or_above(u: int) -> int:
    """Return the first row, or column, that is not below a snapped coordinate."""
    return (u + 65535) >> 16


@compiled
def column_at_or_above(v: int) -> int:
    """Return the first column, or sample in a column, that is not below a cut coordinate."""
    return (v + 4294967295) >> 32


@compiled
def rounded_down(number: float) -> int:
    """Return the greatest whole number that is not above a number."""
    return int(floor(number))  # noqa: RUF046 - on the GPU, floor gives a float


@compiled
def ascending(au: int, bu: int, cu: int) -> tuple[int, int, int, int]:
    """Return which corner of a triangle is lowest in u, which follows, which is highest, and whether that turns it.

    Without branches, which a processor could not foretell: each corner's number rides in the last digits of its u.
    """
    a, b, c = au << 2, bu << 2 | 1, cu << 2 | 2
    low, high = min(a, min(b, c)), max(a, max(b, c))
    first, second, third = low & 3, (a + b + c - low - high) & 3, high & 3
    return first, second, third, 1 if (second - first + 3) % 3 == 2 else 0


@compiled
def cut(row: int, au: int, av: int, aw: int, bu: int, bv: int, bw: int) -> tuple[int, int]:
    """Return v and w where the edge from a up to b crosses a row, in 2^-32 voxels.

    One quotient, and products that are rounded once, as IEEE 754 says; sums are of whole numbers, so that nothing can
    be fused into a product with more digits. Hence the same bits on every processor.
    """
    share = ((row << 16) - au) / (bu - au)
    return (av << 16) + rounded_down(share * ((bv - av) << 16)), (aw << 16) + rounded_down(share * ((bw - aw) << 16))


@compiled
def chord(
    row: int, au: int, av: int, aw: int, bu: int, bv: int, bw: int, cu: int, cv: int, cw: int
) -> tuple[int, int, int, int, int]:
    """Return what a row cuts out of a triangle of ascending corners: v and w of both ends, by ascending v.

    The last number is 1 where the ends had to change places. With the turn of :func:`ascending` it tells whether a
    column enters the solid or leaves it.
    """
    below = row << 16 < bu
    fu, fv, fw = au if below else bu, av if below else bv, aw if below else bw
    tu, tv, tw = bu if below else cu, bv if below else cv, bw if below else cw
    v0, w0 = cut(row, au, av, aw, cu, cv, cw)
    v1, w1 = cut(row, fu, fv, fw, tu, tv, tw)
    swap = v0 > v1
    return min(v0, v1), w1 if swap else w0, max(v0, v1), w0 if swap else w1, 1 if swap else 0


@compiled
def level(column: int, v0: int, w0: int, v1: int, w1: int) -> int:
    """Return w where a column crosses a chord, in 2^-32 voxels.

    Computed as in :func:`cut`, with the same bits on every processor.
    """
    share = ((column << 32) - v0) / (v1 - v0)
    return w0 + rounded_down(share * (w1 - w0))


@compiled
def height(column: int, v0: int, w0: int, v1: int, w1: int) -> int:
    """Return the first sample of a column that is not below a chord."""
    return column_at_or_above(level(column, v0, w0, v1, w1))


@compiled
def cell(u: int, v: int, nx: int, ny: int) -> int:
    """Return the first row and the first column of a grid that are not below a snapped vertex, of one number.

    Columns begin at its third binary digit, rows at its seventeenth; the first two are left for :func:`end`. What lies
    beyond the grid has the number of rows, or of columns, or 0: corners that are all beyond a side are in cells alike.
    """
    return min(max(row_at_or_above(u), 0), nx) << 16 | min(max(row_at_or_above(v), 0), ny) << 2


@compiled
def end(w: int, nz: int) -> int:
    """Return the mark of the end of columns that a snapped vertex lies beyond; 0 between."""
    return BELOW * (w <= 0) | ABOVE * (row_at_or_above(w) >= nz)


@compiled
def may_cross(a: int, b: int, c: int, hidden: int) -> bool:
    """Tell whether corners in these cells have a row of the grid between them, and a column.

    Most small triangles have not. Nor are those wanted whose corners are all marked as beyond a hidden end.
    """
    differ = (a ^ b) | (a ^ c)
    return (differ >> 16 != 0) & (differ & 65532 != 0) & (a & b & c & hidden == 0)


@compiled
def misses(au: int, av: int, bu: int, bv: int, cu: int, cv: int) -> bool:
    """Tell whether a triangle whose box holds one column passes beside it, beyond all rounding.

    Twice the areas that the column spans with the edges have one sign where it lies within. No edge in such a box is
    longer than 2^17, and :func:`cut` errs by less than 2 of 2^-32 voxel: where a chord reaches the column, no area has
    the other sign by more than 2^17 * 2 / 2^16 = 4.
    """
    u, v = row_at_or_above(min(au, min(bu, cu))) << 16, row_at_or_above(min(av, min(bv, cv))) << 16
    au, bu, cu, av, bv, cv = au - u, bu - u, cu - u, av - v, bv - v, cv - v
    one = max(max(au, max(bu, cu)), max(av, max(bv, cv))) <= 65536
    ab, bc, ca = au * bv - bu * av, bu * cv - cu * bv, cu * av - au * cv
    return one & (min(ab, min(bc, ca)) < -4) & (max(ab, max(bc, ca)) > 4)
