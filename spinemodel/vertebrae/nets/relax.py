"""Surface nets made smooth within their cells, without loss of volume.

Every vertex goes to the mean of its neighbours, over and over, and stays within its cell (Gibson 1998). That alone
shrinks what is round and thins what is thin. So the volume that the net has swept since it ran along the voxels' faces
is spread over the neighbourhood and given back along the normals: steps go, since what one sweeps on its one side it
sweeps back on the other, but no part of a body gains or loses. At last a shift along the normals, equal all over the
interface of two labels, gives every label exactly its voxels' volume, as far as the cells let it.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spinemodel.arrays import BoolArray, FloatArray, IntArray
from spinemodel.jit import compiled
from spinemodel.vertebrae.nets.net import Net

REACH: Final = 0.48
"""How far a vertex may go from the middle of its cell along each axis, in voxels: up to the planes through the voxels'
centres, less what keeps a centre on its side beyond doubt (a choice)."""

TIED: Final = 0.12
"""The same for vertices that share a cell, from the middle of their own part of it: they cannot leave the cell nor meet
(a choice; with none, twice as many faces of a spine are folded)."""

PASSES: Final = 3
"""Steps towards the neighbours' mean between two times that volume is given back, ..."""

RESTORES: Final = (1, 1, 1, 3)
"""... and how often it is given back each time: one step leaves a rod of one voxel 44 % too thick, three within 5 %. Of
2 to 8 times with 3 to 10 steps each the best compromise between spheres, ellipsoids and a real spine: more of them draw
vertices together, which puts dents into curved places."""

SHRINK: Final = 0.5
"""Share of the way to the neighbours' mean in one step: more would let vertices swing about it (a choice)."""

SWELL: Final = -0.53
"""Along seams, each step is followed by one back, so that rings do not shrink (Taubin 1995, SIGGRAPH: the frequency
1 / 0.5 - 1 / 0.53 = 0.11 passes unchanged, as the paper advises)."""

SEAM_PASSES: Final = 10
"""Pairs of steps along seams between two times that volume is given back (a choice: steps of two voxels go)."""

SPREAD: Final = 20
"""Passes that spread the volume swept, where voxels are cubes. What is owed must come from as far as a step is long, so
they are more in proportion to the longest by the shortest side of a voxel, ..."""

MOST_SPREAD: Final = 80
"""... but not above this: about 6 voxels to all sides (a choice)."""

VOLUME_STEPS: Final = 2
"""Newton's steps to each label's volume; after two, volumes are off by 1e-6 where the cells leave room."""


class Bounds(NamedTuple):
    """Where the net's vertices lie along the voxels' faces, and how far from there they may go, (n, 3) each."""

    rest: FloatArray
    low: FloatArray
    high: FloatArray


def bounds(net: Net, shape: tuple[int, ...], padded: NDArray[np.int64], spacing: FloatArray) -> Bounds:
    """Return the bounds of all vertices, in mm along the array's axes from its first voxel.

    Parameters
    ----------
    net
        Of an array of labels.
    shape
        Of the array.
    padded
        (3, 2) layers outside the image at both ends of each axis: 0 or 1. Vertices stay in the plane that cuts there.
    spacing
        (3,) mm.
    """
    free = np.where(net.alone[:, None], REACH, TIED) * np.ones(3)
    free[net.seam.sum(axis=1) == 1] = 0.0
    middle = np.where(net.alone[:, None], 0.0, net.middle)
    for axis in range(3):
        for end, layer in enumerate((0, shape[axis] - 2)):
            at = (net.cell[:, axis] == layer) & (padded[axis, end] > 0)
            free[at, axis] = middle[at, axis] = 0.0
    rest = (net.cell + 0.5 + middle) * spacing
    return Bounds(rest, rest - free * spacing, rest + free * spacing)


def relaxed(net: Net, within: Bounds, spacing: FloatArray) -> FloatArray:
    """Return the places of the vertices, (n, 3), where the net is smooth."""
    spread = int(min(SPREAD * spacing.max() / spacing.min(), MOST_SPREAD))
    near = _linked(net.near, ~net.meeting[:, None] & (net.near >= 0))
    among = _linked(net.near, ~net.meeting[:, None] & ~net.meeting[net.near])
    along = _linked(net.near, net.seam)
    at = within.rest.copy()
    for restores in RESTORES:
        at = _smoothed(at, near, within.low, within.high, np.full(PASSES, SHRINK))
        if net.meeting.any():
            at = _smoothed(at, along, within.low, within.high, np.tile([SHRINK, SWELL], SEAM_PASSES))
        for _ in range(restores):
            at = _restored(net, within, at, among, spread)
    return at


def _restored(net: Net, within: Bounds, at: FloatArray, among: NDArray[np.int32], spread: int) -> FloatArray:
    """Return the places moved along the normals so that each neighbourhood has its volume at rest."""
    swept, normal = _swept(within.rest, at, net.squares)
    size = np.linalg.norm(normal, axis=1)
    owed, share = _spread(np.stack([swept, size], axis=1), among, spread).T
    back = np.where(~net.meeting & (size > 0), owed / np.maximum(share * size, 1e-12), 0.0)
    return np.asarray(np.clip(at - back[:, None] * normal, within.low, within.high))


def _linked(near: NDArray[np.int32], kept: BoolArray) -> NDArray[np.int32]:
    """Return the neighbours that are kept; n, the number of vertices, stands for none."""
    return np.where(kept & (near >= 0), near, np.int32(len(near)))


@compiled
def _smoothed(
    at: FloatArray, near: NDArray[np.int32], low: FloatArray, high: FloatArray, steps: FloatArray
) -> FloatArray:
    """Return the places after steps of such shares of the way to the mean of the neighbours, within bounds."""
    count = len(at)
    # One more row, of zeros: the neighbour that stands for none.
    now, moved = np.zeros((count + 1, 3)), np.zeros((count + 1, 3))
    for i in range(count):
        for axis in range(3):
            now[i, axis] = at[i, axis]
    for step in steps:
        for i in range(count):
            x = y = z = 0.0
            some = 0
            for j in near[i]:
                x, y, z, some = x + now[j, 0], y + now[j, 1], z + now[j, 2], some + (j < count)
            weight = step / max(some, 1)
            keep = 1.0 - step if some else 1.0
            moved[i, 0] = min(max(keep * now[i, 0] + weight * x, low[i, 0]), high[i, 0])
            moved[i, 1] = min(max(keep * now[i, 1] + weight * y, low[i, 1]), high[i, 1])
            moved[i, 2] = min(max(keep * now[i, 2] + weight * z, low[i, 2]), high[i, 2])
        now, moved = moved, now
    return now[:count]


@compiled
def _swept(rest: FloatArray, at: FloatArray, squares: IntArray) -> tuple[FloatArray, FloatArray]:
    """Return the volume that the squares swept on their way from ``rest`` and their area vectors, shared by vertices.

    A square's volume is its mean displacement times the mean of its area vectors on the way, which Simpson's rule gives
    exactly, since they are quadratic in the time.
    """
    swept, normal = np.zeros(len(at)), np.zeros_like(at)
    for square in squares:
        a, b, c, d = square
        volume = 0.0
        for axis in range(3):
            one, other = (axis + 1) % 3, (axis + 2) % 3
            p, q = at[c, one] - at[a, one], at[d, other] - at[b, other]
            r, s = at[c, other] - at[a, other], at[d, one] - at[b, one]
            p0, q0 = rest[c, one] - rest[a, one], rest[d, other] - rest[b, other]
            r0, s0 = rest[c, other] - rest[a, other], rest[d, one] - rest[b, one]
            end, start = (p * q - r * s) / 2, (p0 * q0 - r0 * s0) / 2
            half = ((p + p0) * (q + q0) - (r + r0) * (s + s0)) / 8
            way = at[a, axis] + at[b, axis] + at[c, axis] + at[d, axis]
            way -= rest[a, axis] + rest[b, axis] + rest[c, axis] + rest[d, axis]
            volume += way / 4 * (start + 4 * half + end) / 6
            for corner in square:
                normal[corner, axis] += end / 4
        for corner in square:
            swept[corner] += volume / 4
    return swept, normal


@compiled
def _spread(amounts: FloatArray, among: NDArray[np.int32], passes: int) -> FloatArray:
    """Return two amounts per vertex (n, 2) spread over neighbours, half of them in each pass; the sums stay."""
    count = len(amounts)
    given, part = np.zeros((count + 1, 2)), np.zeros(count)
    for i in range(count):
        some = 0
        for j in among[i]:
            some += j < count
        part[i] = 0.5 / max(1, some)
    now = amounts.copy()
    for _ in range(passes):
        for i in range(count):
            given[i, 0], given[i, 1] = now[i, 0] * part[i], now[i, 1] * part[i]
        for i in range(count):
            one = other = 0.0
            for j in among[i]:
                one, other = one + given[j, 0], other + given[j, 1]
            now[i, 0], now[i, 1] = now[i, 0] / 2 + one, now[i, 1] / 2 + other
    return now


def with_volumes(net: Net, within: Bounds, at: FloatArray, wanted: FloatArray) -> FloatArray:
    """Return the places shifted along the normals so that label k encloses ``wanted[k]``; label 0 is the background.

    Newton's steps: a shift of the interface of labels k and m by s changes their volumes by its area times s.
    """
    plain = ~net.meeting
    pair = np.zeros((len(at), 2), dtype=np.int64)
    pair[net.squares.ravel()] = np.repeat(net.sides, 4, axis=0)
    count = len(wanted)
    for _ in range(VOLUME_STEPS):
        _, normal = _swept(within.rest, at, net.squares)
        normal = np.where(plain[:, None] & (within.high > within.low), normal, 0.0)
        size = np.linalg.norm(normal, axis=1)
        between = np.bincount(pair @ [count, 1], size, minlength=count * count).reshape(count, count)
        matrix = np.diag(between.sum(axis=0) + between.sum(axis=1)) - between - between.T
        missing = wanted - enclosed(net, at, count)
        shift = np.zeros(count)
        shift[1:] = np.linalg.lstsq(matrix[1:, 1:], missing[1:], rcond=1e-9)[0]
        along = (shift[pair[:, 0]] - shift[pair[:, 1]]) / np.maximum(size, 1e-12)
        at = np.clip(at + along[:, None] * normal, within.low, within.high)
    return at


def enclosed(net: Net, at: FloatArray, count: int) -> FloatArray:
    """Return the volume of every label below ``count``, mm3; that of 0 is the negative of what all enclose."""
    a, b, c, d = np.moveaxis(at[net.squares], 1, 0)
    # The mean of both ways to cut a square into triangles.
    under = np.einsum("ij,ij->i", np.cross(c - a, d - b), a + b + c + d) / 24
    high, low = (np.bincount(net.sides[:, side], under, minlength=count) for side in (0, 1))
    return np.asarray(high - low)
