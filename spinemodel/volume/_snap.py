"""Vertices on the lattice of a grid's voxels: where every triangle's arithmetic begins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray, IntArray
from spinemodel.errors import InputError
from spinemodel.jit import compiled
from spinemodel.volume._crossings import REACH, SNAP_BITS, cell, end
from spinemodel.volume._faces import Uint32Array, faces_of
from spinemodel.volume._threads import shares, side_by_side
from spinemodel.volume.grid import Grid, Shape, to_indices

Int32Array: TypeAlias = NDArray[np.int32]
Row: TypeAlias = tuple[float, float, float, float]

VOXEL: Final = 1 << SNAP_BITS
"""Edge of a voxel on the lattice."""


class Mesh(NamedTuple):
    """A mesh whose vertices are snapped to 2^-16 voxel.

    u, v, w and the cell of every vertex, (n,), with the mark of the end of columns that it lies beyond; the vertices
    of every face, (3 m,), and whether edges match by these. Without any where all lie beside the grid.
    """

    u: Int32Array
    v: Int32Array
    w: Int32Array
    cells: Int32Array
    faces: Uint32Array
    matched: bool


_NONE: Final[Int32Array] = np.empty(0, dtype=np.int32)
NOTHING: Final = Mesh(_NONE, _NONE, _NONE, _NONE, np.empty(0, dtype=np.uint32), True)
"""A mesh that is none."""


def snap(surfaces: Sequence[Surface], grid: Grid) -> list[Mesh]:
    """Return surfaces in voxel indices, snapped to whole multiples of 2^-16.

    It is done on the CPU for both processors, so that both begin with the same numbers. Closed surfaces that lie
    beside the grid hold none of it, and are not looked at.

    Raises
    ------
    InputError
        If a vertex is not finite, or too far from the grid.
    """
    u, v, w = (tuple(row.tolist()) for row in np.linalg.inv(grid.affine)[:3])
    beside = _beside(surfaces, grid)
    meshes = [NOTHING if out else _empty(surface) for surface, out in zip(surfaces, beside, strict=True)]
    parts = [(n, part) for n, mesh in enumerate(meshes) for part in shares(len(mesh.u))]

    def work(of: tuple[int, slice]) -> int:
        n, part = of
        return _snap_part(surfaces[n].vertices, (u, v, w), meshes[n], part, grid.shape)

    far = side_by_side(work, parts)
    if any(far):
        raise _too_far(surfaces[next(n for (n, _), wrong in zip(parts, far, strict=True) if wrong)], grid)
    return meshes


def _beside(surfaces: Sequence[Surface], grid: Grid) -> list[bool]:
    """Tell which surfaces are closed, in reach, and more than a voxel beside the grid along one of its axes."""
    faces = [faces_of(surface) for surface in surfaces]
    with np.errstate(invalid="ignore"):  # of places that are not finite, which are refused as vertices
        places = to_indices(grid, np.array([one.corners for one in faces]).reshape(-1, 3)).reshape(-1, 8, 3)
    near = (np.abs(places) < REACH - 2).all(axis=(1, 2))
    beyond = (places.max(axis=1) < -1) | (places.min(axis=1) > grid.shape)
    return [one.matched and bool(out) for one, out in zip(faces, near & beyond.any(axis=1), strict=True)]


def _empty(surface: Surface) -> Mesh:
    """Return a mesh whose vertices are still to be written."""
    u, v, w, cells = np.empty((4, len(surface.vertices)), dtype=np.int32)
    return Mesh(u, v, w, cells, *faces_of(surface)[:2])


def _snap_part(vertices: FloatArray, rows: tuple[Row, Row, Row], mesh: Mesh, part: slice, shape: Shape) -> int:
    """Write a part of a mesh's vertices, and return how many lie too far away."""
    found = mesh.u[part], mesh.v[part], mesh.w[part], mesh.cells[part]
    return _snap(vertices[part].reshape(-1), *rows, *shape, *found)


@compiled
def _snap(
    vertices: FloatArray,
    to_u: Row,
    to_v: Row,
    to_w: Row,
    nx: int,
    ny: int,
    nz: int,
    u: Int32Array,
    v: Int32Array,
    w: Int32Array,
    cells: Int32Array,
) -> int:
    """Write what a mesh tells of its vertices, and return how many of them are not finite, or out of reach.

    Vertices are given as a flat array: the compiler then knows how far apart they lie, and does several at once.
    """
    far = 0
    for n in range(len(cells)):
        x, y, z = vertices[3 * n], vertices[3 * n + 1], vertices[3 * n + 2]
        along_u, along_v, along_w = _along(to_u, x, y, z), _along(to_v, x, y, z), _along(to_w, x, y, z)
        far += not (abs(along_u) < REACH - 1) & (abs(along_v) < REACH - 1) & (abs(along_w) < REACH - 1)
        u[n], v[n], w[n] = _nearest(along_u), _nearest(along_v), _nearest(along_w)
        cells[n] = cell(u[n], v[n], nx, ny) | end(w[n], nz)
    return far


@compiled
def _along(row: Row, x: float, y: float, z: float) -> float:
    """Return a place along one axis, voxels."""
    return row[0] * x + row[1] * y + row[2] * z + row[3]


@compiled
def _nearest(number: float) -> int:
    """Return the nearest multiple of 2^-16 voxel."""
    return np.int64(np.floor(number * 65536 + 0.5))  # type: ignore[return-value]


def corners(mesh: Mesh) -> IntArray:
    """Return the snapped vertices in 2^-16 voxels, (n, 3)."""
    return np.stack([mesh.u, mesh.v, mesh.w], axis=1, dtype=np.int64)


def _too_far(surface: Surface, grid: Grid) -> InputError:
    """Return what is wrong with a surface that has a vertex out of reach."""
    far = np.abs(to_indices(grid, surface.vertices)).max(axis=1)
    wrong = int(np.argmax(np.where(np.isfinite(far), far, np.inf)))
    where = ", ".join(f"{x:g}" for x in surface.vertices[wrong])
    return InputError(
        f"surface {surface.name}: vertex {wrong} at ({where}) mm is not within {REACH} voxels of the grid's first; "
        "use a coarser grid, or mend the mesh"
    )
