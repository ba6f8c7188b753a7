"""Whether a surface is closed on a grid: every edge of its faces must be matched by its opposite.

Most surfaces match by the numbers of their vertices, which is known of them (:mod:`spinemodel.volume._faces`). Others
do by place alone, where each face has corners of its own, say, or where a crack is finer than the lattice: that is
judged anew for every grid.
"""

from __future__ import annotations

import numpy as np

from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import IntArray
from spinemodel.errors import GeometryError
from spinemodel.jit import compiled
from spinemodel.volume._faces import Uint32Array, add_edges, mixed
from spinemodel.volume._snap import Int32Array, Mesh, corners
from spinemodel.volume._threads import shares, side_by_side
from spinemodel.volume.grid import Grid, to_mm


def require_closed(surface: Surface, mesh: Mesh, grid: Grid) -> None:
    """Raise unless a surface, or at least its mesh on a grid, is closed.

    Raises
    ------
    GeometryError
        If an edge is not matched by its opposite; the message says where.
    """
    if not mesh.matched and not _match_by_place(mesh):
        raise GeometryError(_opening(surface, mesh, grid))


def _match_by_place(mesh: Mesh) -> bool:
    """Tell whether edges match by the snapped places of their vertices."""
    marks = _marks(mesh.u, mesh.v, mesh.w)
    faces = mesh.faces.reshape(-1, 3)
    parts = side_by_side(lambda part: _weigh(faces[part].reshape(-1), marks), shares(len(faces)))
    return sum(parts) % 2**64 == 0


@compiled
def _marks(u: Int32Array, v: Int32Array, w: Int32Array) -> IntArray:
    """Return a number for every vertex that looks random and depends on its place alone."""
    marks = np.empty(len(u), dtype=np.int64)
    for n in range(len(u)):
        marks[n] = mark(u[n], v[n], w[n])
    return marks


@compiled
def mark(u: int, v: int, w: int) -> int:
    """Return the mark of a place: it is first made one number (by multiples of large odd ones, a choice)."""
    return mixed(u * -7046029254386353131 + v * -4417276706812531889 + w * -8663945395140668459)


@compiled
def _weigh(faces: Uint32Array, marks: IntArray) -> int:
    """Return what the edges of faces, given flat, weigh."""
    total = 0
    for n in range(len(faces) // 3):
        total = add_edges(total, marks[faces[3 * n]], marks[faces[3 * n + 1]], marks[faces[3 * n + 2]])
    return total


def _opening(surface: Surface, mesh: Mesh, grid: Grid) -> str:
    """Return what is wrong with an open mesh, and where."""
    snapped = corners(mesh)
    _, place = np.unique(snapped, axis=0, return_inverse=True)
    faces = place.reshape(-1)[surface.faces]
    edges = np.vstack([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    ends = np.vstack([surface.faces[:, [0, 1]], surface.faces[:, [1, 2]], surface.faces[:, [2, 0]]])
    _, edge, = np.unique(np.sort(edges, axis=1), axis=0, return_inverse=True)
    surplus: IntArray = np.zeros(len(edges), dtype=np.int64)
    np.add.at(surplus, edge.reshape(-1), np.sign(edges[:, 1] - edges[:, 0]))
    unmatched = np.flatnonzero(surplus[edge.reshape(-1)])
    middle = snapped[ends[unmatched[0]]].mean(axis=0) / 65536
    x, y, z = to_mm(grid, middle[None])[0]
    i, j = (int(n) for n in np.round(middle[:2]))
    return (
        f"surface {surface.name}: open, or its faces disagree on what is outside: {len(unmatched)} edges of triangles "
        f"are not matched by their opposite, one near ({x:.2f}, {y:.2f}, {z:.2f}) mm (column {i}, {j}); close the mesh "
        "and orient its faces (trimesh.repair, or MeshLab's filters)"
    )
