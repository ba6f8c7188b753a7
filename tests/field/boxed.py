"""Media of simple forms in one box, and the potential in it where that on its faces is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import scipy.sparse as sparse
import trimesh
from numpy.typing import NDArray
from scipy.sparse.linalg import cg

from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray
from spinemodel.field.boxes import Box, node_points
from spinemodel.field.conductivity import Conductivity
from spinemodel.field.problem import Direction, Medium

SHELL_RADII = (4.0, 7.0, 7.3, 9.7)
SHELL_SIGMA = (0.25, 1.7, 0.03, 0.04, 0.25)
"""A core in fluid, in a thin sheath, in fat, in what surrounds all: S/m."""


def cube(half_mm: float, spacing_mm: float) -> Box:
    """Return a box of cells round the origin."""
    n = round(half_mm / spacing_mm)
    return Box((-n, -n, -n), (2 * n + 1, 2 * n + 1, 2 * n + 1), spacing_mm)


def conductivity(along: float, across: float | None = None) -> Conductivity:
    """Return one of no source."""
    return Conductivity(along, along if across is None else across, "test", True)


def medium(parts: Mapping[str, Surface], sigma: Mapping[str, Conductivity], beyond: str | None = None,
           fibres: Mapping[str, Sequence[float]] | None = None) -> Medium:  # fmt: skip
    """Return a medium, with fibres along one direction in each part that has them."""

    def along(way: Sequence[float]) -> Direction:
        return lambda points: np.tile(np.asarray(way, dtype=float), (len(points), 1))

    return Medium("test", parts, sigma, {name: along(way) for name, way in (fibres or {}).items()}, beyond)


def ball(name: str, radius: float, inner: float = 0.0, at: Sequence[float] = (0, 0, 0), steps: int = 5) -> Surface:
    """Return a ball, or a shell from ``inner``, of the volume of the true one."""
    unit = trimesh.creation.icosphere(subdivisions=steps)
    unit_points = unit.vertices * (4 / 3 * np.pi / unit.volume) ** (1 / 3)
    points, faces = radius * unit_points, unit.faces
    if inner:
        points, faces = np.vstack([points, inner * unit_points]), np.vstack([faces, faces[:, ::-1] + len(points)])
    return Surface(name, "test", points + np.asarray(at), faces)


def slab(name: str, normal: Sequence[float], low: float, high: float, half_mm: float = 60.0) -> Surface:
    """Return what lies between two planes, mm along a normal from the origin, as a wide plate."""
    w = np.asarray(normal, dtype=float) / np.linalg.norm(normal)
    u = np.cross(w, np.eye(3)[np.argmin(np.abs(w))])
    u /= np.linalg.norm(u)
    frame = np.stack([u, np.cross(w, u), w])
    plate = trimesh.creation.box((2 * half_mm, 2 * half_mm, 1.0))
    local = plate.vertices.copy()
    local[:, 2] = np.where(local[:, 2] > 0, high, low)
    return Surface(name, "test", local @ frame, plate.faces)


def tube(name: str, radius: float, inner: float = 0.0, at: Sequence[float] = (0, 0, 0), half_mm: float = 20.0,
         sides: int = 400) -> Surface:  # fmt: skip
    """Return a cylinder along z, or a pipe, of the cross-section of the true one."""
    grown = np.sqrt(2 * np.pi / sides / np.sin(2 * np.pi / sides))
    if inner:
        made = trimesh.creation.annulus(inner * grown, radius * grown, 2 * half_mm, sections=sides)
    else:
        made = trimesh.creation.cylinder(radius * grown, 2 * half_mm, sections=sides)
    return Surface(name, "test", made.vertices + np.asarray(at), made.faces)


def layers_of(make: Callable[..., Surface], radii: Sequence[float], sigma: Sequence[float]) -> Medium:
    """Return balls or cylinders, one in another, in what surrounds all."""
    parts = {f"{n}": make(f"{n}", r, radii[n - 1] if n else 0.0) for n, r in enumerate(radii)}
    return medium(parts, {f"{n}": conductivity(s) for n, s in enumerate(sigma)}, beyond=f"{len(radii)}")


def points_of(box: Box) -> FloatArray:
    """Return the places of a box's nodes, (nx, ny, nz, 3)."""
    return np.stack(np.meshgrid(*node_points(box), indexing="ij"), axis=-1)


def matrix_of(stencils: NDArray[np.number]) -> sparse.csr_matrix:
    """Return stencils as a matrix over the nodes; entries that leave the box must be 0."""
    nx, ny, nz, _ = stencils.shape
    here = np.arange(nx * ny * nz).reshape(nx, ny, nz)
    rows, columns, values = [], [], []
    for n in range(27):
        shift = np.array([n // 9 - 1, n // 3 % 3 - 1, n % 3 - 1])
        inner = tuple(slice(max(0, -d), size - max(0, d)) for d, size in zip(shift, here.shape, strict=True))
        other = tuple(slice(max(0, d), size - max(0, -d)) for d, size in zip(shift, here.shape, strict=True))
        outside = np.ones(here.shape, dtype=bool)
        outside[inner] = False
        assert not stencils[..., n][outside].any()
        rows.append(here[inner].ravel())
        columns.append(here[other].ravel())
        values.append(stencils[..., n][inner].ravel().astype(np.float64))
    size = nx * ny * nz
    together = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
    return sparse.csr_matrix(together, shape=(size, size))


def solve(stencils: NDArray[np.number], known: FloatArray, free: NDArray[np.bool_]) -> FloatArray:
    """Return the potential of the free nodes, with that of the others as given; free nodes in nothing keep theirs."""
    matrix = matrix_of(stencils)
    diagonal = matrix.diagonal()
    open_ = free.ravel() & (diagonal > 0)
    inner, right = matrix[open_][:, open_], -(matrix[open_][:, ~open_] @ known.ravel()[~open_])
    found, left = cg(inner, right, rtol=1e-8, maxiter=5000, M=sparse.diags(1 / diagonal[open_]))
    assert left == 0
    values = known.ravel().copy()
    values[open_] = found
    return values.reshape(known.shape)


def inner_nodes(shape: Sequence[int], axes: Sequence[int] = (0, 1, 2)) -> NDArray[np.bool_]:
    """Tell which nodes are not on the faces across the given axes."""
    free = np.zeros(tuple(shape), dtype=bool)
    free[tuple(slice(1, -1) if axis in axes else slice(None) for axis in range(3))] = True
    return free


def relative(found: FloatArray, true: FloatArray, chosen: NDArray[np.bool_]) -> float:
    """Return the L2 norm of the difference over that of what is true."""
    return float(np.linalg.norm((found - true)[chosen]) / np.linalg.norm(true[chosen]))
