"""Block vertebrae of known heights, for tests."""

from __future__ import annotations

import numpy as np
from manifold3d import Manifold, Mesh64

from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray, IntArray

WIDTH = 44.0
DEPTH = 32.0

STEPS = 32
"""Quads of an endplate from front to back; a middle line falls on vertices."""


def block(
    name: str = "L3",
    anterior: float = 26.0,
    posterior: float = 26.0,
    middle: float | None = None,
    *,
    right_more: float = 0.0,
    arch: bool = True,
    centre: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> Surface:
    """A body with flat or hollow endplates that mirror each other in the axial plane through ``centre``.

    ``anterior`` and ``posterior`` are the distances between its corners, ``middle`` that halfway between them; without
    it the endplates are flat. The right side is higher than the left by ``right_more``. The arch is of boxes: pedicles,
    a lamina and a spinous process round a foramen of 22 x 16 mm.
    """
    solid = _body(anterior, posterior, (anterior + posterior) / 2 if middle is None else middle, right_more)
    if arch:
        back = -DEPTH / 2
        for low, high in (
            ((11, back - 18, -2), (17, back + 4, 8)),
            ((-17, back - 18, -2), (-11, back + 4, 8)),
            ((-17, back - 22, -12), (17, back - 16, 8)),
            ((-3, back - 46, -14), (3, back - 20, 2)),
        ):
            solid += Manifold.cube(np.subtract(high, low)).translate(low)
    mesh = solid.to_mesh64()
    vertices = np.asarray(mesh.vert_properties)[:, :3] + centre
    return Surface(name, "blocks", vertices, np.asarray(mesh.tri_verts).astype(np.int64))


def _body(anterior: float, posterior: float, middle: float, right_more: float) -> Manifold:
    """The body alone, as a solid."""
    x, y = np.meshgrid(np.linspace(-1, 1, 9), np.linspace(-1, 1, STEPS + 1), indexing="ij")
    hollow = (anterior + posterior) / 2 - middle
    height = (anterior + posterior) / 2 + (anterior - posterior) / 2 * y - hollow * (1 - y**2) + right_more / 2 * x
    top = np.stack([x * WIDTH / 2, y * DEPTH / 2, height / 2], axis=-1).reshape(-1, 3)
    vertices = np.vstack([top, top * [1, 1, -1]])
    return Manifold(Mesh64(vertices, _faces(*x.shape).astype(np.uint64)))


def _faces(nx: int, ny: int) -> IntArray:
    """Triangles of two sheets of nx x ny vertices and of the walls between their rims."""
    index = np.arange(nx * ny).reshape(nx, ny)
    a, b, c, d = index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]
    up = np.vstack([np.stack([a, b, c], axis=-1).reshape(-1, 3), np.stack([a, c, d], axis=-1).reshape(-1, 3)])
    rim = np.concatenate([index[:-1, 0], index[-1, :-1], index[:0:-1, -1], index[0, :0:-1]])
    after, below = np.roll(rim, -1), nx * ny
    walls = np.vstack([np.stack([rim + below, after + below, after], 1), np.stack([rim + below, after, rim], 1)])
    return np.vstack([up, up[:, ::-1] + below, walls])


def moved(surface: Surface, matrix: FloatArray, shift: FloatArray | tuple[float, float, float] = (0, 0, 0)) -> Surface:
    """A copy under a linear map; one that mirrors turns the faces round."""
    faces = surface.faces if np.linalg.det(matrix) > 0 else surface.faces[:, ::-1]
    return Surface(surface.name, surface.space, surface.vertices @ matrix.T + shift, faces)
